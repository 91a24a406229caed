"""A record of lines that begin with a tag, as RIS and MEDLINE have it, gathered in bounded memory."""

from app.formats.drafts import Draft
from app.formats.read_record import EXCERPT_LENGTH, ReadRecord, unusable

MAX_RECORD = 4_000_000  # characters; the largest records of PubMed, with thousands of authors, have a tenth of that

Values = dict[str, list[tuple[int, str]]]


class TaggedRecord:
    """The fields of one record in their order, each with the number of its first line."""

    __slots__ = ("_fields", "_raw", "last_line", "line", "size")

    def __init__(self) -> None:
        self._fields: list[tuple[int, str, list[str]]] = []
        self._raw: list[str] = []
        self.line = self.last_line = self.size = 0

    def __bool__(self) -> bool:
        return bool(self._fields)

    def begin_field(self, number: int, tag: str, text: str, raw: str) -> None:
        if not self._fields:
            self.line = number
        if self._room_for(number, raw):
            self._fields.append((number, tag, [text]))

    def continue_field(self, number: int, text: str, raw: str) -> None:
        if self._fields and self._room_for(number, raw):
            self._fields[-1][2].append(text)

    def begin_again(self, number: int, text: str, raw: str) -> None:
        """A continued line that is a value of its own, under the tag before it."""
        self.begin_field(number, self.last_tag, text, raw)

    @property
    def first_tag(self) -> str:
        return self._fields[0][1]

    @property
    def last_tag(self) -> str:
        return self._fields[-1][1]

    @property
    def raw(self) -> str:
        return "\n".join(self._raw)

    def fields(self) -> list[tuple[int, str, str]]:
        return [(number, tag, parts[0] if len(parts) == 1 else " ".join(parts)) for number, tag, parts in self._fields]

    def values(self) -> Values:
        """Tag → line and text of each field that is not empty."""
        found: Values = {}
        for number, tag, text in self.fields():
            if text and not text.isspace():
                found.setdefault(tag, []).append((number, text))
        return found

    def too_large(self, position: int) -> ReadRecord | None:
        if self.size <= MAX_RECORD:
            return None
        return unusable(position, self.line, f"the record has more than {MAX_RECORD:,} characters", raw=self.raw)

    def _room_for(self, number: int, raw: str) -> bool:
        if self.size < EXCERPT_LENGTH:
            self._raw.append(raw)
        self.last_line = number
        self.size += len(raw) + 1
        return self.size <= MAX_RECORD


def first_of(values: Values, *tags: str) -> str | None:
    """The first value of the first tag that is there."""
    return next((values[tag][0][1] for tag in tags if tag in values), None)


def identify_all(draft: Draft, values: Values, member: str, *tags: str) -> None:
    for tag in tags:
        for number, text in values.get(tag, ()):
            draft.identify(member, text, field=tag, line=number)
