"""A draft whose base is no longer the accepted revision: its changes are carried over to the one that is, or a person decides.

Rebasing writes a new draft and never accepts anything: what came of the merge is read by its author and reviewed like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.actions.studies import amend_study, document_of, submit_study
from app.actor import Actor
from app.errors import EditConflict, FieldProblem, IncompleteStudy, InvalidBody, StateConflict
from app.formats.document_differences import FieldDifference, document_differences
from app.formats.document_merge import Merge, MergeConflict, Resolution, merge_documents
from app.models import Study, StudyRevision
from app.queries.addresses import revision_href
from app.queries.adjudicated_revisions import load_lines
from app.queries.study_records import (
    OPEN,
    UNDECIDED,
    find_open_revision,
    get_own_revision,
    get_revision,
    has_moved,
    owner_of,
    shown_revision,
)
from app.schemas.study import StudyDocument


@dataclass(frozen=True, slots=True)
class Rebased:
    """The new draft, the one whose changes it carries over, and what the accepted revision brought into it."""

    row: StudyRevision
    merged: StudyRevision
    onto: int
    taken_over: Sequence[FieldDifference]


def is_on_moved_base(study: Study, row: StudyRevision) -> bool:
    return has_moved(base=row.base_revision, live=study.live_revision)


def merge_with_live(session: Session, study: Study, row: StudyRevision, resolutions: Mapping[str, Resolution] | None = None) -> Merge:
    """What the draft's changes and those accepted since its base give together; nothing is written."""
    live = shown_revision(session, study)
    return merge_documents(base_of(session, study, row), document_of(live), document_of(row), resolutions)


def base_of(session: Session, study: Study, row: StudyRevision) -> StudyDocument | None:
    return None if row.base_revision is None else document_of(get_revision(session, study, row.base_revision))


def rebase_revision(
    session: Session,
    study: Study,
    number: int,
    *,
    by: Actor,
    resolutions: Mapping[str, Resolution] | None = None,
    onto: int | None = None,
) -> Rebased:
    """A new draft with the changes of this revision on top of the accepted one (`onto`, if it says which); else the conflicts, 409."""
    row = get_own_revision(session, study, number, by)
    _refuse_if_there_is_nothing_to_rebase(study, row, onto)
    merge = merge_with_live(session, study, row, resolutions)
    if merge.unused:
        places = list(resolutions or {})
        raise InvalidBody(
            "a resolution decides nothing",
            errors=[
                FieldProblem(f"/resolutions/{places.index(pointer)}/pointer", f"{pointer[:200]} is no member of the merged document")
                for pointer in merge.unused
            ],
        )
    if merge.document is None:
        raise edit_conflict(study, row, merge, decided=bool(resolutions))
    before, live = document_of(row), study.live_revision or 0
    if merge.document == document_of(get_revision(session, study, live)):
        raise StateConflict(f"revision {live}, which is live, says all that revision {number} changes; nothing is left to submit")
    added = amend_study(session, study, merge.document, by=by, base=live, reason=row.reason, owner=owner_of(row), merges=number)
    return Rebased(added, row, live, document_differences(before, merge.document))


def submit_draft(session: Session, study: Study, *, by: Actor, reason: str | None = None) -> tuple[StudyRevision, Rebased | None]:
    """Hand the open revision in. If its base has moved it is rebased first, as long as there is no conflict.

    An amendment of an accepted record changes something and says why: here (`reason`), or when it was drafted.
    """
    row = find_open_revision(session, study, by)
    moved = row is not None and is_on_moved_base(study, row)
    if row is not None and not moved:
        _refuse_empty_amendment(session, study, row)
    if row is not None and reason is None and (unsaid := missing_reason(study, row)):  # a rebase ends the row that is asked here
        raise IncompleteStudy("an amendment of an accepted record says why", errors=unsaid)
    rebased = rebase_revision(session, study, row.number, by=by) if row is not None and moved else None
    return submit_study(session, study, by=by, reason=reason), rebased


def missing_reason(study: Study, row: StudyRevision) -> list[FieldProblem]:
    """What the submission of an amendment would be refused for, where nobody has said why."""
    if study.live_revision is None or row.status not in OPEN or row.reason:
        return []
    return [FieldProblem("/reason", "say why the accepted record should be changed: `reason` of the submission, or `?reason=` of a PATCH")]


def _refuse_empty_amendment(session: Session, study: Study, row: StudyRevision) -> None:
    """But two extractions that confirm every figure are something to accept: it makes public that they do."""
    live = study.live_revision
    same = live is not None and document_of(row) == document_of(get_revision(session, study, live))
    if same and (study.id, row.number) not in load_lines(session, {study.id}):
        raise StateConflict(f"revision {row.number} says what revision {live} says, which is live; there is nothing to review")


def edit_conflict(study: Study, row: StudyRevision, merge: Merge, *, decided: bool) -> EditConflict | InvalidBody:
    """409 with the three values of each field; what was decided and does not make a document is the fault of the body."""
    errors = [FieldProblem(conflict.pointer, conflict.detail) for conflict in merge.conflicts]
    if decided and not merge.fits:
        return InvalidBody("with these resolutions the document does not fit its schema", errors=errors)
    return EditConflict(
        f"revision {row.number} was made from revision {row.base_revision}; revision {study.live_revision} is live now and changed the "
        "same fields",
        errors=errors,
        conflicts=[conflict_as_json(conflict) for conflict in merge.conflicts],
        base_revision=row.base_revision,
        live_revision=study.live_revision,
        rebase=rebase_href(study, row),
    )


def conflict_as_json(conflict: MergeConflict) -> dict[str, object]:
    return {name: getattr(conflict, name) for name in ("pointer", "base", "theirs", "mine", "detail")}


def rebase_href(study: Study, row: StudyRevision) -> str:
    return f"{revision_href(study.id, row.number)}/rebase"


def refuse_moved_base(session: Session, study: Study, row: StudyRevision) -> None:
    """A revision can be accepted only over the one it was made from: what a merge gives, nobody has read yet."""
    if row.base_revision == study.live_revision or study.live_revision is None:
        return
    live = document_of(get_revision(session, study, study.live_revision))
    moved = document_differences(base_of(session, study, row), live)
    raise StateConflict(
        f"revision {row.number} amends revision {row.base_revision}, but revision {study.live_revision} is live now; "
        "rebase it, so that somebody reads what comes of both",
        errors=[FieldProblem(one.pointer, f"was {one.change} in the revision that is live now") for one in moved],
        base_revision=row.base_revision,
        live_revision=study.live_revision,
        rebase=rebase_href(study, row),
    )


def _refuse_if_there_is_nothing_to_rebase(study: Study, row: StudyRevision, onto: int | None) -> None:
    if row.status not in UNDECIDED:
        raise StateConflict(f"revision {row.number} is {row.status}; it can be rebased from {', '.join(UNDECIDED)}")
    if not is_on_moved_base(study, row):
        raise StateConflict(f"revision {row.number} needs no rebase: what it was made from has not moved")
    if onto not in (None, study.live_revision):
        raise StateConflict(f"revision {study.live_revision} is live now, not {onto}", live_revision=study.live_revision)
