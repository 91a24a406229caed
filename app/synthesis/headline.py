"""From rated bodies to one rating: tier, comparator, certainty, direction (method, section 5)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.synthesis.body import Body
from app.synthesis.findings import FINDING_OF_SIDE, majority_direction
from app.synthesis.grade.certainty import LEVEL_OF_CERTAINTY
from app.synthesis.rated_body import RatedBody
from app.vocabulary import Certainty, ComparatorGroup, Finding, Horizon, Importance

TIERS = (Importance.CRITICAL, Importance.IMPORTANT, Importance.LIMITED)
COMPARATORS = (ComparatorGroup.SHAM, ComparatorGroup.INACTIVE, ComparatorGroup.ACTIVE, ComparatorGroup.NONE)
Key = TypeVar("Key")
ONE_SIDED = frozenset({Finding.FAVOURS_INTERVENTION, Finding.FAVOURS_COMPARATOR})


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the choice: its rule, a plain sentence, the bodies concerned."""

    rule: str
    text: str
    bodies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headline:
    """What a rating rests on. `contradicting` are direction-only bodies beside it that point the other way."""

    tier: Importance
    comparator_group: ComparatorGroup
    certainty: Certainty
    direction: Finding
    resting_on: tuple[RatedBody, ...]
    contradicting: tuple[RatedBody, ...]
    reasons: tuple[Reason, ...]


def choose_headline(rated: Sequence[RatedBody]) -> Headline:
    """Return the headline of one or more rated bodies; the order in which they come does not matter."""
    tier, in_tier = _first_present(rated, TIERS, lambda row: row.body.outcome.importance)
    group, candidates = _first_present(in_tier, COMPARATORS, lambda row: row.body.comparator_group)
    pooled = [row for row in candidates if row.body.pooled is not None]
    resting_on = one_horizon_each(pooled or candidates)
    lowest = min(resting_on, key=lambda row: LEVEL_OF_CERTAINTY[row.certainty.certainty]).certainty.certainty
    direction, contradicting = _direction(resting_on, _beside(candidates) if pooled else ())
    reasons = [
        Reason("rating/tier", f"The {tier} outcomes decide: the highest tier with a body of evidence.", _ids(in_tier)),
        Reason("rating/comparator", f"Within that tier the comparator {group} stands first.", _ids(candidates)),
        _bodies_reason(resting_on, any_pooled=bool(pooled)),
        Reason("rating/lowest-certainty", f"The lowest certainty among them: {lowest}.", _ids(_at(resting_on, lowest))),
    ]
    if contradicting:
        text = "Direction-only bodies beside them point the other way by participants: mixed."
        reasons.append(Reason("rating/directions-beside", text, _ids(contradicting)))
    if tier is Importance.LIMITED:
        lowest, direction, contradicting = Certainty.VERY_LOW, Finding.UNCLEAR, ()
        reasons.append(Reason("rating/limited-only", "Outcomes of limited importance alone: very low, unclear.", _ids(resting_on)))
    return Headline(tier, group, lowest, direction, resting_on, contradicting, tuple(reasons))


def _first_present(rated: Iterable[RatedBody], order: Sequence[Key], key: Callable[[RatedBody], Key]) -> tuple[Key, list[RatedBody]]:
    """The first of `order` that any body has, and the bodies that have it."""
    rows = list(rated)
    first = next(value for value in order if any(key(row) == value for row in rows))
    return first, [row for row in rows if key(row) == first]


def one_horizon_each(rated: Iterable[RatedBody]) -> tuple[RatedBody, ...]:
    """For each outcome its body at the end of treatment, else the one at follow-up; by outcome."""
    chosen: dict[str, RatedBody] = {}
    for row in sorted(rated, key=lambda row: (row.body.outcome.slug, row.body.horizon is Horizon.FOLLOW_UP)):
        chosen.setdefault(row.body.outcome.slug, row)
    return tuple(chosen.values())


def _beside(candidates: Sequence[RatedBody]) -> tuple[RatedBody, ...]:
    """The direction-only bodies that stand beside pooled ones: at the end of treatment where the outcome has any body there."""
    return tuple(row for row in one_horizon_each(candidates) if row.body.pooled is None)


def _direction(resting_on: Sequence[RatedBody], beside: Sequence[RatedBody]) -> tuple[Finding, tuple[RatedBody, ...]]:
    direction = combine_findings([row.finding for row in resting_on])
    contradicting = tuple(row for row in beside if direction in ONE_SIDED and leaning(row.body) in ONE_SIDED - {direction})
    return (Finding.MIXED if contradicting else direction), contradicting


def combine_findings(findings: Sequence[Finding]) -> Finding:
    """All alike: that. Favours both ways: conflicting. Favours one side, the rest otherwise: mixed. Else unclear."""
    kinds = set(findings)
    if len(kinds) == 1:
        return findings[0]
    if kinds >= ONE_SIDED:
        return Finding.CONFLICTING
    return Finding.MIXED if kinds & ONE_SIDED else Finding.UNCLEAR


def leaning(body: Body) -> Finding:
    """The side that most of a body's participants point to, `unclear` where there is none."""
    return FINDING_OF_SIDE[majority_direction(body.studies)]


def _bodies_reason(resting_on: Sequence[RatedBody], *, any_pooled: bool) -> Reason:
    if any_pooled:
        text = "The bodies with a pooled effect count, at the end of treatment where there is one."
        return Reason("rating/pooled-bodies", text, _ids(resting_on))
    return Reason("rating/direction-only", "No body could be pooled, so those with a direction only count.", _ids(resting_on))


def _at(rated: Iterable[RatedBody], certainty: Certainty) -> list[RatedBody]:
    return [row for row in rated if row.certainty.certainty is certainty]


def _ids(rated: Iterable[RatedBody]) -> tuple[str, ...]:
    return tuple(sorted(row.body.id for row in rated))
