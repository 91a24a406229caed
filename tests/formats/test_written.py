import pytest

from app.formats.written import bibliography_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument
from app.vocabulary import Design, PublicationStatus, StudyKind
from tests.formats.bibliographies import CARRIED, carried, read, written


def document(**members: object) -> StudyDocument:
    return StudyDocument.model_validate({"title": "One", "kind": "primary", "design": "randomised-trial", **members})


class TestBibliographyOf:
    def test_takes_the_members_that_both_have_and_the_sources(self) -> None:
        study = bibliography_of(document(authors=["Doe J"], year=2019, doi="10.5555/x", sources=["https://example.org/x"]))
        assert (study.title, study.authors, study.year, study.doi, study.urls) == (
            "One",
            ["Doe J"],
            2019,
            "10.5555/x",
            ["https://example.org/x"],
        )

    def test_names_design_and_status_as_pubmed_does(self) -> None:
        study = bibliography_of(document(journal="Examples", publication_status="retracted"))
        assert study.publication_types == ["Journal Article", "Retracted Publication", "Randomized Controlled Trial"]

    def test_claims_no_type_for_a_design_that_pubmed_has_no_term_for(self) -> None:
        assert bibliography_of(document(design="case-series")).publication_types == []

    def test_leaves_a_bibliography_as_it_is(self) -> None:
        study = Bibliography(title="One")
        assert bibliography_of(study) is study


@pytest.mark.parametrize("status", [PublicationStatus.RETRACTED, PublicationStatus.EXPRESSION_OF_CONCERN])
def test_design_and_mark_of_a_document_come_through_every_format(status: PublicationStatus) -> None:
    study = bibliography_of(document(journal="Examples", publication_status=status))
    for file_format in CARRIED:
        (record,) = read(file_format, written(file_format, [study]))
        after = record.bibliography
        assert after is not None
        assert (after.kind, after.design) == (StudyKind.PRIMARY, Design.RANDOMISED_TRIAL)
        assert after.publication_status is status
        assert carried(file_format, after) == carried(file_format, study)
