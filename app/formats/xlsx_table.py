"""XLSX: the visible sheets whose first filled row has headings of references. The headings are explained in `columns`.

Source: ECMA-376, SpreadsheetML. Formulas are refused, since what they come to is another program's business; hidden sheets are not
read; both are reported. Not carried, beside what `columns` says: the end of a list that is longer than a cell of Excel can be
(32,767 characters); the column `left_out` names the members where that is so.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from app.formats.columns import OWN_COLUMNS, is_table_of_references, read_row, remarks_on, slots_of, written_row
from app.formats.read_record import FileRefused, ReadRecord, RecordProblem, unusable
from app.formats.written import bibliography_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

MAX_UNPACKED = 300_000_000
MAX_RATIO = 150  # sheets of text shrink to a fifth or a twentieth; a bomb of zeros to a thousandth
RATIO_MATTERS_FROM = 1_000_000
MAX_ENTRIES = 2_000
MAX_COLUMNS = 200
MAX_EMPTY_ROWS = 10_000
MAX_CELL = 32_767  # Excel's own limit
CHUNK = 65_536
LEFT_OUT = "left_out"
DATED = frozenset({"year", "date", "completed_on"})
MOMENTS = (date, time, timedelta)  # a datetime is a date
# What openpyxl and the unpacker raise on files that are not what they say.
BROKEN = (
    *(BadZipFile, zlib.error, ParseError, EOFError, OSError, NotImplementedError, RuntimeError),
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError),
)

Row = tuple[Any, ...]


def read_xlsx(stream: BinaryIO, encoding: str = "") -> Iterator[ReadRecord]:
    """Every row of every table; `line` is the row of its sheet. The encoding is the file's own affair."""
    _refuse_bombs(stream)
    from openpyxl import load_workbook  # a tenth of a second: where it is needed, not at every start

    try:
        book = load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    except BROKEN as error:
        raise FileRefused("the file is not a workbook of Excel that can be read") from error
    try:
        yield from _read_sheets(book)
    finally:
        book.close()


def _letters(column: int) -> str:
    """A column as Excel calls it."""
    from openpyxl.utils import get_column_letter

    letters: str = get_column_letter(column)
    return letters


def _refuse_bombs(stream: BinaryIO) -> None:
    try:
        entries = ZipFile(stream).infolist()
    except BROKEN as error:
        raise FileRefused("the file is not a workbook of Excel: it is no ZIP archive, or a damaged one") from error
    finally:
        stream.seek(0)
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise FileRefused(f"the workbook has more than {MAX_UNPACKED:,} bytes or {MAX_ENTRIES:,} parts when unpacked")
    for entry in entries:
        if entry.file_size > RATIO_MATTERS_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise FileRefused(f"the part {entry.filename[:100]!r} of the workbook is packed more than {MAX_RATIO} to 1")


def _read_sheets(book: Any) -> Iterator[ReadRecord]:
    """The remarks on sheets stand at the first record; without any record they refuse the file."""
    remarks: list[RecordProblem] = []
    position = tables = 0
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            remarks.append(RecordProblem(1, None, f"the sheet {sheet.title!r} is hidden and is not read", "notice"))
            continue
        rows = _rows(sheet)
        heading = next((row for _, row in rows if any(cell.value not in (None, "") for cell in row)), ())
        headings = [_text(cell) for cell in heading]
        if not is_table_of_references(headings):
            remarks.append(RecordProblem(1, None, f"the sheet {sheet.title!r} has no heading for a title, a DOI or a PubMed id", "notice"))
            continue
        tables += 1
        unread = remarks_on(headings, but=LEFT_OUT)
        for number, row in rows:
            if any(cell.value not in (None, "") for cell in row):
                position += 1
                if tables > 1:
                    remarks.append(RecordProblem(number, None, f"line {number} of the sheet {sheet.title!r}", "notice"))
                yield replace(_read(position, number, headings, row, tuple(remarks)), of_file=unread)
                remarks, unread = [], ()
            elif not row:
                position += 1
                yield unusable(position, number, f"the sheet {sheet.title!r} is not read below {MAX_EMPTY_ROWS:,} empty rows on end")
    if not position and remarks:
        raise FileRefused("; ".join(remark.detail for remark in remarks[:10]))


def _rows(sheet: Any) -> Iterator[tuple[int, Row]]:
    """The rows with their numbers; a sheet that counts through empty rows for ever ends there, with a row of no cells."""
    rows = iter(sheet.iter_rows(max_col=MAX_COLUMNS))
    number = empty = 0
    while True:
        try:
            row = next(rows, None)
        except BROKEN as error:
            raise FileRefused(f"the sheet {sheet.title!r} is damaged after row {number}", line=number) from error
        if row is None:
            return
        number += 1
        empty = 0 if any(cell.value is not None for cell in row) else empty + 1
        if empty > MAX_EMPTY_ROWS:
            yield number, ()
            return
        yield number, cast(Row, row)


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(position: int, number: int, headings: list[str], row: Row, remarks: tuple[RecordProblem, ...]) -> ReadRecord:
    texts = [_text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    slots = slots_of(headings)
    left_out = _take_out_changed(slots, row, texts)
    draft = read_row(number, slots, texts)
    draft.problems[:0] = remarks
    for column, what in left_out:
        draft.notice(f"{_letters(column + 1)}{number} is left out: it is {what} of Excel", field=headings[column])
    for column, cell in enumerate(row, start=1):
        if cell.value is not None and cell.data_type in ("f", "e"):
            heading = headings[column - 1] if column <= len(headings) else None
            what = "a formula" if cell.data_type == "f" else "an error of Excel"
            draft.error(f"{_letters(column)}{number} holds {what}: put its value there", field=heading)
    if (place := next((at for at, heading in enumerate(headings) if heading == LEFT_OUT), len(texts))) < len(texts):
        draft.notice(f"the list is cut off in: {texts[place]}", field=LEFT_OUT)
    return draft.finished(position, " | ".join(texts))


def _take_out_changed(slots: list[str | None], row: Row, texts: list[str]) -> list[tuple[int, str]]:
    """Empties the cells in which Excel has no longer what was typed: dates that were pages or issues, and TRUE or FALSE."""
    found = []
    for column, (slot, cell) in enumerate(zip(slots, row[: len(texts)], strict=False)):
        what = "a date or a time" if isinstance(cell.value, MOMENTS) and slot not in DATED else ""
        if isinstance(cell.value, bool):
            what = "TRUE or FALSE"
        if slot and what:
            texts[column] = ""
            found.append((column, what))
    return found


def write_xlsx(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[bytes]:
    """One sheet, `studies`, every cell text; the same studies give the same bytes."""
    with TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        import xlsxwriter  # as above

        book = xlsxwriter.Workbook(file, options)
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("studies")
        for column, heading in enumerate((*OWN_COLUMNS, LEFT_OUT)):
            sheet.write_string(0, column, heading)
        for number, study in enumerate(studies, start=1):
            for column, text in enumerate(_within_cells(written_row(bibliography_of(study)))):
                if text:
                    sheet.write_string(number, column, text)
        book.close()
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _within_cells(cells: list[str]) -> list[str]:
    """No cell longer than Excel can hold; only lists can be, and lose whole items at their end."""
    shortened, left_out = [], []
    for name, text in zip(OWN_COLUMNS, cells, strict=True):
        if len(text) > MAX_CELL:
            left_out.append(name)
            text = text[: text[:MAX_CELL].rfind(" " if name == "urls" else "; ")]
        shortened.append(text)
    return [*shortened, ", ".join(left_out)]
