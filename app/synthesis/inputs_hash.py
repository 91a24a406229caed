"""The fingerprint of what a rating rests on (method, section 8)."""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from functools import cache
from json.encoder import encode_basestring
from types import NoneType
from typing import Any

from app.synthesis.body import PairInput

ORDERED_MEMBERS = frozenset({"instruments"})
"""The one member of the input whose order means something: instruments stand by preference."""


def inputs_hash(pair: PairInput) -> str:
    """SHA-256 over the canonical JSON of the input: keys sorted, and lists too, unless their order means something."""
    return hashlib.sha256(canonical_text(pair).encode()).hexdigest()


def canonical_text(value: Any) -> str:
    """Return JSON without spaces; 10.0 and 10 are one number, enums their words, dates ISO 8601.

    Written from the inside out, by one writer for each type, because an input has thousands of members.
    """
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], str]:
    for general, writer in WRITERS:
        if issubclass(kind, general):
            return writer
    return _dataclass_writer(kind)


def _dataclass_writer(kind: type) -> Callable[[Any], str]:
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no part of a rating's input")
    names = sorted(field.name for field in dataclasses.fields(kind))
    members = [(name, f'"{name}":', _in_order if name in ORDERED_MEMBERS else canonical_text) for name in names]
    return lambda value: f"{{{','.join([key + write(getattr(value, name)) for name, key, write in members])}}}"


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


WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
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
