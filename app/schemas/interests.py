"""A statement of interests: `none`, or which."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from app.schemas.base import Shape, Text

NO_INTERESTS = "none"
_WHO = r"(?:i|we|(?:both|all|the|all the) (?:authors?|reviewers?|curators?|undersigned))"
_SAYS = r"(?:have|has|declares?|declared|reports?|reported|states?|stated|discloses?|disclosed|know of|am aware of|are aware of)"
_THAT = r"(?: (?:that )?(?:there (?:is|are)|(?:i|we|they) have))?"
_TO_SAY = r"to (?:declare|disclose|report|state)"
_OF_WHICH_KIND = (
    r"(?:(?:(?:known|potential|actual|real|perceived|apparent|possible|relevant|competing|conflicting"
    r"|financial (?:or|and) (?:other|personal|non-?financial))(?:,| or| and)?) )*"
)
_WHAT = r"(?:conflicts?(?: of interests?)?|cois?|interests?|disclosures?)"
_KNOWN = (
    r"(?: (?:known|declared|stated|reported|exists?|to (?:my|our) knowledge|known to (?:me|us)"
    r"|(?:that )?(?:i|we) (?:know|am aware|are aware) of))?"
)
SAYS_NONE = re.compile(
    rf"(?:there (?:is|are) |{_WHO} {_SAYS}{_THAT} )?"
    rf"(?:nothing {_TO_SAY}|(?:none|no {_OF_WHICH_KIND}{_WHAT})(?: {_TO_SAY})?){_KNOWN}"
)
"""What people write for `none`, and not a word more: it is stored as `none`. One exception, one kind of interest, makes it a statement."""
LONGEST_NONE = 200
SAYS_NEITHER = frozenset(
    {
        "nil", "no", "nope", "nothing", "n/a", "na", "not applicable", "false", "true", "yes", "null", "unknown", "keine", "keiner", "nein",
        "non", "aucun", "ninguno", "nessuno", "geen",
    }
)  # fmt: skip
"""Words for `none` in a hurry or in another language, and words that say nothing: shown as an interest they would be one."""
ASKED_FOR = "write `none`, or which interests there are"
ONE_WORD = re.compile(r"[^\W\d_]{3,}")


def _unwrapped(value: Any) -> Any:
    """`{"none": true}` says the same as `"none"`."""
    if isinstance(value, dict):
        if value == {"none": True} and value["none"] is True:
            return NO_INTERESTS
        raise ValueError(f'{ASKED_FOR}; the one object that is read is `{{"none": true}}`')
    return value


def _stated(text: str) -> str:
    plain = " ".join(text.lower().split()).strip(".!;\"' ")
    if len(text) <= LONGEST_NONE and SAYS_NONE.fullmatch(plain):
        return NO_INTERESTS
    if plain in SAYS_NEITHER or not ONE_WORD.search(text):
        raise ValueError(f"says nothing; {ASKED_FOR}")
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
