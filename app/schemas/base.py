"""The building blocks of every shape at the edge: strict, finite, free of characters that no database can hold."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_COUNT = 2_000_000_000
MAX_ORDINAL = 2**31 - 1
MAX_TEXT = 20_000
FIRST_YEAR, LAST_PLANNED_YEAR = 1800, 2200
"""Of publications and trials; what lies outside is a typing mistake."""
HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")


class Shape(BaseModel):
    """A closed shape: unknown members, NaN and infinite numbers are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_serialization_defaults_required=True)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold a NUL character")
    if not text.isascii() and HALF_OF_A_PAIR.search(text):
        raise ValueError("must not hold half of a surrogate pair")
    if not text.isascii() and all(unicodedata.category(character)[0] in "CZ" for character in text):
        raise ValueError("holds nothing that can be seen")
    return text


def _not_in_the_future(year: int) -> int:
    this_year = datetime.now(UTC).year
    if year > this_year:
        raise ValueError(f"lies in the future; the latest year allowed is {this_year}")
    return year


def _in_the_calendar(day: str) -> str:
    """No 31st of February, no year 9999: what is none, or is a typing mistake, cannot be counted from."""
    try:
        year = date.fromisoformat(day if len(day) > len("YYYY-MM") else f"{day}-01").year
    except ValueError:
        raise ValueError("is no day of the calendar") from None
    if not FIRST_YEAR <= year <= LAST_PLANNED_YEAR:
        raise ValueError(f"is outside the years {FIRST_YEAR} to {LAST_PLANNED_YEAR}")
    return day


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(_storable)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT), AfterValidator(_storable)]
Count = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT)]
Ordinal = Annotated[int, Field(strict=True, ge=1, le=MAX_ORDINAL)]
"""A number of something counted from 1: a revision, a record of a file."""
Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^~/]|~[01])*)+$", max_length=500)]
"""To a member of a document (RFC 6901)."""
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Positive = Annotated[float, Field(strict=True, gt=0)]
NotNegative = Annotated[float, Field(strict=True, ge=0)]
Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR), AfterValidator(_not_in_the_future)]
WebAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s/$.?#][^\s]*$", max_length=2000), AfterValidator(_storable)
]
IsoDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$"), AfterValidator(_in_the_calendar)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
