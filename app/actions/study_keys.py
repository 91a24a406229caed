"""The key of a study: first author, year, topic; a number behind it where that is taken."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Study
from app.queries.study_inputs import surname
from app.schemas.study import StudyDocument

MAX_TOPIC_WORDS = 3
LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k"}
)
"""Letters that Unicode does not take apart into a plain one and a mark."""
MAX_STEM = 110
"""Leaves room in a key of 120 characters for the number behind it."""
FIRST_NUMBER = 2
FEW = 10
MAX_PARAMETERS = 500


def key_stem(document: StudyDocument) -> str:
    """First author, year, topic."""
    author = _slug(surname(document.authors[0])) if document.authors else ""
    topic = document.conditions[0] if document.conditions else "-".join(_slug(document.title).split("-")[:MAX_TOPIC_WORDS])
    return "-".join(part for part in (author or "anon", str(document.year or "nd"), topic) if part)[:MAX_STEM].strip("-")


def free_key(session: Session, document: StudyDocument) -> str:
    """The key that a new study gets."""
    return next(free_keys(session, [key_stem(document)]))


def free_keys(session: Session, stems: Sequence[str]) -> Iterator[str]:
    """A key for each, in their order: the stem, or the first number behind it that is free.

    No key is given that was not looked up before: a stem may be the key that a number behind another stem makes.
    """
    listed, given = sorted(set(stems)), set[str]()
    for start in range(0, len(listed), MAX_PARAMETERS):
        given |= _taken(session, listed[start : start + MAX_PARAMETERS])
    numbered: dict[str, Iterator[str]] = {}
    for stem in stems:
        key = stem
        while key in given:
            key = next(numbered.setdefault(stem, _free_numbered(session, stem)))
        given.add(key)
        yield key


def _free_numbered(session: Session, stem: str) -> Iterator[str]:
    """`stem-2`, `stem-3` and so on, without those that a study has."""
    start, many = FIRST_NUMBER, FEW
    while True:
        keys = [f"{stem}-{number}" for number in range(start, start + many)]
        taken = _taken(session, keys)
        yield from (key for key in keys if key not in taken)
        start, many = start + many, min(2 * many, MAX_PARAMETERS)


def _taken(session: Session, keys: Sequence[str]) -> set[str]:
    """Of these keys, those that a study has."""
    return set(session.execute(select(col(Study.key)).where(col(Study.key).in_(keys))).scalars())


def _slug(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower().translate(LATIN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
