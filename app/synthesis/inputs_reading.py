"""The way back from a canonical text to the input of a rating, so that a past rating can be computed again (method, section 8).

`inputs_hash.canonical_text` writes, this reads. Lists come back in the order of the text, which no rule depends on (method,
section 9), and 10 comes back as 10.0 where the engine keeps a float.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from app.synthesis.body import OutcomeInput, PairInput, StudyInput
from app.synthesis.inputs_hash import PARTS_REMEMBERED, SplitText

PART_KINDS: tuple[type, ...] = (OutcomeInput, StudyInput)
"""What `split_text` takes out of the text; each part is read once, however many ratings hold it."""


class UnreadableInput(ValueError):
    """The text is no input that this engine knows; the message names the member."""


def read_pair(split: SplitText) -> PairInput:
    """The input of a rating from its text; UnreadableInput where a member is unknown, missing or of another type.

    In the place of each part its number is written, so that only what lies between the parts is read anew.
    """
    numbered = "".join(text + number for text, number in zip(split.between, (*map(str, range(len(split.parts))), ""), strict=True))
    try:
        value = json.loads(numbered)
    except json.JSONDecodeError as error:
        raise UnreadableInput(f"the input is no JSON: {error.msg}") from None
    pair: PairInput = _read(PairInput, value, "input", split.parts)
    return pair


@lru_cache(maxsize=PARTS_REMEMBERED)
def _read_part(kind: type, text: str) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableInput(f"a part of the input is no JSON: {error.msg}") from None
    return _read_object(kind, value, kind.__name__, ())


def _read(hint: Any, value: Any, place: str, parts: Sequence[str]) -> Any:
    """The value of one member as its annotation says."""
    kind, inner = get_origin(hint), get_args(hint)
    if kind is UnionType:
        [known] = [option for option in inner if option is not NoneType]
        return None if value is None else _read(known, value, place, parts)
    if kind is tuple:
        return tuple(_read(inner[0], item, f"{place}[]", parts) for item in _expect(list, value, place))
    if kind is Mapping:
        return {name: _read(inner[1], item, f"{place}.{name}", parts) for name, item in _expect(dict, value, place).items()}
    if hint in PART_KINDS:
        return _read_part(hint, _part(parts, value, place))
    if dataclasses.is_dataclass(hint):
        return _read_object(hint, value, place, parts)
    return _read_single(hint, value, place)


def _part(parts: Sequence[str], value: Any, place: str) -> str:
    number: int = _expect(int, value, place)
    if not 0 <= number < len(parts):
        raise UnreadableInput(f"{place}: there is no part {number}")
    return parts[number]


def _read_object(kind: Any, value: Any, place: str, parts: Sequence[str]) -> Any:
    members, hints = _expect(dict, value, place), _hints(kind)
    unknown = sorted(members.keys() - hints.keys())
    if unknown:
        raise UnreadableInput(f"{place}: this engine knows no {', '.join(unknown)}")
    try:
        return kind(**{name: _read(hints[name], item, f"{place}.{name}", parts) for name, item in members.items()})
    except TypeError:
        raise UnreadableInput(f"{place}: a member that this engine needs is missing") from None


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _read_single(hint: Any, value: Any, place: str) -> Any:
    try:
        if issubclass(hint, Enum):
            return hint(value)
        if hint is date:
            return date.fromisoformat(_expect(str, value, place))
    except ValueError as error:
        raise UnreadableInput(f"{place}: {error}") from None
    if hint is float and type(value) is int:
        return float(value)
    return _expect(hint, value, place)


def _expect(kind: type, value: Any, place: str) -> Any:
    """The value if it is of this very type: True is no number."""
    if type(value) is not kind:
        raise UnreadableInput(f"{place}: expected {kind.__name__}, found {type(value).__name__}")
    return value
