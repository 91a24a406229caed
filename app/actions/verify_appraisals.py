"""Are the appraisals what the ledger says was made, replaced and withdrawn?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger import members_of, utc_text
from app.actions.ledger_state import Difference, LedgerState, guarded
from app.models import DomainAppraisal


def verify_appraisals(session: Session, state: LedgerState) -> Iterator[Difference]:
    stored = set(session.execute(select(col(DomainAppraisal.id))).scalars())
    for appraisal in sorted(stored - state.appraisals.keys()):
        yield Difference(f"appraisal {appraisal}", "is in no ledger entry")
    for appraisal, said in sorted(state.appraisals.items()):
        if appraisal in stored:
            yield from guarded(f"appraisal {appraisal}", _verify_appraisal(session, appraisal, said))
        else:
            yield Difference(f"appraisal {appraisal}", "is in the ledger and not in its table")


def _verify_appraisal(session: Session, appraisal: str, said: dict[str, Any]) -> Iterator[Difference]:
    row = session.get_one(DomainAppraisal, appraisal)
    holds = {name: utc_text(value) if isinstance(value, datetime) else value for name, value in members_of(row).items()}
    for name in sorted(holds.keys() | said.keys()):
        if holds.get(name) != said.get(name):
            yield Difference(f"appraisal {appraisal}, column {name}", f"is {holds.get(name)!r}, the ledger says {said.get(name)!r}")
