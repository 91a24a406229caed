"""From the text of a query parameter to a typed value, and to the schema that describes it."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

MAX_TEXT = 500
MAX_VALUES = 200  # per parameter; databases take a limited number of bound values
INTEGER_RANGE = (-(2**31), 2**31 - 1)  # INTEGER in PostgreSQL; beyond, the driver raises


def split_values(text: str) -> list[str]:
    """Split at commas; a backslash makes the comma (or backslash) after it part of the value."""
    values = [""]
    rest = iter(text)
    for character in rest:
        if character == "\\":
            following = next(rest, "")
            values[-1] += following if following in {",", "\\"} else character + following
        elif character == ",":
            values.append("")
        else:
            values[-1] += character
    return values


def parse_value(text: str, kind: Any) -> Any:
    """One value of the type `kind`; ValueError says what was expected."""
    if not text:
        raise ValueError("a value is missing")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the value is longer than {MAX_TEXT} characters")
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _parse_enum(text, kind)
    if kind in _PARSERS:
        return _PARSERS[kind](text)
    return _parse_annotated(text, kind)


def allowed_values(kind: Any) -> list[str] | None:
    """The closed choice of a type, where it is one."""
    if kind is bool:
        return ["true", "false"]
    return [str(member.value) for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else None


def value_schema(kind: Any) -> dict[str, Any]:
    """The JSON Schema of one value, written out in place."""
    if allowed := allowed_values(kind):
        return {"type": "boolean"} if kind is bool else {"type": "string", "enum": allowed}
    return TypeAdapter(kind).json_schema()


def _parse_enum(text: str, kind: type[Enum]) -> Enum:
    for member in kind:
        if str(member.value) == text:
            return member
    raise ValueError(f"{text!r} is none of {', '.join(str(member.value) for member in kind)}")


def _parse_int(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,10}", text) or not INTEGER_RANGE[0] <= int(text) <= INTEGER_RANGE[1]:
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _parse_float(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) or not math.isfinite(float(text)):
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def _parse_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _parse_date(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError(f"{text!r} is not a date like 2026-11-24") from None


def _parse_datetime(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a moment like 2026-11-24T13:00:00Z") from None


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a UUID") from None


def _parse_annotated(text: str, kind: Any) -> Any:
    """Types that bring their own validation, like `Doi` or `Slug`."""
    try:
        return TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _parse_int,
    float: _parse_float,
    bool: _parse_bool,
    date: _parse_date,
    datetime: _parse_datetime,
    UUID: _parse_uuid,
}
