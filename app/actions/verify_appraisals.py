"""Are the appraisals what the ledger says was made, replaced and withdrawn?"""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.actions.ledger_state import Difference, LedgerState
from app.actions.verify_rows import verify_members, verify_table
from app.models import DomainAppraisal


def verify_appraisals(session: Session, state: LedgerState) -> Iterator[Difference]:
    yield from verify_table(session, DomainAppraisal, "appraisal", state.appraisals, verify_members)
