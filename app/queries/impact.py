"""What accepting, changing or taking out study documents does to ratings: computed, nothing written.

Preview is this call and nothing after it; acceptance is this call and then the writing of what it returns.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Rating, Study
from app.queries.not_by_index import NotByIndex
from app.queries.pair_inputs import Pair, Replacements, accepted_documents, load_pair_inputs, load_shared_links, pairs_of
from app.schemas.study import StudyDocument, named_registrations
from app.synthesis.body import PairInput
from app.synthesis.rating import PairRating, rate_many
from app.vocabulary import StudyKind


@dataclass(frozen=True, slots=True)
class RatingImpact:
    """One rating before (as stored, None if there was none) and after."""

    condition: str
    intervention: str
    before: dict[str, Any] | None
    after: PairRating
    inputs: PairInput
    """All that `after` was computed from."""


def assess_impact(session: Session, replacing: Replacements, *, as_of: date) -> list[RatingImpact]:
    """Every rating that the replaced documents can touch, before and after."""
    return rate_again(session, affected_pairs(session, replacing), as_of=as_of, replacing=replacing)


def rate_again(session: Session, pairs: Collection[Pair], *, as_of: date, replacing: Replacements | None = None) -> list[RatingImpact]:
    """The pairs rated from what is accepted (with replacements), beside what is stored."""
    stored = _stored_ratings(session, pairs)
    inputs = load_pair_inputs(session, pairs, as_of=as_of, replacing=replacing)
    return [
        RatingImpact(rating.condition, rating.intervention, stored.get((rating.condition, rating.intervention)), rating, pair)
        for pair, rating in zip(inputs, rate_many(inputs), strict=True)
    ]


def affected_pairs(session: Session, replacing: Replacements) -> set[Pair]:
    """Pairs of the old and the new documents, of papers on the same people, and of the registrations they report."""
    before = _documents(session, replacing.keys())
    documents = [*before.values(), *(document for document in replacing.values() if document is not None)]
    related = set(replacing.keys()) | {key for document in documents for key in document.same_participants_as}
    neighbours = _documents(session, _same_people(session, related) - set(replacing.keys()))
    numbers = {number for document in documents for number in named_registrations(document)}
    registrations = _registration_documents(session, numbers)
    pairs: set[Pair] = set()
    for document in [*documents, *neighbours.values(), *registrations]:
        pairs |= pairs_of(document)
    return pairs


def _documents(session: Session, keys: Collection[str]) -> dict[str, StudyDocument]:
    rows = session.execute(accepted_documents().where(col(Study.key).in_(keys))).all()
    return {key: StudyDocument.model_validate_json(text) for key, text in rows}


def _registration_documents(session: Session, numbers: Collection[str | None]) -> list[StudyDocument]:
    of_registrations = NotByIndex(col(Study.kind)) == StudyKind.REGISTRATION.value  # each number leads to two or three studies
    rows = session.execute(accepted_documents().where(col(Study.registration).in_(numbers), of_registrations)).all()
    return [StudyDocument.model_validate_json(text) for _, text in rows]


def _same_people(session: Session, keys: Collection[str]) -> set[str]:
    """Keys that share participants with any of these, in either direction, through any number of papers."""
    links = load_shared_links(session, keys)
    return set(keys) | links.keys() | {other for others in links.values() for other in others}


def _stored_ratings(session: Session, pairs: Collection[Pair]) -> dict[Pair, dict[str, Any]]:
    wanted = tuple_(col(Rating.condition), col(Rating.intervention)).in_(list(pairs))
    rows = session.execute(select(Rating).where(wanted)).scalars()
    return {(row.condition, row.intervention): row.content for row in rows}
