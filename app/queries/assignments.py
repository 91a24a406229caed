"""Who looks after the submissions of a study."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import ApiKey, Assignment, Study
from app.models.base import utc_now
from app.queries.actor_names import load_actor_names
from app.queries.addresses import study_href
from app.vocabulary import Role

Json = dict[str, Any]
REVIEWING = (Role.CURATOR, Role.ADMIN)
IN_FORCE = col(Assignment.ended_at).is_(None)


def find_assignment(session: Session, study_id: str) -> Assignment | None:
    """The assignment that is in force."""
    return session.execute(select(Assignment).where(col(Assignment.study_id) == study_id, IN_FORCE)).scalar_one_or_none()


def assignment_version(session: Session, study_id: str) -> int:
    """How many acts there were on the assignment of a study: what If-Match compares."""
    made = select(func.count(), func.count(col(Assignment.ended_at))).where(col(Assignment.study_id) == study_id)
    return sum(session.execute(made).one())


def get_assignment(session: Session, study: Study) -> Json:
    """Who has the submissions of the study, or null. Two queries."""
    row = find_assignment(session, study.id)
    answer: Json = {"study": study.id, "assigned": None, "href": f"{study_href(study.id)}/assignment"}
    if row is None:
        return answer
    names = load_actor_names(session, {row.curator, row.made_by})
    curator, giver = names[row.curator], names[row.made_by]
    return answer | {
        "assigned": {
            "curator": curator.name,
            "orcid": curator.orcid,
            "by": giver.name,
            "at": row.made_at,
            "revision": row.revision,
        }
    }


def list_curators(session: Session) -> Sequence[ApiKey]:
    """The keys that may decide on submissions, by name."""
    expires = col(ApiKey.expires_at)
    valid = (col(ApiKey.revoked_at).is_(None), or_(expires.is_(None), expires > utc_now()))
    keys = select(ApiKey).where(col(ApiKey.role).in_(REVIEWING), *valid).order_by(col(ApiKey.name))
    return session.execute(keys).scalars().all()
