"""The parameters of what-ifs, one declaration each for every route that takes them."""

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from app.errors import InvalidQuery, ParameterProblem
from app.models.base import utc_now
from app.queries.filter_values import parse_value
from app.synthesis.grade.thresholds import THRESHOLDS_OF_METHOD
from app.vocabulary import LeavingOut

FIRST_YEAR = 1800  # as in a study document
SMALLEST_MID, LARGEST_MID = 1e-6, 1e6
"""Beyond them no scale in use has its smallest difference that matters, and the information size would be past all counting."""
WHAT_IF = ("published_until", "without", "method")


def read_year(text: str) -> int:
    year, this_year = int(parse_value(text, int)), utc_now().year
    if not FIRST_YEAR <= year <= this_year:
        raise ValueError(f"{year} is not between {FIRST_YEAR} and {this_year}")
    return year


def read_mid(text: str) -> float:
    mid = float(parse_value(text, float))
    if not SMALLEST_MID <= mid <= LARGEST_MID:
        raise ValueError(f"{text[:100]} is not between {SMALLEST_MID:f} and {LARGEST_MID:.0f}")
    return mid


def read_method(text: str) -> str:
    """A version of the method whose numbers this engine holds."""
    if text not in THRESHOLDS_OF_METHOD:
        known = sorted(THRESHOLDS_OF_METHOD)
        detail = f"there is no method version {text[:100]!r}; known: {', '.join(known)}."
        raise InvalidQuery(f"method: {detail}", errors=[ParameterProblem("method", detail, known)])
    return text


PublishedUntil = Annotated[
    int | None,
    Query(
        ge=FIRST_YEAR,
        description="Rate only what was published by the end of this year; nothing is stored.",
        openapi_examples={"then": {"summary": "As the literature stood at the end of 2019", "value": 2019}},
    ),
    BeforeValidator(read_year),
]
Without = Annotated[
    LeavingOut | None,
    Query(
        description="Leave out studies at high risk of bias for the outcome; nothing is stored.",
        openapi_examples={"high-risk": {"value": LeavingOut.HIGH_RISK}},
    ),
]
Method = Annotated[
    str | None,
    Query(
        description="Rate under this version of the method; nothing is stored.",
        openapi_examples={"first": {"value": "certainty/1.0.0"}},
    ),
    BeforeValidator(read_method),
]
Mid = Annotated[
    float | None,
    Query(
        ge=SMALLEST_MID,
        le=LARGEST_MID,
        description="Another smallest difference that matters, in units of the instrument, in SD or as a ratio above 1; nothing is stored.",
        openapi_examples={"twice": {"summary": "20 mm on a pain scale instead of 10", "value": 20}},
    ),
    BeforeValidator(read_mid),
]
