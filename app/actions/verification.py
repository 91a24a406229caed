"""Is everything that is shown still what the revisions and the ledger say? Everything is worked out anew and compared.

Nothing is written. Each difference names the place and what should stand there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.ledger import GENESIS_HASH, hash_of
from app.actions.projection import CHILD_TABLES, projected_rows, study_columns
from app.actions.recompute import BATCH, all_pairs, body_rows, rating_columns
from app.actions.reference_records import KINDS, read_condition_outcomes, read_record
from app.models import ApiKey, BodyOfEvidence, Change, ChangeSubject, IncludedStudy, Rating, RatingHistory, Study, StudyRevision
from app.queries.pair_inputs import Pair, load_pair_inputs
from app.schemas.study import StudyDocument
from app.synthesis.rating import rate_pair, to_json
from app.vocabulary import RevisionStatus, StudyStatus

REMEMBERED = ("certainty", "direction", "sentence", "headline_comparator", "inputs_hash", "method")
STATUS_AFTER = {
    "study.created": RevisionStatus.DRAFT,
    "study.amended": RevisionStatus.DRAFT,
    "study.submitted": RevisionStatus.SUBMITTED,
    "study.changes-requested": RevisionStatus.CHANGES_REQUESTED,
    "study.rejected": RevisionStatus.REJECTED,
    "study.accepted": RevisionStatus.ACCEPTED,
    "study.retracted": RevisionStatus.ACCEPTED,
}
"""What a revision is after an act on it; an open or accepted one is superseded by a later."""
PROJECTED_TABLES: tuple[type[SQLModel], ...] = (*CHILD_TABLES, IncludedStudy)
LIVE_ACTIONS = frozenset({"study.accepted", "study.retracted"})


@dataclass(frozen=True, slots=True)
class Difference:
    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}"


def verify(session: Session) -> Iterator[Difference]:
    """Every difference: in the chain, the reference records, the studies, the ratings."""
    ledger_state = LedgerState()
    yield from _verify_chain(session, ledger_state)
    yield from _verify_records(session, ledger_state)
    yield from _verify_keys(session, ledger_state)
    yield from _verify_studies(session, ledger_state)
    yield from _verify_ratings(session, ledger_state)


class LedgerState:
    """What the ledger says stands now, gathered while the chain is read."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.documents: dict[tuple[str, int], str] = {}
        self.statuses: dict[tuple[str, int], RevisionStatus] = {}
        self.authors: dict[tuple[str, int], str] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.study_keys: dict[str, str] = {}
        self.live: dict[str, int] = {}
        self.ratings: dict[str, dict[int, Mapping[str, Any]]] = {}

    def read(self, content: Mapping[str, Any]) -> Iterator[Difference]:
        action, subject, details = content["action"], content["subject"], content["details"]
        if action.startswith("study."):
            self._read_revision(subject.removeprefix("study:"), action, content)
        elif action == "rating.changed":
            self.ratings.setdefault(subject.removeprefix("rating:"), {})[content["sequence"]] = details["after"]
        elif action == "key.created":
            self.keys[subject.removeprefix("key:")] = {**details, "revoked": False}
        elif action == "key.revoked":
            self.keys.setdefault(subject.removeprefix("key:"), {})["revoked"] = True
        elif "after" in details:
            if self.records.get(subject) != details["before"] and details["before"] is not None:
                yield Difference(f"ledger entry {content['sequence']}", f"its `before` is not what {subject} was")
            self.records[subject] = details["after"]

    def _read_revision(self, study_id: str, action: str, content: Mapping[str, Any]) -> None:
        number = content["details"]["revision"]
        self.documents[(study_id, number)] = content["details"]["document_sha256"]
        self.statuses[(study_id, number)] = STATUS_AFTER[action]
        self.authors.setdefault((study_id, number), content["actor"]["id"])
        if action in LIVE_ACTIONS:
            self.live[study_id] = number
            self.study_keys[study_id] = content["details"]["key"]


def _verify_chain(session: Session, state: LedgerState) -> Iterator[Difference]:
    previous_hash, expected = GENESIS_HASH, 1
    subjects = _subjects_by_sequence(session)
    for row in session.execute(select(Change).order_by(col(Change.sequence)).execution_options(yield_per=1000)).scalars():
        place = f"ledger entry {row.sequence}"
        if row.sequence != expected:
            yield Difference(place, f"entry {expected} is missing")
        if row.previous_hash != previous_hash:
            yield Difference(place, "does not hold the hash of the entry before it")
        if hash_of(row.content) != row.hash:
            yield Difference(place, "its hash is not that of its content")
        try:
            content = json.loads(row.content)
            found = [*_columns_differ(place, row, content, subjects.pop(row.sequence, [])), *state.read(content)]
        except (ValueError, KeyError, TypeError, AttributeError):
            found = [Difference(place, "its content cannot be read")]
        yield from found
        previous_hash, expected = row.hash, row.sequence + 1
    for sequence in sorted(subjects):
        yield Difference(f"change_subject of entry {sequence}", "there is no such ledger entry")


def _subjects_by_sequence(session: Session) -> dict[int, list[str]]:
    subjects: dict[int, list[str]] = {}
    for sequence, subject in session.execute(select(col(ChangeSubject.sequence), col(ChangeSubject.subject))).all():
        subjects.setdefault(sequence, []).append(subject)
    return subjects


def _columns_differ(place: str, row: Change, content: Mapping[str, Any], subjects: list[str]) -> Iterator[Difference]:
    stored = {
        "sequence": row.sequence,
        "occurred_at": row.occurred_at.isoformat().replace("+00:00", "Z"),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "summary": row.summary,
        "previous_hash": row.previous_hash,
        "subjects": sorted(subjects),
    }
    for name, value in stored.items():
        said = content["actor"]["id"] if name == "actor" else content[name]
        if said != value:
            yield Difference(place, f"{name} is {value!r}, its content says {said!r}")


def _verify_records(session: Session, state: LedgerState) -> Iterator[Difference]:
    seen = set()
    for kind in KINDS.values():
        for row in session.execute(select(kind.table)).scalars():
            subject = f"{kind.name}:{getattr(row, kind.key)}"
            seen.add(subject)
            if subject not in state.records:
                yield Difference(subject, "is in no ledger entry")
            elif read_record(session, kind, row) != state.records[subject]:
                yield Difference(subject, "differs from the newest ledger entry about it")
    weights = state.records.get("condition-outcomes:all", [])
    if read_condition_outcomes(session) != sorted((c, o, i) for c, o, i in weights):
        yield Difference("condition-outcomes:all", "differ from the newest ledger entry about them")
    for subject in sorted(set(state.records) - seen - {"condition-outcomes:all"}):
        yield Difference(subject, "is in the ledger and not in its table")


def _verify_keys(session: Session, state: LedgerState) -> Iterator[Difference]:
    """Who may do what, and who was shut out, is as the ledger says."""
    stored = {row.prefix: row for row in session.execute(select(ApiKey)).scalars()}
    for prefix in sorted(stored.keys() | state.keys.keys()):
        row, said = stored.get(prefix), state.keys.get(prefix)
        holds = None if row is None else {"name": row.name, "role": row.role, "orcid": row.orcid, "revoked": row.revoked_at is not None}
        if holds != said:
            yield Difference(f"key {prefix}", "is not as the ledger says")


def _verify_studies(session: Session, state: LedgerState) -> Iterator[Difference]:
    known = set()
    for study in session.execute(select(Study).order_by(col(Study.id)).execution_options(yield_per=500)).scalars():
        known.add(study.id)
        revisions = list(session.execute(select(StudyRevision).where(col(StudyRevision.study_id) == study.id)).scalars())
        place = f"study {study.key}"
        if state.study_keys.get(study.id, study.key) != study.key:
            yield Difference(place, f"its key was {state.study_keys[study.id]}")
        yield from _verify_revisions(place, study, revisions, state)
        shown = next((r for r in revisions if r.number == (study.live_revision or study.newest_revision)), None)
        if shown is None:
            yield Difference(place, f"revision {study.live_revision or study.newest_revision} is missing")
            continue
        try:
            document = StudyDocument.model_validate_json(shown.document)
        except ValidationError:
            yield Difference(f"{place}, revision {shown.number}", "its document is no study document")
            continue
        yield from _verify_projection(session, place, study, document)
    for study_id in sorted({study_id for study_id, _ in state.documents} - known):
        yield Difference(f"study {study_id}", "is in the ledger and not in its table")


def _verify_revisions(place: str, study: Study, revisions: list[StudyRevision], state: LedgerState) -> Iterator[Difference]:
    for row in revisions:
        pinned = state.documents.get((study.id, row.number))
        if pinned is None:
            yield Difference(f"{place}, revision {row.number}", "is in no ledger entry")
        elif pinned != hash_of(row.document):
            yield Difference(f"{place}, revision {row.number}", "its document is not the one the ledger pinned")
        yield from _verify_status(f"{place}, revision {row.number}", row, state)
        if (row.status == RevisionStatus.ACCEPTED) != (row.number == study.live_revision):
            yield Difference(f"{place}, revision {row.number}", f"is {row.status}, and the live revision is {study.live_revision}")
    missing = {number for study_id, number in state.documents if study_id == study.id} - {row.number for row in revisions}
    for number in sorted(missing):
        yield Difference(f"{place}, revision {number}", "is in the ledger and not in its table")
    if state.live.get(study.id) != study.live_revision:
        yield Difference(place, f"live revision is {study.live_revision}, the ledger says {state.live.get(study.id)}")


def _verify_status(place: str, row: StudyRevision, state: LedgerState) -> Iterator[Difference]:
    said = state.statuses.get((row.study_id, row.number), row.status)
    superseded = row.status == RevisionStatus.SUPERSEDED and said != RevisionStatus.REJECTED
    if row.status != said and not superseded:
        yield Difference(place, f"is {row.status}, the ledger says {said}")
    author = state.authors.get((row.study_id, row.number), row.created_by)
    if row.created_by != author:
        yield Difference(place, f"is by {row.created_by}, the ledger says {author}")


def _verify_projection(session: Session, place: str, study: Study, document: StudyDocument) -> Iterator[Difference]:
    expected = study_columns(document)
    if study.status == StudyStatus.REJECTED:
        expected |= dict.fromkeys(("doi", "pmid", "pmcid"))
    for name, value in expected.items():
        if getattr(study, name) != value:
            yield Difference(f"{place}, column {name}", f"is {getattr(study, name)!r}, its document says {value!r}")
    # a draft has no rows, and may name studies that do not exist
    try:
        projected = projected_rows(session, study.id, document) if study.live_revision is not None else {}
    except KeyError as error:
        yield Difference(place, f"names {error}, and no study has that key")
        return
    for table in PROJECTED_TABLES:
        stored = _stored_rows(session, table, study.id)
        if _sorted_rows(projected.get(table, [])) != _sorted_rows(stored):
            yield Difference(f"{place}, table {table.__tablename__}", "its rows are not those of the accepted document")


def _stored_rows(session: Session, table: type[SQLModel], study_id: str) -> list[dict[str, Any]]:
    owner = table.__table__.c["review_id" if table.__tablename__ == "included_study" else "study_id"]  # type: ignore[attr-defined]
    return [row.model_dump() for row in session.execute(select(table).where(owner == study_id)).scalars()]


def _sorted_rows(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)


def _verify_ratings(session: Session, state: LedgerState) -> Iterator[Difference]:
    pairs = all_pairs(session)
    for start in range(0, len(pairs), BATCH):
        yield from _verify_rating_batch(session, pairs[start : start + BATCH], state)
    yield from _verify_history(session, state)
    existing = {tuple(row) for row in session.execute(select(col(Rating.condition), col(Rating.intervention)))}
    for condition, intervention in sorted(existing - set(pairs)):
        yield Difference(f"rating {condition}/{intervention}", "has no condition or intervention")


def _verify_rating_batch(session: Session, pairs: list[Pair], state: LedgerState) -> Iterator[Difference]:
    conditions = {condition for condition, _ in pairs}
    stored = {
        (row.condition, row.intervention): row
        for row in session.execute(select(Rating).where(col(Rating.condition).in_(conditions))).scalars()
    }
    there = [pair for pair in pairs if pair in stored]
    for pair in set(pairs) - set(there):
        yield Difference(f"rating {'/'.join(pair)}", "is missing")
    try:
        inputs = load_pair_inputs(session, there, as_of={pair: stored[pair].as_of for pair in there})
    except ValidationError:
        yield Difference("ratings", f"those of {', '.join(sorted(conditions))} cannot be worked out: a document is no study document")
        return
    for pair_input in inputs:
        row = stored[(pair_input.condition, pair_input.intervention)]
        rating = rate_pair(pair_input)
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
    newest = entries[max(entries)] if entries else {}
    if any(newest.get(name) != content[name] for name in ("certainty", "direction", "sentence", "headline_comparator")):
        yield Difference(place, "differs from the newest ledger entry about it")


def _verify_bodies(session: Session, row: Rating, expected: list[dict[str, Any]]) -> Iterator[Difference]:
    mine = (col(BodyOfEvidence.condition) == row.condition, col(BodyOfEvidence.intervention) == row.intervention)
    stored = {body.id: body.model_dump() for body in session.execute(select(BodyOfEvidence).where(*mine)).scalars()}
    for body in expected:
        if stored.pop(body["id"], None) != body:
            yield Difference(f"body of evidence {body['id']}", "is not what the accepted studies give")
    for extra in sorted(stored):
        yield Difference(f"body of evidence {extra}", "rests on no accepted study")


def _verify_history(session: Session, state: LedgerState) -> Iterator[Difference]:
    stored: dict[str, dict[int, RatingHistory]] = {}
    for row in session.execute(select(RatingHistory)).scalars():
        stored.setdefault(f"{row.condition}/{row.intervention}", {})[row.sequence] = row
    for pair in sorted(stored.keys() | state.ratings.keys()):
        mine, theirs = stored.get(pair, {}), state.ratings.get(pair, {})
        for sequence in sorted(mine.keys() | theirs.keys()):
            if not _same_headline(mine.get(sequence), theirs.get(sequence)):
                yield Difference(f"history of rating {pair} at entry {sequence}", "differs from the ledger")


def _same_headline(row: RatingHistory | None, after: Mapping[str, Any] | None) -> bool:
    if row is None or after is None:
        return False
    return row.as_of.isoformat() == after["as_of"] and all(getattr(row, name) == after[name] for name in REMEMBERED)
