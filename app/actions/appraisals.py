"""Making and withdrawing appraisals: a curator's view of one GRADE domain of one body, beside the computed judgement.

The computed rating never changes by it. One appraisal of a domain is in force at a time: the next one replaces it, and a
withdrawal leaves the computed judgement alone again. Every act is a ledger entry that says all there is to say.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.sign_offs import review_sign_offs_of
from app.actor import Actor
from app.errors import Conflict, FieldProblem, InvalidBody, NotAllowed
from app.identifiers import uuid7
from app.models import BodyOfEvidence, Change, DomainAppraisal, Rating
from app.models.base import utc_now
from app.queries.addresses import appraisal_href
from app.queries.appraisals import IN_FORCE, get_appraisal_row, get_body, judgement_hash
from app.queries.makers import made_among
from app.queries.people import same_person
from app.synthesis.grade.appraisal import MOST_LEVELS
from app.vocabulary import Domain, Role

PINNED = (
    "body", "condition", "intervention", "outcome", "comparator_group", "horizon", "domain", "levels", "computed_levels", "rationale",
    "conflict_of_interest", "appraiser_made_some", "method", "inputs_hash", "judgement_hash",
)  # fmt: skip
"""What the ledger entry says of an appraisal, besides who made it and when."""
SAME = ("levels", "rationale", "conflict_of_interest", "judgement_hash")


def make_appraisal(
    session: Session, body: str, *, by: Actor, domain: Domain, levels: int, rationale: str, conflict_of_interest: str
) -> DomainAppraisal:
    """Lay a view of one domain beside the computed one; an appraisal of the same domain that is in force is replaced.

    It needs no second person (`people.ACTS_WITHOUT_SECOND_PERSON`); whether its author had a hand in a study of the body is said.
    """
    _refuse_others(by, "appraising a domain")
    refuse_levels(domain, levels)
    row = _new_row(session, get_body(session, body), by=by, domain=domain, levels=levels, rationale=rationale)
    row.conflict_of_interest = conflict_of_interest
    mine = (col(DomainAppraisal.body) == body, col(DomainAppraisal.domain) == domain, IN_FORCE)
    replaced = session.execute(select(DomainAppraisal).where(*mine)).scalar_one_or_none()
    if replaced is not None:
        _refuse_again(session, replaced, row)
        replaced.withdrawn_at, replaced.withdrawn_by = row.made_at, by.id
        session.flush()  # one is in force at a time: the old one ends before the new one is there
    session.add(row)
    session.flush()
    if replaced is not None:
        replaced.replaced_by = row.id
        session.flush()
    details = {name: getattr(row, name) for name in PINNED} | {"replaces": replaced.id if replaced is not None else None}
    change = _log(session, row, by=by, action="appraisal.made", summary=_said(row), details=details)
    review_sign_offs_of(session, row.condition, row.intervention, by=by, change=change)
    return row


def withdraw_appraisal(session: Session, appraisal: str, *, by: Actor, reason: str) -> DomainAppraisal:
    """Take an appraisal back, with the reason on record; the computed judgement of its domain counts again."""
    _refuse_others(by, "withdrawing an appraisal")
    row = get_appraisal_row(session, appraisal)
    if row.replaced_by is not None:
        raise Conflict(f"the appraisal was replaced by {row.replaced_by}; withdraw that one", replaced_by=row.replaced_by)
    if row.withdrawn_at is not None:
        raise Conflict("the appraisal is withdrawn already")
    row.withdrawn_at, row.withdrawn_by, row.withdrawal_reason = utc_now(), by.id, reason
    session.flush()
    summary = f"The appraisal of {row.domain} of {row.body} was withdrawn"
    details = {"body": row.body, "domain": row.domain, "reason": reason}
    change = _log(session, row, by=by, action="appraisal.withdrawn", summary=summary, details=details)
    review_sign_offs_of(session, row.condition, row.intervention, by=by, change=change)
    return row


def refuse_levels(domain: Domain, levels: int) -> None:
    """An appraisal takes what the rules themselves could take of the domain, and no more."""
    most = MOST_LEVELS[domain]
    if not 0 <= levels <= most:
        allowed = [str(level) for level in range(most + 1)]
        problem = FieldProblem("/levels", f"{domain} takes 0 to {most} levels, not {levels}", allowed)
        raise InvalidBody("the levels are not those of the domain", errors=[problem])


def _refuse_others(by: Actor, what: str) -> None:
    if not by.may(Role.CURATOR):
        raise NotAllowed(f"{what} needs the role curator")


def _refuse_again(session: Session, standing: DomainAppraisal, row: DomainAppraisal) -> None:
    """The same view, of the same judgement, by the same person."""
    if all(getattr(standing, name) == getattr(row, name) for name in SAME) and same_person(session, row.author, standing.author):
        raise Conflict("your appraisal of this domain says the same and is in force", href=appraisal_href(standing.id))


def _new_row(session: Session, body: BodyOfEvidence, *, by: Actor, domain: Domain, levels: int, rationale: str) -> DomainAppraisal:
    rating = session.get_one(Rating, (body.condition, body.intervention))
    judgement = body.explanation["domains"][domain]
    return DomainAppraisal(
        id=str(uuid7()),
        body=body.id,
        condition=body.condition,
        intervention=body.intervention,
        outcome=body.outcome,
        comparator_group=body.comparator_group,
        horizon=body.horizon,
        domain=domain,
        levels=levels,
        computed_levels=judgement["levels"],
        rationale=rationale,
        appraiser_made_some=bool(made_among(session, {study["study"] for study in body.explanation["studies"]}, by.id)),
        author=by.id,
        made_at=utc_now(),
        method=rating.method,
        inputs_hash=rating.inputs_hash,
        judgement_hash=judgement_hash(judgement),
    )


def _said(row: DomainAppraisal) -> str:
    return f"{row.domain} of {row.body}: {row.levels} levels taken, computed {row.computed_levels}"


def _log(session: Session, row: DomainAppraisal, *, by: Actor, action: str, summary: str, details: dict[str, Any]) -> Change:
    moment = row.made_at if action == "appraisal.made" else row.withdrawn_at
    touches = [f"rating:{row.condition}/{row.intervention}", f"condition:{row.condition}"]
    return ledger.append(
        session, by=by, action=action, subject=f"appraisal:{row.id}", summary=summary, touches=touches, details=details, moment=moment
    )
