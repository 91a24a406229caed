"""Comments on the revisions of a study: written, and taken back by their authors; never edited.

The ledger says that there is a comment, whose and on which revision, and pins it by a hash; it never says what it says.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actor import Actor
from app.errors import Conflict, FieldProblem, InvalidBody, NotAllowed
from app.formats.json_pointer import find_member
from app.identifiers import uuid7
from app.models import Comment, IdempotencyKey, Study
from app.models.base import utc_now
from app.queries.comments import Seen, get_comment_row, may_read
from app.queries.people import same_person
from app.queries.study_records import get_revision
from app.vocabulary import CommentAudience

PINNED = ("id", "study_id", "revision", "audience", "pointer", "reply_to", "text_sha256", "author", "created_at")
"""The members of a row that stay when its text goes."""


def comment_on(
    session: Session,
    study: Study,
    *,
    text: str,
    by: Actor,
    seen: Seen,
    revision: int | None = None,
    pointer: str | None = None,
    reply_to: str | None = None,
) -> Comment:
    """Add a comment to a revision (without a number: that of the comment it answers, else the one that is shown)."""
    parent = _answered(session, study, reply_to, seen) if reply_to is not None else None
    number = revision or (parent.revision if parent is not None else study.live_revision or study.newest_revision)
    if number not in seen.numbers:
        raise InvalidBody(
            "there is no such revision", errors=[FieldProblem("/revision", f"the study has no revision {number} to comment on")]
        )
    if pointer is not None:
        _refuse_pointer_to_nothing(session, study, number, pointer)
    private = number not in seen.accepted or (parent is not None and parent.audience == CommentAudience.DRAFT)
    salt = ledger.new_salt()
    row = Comment(
        id=str(uuid7()),
        study_id=study.id,
        revision=number,
        audience=CommentAudience.DRAFT if private else CommentAudience.KEY_HOLDERS,
        pointer=pointer,
        reply_to=reply_to,
        text=text,
        salt=salt,
        text_sha256=ledger.hash_of(salt + text),
        author=by.id,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    _log(session, row, by=by, action="comment.made", summary=f"A comment on revision {number}", comment_sha256=comment_pin(row))
    return row


def withdraw_comment(session: Session, study: Study, comment: str, *, by: Actor, seen: Seen) -> Comment:
    """Take one's own comment back: its text is gone for good, that there was one stays."""
    row = get_comment_row(session, study, comment, seen)
    if not same_person(session, by.id, row.author):
        raise NotAllowed("only its author can withdraw a comment")
    if row.withdrawn_at is not None:
        raise Conflict("the comment is withdrawn already")
    moment = utc_now()
    row.text, row.salt, row.withdrawn_at, row.withdrawn_by = None, None, moment, by.id
    _forget_in_kept_replies(session, row, moment)
    session.flush()
    _log(session, row, by=by, action="comment.withdrawn", summary=f"A comment on revision {row.revision} was withdrawn")
    return row


def _forget_in_kept_replies(session: Session, row: Comment, moment: datetime) -> None:
    """The reply that is kept for a repeated request holds the text too; from now on it says what has become of it."""
    for kept in session.execute(select(IdempotencyKey).where(col(IdempotencyKey.body).contains(row.id))).scalars():
        answer = json.loads(kept.body or "null")
        if isinstance(answer, dict) and answer.get("id") == row.id:
            kept.body = json.dumps(answer | {"text": None, "withdrawn_at": ledger.utc_text(moment)})


def comment_pin(row: Comment) -> str:
    return ledger.pin_of({name: getattr(row, name) for name in PINNED})


def _answered(session: Session, study: Study, comment: str, seen: Seen) -> Comment:
    row = session.get(Comment, comment)
    if row is None or row.study_id != study.id or not may_read(row, seen):
        raise InvalidBody("there is no such comment to answer", errors=[FieldProblem("/reply_to", "is no comment on this study")])
    return row


def _refuse_pointer_to_nothing(session: Session, study: Study, number: int, pointer: str) -> None:
    try:
        find_member(get_revision(session, study, number).document, pointer)
    except LookupError as error:
        raise InvalidBody(
            "the pointer points at nothing", errors=[FieldProblem("/pointer", f"revision {number}: {error.args[0]}")]
        ) from None


def _log(session: Session, row: Comment, *, by: Actor, action: str, summary: str, **details: Any) -> None:
    ledger.append(
        session,
        by=by,
        action=action,
        subject=f"comment:{row.id}",
        summary=summary,
        touches=[f"study:{row.study_id}"],
        details={"study": row.study_id, "revision": row.revision, **details},
        moment=row.withdrawn_at or row.created_at,
    )
