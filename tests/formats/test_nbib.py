from app.formats.nbib import write_nbib
from app.formats.read_record import ReadRecord
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from app.vocabulary import Design, PublicationStatus, StudyKind
from tests.formats.bibliographies import SAMPLES, read


def bibliography(record: ReadRecord) -> Bibliography:
    assert record.bibliography is not None
    return record.bibliography


def of_text(text: str) -> list[ReadRecord]:
    return read(FileFormat.NBIB, text.encode())


class TestSample:
    def setup_method(self) -> None:
        self.records = read(FileFormat.NBIB, (SAMPLES / "pubmed.nbib").read_bytes())

    def test_a_systematic_review_with_a_meta_analysis(self) -> None:
        study = bibliography(self.records[0])
        assert study.title == "Light manual treatment for chronic low back pain: a systematic review and meta-analysis of invented trials"
        assert study.authors == ["Hallberg H", "Laurent RM", "Doe J Jr", "Back Pain Example Group"]
        assert [(entry.author, entry.orcid) for entry in study.author_orcids] == [("Hallberg H", "0000-0002-1825-0097")]
        assert (study.kind, study.design) == (StudyKind.SYNTHESIS, Design.META_ANALYSIS)
        assert (study.doi, study.pmcid, study.linked_registration) == ("10.5555/s12345-019-0001-y", "PMC6999904", "CRD42018999901")
        assert (study.journal, study.language, study.country) == ("BMC invented disorders", "en", None)
        assert study.publication_status is PublicationStatus.PUBLISHED
        assert study.keywords[-1] == "Musculoskeletal Manipulations"

    def test_an_erratum_is_reported(self) -> None:
        assert [(problem.line, problem.field, problem.severity) for problem in self.records[0].problems] == [(42, "EIN", "notice")]

    def test_a_retracted_trial(self) -> None:
        study = bibliography(self.records[1])
        assert (study.publication_status, study.design, study.language) == (PublicationStatus.RETRACTED, Design.RANDOMISED_TRIAL, "de")
        assert study.linked_registration == "NCT09999905"
        assert "ISRCTN1234" in self.records[1].problems[0].detail

    def test_a_preprint_without_the_last_field_of_pubmed(self) -> None:
        study = bibliography(self.records[2])
        assert (study.publication_status, study.kind, study.design) == (PublicationStatus.PREPRINT, StudyKind.PRIMARY, Design.CASE_REPORT)
        assert "cut off" in self.records[2].problems[-1].detail


class TestFrame:
    def test_a_new_pmid_begins_a_record_without_an_empty_line(self) -> None:
        assert [bibliography(record).pmid for record in of_text("PMID- 1\nTI  - A.\nPMID- 2\nTI  - B.\nSO  - x\n")] == ["1", "2"]

    def test_empty_lines_within_the_file_make_no_records(self) -> None:
        assert len(of_text("\n\n\nPMID- 1\nTI  - A.\nSO  - x\n\n\n\nPMID- 2\nTI  - B.\nSO  - x\n\n\n")) == 2

    def test_a_file_that_ends_at_once_is_reported_at_its_last_record_only(self) -> None:
        first, second = of_text("PMID- 1\nTI  - A.\n\nPMID- 2\nTI  - B")
        assert first.problems == ()
        assert "cut off" in second.problems[0].detail


class TestAuthors:
    def test_without_short_names_the_full_ones_are_shortened(self) -> None:
        (record,) = of_text("PMID- 1\nTI  - A.\nFAU - Doe, Jane Mary\nFAU - Roe, Kim\nAU  - Roe KX\nSO  - x\n")
        assert bibliography(record).authors == ["Doe JM", "Roe KX"]

    def test_an_orcid_with_a_wrong_digit_is_reported(self) -> None:
        (record,) = of_text("PMID- 1\nTI  - A.\nAU  - Doe J\nAUID- ORCID: 0000-0002-1825-0098\nSO  - x\n")
        assert bibliography(record).author_orcids == []
        assert record.problems[0].field == "AUID"


class TestStatus:
    def test_an_expression_of_concern(self) -> None:
        (record,) = of_text("PMID- 1\nTI  - A.\nPT  - Journal Article\nECI - J. 2020.\nPST - ppublish\nSO  - x\n")
        assert bibliography(record).publication_status is PublicationStatus.EXPRESSION_OF_CONCERN

    def test_a_notice_about_another_publication_is_reported(self) -> None:
        (record,) = of_text("PMID- 1\nTI  - A.\nPT  - Published Erratum\nSO  - x\n")
        assert "Published Erratum" in record.problems[0].detail


class TestWrite:
    def test_long_lines_are_folded_as_pubmed_folds_them(self) -> None:
        lines = "".join(write_nbib([Bibliography(title="word " * 60)])).split("\r\n")
        assert max(map(len, lines)) <= 94
        assert lines[1].startswith("      word")
