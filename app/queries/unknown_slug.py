"""The answer to a slug, or a pair of them, that names nothing: the nearest ones that do."""

import difflib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import Condition, Intervention
from app.queries.nearest import MAX_COMPARED

NEAREST = 5
CUTOFF = 0.5


def unknown_rating(session: Session, condition: str, intervention: str) -> NotFound:
    """Which of the two is not there, with what is near; or that they have not been rated. Two queries."""
    if session.get(Condition, condition) is None:
        return unknown_slug(session, col(Condition.slug), "condition", condition)
    if session.get(Intervention, intervention) is None:
        return unknown_slug(session, col(Intervention.slug), "intervention", intervention)
    return NotFound(f"{condition} and {intervention} have not been rated yet.")


def unknown_slug(session: Session, column: Any, what: str, slug: str) -> NotFound:
    """`there is no condition 'migrane'; the nearest: migraine`, the slugs also in `nearest`. One query."""
    known = session.execute(select(column).order_by(column)).scalars().all()
    near = difflib.get_close_matches(slug[:MAX_COMPARED], known, n=NEAREST, cutoff=CUTOFF)
    hint = f"; the nearest: {', '.join(near)}" if near else ""
    return NotFound(f"There is no {what} {slug[:100]!r}{hint}.", nearest=near)
