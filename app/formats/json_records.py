"""JSON a record at a time: the elements of a list, of the member `items` of an object, or objects one after another."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.formats.read_record import FileRefused

MAX_DEPTH = 64
NAME_LENGTH = 50
MAX_RECORD = 8_000_000  # characters; a study document with its 2,000 results stays well below
IN_TEXT = re.compile(r'["\\]')
STRUCTURE = re.compile(r'["\[\]{}]')
BETWEEN = re.compile(r'["\[\]{},]')
ITEMS = re.compile(r'"items"\s*:\s*$')


class JsonText(NamedTuple):
    """The text of one record; `ended` is false where the file stops within it."""

    line: int
    text: str
    ended: bool = True


class _Splitter:
    """Follows brackets and strings through the chunks. `base` is the depth at which the records lie."""

    def __init__(self) -> None:
        self.depth = self.base = 0
        self.in_text = self.escaped = self.after_items = False
        self.parts: list[str] = []
        self.size = 0
        self.line = 1
        self.started = False

    def split(self, chunk: str) -> Iterator[JsonText]:
        place = mark = 0
        if self.escaped and chunk:
            self.escaped, place = False, 1
        while match := self._pattern().search(chunk, place):
            place = match.end()
            sign = match[0]
            if self.in_text:
                if sign == '"':
                    self.in_text = False
                else:
                    place += 1
            elif sign == '"':
                self.in_text = True
            elif sign in "[{":
                if self._opens_the_list(sign, chunk, mark, match.start()):
                    mark = place
            elif sign == "," or self._closes():
                yield from self._taken(chunk[mark : match.start() if self.depth < self.base or sign == "," else place])
                mark = place
        self.escaped = place > len(chunk)
        self._keep(chunk[mark:])

    def rest(self) -> Iterator[JsonText]:
        """What stands after the last record: nothing, or one that is cut off."""
        cut = self.depth > 0 or self.in_text
        yield from (found._replace(ended=not cut) for found in self._taken(""))
        if cut and self.base and self.depth == self.base and self.started:
            yield JsonText(self.line, "", ended=False)

    def _pattern(self) -> re.Pattern[str]:
        return IN_TEXT if self.in_text else BETWEEN if self.depth == self.base else STRUCTURE

    def _opens_the_list(self, sign: str, chunk: str, mark: int, place: int) -> bool:
        """Whether the bracket at this place opens the list of records: the outermost one, or that of `items`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FileRefused(f"the JSON is nested more deeply than {MAX_DEPTH} levels", line=self.line)
        if self.base or sign != "[" or self.depth > 2:
            return False
        items = self.depth == 2 and ITEMS.search(self._before(chunk[max(mark, place - NAME_LENGTH) : place])) is not None
        if items or self.depth == 1:
            self.base, self.after_items, self.started = self.depth, items, True
            self._forget(chunk[mark:place])
        return self.base > 0

    def _before(self, last: str) -> str:
        """The characters before a place, across chunks: enough to hold the name `items`."""
        for part in reversed(self.parts):
            if len(last) >= NAME_LENGTH:
                break
            last = part[-NAME_LENGTH:] + last
        return last

    def _closes(self) -> bool:
        """Whether a record, or the list of them, ends here."""
        self.depth = max(self.depth - 1, 0)
        return self.depth <= self.base

    def _taken(self, last: str) -> Iterator[JsonText]:
        text = "".join((*self.parts, last))
        stripped = text.strip()
        line = self.line + text[: len(text) - len(text.lstrip())].count("\n")
        self._forget(last)
        if self.depth < self.base:
            self.base = 0
        elif self.after_items and not self.base:
            self.after_items = self.depth > 0
            return
        if stripped:
            yield JsonText(line, stripped)

    def _forget(self, last: str) -> None:
        self.line += sum(part.count("\n") for part in self.parts) + last.count("\n")
        self.parts, self.size = [], 0

    def _keep(self, text: str) -> None:
        if text:
            self.parts.append(text)
            self.size += len(text)
        if self.size > MAX_RECORD:
            raise FileRefused(f"the record that begins at line {self.line} has more than {MAX_RECORD:,} characters", line=self.line)


def json_texts(chunks: Iterable[str]) -> Iterator[JsonText]:
    """The text of every record with its first line, in bounded memory; FileRefused where it nests too deeply or has no end."""
    splitter = _Splitter()
    for chunk in chunks:
        yield from splitter.split(chunk)
    yield from splitter.rest()


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def json_object(text: str) -> dict[str, Any]:
    """The object that a text holds; ValueError says why it holds none."""
    try:
        value = json.loads(text, parse_constant=_no_such_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error.msg} at character {error.pos + 1} of the record") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value
