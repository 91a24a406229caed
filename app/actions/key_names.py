"""Names of keys: what stands in the ledger for a person must not be taken for another, for a word of the queue, or for us."""

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import Conflict, FieldProblem, InvalidBody
from app.models import ApiKey

NAME_LENGTH = 100
QUEUE_WORDS = frozenset({"me", "nobody"})
OURS = ("system:", "el_")
"""How the actors of the installation itself begin, and the prefixes of keys."""
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})
"""Unicode categories of what nobody sees: control and format characters, line ends, characters without a meaning."""


def checked_name(session: Session, name: str) -> str:
    """The name as it is stored, single spaces between its words; refused where it could be taken for something else."""
    if any(unicodedata.category(character) in UNSEEN for character in name):
        raise _refused("holds a character that nobody sees")
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise _refused(f"1 to {NAME_LENGTH} characters")
    folded = _folded(name)
    if folded in QUEUE_WORDS:
        raise _refused(f"`{folded}` means something else wherever a person can be named")
    if folded.startswith(OURS):
        raise _refused(f"does not begin with {' or '.join(f'`{start}`' for start in OURS)}")
    other = next((taken for taken in session.execute(select(col(ApiKey.name))).scalars() if _folded(taken) == folded), None)
    if other is not None:
        raise Conflict(f"a key named {other!r} exists", errors=[FieldProblem("/name", "is the name of another key")])
    return name


def _folded(name: str) -> str:
    """Names that read alike: without regard to case, to spaces, and to how a character is written."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _refused(why: str) -> InvalidBody:
    return InvalidBody("a key cannot have this name", errors=[FieldProblem("/name", why)])
