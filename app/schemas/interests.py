"""A statement of interests: `none`, or which."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from app.schemas.base import Shape, Text

NO_INTERESTS = "none"
SAYS_NONE = frozenset(
    {
        "none",
        "no conflict",
        "no conflicts",
        "no conflict of interest",
        "no conflicts of interest",
        "none declared",
        "none to declare",
        "nothing to declare",
    }
)
"""What people write for `none`; it is stored as `none`."""
ONE_WORD = re.compile(r"[^\W\d_]{3,}")


def _unwrapped(value: Any) -> Any:
    """`{"none": true}` says the same as `"none"`."""
    return NO_INTERESTS if value == {"none": True} and value["none"] is True else value


def _stated(text: str) -> str:
    if text.lower().rstrip(".") in SAYS_NONE:
        return NO_INTERESTS
    if not ONE_WORD.search(text):
        raise ValueError("says nothing; write `none`, or which interests there are")
    return text


class NoInterests(Shape):
    """There are none, said without a word that could be mistyped."""

    none: Literal[True]


Interests = Annotated[
    Text,
    BeforeValidator(_unwrapped, json_schema_input_type=str | NoInterests),
    AfterValidator(_stated),
    Field(description='`none` (or `{"none": true}`), or which interests could touch the decision.', examples=["none"]),
]


def declares_interests(statement: str | None) -> bool:
    """Was something other than `none` stated?"""
    return bool(statement) and statement != NO_INTERESTS
