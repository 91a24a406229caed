"""Signing a rating off, taking that back, and seeing after every change of a rating whether its sign-offs still hold.

Nothing of it changes a rating. Whoever made a study that the headline rests on, or declares an interest, may sign beside somebody
independent, and not alone: a word that nobody else has to give says nothing to a reader.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actor import Actor
from app.errors import Conflict, FieldProblem, NotAllowed, OwnSubmission
from app.identifiers import uuid7
from app.models import Change, Rating, SignOff
from app.models.base import utc_now
from app.queries.appraisals import load_appraisal_ids
from app.queries.impact import RatingImpact
from app.queries.people import same_person
from app.queries.sign_offs import (
    evidence_hash,
    get_rating_row,
    get_sign_off_row,
    load_evidence_hash,
    made_by_reader,
    stands_independently,
)
from app.schemas.interests import declares_interests
from app.synthesis.rating import to_json
from app.vocabulary import Role

HOLDS_FOR_NOTHING = "0" * 64
"""The inputs of no rating: the sign-off holds for what the rating rests on, and not for the appraisals beside it."""
REQUIRES_REVIEW, STANDS_AGAIN = "sign-off.requires-review", "sign-off.stands-again"


def sign_off_rating(
    session: Session,
    condition: str,
    intervention: str,
    *,
    by: Actor,
    comment: str,
    conflict_of_interest: str,
    inputs_hash: str | None = None,
    one_person: bool = False,
) -> SignOff:
    """Say that the rating was read with all it rests on and found sound. `inputs_hash` names the rating that was read."""
    if not by.may(Role.CURATOR):
        raise NotAllowed("signing a rating off needs the role curator")
    rating = get_rating_row(session, condition, intervention)
    if inputs_hash not in (None, rating.inputs_hash):
        problem = FieldProblem("/inputs_hash", f"the rating has {rating.inputs_hash} now")
        raise Conflict("the rating has changed since it was read; read it again", errors=[problem], inputs_hash=rating.inputs_hash)
    independent = _is_independent(session, rating, conflict_of_interest, by=by, one_person=one_person)
    _refuse_twice(session, rating, by=by)
    row = SignOff(
        id=str(uuid7()),
        condition=condition,
        intervention=intervention,
        inputs_hash=rating.inputs_hash,
        evidence_hash=load_evidence_hash(session, rating),
        sequence=rating.sequence,
        method=rating.method,
        certainty=rating.certainty,
        direction=rating.direction,
        comment=comment,
        conflict_of_interest=conflict_of_interest,
        independent=independent,
        alone=one_person and not independent,
        signer=by.id,
        signed_at=utc_now(),
        stands_at=rating.inputs_hash,
    )
    session.add(row)
    session.flush()
    details: dict[str, Any] = {name: getattr(row, name) for name in SIGNED}
    _log(session, row, by=by, action="sign-off.made", summary="was signed off", details=details, moment=row.signed_at)
    return row


SIGNED = (
    "condition", "intervention", "inputs_hash", "evidence_hash", "sequence", "method", "certainty", "direction", "comment",
    "conflict_of_interest", "independent", "alone",
)  # fmt: skip
"""What the ledger entry says of a sign-off, besides who signed and when."""


def withdraw_sign_off(session: Session, sign_off: str, *, by: Actor, reason: str) -> SignOff:
    """Take one's own word back, with the reason on record."""
    row = get_sign_off_row(session, sign_off)
    if not by.may(Role.CURATOR):
        raise NotAllowed("withdrawing a sign-off needs the role curator")
    if not same_person(session, by.id, row.signer):
        raise NotAllowed("a sign-off is withdrawn by the curator who gave it, and by nobody else")
    if row.withdrawn_at is not None:
        raise Conflict("the sign-off is withdrawn already")
    row.withdrawn_at, row.withdrawn_by, row.withdrawal_reason = utc_now(), by.id, reason
    session.flush()
    details: dict[str, Any] = {"condition": row.condition, "intervention": row.intervention, "reason": reason}
    _log(session, row, by=by, action="sign-off.withdrawn", summary="is signed off by one fewer", details=details, moment=row.withdrawn_at)
    return row


def review_sign_offs(session: Session, impacts: Iterable[RatingImpact], *, by: Actor, change: Change) -> None:
    """After ratings were written: which sign-offs still hold, which require review, which hold again. One query without sign-offs."""
    found = {(impact.condition, impact.intervention): impact for impact in impacts}
    given = (tuple_(col(SignOff.condition), col(SignOff.intervention)).in_(list(found)), col(SignOff.withdrawn_at).is_(None))
    rows = session.execute(select(SignOff).where(*given).order_by(col(SignOff.id))).scalars().all()
    appraisals = load_appraisal_ids(session, {(row.condition, row.intervention) for row in rows}) if rows else {}
    for row in rows:
        impact = found[row.condition, row.intervention]
        content: dict[str, Any] = to_json(impact.after)
        stood = impact.before is not None and row.stands_at == impact.before["inputs_hash"]
        now = evidence_hash(impact.inputs, content, appraisals.get((row.condition, row.intervention), ()))
        _note_standing(session, row, content["inputs_hash"], stood=stood, stands=now == row.evidence_hash, by=by, change=change)


def review_sign_offs_of(session: Session, condition: str, intervention: str, *, by: Actor, change: Change) -> None:
    """The same after appraisals beside a rating changed, and nothing of the rating itself."""
    given = (col(SignOff.condition) == condition, col(SignOff.intervention) == intervention, col(SignOff.withdrawn_at).is_(None))
    rows = session.execute(select(SignOff).where(*given).order_by(col(SignOff.id))).scalars().all()
    if not rows:
        return
    rating = get_rating_row(session, condition, intervention)
    now = load_evidence_hash(session, rating)
    for row in rows:
        stood, stands = row.stands_at == rating.inputs_hash, now == row.evidence_hash
        _note_standing(session, row, rating.inputs_hash, stood=stood, stands=stands, by=by, change=change)


def _note_standing(session: Session, row: SignOff, inputs_hash: str, *, stood: bool, stands: bool, by: Actor, change: Change) -> None:
    if stands:
        row.stands_at = inputs_hash
    elif row.stands_at == inputs_hash:  # only what stands beside the rating has changed, or it is again as it was and that is not
        row.stands_at = HOLDS_FOR_NOTHING
    session.flush()
    if stands != stood:
        _tell_standing(session, row, stands, by=by, change=change)


def _tell_standing(session: Session, row: SignOff, stands: bool, *, by: Actor, change: Change) -> None:
    action, summary = (
        (STANDS_AGAIN, "stands signed off again") if stands else (REQUIRES_REVIEW, "requires review: what it holds for changed")
    )
    details = {"condition": row.condition, "intervention": row.intervention, "caused_by": change.sequence}
    _log(session, row, by=by, action=action, summary=summary, details=details, moment=change.occurred_at)


def _is_independent(session: Session, rating: Rating, conflict_of_interest: str, *, by: Actor, one_person: bool) -> bool:
    """False of one who may sign all the same: beside somebody independent, or because there is nobody else."""
    own = made_by_reader(session, rating.condition, rating.intervention, by.id)
    if not own and not declares_interests(conflict_of_interest):
        return True
    if one_person or stands_independently(session, rating):
        return False
    beside = "you may sign beside somebody independent who has signed this rating off, not alone"
    if own:
        raise OwnSubmission(f"you made {', '.join(own)}, which it rests on; {beside}")
    raise NotAllowed(f"you declare an interest; {beside}")


def _refuse_twice(session: Session, rating: Rating, *, by: Actor) -> None:
    mine = (col(SignOff.condition) == rating.condition, col(SignOff.intervention) == rating.intervention)
    standing = (col(SignOff.withdrawn_at).is_(None), col(SignOff.stands_at) == rating.inputs_hash)
    for signer in session.execute(select(col(SignOff.signer)).where(*mine, *standing)).scalars():
        if same_person(session, by.id, signer):
            raise Conflict("you have signed this rating off already, and it has not changed since")


def _log(session: Session, row: SignOff, *, by: Actor, action: str, summary: str, details: dict[str, Any], moment: datetime) -> None:
    pair = f"{row.condition}/{row.intervention}"
    ledger.append(
        session,
        by=by,
        action=action,
        subject=f"sign-off:{row.id}",
        summary=f"{row.condition} × {row.intervention} {summary}",
        touches=[f"rating:{pair}", f"condition:{row.condition}", f"intervention:{row.intervention}"],
        details=details,
        moment=moment,
    )
