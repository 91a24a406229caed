"""The reads that most clients send, and the functions of their routes that answer them (`app/web/short_way.py`)."""

import re

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditions import get_condition, list_condition_studies
from app.api.study_reads import get_study, list_studies
from app.queries.named_records import naming_records, refuse_unknown_records
from app.web.short_way import Way

SLUG = r"(?P<slug>[a-z0-9-]{1,100})"


def _study(request: Request, session: Session, study_id: str) -> Response:
    return get_study(request, study_id, session, None)


def _condition(request: Request, session: Session, slug: str) -> Response:
    return get_condition(request, slug, session)


def _studies(request: Request, session: Session) -> Response:
    _refuse_unknown(request, session)
    return list_studies(request, session)


def _studies_of_condition(request: Request, session: Session, slug: str) -> Response:
    _refuse_unknown(request, session)
    return list_condition_studies(request, slug, session)


def _refuse_unknown(request: Request, session: Session) -> None:
    """What `NO_UNKNOWN_RECORD` does on the whole way."""
    refuse_unknown_records(session, naming_records(request.query_params.multi_items()))


SHORT_WAYS = (
    Way("/v1/studies/{study_id:study_reference}", re.compile(r"/v1/studies/(?P<study_id>[0-9a-f-]{36})"), _study, at_once=True),
    Way("/v1/conditions/{slug}", re.compile(f"/v1/conditions/{SLUG}"), _condition),
    Way("/v1/studies", re.compile("/v1/studies"), _studies, takes_query=True),
    Way("/v1/conditions/{slug}/studies", re.compile(f"/v1/conditions/{SLUG}/studies"), _studies_of_condition, takes_query=True),
)
