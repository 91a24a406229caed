"""Is everything found by its own words, and nothing else?"""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.ledger_state import Difference, LedgerState
from app.actions.search_index import words_text
from app.models import SearchEntry

INDEXED = frozenset({"condition", "intervention", "outcome", "claim", "reading", "position"})
"""The kinds of reference records that the search finds."""


def verify_entry(session: Session, kind: str, reference: str, title: str, words: Iterable[str | None]) -> Iterator[Difference]:
    """The search entry of one thing holds the title and the words expected."""
    place = f"search entry {kind}:{reference}"
    mine = (col(SearchEntry.kind) == kind, col(SearchEntry.reference) == reference)
    stored = session.execute(select(col(SearchEntry.title), col(SearchEntry.words)).where(*mine)).first()
    if stored is None:
        yield Difference(place, "is missing")
    elif tuple(stored) != (title, words_text(words)):
        yield Difference(place, "does not hold the words of what it finds")


def verify_no_other_entries(session: Session, state: LedgerState) -> Iterator[Difference]:
    """Every search entry is about a record or an accepted study of the ledger."""
    known = {f"study:{study_id}" for study_id, study in state.studies.items() if study.live_revision is not None}
    known |= {subject for subject in state.records if subject.partition(":")[0] in INDEXED}
    for kind, reference in session.execute(select(col(SearchEntry.kind), col(SearchEntry.reference))):
        if f"{kind}:{reference}" not in known:
            yield Difference(f"search entry {kind}:{reference}", "is about nothing in the ledger")
