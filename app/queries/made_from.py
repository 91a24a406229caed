"""What an answer was made from: noted while it is made, so that a kept reply can be dropped the moment one of these moves."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

NOTED = "made_from"
"""Where a session carries the notebook of the request that reads by it."""


@dataclass(slots=True)
class MadeFrom:
    """Subjects of the ledger. Nothing noted means that nobody knows: such an answer is never kept."""

    noted: bool = False
    everything: bool = False
    """Any entry may change the answer."""
    subjects: set[str] = field(default_factory=set)
    """Any entry that touches one of these may."""
    records: set[str] = field(default_factory=set)
    """Entries about one of these itself may, but not all that touch it."""
    sequence: int = 0
    """The newest entry that the answer is known to rest on."""


def note_made_from(session: Session, subjects: Collection[str] | None, records: Collection[str] = ()) -> None:
    """Note for whoever keeps replies; None: any entry. Where nobody listens it does nothing."""
    notebook: MadeFrom | None = session.info.get(NOTED)
    if notebook is None:
        return
    notebook.noted = True
    if subjects is None:
        notebook.everything = True
    else:
        notebook.subjects.update(subjects)
    notebook.records.update(records)


def note_sequence(session: Session, sequence: int) -> None:
    """Note the newest entry that an answer rests on."""
    notebook: MadeFrom | None = session.info.get(NOTED)
    if notebook is not None:
        notebook.sequence = max(notebook.sequence, sequence)
