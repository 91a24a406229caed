"""CSV: comma, semicolon or tab between the cells, quotes as in RFC 4180. The headings are explained in `columns`."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import StringIO
from typing import BinaryIO

from app.formats.columns import OWN_COLUMNS, is_table_of_references, read_row, remarks_on, slots_of, written_row
from app.formats.read_record import FileRefused, ReadRecord, unusable
from app.formats.text_lines import text_lines
from app.formats.written import bibliography_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

SEPARATORS = (",", ";", "\t")
MAX_ROW = 1_000_000


class _Lines:
    """Lines for the csv module, with the place where the row now read began; a row without end refuses the file."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self.first = self.last = 0
        self._size = 0
        self.raw = ""

    def __iter__(self) -> Iterator[str]:
        for number, text in self._lines:
            if not self.first:
                self.first, self.raw = number, text
            self.last = number
            self._size += len(text) + 1
            if self._size > MAX_ROW:
                raise FileRefused(f"the row that begins at line {self.first} has more than {MAX_ROW:,} characters", line=self.first)
            yield f"{text}\n"

    def begin_row(self) -> None:
        self.first = self._size = 0


def separator_of(heading: str) -> str | None:
    """The separator under which the line of headings makes a table of references; the one that knows most columns."""
    known = {sign: slots_of(_cells(heading, sign)) for sign in SEPARATORS if is_table_of_references(_cells(heading, sign))}
    return max(known, key=lambda sign: sum(slot is not None for slot in known[sign]), default=None)


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def read_csv(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every row under the headings, which are the first line that is not empty; Excel's `sep=;` may stand before them."""
    numbered = text_lines(stream, encoding)
    heading = next((text for _, text in numbered if text.strip() and not text.lower().startswith("sep=")), "")
    separator = separator_of(heading)
    if separator is None:
        raise FileRefused("the first line names no column that is known: it should have a title, a DOI or a PubMed id")
    headings = _cells(heading, separator)
    remarks = remarks_on(headings)
    for record in _rows(_Lines(numbered), separator, slots_of(headings)):
        yield replace(record, of_file=remarks) if remarks else record
        remarks = ()


def _rows(lines: _Lines, separator: str, slots: list[str | None]) -> Iterator[ReadRecord]:
    rows = csv.reader(iter(lines), delimiter=separator, strict=True)
    position = 0
    while True:
        lines.begin_row()
        try:
            row = next(rows, None)
        except csv.Error as error:
            position += 1
            at_end = "unexpected end" in str(error)
            detail = "the file ends within quotation marks: it may be cut off" if at_end else f"not a row of CSV: {error}"
            yield unusable(position, lines.first, detail, raw=lines.raw)
            continue
        if row is None:
            return
        if any(cell and not cell.isspace() for cell in row):
            position += 1
            yield read_row(lines.first, slots, row).finished(position, lines.raw)


def write_csv(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """The headings, then a row each; UTF-8, comma, CRLF."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(OWN_COLUMNS)
    for study in studies:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(written_row(bibliography_of(study)))
    yield buffer.getvalue()
