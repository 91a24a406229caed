"""Are the ratings, their bodies and their history what the accepted studies and the ledger give?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger import members_of, utc_text
from app.actions.ledger_state import UNREADABLE, Difference, LedgerState, guarded
from app.actions.recompute import REMEMBERED, WITHOUT_BEARING, all_pairs, body_rows, pair_batches, rating_columns
from app.models import BodyOfEvidence, Rating, RatingHistory
from app.queries.pair_inputs import Pair, load_pair_inputs
from app.synthesis.rating import rate_many, to_json

HistoryKey = tuple[str, str, int]
"""Condition, intervention, sequence of the ledger entry."""


def verify_ratings(session: Session, state: LedgerState) -> Iterator[Difference]:
    pairs = all_pairs(session)
    for batch in pair_batches(session, pairs):
        yield from _verify_batch(session, batch, state)
    yield from _verify_history(session, state)
    existing = {tuple(row) for row in session.execute(select(col(Rating.condition), col(Rating.intervention)))}
    for condition, intervention in sorted(existing - set(pairs)):
        yield Difference(f"rating {condition}/{intervention}", "has no condition or intervention")


def _verify_batch(session: Session, pairs: list[Pair], state: LedgerState) -> Iterator[Difference]:
    """The ratings of the pairs; when something cannot be read, one pair at a time, to name the one."""
    try:
        yield from list(_batch_differences(session, pairs, state))
    except UNREADABLE as error:
        if len(pairs) == 1:
            yield Difference(f"rating {'/'.join(pairs[0])}", f"cannot be worked out or read ({type(error).__name__})")
            return
        for pair in pairs:
            yield from _verify_batch(session, [pair], state)


def _batch_differences(session: Session, pairs: list[Pair], state: LedgerState) -> Iterator[Difference]:
    wanted = tuple_(col(Rating.condition), col(Rating.intervention)).in_(pairs)
    stored = {(row.condition, row.intervention): row for row in session.execute(select(Rating).where(wanted)).scalars()}
    there = [pair for pair in pairs if pair in stored]
    for pair in sorted(set(pairs) - set(there)):
        yield Difference(f"rating {'/'.join(pair)}", "is missing")
    for rating in rate_many(load_pair_inputs(session, there, as_of={pair: stored[pair].as_of for pair in there})):
        row = stored[(rating.condition, rating.intervention)]
        yield from _verify_rating(row, _as_stored(to_json(rating)), state)
        yield from _verify_bodies(session, row, _as_stored(body_rows(rating)))


def _as_stored(value: Any) -> Any:
    """The value as it comes back from a JSON column."""
    return json.loads(json.dumps(value))


def _verify_rating(row: Rating, content: dict[str, Any], state: LedgerState) -> Iterator[Difference]:
    place = f"rating {row.condition}/{row.intervention}"
    for name in sorted(content.keys() | row.content.keys()):
        if row.content.get(name) != content.get(name):
            yield Difference(f"{place}, {name}", "is not what the accepted studies give")
    for name, value in rating_columns(content).items():
        if getattr(row, name) != value:
            yield Difference(f"{place}, column {name}", f"is {getattr(row, name)!r}, the accepted studies give {value!r}")
    entries = state.ratings.get(f"{row.condition}/{row.intervention}", {})
    newest = max(entries, default=0)
    after = entries[newest]["details"]["after"] if entries else {}
    if any(after.get(name) != content[name] for name in REMEMBERED if name not in WITHOUT_BEARING):
        yield Difference(place, "differs from the newest ledger entry about it")
    # written again without having moved, it names the entry that caused that
    if row.sequence != newest and not (row.sequence > newest and row.sequence in state.causes):
        yield Difference(f"{place}, column sequence", f"is {row.sequence}, the newest ledger entry about it is {newest}")


def _verify_bodies(session: Session, row: Rating, expected: list[dict[str, Any]]) -> Iterator[Difference]:
    mine = (col(BodyOfEvidence.condition) == row.condition, col(BodyOfEvidence.intervention) == row.intervention)
    stored = {body.id: members_of(body) for body in session.execute(select(BodyOfEvidence).where(*mine)).scalars()}
    for body in expected:
        if stored.pop(body["id"], None) != body:
            yield Difference(f"body of evidence {body['id']}", "is not what the accepted studies give")
    for extra in sorted(stored):
        yield Difference(f"body of evidence {extra}", "rests on no accepted study")


def _verify_history(session: Session, state: LedgerState) -> Iterator[Difference]:
    key = (col(RatingHistory.condition), col(RatingHistory.intervention), col(RatingHistory.sequence))
    stored: set[HistoryKey] = {(condition, intervention, sequence) for condition, intervention, sequence in session.execute(select(*key))}
    told = {_history_key(pair, sequence): entry for pair, entries in state.ratings.items() for sequence, entry in entries.items()}
    for row_key in sorted(stored | told.keys()):
        place = f"history of rating {row_key[0]}/{row_key[1]} at entry {row_key[2]}"
        if row_key not in stored:
            yield Difference(place, "is in the ledger and not in its table")
        elif row_key not in told:
            yield Difference(place, "is in no ledger entry")
        else:
            yield from guarded(place, _verify_moment(session, place, row_key, told[row_key], state))


def _history_key(pair: str, sequence: int) -> HistoryKey:
    condition, _, intervention = pair.partition("/")
    return condition, intervention, sequence


def _verify_moment(session: Session, place: str, key: HistoryKey, entry: Mapping[str, Any], state: LedgerState) -> Iterator[Difference]:
    """One row of the history says what the ledger entry says."""
    row, details = session.get_one(RatingHistory, key), entry["details"]
    action, study = state.causes[details["caused_by"]]
    told = details["after"] | {
        **dict(zip(("condition", "intervention", "sequence"), key, strict=True)),
        "changed_at": entry["occurred_at"],
        "cause": {"sequence": details["caused_by"], "action": action, "study": study, "reason": details["reason"]},
    }
    holds = members_of(row) | {"as_of": row.as_of.isoformat(), "changed_at": utc_text(row.changed_at)}
    for name in sorted(holds.keys() | told.keys()):
        if holds.get(name) != told.get(name):
            yield Difference(f"{place}, {name}", "differs from the ledger")
