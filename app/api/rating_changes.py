"""Impacts on ratings as answers show them."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.actions.recompute import rating_moved
from app.queries.impact import RatingImpact
from app.queries.rating_difference import explain_difference
from app.schemas.study_writing import RatingChange, RatingHeadline
from app.synthesis.rating import to_json


def rating_changes(impacts: Iterable[RatingImpact]) -> list[RatingChange]:
    """Every rating that was looked at, those that move first."""
    changes = [_change(impact) for impact in impacts]
    return sorted(changes, key=lambda change: (not change.moves, change.condition, change.intervention))


def _change(impact: RatingImpact) -> RatingChange:
    after: dict[str, Any] = to_json(impact.after)
    return RatingChange(
        condition=impact.condition,
        intervention=impact.intervention,
        moves=rating_moved(impact.before, after),
        before=_headline(impact.before) if impact.before is not None else None,
        after=_headline(after),
        reasons=explain_difference(impact.before, after),
        outcomes_before=impact.before["outcomes"] if impact.before is not None else [],
        outcomes_after=after["outcomes"],
    )


def _headline(content: Mapping[str, Any]) -> RatingHeadline:
    return RatingHeadline(**{name: content[name] for name in RatingHeadline.model_fields})
