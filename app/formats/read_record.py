"""What a reader says: one `ReadRecord` for every record of a file, or `FileRefused` for the file as a whole.

A record is never silently missing. Where it cannot be used, it has neither `bibliography` nor `document`, and a problem of
severity `error` says why. What was left out of a record that can be used is a problem of severity `notice`.
"""

from dataclasses import dataclass
from typing import Literal

from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

EXCERPT_LENGTH = 500


class FileRefused(Exception):
    """The file cannot be read, or not further: too large, not a known format, or made to exhaust the machine.

    Raised by `sniff` and, where the place lies further down, by a reader after the records that stand before it.
    `reason` is a sentence for the person who sent the file; `line` is the place, where there is one.
    """

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """What is wrong with a record; `field` is the name that the file gives, or the member of `Bibliography`."""

    line: int
    field: str | None
    detail: str
    severity: Literal["error", "notice"]


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One record of a file: `position` counts from 1, `line` is its first line (in tables: its row)."""

    position: int
    line: int
    bibliography: Bibliography | None
    document: StudyDocument | None
    problems: tuple[RecordProblem, ...]
    raw: str
    of_file: tuple[str, ...] = ()
    """Remarks on the file as a whole, or on a sheet, at its first record."""


def excerpt(text: str) -> str:
    """The beginning of a record, to show beside its problems."""
    shown = text.strip().replace("\x00", "\ufffd")
    return shown if len(shown) <= EXCERPT_LENGTH else shown[: EXCERPT_LENGTH - 1] + "…"


def unusable(position: int, line: int, detail: str, *, raw: str = "", field: str | None = None) -> ReadRecord:
    """A record of which nothing can be used."""
    return ReadRecord(position, line, None, None, (RecordProblem(line, field, detail, "error"),), excerpt(raw))
