"""What stored ratings rest on, read from the accepted studies as of each rating's own day."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.models import Rating
from app.queries.pair_inputs import load_pair_inputs
from app.synthesis.body import PairInput


def load_rated_inputs(session: Session, ratings: Sequence[Rating]) -> list[PairInput]:
    """In the order of the ratings; the number of queries does not grow with them."""
    days = {(rating.condition, rating.intervention): rating.as_of for rating in ratings}
    found = {(pair.condition, pair.intervention): pair for pair in load_pair_inputs(session, list(days), as_of=days)}
    return [found[rating.condition, rating.intervention] for rating in ratings]
