from datetime import UTC, datetime
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from app.formats.read_record import FileRefused, ReadRecord
from app.formats.sniff import FileFormat, sniff
from app.formats.xlsx_table import MAX_CELL
from app.schemas.bibliography import Bibliography
from tests.formats.bibliographies import read, written


def saved(book: Workbook) -> bytes:
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def workbook(*rows: tuple[object, ...], hidden: bool = False) -> Workbook:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if hidden:
        sheet.sheet_state = "hidden"
        book.create_sheet("Other").append(("nothing", "known"))
    return book


def of_rows(*rows: tuple[object, ...]) -> list[ReadRecord]:
    return read(FileFormat.XLSX, saved(workbook(*rows)))


class TestRead:
    def test_numbers_and_dates_are_read_as_people_see_them(self) -> None:
        (record,) = of_rows(
            ("Title", "Year", "PMID", "Volume", "Date"),
            ("One", 2019, 31892357.0, 20, datetime(2018, 1, 2, tzinfo=UTC).replace(tzinfo=None)),
        )
        study = record.bibliography
        assert study is not None
        assert (study.year, study.pmid, study.volume) == (2019, "31892357", "20")

    def test_the_line_is_the_row(self) -> None:
        first, second = of_rows(("Title",), ("One",), (None,), ("Two",))
        assert (first.line, second.line, second.position) == (2, 4, 2)

    def test_a_formula_is_refused_with_its_place(self) -> None:
        bad, good = of_rows(("DOI", "Title"), ("10.5555/x", "=A2"), ("10.5555/y", "Two"))
        assert bad.bibliography is None
        assert bad.problems[0].detail.startswith("B2 holds a formula")
        assert good.bibliography is not None

    def test_a_hidden_sheet_is_not_read_but_noted(self) -> None:
        book = workbook(("Title",), ("One",))
        hidden = book.create_sheet("Secret")
        hidden.append(("Title",))
        hidden.append(("Two",))
        hidden.sheet_state = "veryHidden"
        (record,) = read(FileFormat.XLSX, saved(book))
        assert record.bibliography is not None
        assert record.bibliography.title == "One"

    def test_a_hidden_sheet_before_the_records_is_noted_at_the_first(self) -> None:
        book = workbook(("x",), hidden=True)
        table = book.create_sheet("Table")
        table.append(("Title",))
        table.append(("One",))
        (record,) = read(FileFormat.XLSX, saved(book))
        assert [problem.severity for problem in record.problems] == ["notice", "notice"]
        assert "hidden" in record.problems[0].detail

    def test_a_workbook_without_a_table_is_refused_with_the_reason(self) -> None:
        with pytest.raises(FileRefused, match="hidden"):
            read(FileFormat.XLSX, saved(workbook(("Title",), ("One",), hidden=True)))

    def test_a_row_far_below_is_not_read_and_told(self) -> None:
        book = workbook(("Title",), ("One",))
        sheet = book.active
        assert sheet is not None
        sheet.cell(row=900_000, column=1, value="Two")
        good, told = read(FileFormat.XLSX, saved(book))
        assert good.bibliography is not None
        assert told.bibliography is None
        assert "is not read below 10,000 empty rows" in told.problems[0].detail

    def test_dates_and_truth_values_that_excel_made_are_left_out_with_a_notice(self) -> None:
        moment = datetime(2015, 2, 1, tzinfo=UTC).replace(tzinfo=None)
        (record,) = of_rows(("Title", "Authors", "Issue", "Pages", "Year"), ("One", True, moment, moment.date(), 2015))
        study = record.bibliography
        assert study is not None
        assert (study.authors, study.issue, study.pages, study.year) == ([], None, None, 2015)
        assert [(problem.severity, problem.field) for problem in record.problems] == [
            ("notice", "Authors"),
            ("notice", "Issue"),
            ("notice", "Pages"),
        ]

    def test_a_record_of_a_second_sheet_names_it(self) -> None:
        book = workbook(("Title",), ("One",))
        second = book.create_sheet("More")
        second.append(("Title",))
        second.append(("Two",))
        first, other = read(FileFormat.XLSX, saved(book))
        assert first.problems == ()
        assert [problem.detail for problem in other.problems] == ["line 2 of the sheet 'More'"]

    def test_is_told_from_other_archives(self) -> None:
        assert sniff(BytesIO(saved(workbook(("Title",))))).format is FileFormat.XLSX


class TestWrite:
    def test_no_cell_is_a_formula(self) -> None:
        content = written(FileFormat.XLSX, [Bibliography(title="=1+1", journal="https://example.org", volume="7")])
        sheet = load_workbook(BytesIO(content))["studies"]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}

    def test_a_list_longer_than_a_cell_loses_whole_names_and_says_so(self) -> None:
        authors = [f"{'Abcdefghij' * 9} {chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(500)]
        (record,) = read(FileFormat.XLSX, written(FileFormat.XLSX, [Bibliography(title="One", authors=authors)]))
        assert record.bibliography is not None
        assert record.bibliography.authors == authors[: len(record.bibliography.authors)]
        assert MAX_CELL - 100 < len("; ".join(record.bibliography.authors)) <= MAX_CELL
        assert record.problems[0].detail == "the list is cut off in: authors"
