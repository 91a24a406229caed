"""Reading study records: lists, one study by its id or any of its names, its revisions. Writing them is in `studies.py`."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor

from app.actions.studies import warnings_of
from app.queries.addresses import study_href
from app.queries.answer_meta import answer_meta
from app.queries.departures import find_departures
from app.queries.studies import STUDIES, table_for
from app.queries.studies import list_studies as load_studies
from app.queries.study_page import find_visible_study, get_study_page
from app.queries.study_records import get_visible_study
from app.queries.study_revisions import REVISIONS, get_visible_revision
from app.queries.study_revisions import list_revisions as load_revisions
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study_read import RevisionAnswer, RevisionItem, RevisionList, StudyAnswer, StudyItem, StudyList
from app.schemas.study_writing import as_warnings
from app.web.conditional import reply
from app.web.dependencies import Reader, ReadSession
from app.web.list_reply import read_query, reply_list
from app.web.parameters import NO_PARAMETERS, RevisionNumber


class StudyReferenceConvertor(Convertor[str]):
    """How an address may name a study. Only a DOI holds slashes, so only a DOI takes all that follows: `doi:10.1000/revisions`."""

    regex = "(?:[dD][oO][iI]:.+|[^/]+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("study_reference", StudyReferenceConvertor())

router = APIRouter(prefix="/v1/studies", tags=["studies"])


@router.get("", response_model=StudyList, openapi_extra={"parameters": STUDIES.describe()})
def list_studies(request: Request, session: ReadSession) -> Response:
    """List studies that were accepted; a retracted one stays in the list and says so."""
    table = table_for(request.query_params.multi_items())
    asked = read_query(request, table, StudyItem)
    page = load_studies(session, asked, table)
    return reply_list(request, asked, page, StudyItem, meta=answer_meta(session))


@router.get("/{study_id:uuid}/revisions", response_model=RevisionList, openapi_extra={"parameters": REVISIONS.describe()})
def list_study_revisions(request: Request, study_id: UUID, session: ReadSession, reader: Reader) -> Response:
    """List the revisions of a study, newest first; drafts and refused ones only to their authors and to curators."""
    asked = read_query(request, REVISIONS, RevisionItem)
    study = get_visible_study(session, str(study_id), reader)
    return reply_list(request, asked, load_revisions(session, study, asked, reader), RevisionItem)


@router.get("/{study_id:uuid}/revisions/{number}", response_model=RevisionAnswer, dependencies=[NO_PARAMETERS])
def get_study_revision(request: Request, study_id: UUID, number: RevisionNumber, session: ReadSession, reader: Reader) -> Response:
    """Give one revision of a study with its document."""
    study = get_visible_study(session, str(study_id), reader)
    shown, departures = get_visible_revision(session, study, number, reader), find_departures(session, study.id, number)
    return reply(request, shown | {"followed": departures.as_json() if departures is not None else None}, revision=number)


@router.get("/{study_id:study_reference}", response_model=StudyAnswer, dependencies=[NO_PARAMETERS])
def get_study(request: Request, study_id: str, session: ReadSession, reader: Reader) -> Response:
    """Give one study by its id, `doi:…`, `pmid:…`, `pmcid:…` or key; other names than the id are answered with Content-Location."""
    study = find_visible_study(session, study_id, reader)
    page = get_study_page(session, study, reader)
    unaccepted = study.live_revision is None
    found = warnings_of(session, page["document"], load_known_slugs(session), reader=reader) if unaccepted else []
    answer = page | {"warnings": as_warnings(found)}
    headers = {} if study_id == study.id else {"Content-Location": study_href(study.id)}
    return reply(request, answer, revision=page["revision"], headers=headers)
