from io import BytesIO

import pytest

from app.formats.columns import OWN_COLUMNS
from app.formats.csv_table import read_csv, write_csv
from app.formats.read_record import FileRefused, ReadRecord
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from app.vocabulary import PublicationStatus
from tests.formats.bibliographies import SAMPLES, read


def of_text(text: str) -> list[ReadRecord]:
    return list(read_csv(BytesIO(text.encode())))


class TestDialects:
    def test_zotero(self) -> None:
        article, thesis = read(FileFormat.CSV, (SAMPLES / "zotero.csv").read_bytes())
        study = article.bibliography
        assert study is not None
        assert study.title == 'Craniosacral treatment, and "usual care"'
        assert study.abstract == "First paragraph.\nSecond paragraph, with a comma."
        assert (study.pmid, study.keywords) == ("29999901", ["own tag", "Humans", "Neck Pain"])
        assert thesis.line == 4
        assert thesis.bibliography is not None
        assert thesis.bibliography.publication_status is PublicationStatus.THESIS

    def test_pubmed(self) -> None:
        first, second = read(FileFormat.CSV, (SAMPLES / "pubmed.csv").read_bytes())
        assert first.bibliography is not None
        assert first.bibliography.authors == ["Hallberg H", "Laurent RM", "Doe J Jr"]
        assert first.bibliography.pmcid == "PMC6999904"
        assert [(problem.line, problem.field) for problem in second.problems] == [(3, "pmid")]

    def test_scopus_with_semicolons(self) -> None:
        (record,) = read(FileFormat.CSV, (SAMPLES / "scopus.csv").read_bytes())
        study = record.bibliography
        assert study is not None
        assert (study.authors, study.pages, study.language) == (["Haugen T", "Berg AK"], "105", "en")
        assert study.keywords == ["HRV", "still point", "adult", "human"]

    def test_web_of_science_with_tabs_and_two_letters(self) -> None:
        (record,) = of_text(
            "PT\tAU\tTI\tSO\tPY\tVL\tBP\tEP\tDI\tDT\nJ\tDoe, J; Roe, KM\tOne\tEXAMPLES\t2019\t7\t5\t9\t10.5555/x\tArticle\n"
        )
        study = record.bibliography
        assert study is not None
        assert (study.authors, study.pages, study.publication_types) == (["Doe J", "Roe KM"], "5-9", ["Article"])

    def test_excel_names_its_separator_first(self) -> None:
        (record,) = of_text("sep=;\ntitle;doi\nOne;10.5555/x\n")
        assert record.bibliography is not None
        assert record.line == 3


class TestRows:
    def test_one_with_a_broken_quote_costs_only_itself(self) -> None:
        first, broken, last = of_text('title,doi\nOne,10.5555/a\n"Two"x,10.5555/b\nThree,10.5555/c\n')
        assert broken.bibliography is None
        assert broken.line == 3
        assert [record.bibliography.title for record in (first, last) if record.bibliography] == ["One", "Three"]

    def test_one_with_too_many_cells_is_an_error(self) -> None:
        (record,) = of_text("title,doi\nOne,10.5555/a,rest of a title with a comma\n")
        assert "3 cells" in record.problems[0].detail

    def test_one_that_the_file_cuts_off_within_quotes_is_reported(self) -> None:
        (record,) = of_text('title,doi\n"One\n')
        assert "cut off" in record.problems[0].detail

    def test_that_are_empty_are_no_records(self) -> None:
        assert len(of_text("title,doi\n\n,\nOne,\n   ,\n")) == 1

    def test_without_a_known_heading_refuse_the_file(self) -> None:
        with pytest.raises(FileRefused, match="title"):
            of_text("a,b\n1,2\n")

    def test_with_a_design_that_is_none_of_ours_say_so(self) -> None:
        (record,) = of_text("title,design\nOne,RCT\n")
        assert record.bibliography is not None
        assert record.bibliography.design is None
        assert record.problems[0].field == "design"


class TestWrite:
    def test_headings_are_the_members(self) -> None:
        assert "".join(write_csv([])) == ",".join(OWN_COLUMNS) + "\r\n"

    @pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@x", "'=1", "''-1", "'quoted'"])
    def test_a_cell_that_looks_like_a_formula_is_defused_and_read_back(self, title: str) -> None:
        text = "".join(write_csv([Bibliography(title=title)]))
        assert not text.splitlines()[1].startswith(("=", "+", "-", "@"))
        (record,) = of_text(text)
        assert record.bibliography is not None
        assert record.bibliography.title == title


class TestAuthors:
    @pytest.mark.parametrize(
        ("cell", "authors", "notice"),
        [
            ("Smith J, et al.", ["Smith J"], "`et al.`"),
            ("John Smith, Mary Jones", ["John Smith, Mary Jones"], "may be several names"),
        ],
    )
    def test_that_are_not_clear_are_never_invented_and_give_a_notice(self, cell: str, authors: list[str], notice: str) -> None:
        (record,) = of_text(f'title,authors\nOne,"{cell}"\n')
        assert record.bibliography is not None
        assert record.bibliography.authors == authors
        assert [(problem.severity, problem.field, notice in problem.detail) for problem in record.problems] == [("notice", "authors", True)]


class TestCellsThatASpreadsheetChanged:
    @pytest.mark.parametrize("cell", ["1-Feb", "Feb-15", "01/02/2015", "2015-02-01"])
    def test_are_left_out_with_a_notice(self, cell: str) -> None:
        (record,) = of_text(f"title,issue,pages,volume\nOne,{cell},{cell},12\n")
        assert record.bibliography is not None
        assert (record.bibliography.issue, record.bibliography.pages, record.bibliography.volume) == (None, None, "12")
        assert [(problem.severity, problem.field) for problem in record.problems] == [("notice", "issue"), ("notice", "pages")]
