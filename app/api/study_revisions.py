"""One revision beside the others: what it changes, what accepting it would do, carrying it over to a newer one, taking it back."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from app.actions.rebase import base_of, conflict_as_json, is_on_moved_base, merge_with_live, rebase_revision
from app.actions.studies import document_of, refuse_duplicate
from app.actions.withdrawal import withdraw_revision
from app.actor import Actor
from app.api.study_answers import study_written, what_accepting_does
from app.errors import DuplicateStudy, EditConflict, FieldProblem, InvalidBody, StateConflict
from app.formats.document_differences import document_differences
from app.formats.document_merge import Resolution
from app.models import Study, StudyRevision
from app.queries.answer_meta import newest_sequence
from app.queries.departures import find_departures
from app.queries.study_records import UNDECIDED, get_own_revision, get_visible_study, shown_revision
from app.queries.study_revisions import compared_revision, get_visible_revision
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.base import MAX_ORDINAL
from app.schemas.departure import AdjudicationFollowed
from app.schemas.study_versions import (
    Difference,
    DifferencesAnswer,
    EditConflictItem,
    RebaseRequest,
    RevisionPreview,
    RevisionWithdrawal,
)
from app.schemas.study_writing import StudyWritten
from app.vocabulary import RevisionStatus
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Contributor, RawBody, Reader, ReadSession, WriteSession
from app.web.idempotency import ONCE, once
from app.web.json_body import StrictRoute
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS, RevisionNumber, only_parameters

router = APIRouter(prefix="/v1/studies", tags=["studies"], route_class=StrictRoute)
Against = Annotated[
    int | None,
    Query(ge=1, le=MAX_ORDINAL, description="The revision to compare with; without it, the one that this one was made from."),
]


@router.get("/{study_id:uuid}/revisions/{number}/differences", response_model=DifferencesAnswer, dependencies=[only_parameters("against")])
def compare_study_revisions(
    request: Request, study_id: UUID, number: RevisionNumber, session: ReadSession, reader: Reader, against: Against = None
) -> Response:
    """Say field by field what a revision changes; entries of lists are matched by what they are about, not by their place."""
    study = get_visible_study(session, str(study_id), reader)
    later = get_visible_revision(session, study, number, reader)
    other = against if against is not None else compared_revision(session, study, later, reader)
    earlier = get_visible_revision(session, study, other, reader) if other is not None else None
    found = document_differences(earlier["document"] if earlier is not None else None, later["document"])
    answer = DifferencesAnswer(
        study=study.id, revision=number, against=other, differences=[Difference(**asdict(difference)) for difference in found]
    )
    return reply(request, answer, revision=number)


@router.get(
    "/{study_id:uuid}/revisions/{number}/preview",
    response_model=RevisionPreview,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(DuplicateStudy, StateConflict),
)
def preview_study_revision(request: Request, study_id: UUID, number: RevisionNumber, by: Contributor, session: ReadSession) -> Response:
    """Say how every affected rating would change if this revision were accepted now; for its author and for curators."""
    study = get_visible_study(session, str(study_id), by)
    row = get_own_revision(session, study, number, by)
    if row.status not in UNDECIDED:
        raise StateConflict(f"revision {row.number} is {row.status}; a preview is of a revision that nobody has decided on")
    refuse_duplicate(session, document_of(row), by=by, but=study.id)
    return reply(request, _preview(session, study, row, by), cache_control=NO_STORE)


@router.post(
    "/{study_id}/revisions/{number}/rebase",
    status_code=201,
    response_model=StudyWritten,
    dependencies=[NO_PARAMETERS],
    responses=problem_responses(StateConflict, EditConflict, DuplicateStudy, InvalidBody, *ONCE),
)
def rebase_study_revision(
    request: Request, study_id: str, number: RevisionNumber, asked: RebaseRequest, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Draft a new revision that carries the changes of this one over to the revision accepted since; 409 if both changed the same.

    The 409 names each field with its three values; send the request again with a resolution for each.
    """
    decided = _resolutions(asked)

    def act() -> Response:
        study = get_visible_study(session, study_id, by)
        rebased = rebase_revision(session, study, number, by=by, resolutions=decided, onto=asked.onto)
        return study_written(request, session, study, rebased.row, by=by, status=201, rebased=rebased)

    return once(request, session, by=by, body=body, act=act)


@router.post(
    "/{study_id}/withdraw", response_model=StudyWritten, dependencies=[NO_PARAMETERS], responses=problem_responses(StateConflict, *ONCE)
)
def withdraw_study_record(
    request: Request, study_id: str, withdrawal: RevisionWithdrawal, by: Contributor, session: WriteSession, body: RawBody
) -> Response:
    """Take back a revision that nobody has accepted, with the reason; a record never accepted gives its identifiers free."""

    def act() -> Response:
        study = get_visible_study(session, study_id, by)
        row = withdraw_revision(session, study, reason=withdrawal.reason, by=by, number=withdrawal.revision)
        return study_written(request, session, study, row, by=by)

    return once(request, session, by=by, body=body, act=act)


def _resolutions(asked: RebaseRequest) -> dict[str, Resolution]:
    """What was decided, by the member it decides; a member that is decided twice is refused."""
    decided: dict[str, Resolution] = {}
    repeated = []
    for place, one in enumerate(asked.resolutions):
        if one.pointer in decided:
            repeated.append(FieldProblem(f"/resolutions/{place}", f"{one.pointer} is decided twice"))
        decided[one.pointer] = Resolution(one.take, one.value)
    if repeated:
        raise InvalidBody("a member is decided twice", errors=repeated)
    return decided


def _preview(session: Session, study: Study, row: StudyRevision, by: Actor) -> RevisionPreview:
    known, document, moved, conflicts = load_known_slugs(session), document_of(row), [], []
    said: dict[str, Any] = {"sequence": newest_sequence(session, None), "warnings": [], "ratings": []}
    if is_on_moved_base(study, row):
        live = document_of(shown_revision(session, study))
        moved = [Difference(**asdict(one)) for one in document_differences(base_of(session, study, row), live)]
        merge = merge_with_live(session, study, row)
        conflicts = [EditConflictItem.model_validate(conflict_as_json(one)) for one in merge.conflicts]
        document = merge.document or document
    if not conflicts:
        said = what_accepting_does(session, study.key, document, known, reader=by)
    departures = find_departures(session, study.id, row.number)
    return RevisionPreview(
        **said,
        followed=AdjudicationFollowed.model_validate(departures.as_json()) if departures is not None else None,
        study=study.id,
        revision=row.number,
        revision_status=RevisionStatus(row.status),
        base_revision=row.base_revision,
        live_revision=study.live_revision,
        base_moved=is_on_moved_base(study, row),
        moved=moved,
        conflicts=conflicts,
    )
