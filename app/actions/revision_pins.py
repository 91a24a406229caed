"""What the ledger, which is public, keeps of revisions and reviews, which may not be: a hash over all of each, behind its salt.

Without the salt, whoever has the same reference could try it and so learn that it was drafted here, and by whom; and a short reason or
comment could be guessed. The document of an accepted revision is public: its plain hash stands in the entry of the acceptance.

Entries from before there were salts hold plain hashes, under other names: `document_sha256` with `revision_sha256`, and `review_sha256`.
Which of the two an entry holds is read off the name, never tried out.
"""

from app.actions import ledger
from app.models import Review, StudyRevision

MADE = ("number", "base_revision", "reason", "created_by", "created_at")
"""What was pinned beside the document before there were salts."""


def revision_pin(row: StudyRevision) -> str:
    """All that an act fixes of a revision: its document, its making, why it was made and why it was given up."""
    return ledger.pin_of(
        {
            **{name: getattr(row, name) for name in (*MADE, "drafted_for", "withdrawal_reason", "salt")},
            "document_sha256": ledger.hash_of(row.document),
        }
    )


def review_pin(row: Review) -> str:
    """All of a review, its salt included."""
    return ledger.pin_of(ledger.members_of(row))


def plain_revision_sha256(row: StudyRevision) -> str:
    """The hash of entries from before there were salts."""
    names = MADE if row.drafted_for is None else (*MADE, "drafted_for")
    return ledger.pin_of({name: getattr(row, name) for name in names})


def plain_review_sha256(row: Review) -> str:
    """The hash of entries from before there were salts."""
    return ledger.pin_of({name: value for name, value in ledger.members_of(row).items() if name != "salt"})
