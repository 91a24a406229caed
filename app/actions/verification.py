"""Is everything that is shown still what the revisions and the ledger say? Everything is worked out anew and compared.

Nothing is written. Each difference names the place and what should stand there.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger import GENESIS_HASH, hash_of, utc_text
from app.actions.ledger_state import UNREADABLE, Difference, LedgerState, guarded
from app.actions.verify_appraisals import verify_appraisals
from app.actions.verify_extractions import verify_extractions
from app.actions.verify_imports import verify_imports
from app.actions.verify_inputs import verify_inputs, verify_reproduction
from app.actions.verify_notices import verify_notices
from app.actions.verify_ratings import verify_ratings
from app.actions.verify_records import verify_keys, verify_records
from app.actions.verify_search import verify_no_other_entries
from app.actions.verify_studies import verify_studies
from app.actions.verify_workflow import verify_workflow
from app.models import Change, ChangeSubject


def verify(session: Session) -> Iterator[Difference]:
    """Every difference: in the chain, the reference records, the keys, the studies, the search, the ratings, what they rest on."""
    state = LedgerState()
    yield from guarded("the ledger", _verify_chain(session, state))
    yield from guarded("the reference records", verify_records(session, state))
    yield from guarded("the keys", verify_keys(session, state))
    yield from guarded("the studies", verify_studies(session, state))
    yield from guarded("the imports", verify_imports(session, state))
    yield from guarded("the search entries", verify_no_other_entries(session, state))
    yield from guarded("the ratings", verify_ratings(session, state))
    yield from guarded("the appraisals", verify_appraisals(session, state))
    yield from guarded("the extractions", verify_extractions(session, state))
    yield from guarded("the workflow", verify_workflow(session, state))
    yield from guarded("the notices", verify_notices(session, state))
    yield from guarded("the kept inputs", verify_inputs(session))
    yield from guarded("the past ratings", verify_reproduction(session, state))


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
        except UNREADABLE:
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
        "occurred_at": utc_text(row.occurred_at),
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
