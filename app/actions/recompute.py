"""Writing ratings: what `queries/impact.py` computed, stored with its bodies, its history and its ledger entry."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.rating_inputs import keep_inputs
from app.actions.sign_offs import review_sign_offs
from app.actor import Actor
from app.models import BodyOfEvidence, Change, Condition, Intervention, Rating, RatingHistory, StudyCondition
from app.queries.impact import RatingImpact, rate_again
from app.queries.pair_inputs import Pair
from app.synthesis.rating import PairRating, body_to_json, to_json

BATCH = 200
"""Pairs rated in one go; bounds the length of SQL lists."""
BATCH_STUDIES = 5000
"""Studies read in one go, about; bounds memory."""
WITHOUT_BEARING = frozenset({"as_of", "inputs_hash"})
"""Members that differ without the rating having moved."""
REMEMBERED = (
    "certainty", "direction", "sentence", "headline_comparator", "eligible_studies", "eligible_participants", "inputs_hash", "as_of",
    "method",
)  # fmt: skip
"""What the ledger entry and the history say of a rating that moved."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The ledger entry that made ratings move."""

    change: Change
    reason: str
    as_of: date
    """The day the ratings speak of; with the accepted studies it fixes them."""
    study: str | None = None


@dataclass(frozen=True, slots=True)
class RatingMove:
    """A rating that a recompute moved, and where to; without what it rests on, of which many would fill the memory."""

    condition: str
    intervention: str
    certainty: str


def store_ratings(session: Session, impacts: Iterable[RatingImpact], *, by: Actor, cause: Cause) -> list[RatingImpact]:
    """Store every rating with what it rests on, append a ledger entry for each that moved, and return those."""
    moved, impacts = [], list(impacts)
    keep_inputs(session, [impact.inputs for impact in impacts])
    for impact in impacts:
        content = to_json(impact.after)
        changed = rating_moved(impact.before, content)
        change = _announce(session, impact, content, by=by, cause=cause) if changed else cause.change
        _store(session, impact.after, content, change)
        if changed:
            _remember(session, content, change, cause)
            moved.append(impact)
    review_sign_offs(session, impacts, by=by, change=cause.change)
    return moved


def rating_moved(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Did anything change that a reader could notice?"""
    if before is None:
        return True
    return any(before.get(name) != value for name, value in after.items() if name not in WITHOUT_BEARING)


def recompute_all(session: Session, *, by: Actor, cause: Cause) -> list[RatingMove]:
    """Rate every condition x intervention anew, as of the day of the causing entry."""
    return recompute_pairs(session, all_pairs(session), by=by, cause=cause)


def recompute_pairs(session: Session, pairs: Collection[Pair], *, by: Actor, cause: Cause) -> list[RatingMove]:
    """Rate these anew, as of the day of the causing entry."""
    moved: list[RatingMove] = []
    for batch in pair_batches(session, pairs):
        impacts = store_ratings(session, rate_again(session, batch, as_of=cause.as_of), by=by, cause=cause)
        moved += [RatingMove(impact.condition, impact.intervention, impact.after.certainty) for impact in impacts]
        session.flush()
        session.expunge_all()  # else it would hold every rating that was written
    return moved


def pair_batches(session: Session, pairs: Collection[Pair]) -> Iterator[list[Pair]]:
    """The pairs in their order, as many in a batch as memory bears: all studies of their conditions are read at once."""
    of_condition = col(StudyCondition.condition)
    counts = dict(session.execute(select(of_condition, func.count()).group_by(of_condition)).all())
    batch: list[Pair] = []
    studies = 0
    for pair in sorted(pairs):
        more = counts.get(pair[0], 0)
        if batch and (len(batch) == BATCH or studies + more > BATCH_STUDIES):
            yield batch
            batch, studies = [], 0
        batch.append(pair)
        studies += more
    if batch:
        yield batch


def all_pairs(session: Session) -> list[Pair]:
    """Every condition x intervention: each has a rating, be it `no-evidence`."""
    conditions = session.execute(select(col(Condition.slug)).order_by(col(Condition.slug))).scalars().all()
    interventions = session.execute(select(col(Intervention.slug)).order_by(col(Intervention.slug))).scalars().all()
    return [(condition, intervention) for condition in conditions for intervention in interventions]


def body_rows(rating: PairRating) -> list[dict[str, Any]]:
    """The rows of `body_of_evidence` that a rating gives."""
    rows = []
    for position, rated in enumerate(rating.bodies):
        explanation = body_to_json(rated)
        rows.append(
            {
                "id": explanation["body"],
                "condition": rating.condition,
                "intervention": rating.intervention,
                "outcome": explanation["outcome"],
                "comparator_group": explanation["comparator_group"],
                "horizon": explanation["horizon"],
                "position": position,
                "in_headline": explanation["in_headline"],
                "certainty": explanation["certainty"],
                "finding": explanation["finding"],
                "k": explanation["k"],
                "n": explanation["n"],
                "explanation": explanation,
            }
        )
    return rows


def rating_columns(content: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of `rating` and `rating_history` that stand in the rating's content."""
    names = ("condition", "intervention", "certainty", "direction", "sentence", "headline_comparator", "method", "inputs_hash")
    return {name: content[name] for name in names} | {
        "eligible_studies": content["eligible_studies"],
        "eligible_participants": content["eligible_participants"],
    }


def _announce(session: Session, impact: RatingImpact, content: Mapping[str, Any], *, by: Actor, cause: Cause) -> Change:
    before = impact.before
    subject = f"rating:{impact.condition}/{impact.intervention}"
    was = f"{before['certainty']}, {before['direction'] or 'no direction'}" if before is not None else "not rated"
    now = f"{content['certainty']}, {content['direction'] or 'no direction'}"
    return ledger.append(
        session,
        by=by,
        action="rating.changed",
        subject=subject,
        summary=f"{impact.condition} × {impact.intervention}: {was} → {now}"
        if was != now
        else f"{subject[7:]}: {now}, with other evidence behind it",
        touches=[f"condition:{impact.condition}", f"intervention:{impact.intervention}"],
        details={
            "caused_by": cause.change.sequence,
            "reason": cause.reason,
            "inputs_kept": True,
            "before": _headline(before) if before is not None else None,
            "after": _headline(content),
        },
        moment=cause.change.occurred_at,
    )


def _headline(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content[name] for name in REMEMBERED}


def _store(session: Session, rating: PairRating, content: dict[str, Any], change: Change) -> None:
    columns = rating_columns(content) | {"as_of": rating.as_of, "sequence": change.sequence, "content": content}
    row = session.get(Rating, (rating.condition, rating.intervention))
    if row is None:
        session.add(Rating(**columns))
    else:
        for name, value in columns.items():
            setattr(row, name, value)
    mine = (col(BodyOfEvidence.condition) == rating.condition, col(BodyOfEvidence.intervention) == rating.intervention)
    session.execute(delete(BodyOfEvidence).where(*mine))
    rows = body_rows(rating)
    if rows:
        session.execute(insert(BodyOfEvidence), rows)
    session.flush()


def _remember(session: Session, content: Mapping[str, Any], change: Change, cause: Cause) -> None:
    session.add(
        RatingHistory(
            **rating_columns(content),
            sequence=change.sequence,
            changed_at=change.occurred_at,
            as_of=cause.as_of,
            cause={"sequence": cause.change.sequence, "action": cause.change.action, "study": cause.study, "reason": cause.reason},
        )
    )
