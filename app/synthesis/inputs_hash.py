"""The fingerprint of what a rating rests on (method, section 8)."""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from functools import lru_cache
from itertools import chain
from json.encoder import encode_basestring
from operator import attrgetter
from types import NoneType
from typing import Any

from app.synthesis.body import OutcomeInput, PairInput, StudyInput

ORDERED_MEMBERS = frozenset({"instruments"})
"""The one member of the input whose order means something: instruments stand by preference."""
PARTS_REMEMBERED = 2048
"""Texts of studies and outcomes that are kept, because the pairs of a recompute share them and the next one reads them again."""

Writer = Callable[[Any], str]


@dataclasses.dataclass(frozen=True, slots=True)
class SplitText:
    """A canonical text taken apart at its outcomes and studies: `between` has one text more than `parts`, which stand between."""

    between: tuple[str, ...]
    parts: tuple[str, ...]

    def joined(self) -> str:
        """The canonical text, to the letter."""
        return "".join(chain(*zip(self.between, (*self.parts, ""), strict=True)))


def inputs_hash(pair: PairInput) -> str:
    """SHA-256 over the canonical JSON of the input: keys sorted, and lists too, unless their order means something."""
    return text_hash(canonical_text(pair))


def text_hash(text: str) -> str:
    """SHA-256 of a canonical text (UTF-8), in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical_text(value: Any) -> str:
    """Return JSON without spaces; 10.0 and 10 are one number, enums their words, dates ISO 8601.

    Written from the inside out, by one writer for each type, because an input has thousands of members.
    """
    return WRITER_OF[type(value)](value)


def split_text(pair: PairInput) -> SplitText:
    """The canonical text of a pair, cut at every outcome and every study, so that each can be stored once for all ratings."""
    text, start = canonical_text(pair), 0
    between, parts = [], list(_parts_as_written(pair))
    for part in parts:
        at = start + 1 if text.startswith(part, start + 1) else text.index(part, start)  # most stand behind a comma
        between.append(text[start:at])
        start = at + len(part)
    return SplitText((*between, text[start:]), tuple(parts))


def _parts_as_written(pair: PairInput) -> Iterable[str]:
    """The outcomes, the studies linked to registrations and the studies, as `canonical_text` orders them: members by name."""
    yield from sorted(map(canonical_text, pair.outcomes))
    for registration in sorted(pair.registrations, key=canonical_text):
        yield from sorted(map(canonical_text, registration.linked))
    yield from sorted(map(canonical_text, pair.studies))


class _Writers(dict[type, Writer]):
    """The writer of each type, made when it is first asked for."""

    def __missing__(self, kind: type) -> Writer:
        writer = next((writer for general, writer in WRITERS if issubclass(kind, general)), None) or _dataclass_writer(kind)
        self[kind] = writer
        return writer


def _dataclass_writer(kind: type) -> Writer:
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no part of a rating's input")
    names = sorted(field.name for field in dataclasses.fields(kind))
    keys = [(f'"{name}":', _in_order if name in ORDERED_MEMBERS else canonical_text) for name in names]
    members: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)

    def write(value: Any) -> str:
        return f"{{{','.join([key + text(member) for (key, text), member in zip(keys, members(value), strict=True)])}}}"

    # equal parts have equal texts, and looking one up costs a twentieth of writing it
    return lru_cache(maxsize=PARTS_REMEMBERED)(write) if kind in (StudyInput, OutcomeInput) else write


def _in_order(items: Iterable[object]) -> str:
    return f"[{','.join([canonical_text(item) for item in items])}]"


def _sorted(items: Iterable[object]) -> str:
    return f"[{','.join(sorted([canonical_text(item) for item in items]))}]"


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no place in JSON")
    return str(int(value)) if value == int(value) else repr(value)


def _mapping(members: Mapping[object, object]) -> str:
    written = sorted((str(key), canonical_text(item)) for key, item in members.items())
    return f"{{{','.join(f'{encode_basestring(key)}:{item}' for key, item in written)}}}"


WRITERS: tuple[tuple[Any, Writer], ...] = (
    (Enum, lambda value: canonical_text(value.value)),
    (str, encode_basestring),
    (NoneType, lambda value: "null"),
    (bool, lambda value: "true" if value else "false"),
    ((int, float), _number),
    ((tuple, list), _sorted),
    (date, lambda value: f'"{value.isoformat()}"'),
    (Mapping, _mapping),
)
"""The first that fits; anything else must be a dataclass."""
WRITER_OF = _Writers()
