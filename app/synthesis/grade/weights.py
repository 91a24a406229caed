"""Shares of weight of the studies of a body, as the GRADE domains use them (method, section 4)."""

import math
from collections.abc import Iterable

from app.synthesis.body import Body, BodyStudy
from app.synthesis.body_study import with_numbers
from app.synthesis.grade.judgement import SHARE_DIGITS


def studies_with_numbers(body: Body) -> tuple[BodyStudy, ...]:
    """The studies that give an effect with a standard error: those that a pooled effect rests on."""
    return with_numbers(body.studies)


def weigh_studies(body: Body) -> tuple[tuple[BodyStudy, float], ...]:
    """Return each study with its share of weight; shares sum to 1.

    Pooled: common-effect inverse variance, 1/se^2, over the studies with numbers. Not pooled: participants, where an
    unknown number counts as the smallest known one, and all count alike if none is known.
    """
    if body.pooled is None:
        return _shares(body.studies, participants_as_weights(body.studies))
    pooled = studies_with_numbers(body)
    return _shares(pooled, [1 / study.se**2 for study in pooled if study.se is not None])


def participants_as_weights(studies: Iterable[BodyStudy]) -> list[float]:
    """Participants of each study, an unknown number as the smallest known (1 where none is known)."""
    counts = [study.n if study.n_known and study.n > 0 else None for study in studies]
    smallest = min((count for count in counts if count is not None), default=1)
    return [float(smallest if count is None else count) for count in counts]


def share_where(weighed: Iterable[tuple[BodyStudy, float]], keys: set[str]) -> float:
    """The summed share of the studies whose key is in `keys`, rounded so that no binary fraction decides."""
    return round(math.fsum(weight for study, weight in weighed if study.study.key in keys), SHARE_DIGITS)


def _shares(studies: Iterable[BodyStudy], weights: list[float]) -> tuple[tuple[BodyStudy, float], ...]:
    total = math.fsum(weights)
    return tuple((study, weight / total) for study, weight in zip(studies, weights, strict=True))
