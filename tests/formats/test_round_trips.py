"""What is written is read again, for every format, in every member that it carries."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from tests.formats.bibliographies import CARRIED, SAMPLES, bibliographies, carried, read, written

FILES = sorted(SAMPLES.iterdir())


def read_sample(file: Path) -> list[Bibliography]:
    with file.open("rb") as stream:
        from_file = (record.bibliography for record in FORMATS[sniffed(file)].read(stream, "utf-8-sig"))
        return [bibliography for bibliography in from_file if bibliography]


def sniffed(file: Path) -> FileFormat:
    from_suffix = {".ris": FileFormat.RIS, ".nbib": FileFormat.NBIB, ".bib": FileFormat.BIBTEX, ".csv": FileFormat.CSV}
    from_name = {
        "endnote.xml": FileFormat.ENDNOTE_XML,
        "pubmed.xml": FileFormat.PUBMED_XML,
        "zotero.csl.json": FileFormat.CSL_JSON,
        "studies.json": FileFormat.LEDGER_JSON,
    }
    return from_name.get(file.name) or from_suffix[file.suffix]


@pytest.mark.parametrize("file_format", CARRIED)
class TestEveryFormat:
    @given(study=bibliographies())
    def test_gives_back_what_it_carries(self, file_format: FileFormat, study: Bibliography) -> None:
        (record,) = read(file_format, written(file_format, [study]))
        assert record.problems == ()
        assert record.bibliography is not None
        assert carried(file_format, record.bibliography) == carried(file_format, study)

    def test_gives_back_no_study_for_no_study(self, file_format: FileFormat) -> None:
        assert read(file_format, written(file_format, [])) == []

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
    def test_gives_back_the_studies_of_the_sample(self, file_format: FileFormat, file: Path) -> None:
        studies = read_sample(file)
        again = [record.bibliography for record in read(file_format, written(file_format, studies))]
        assert len(again) == len(studies)
        for study, after in zip(studies, again, strict=True):
            assert after is not None
            ours, theirs = carried(file_format, study), carried(file_format, after)
            ours.pop("publication_types")
            theirs.pop("publication_types")
            assert theirs == ours


@pytest.mark.parametrize("file", [file for file in FILES if sniffed(file) in CARRIED], ids=lambda file: file.name)
class TestItsOwnFormat:
    def test_gives_back_every_member_of_the_sample(self, file: Path) -> None:
        file_format = sniffed(file)
        studies = read_sample(file)
        records = read(file_format, written(file_format, studies))
        assert [record.problems for record in records] == [()] * len(studies)
        assert [record.bibliography for record in records] == studies


@settings(max_examples=20)
@given(study=bibliographies())
def test_writing_twice_gives_the_same_bytes(study: Bibliography) -> None:
    for file_format in CARRIED:
        assert written(file_format, [study]) == written(file_format, [study])
