"""From an identifier to a prefilled record: the literature services are asked, nothing is written."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Engine

from app.actor import Actor
from app.database import reading
from app.errors import (
    FieldProblem,
    InvalidBody,
    InvalidQuery,
    ParameterProblem,
    SourceProblem,
    SourceReplyInvalid,
    SourceTimeout,
    SourceUnavailable,
)
from app.errors import UnknownIdentifier as Unknown
from app.queries.known_studies import find_known_studies, find_taken
from app.schemas.bibliography import Bibliography
from app.schemas.lookup import FoundRecord, LookupAnswer, LookupFailure, LookupsAnswer, LookupsRequest
from app.sources.lookup import look_up, look_up_many, lookup_key
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Contributor, ReaderEngine, Sources
from app.web.json_body import StrictRoute
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["lookups"], route_class=StrictRoute)
FAILURES = problem_responses(InvalidQuery, Unknown, SourceReplyInvalid, SourceUnavailable, SourceTimeout)


@router.get("/lookup/{identifier:path}", response_model=FoundRecord, dependencies=[NO_PARAMETERS], responses=FAILURES)
def look_up_record(request: Request, identifier: str, by: Contributor, sources: Sources, engine: ReaderEngine) -> Response:
    """Ask PubMed, Europe PMC, Crossref and ClinicalTrials.gov for a DOI, PubMed id, PubMed Central id or registration."""
    _check(identifier, lambda fault: InvalidQuery(fault, errors=[ParameterProblem("identifier", fault)]))
    try:
        found = look_up(identifier, sources)  # no transaction is open while the network is asked
    except (SourceProblem, Unknown) as failed:  # what is here already is known without them
        failed.members |= _here(_named_by(identifier), engine, by)
        raise
    return reply(request, _with_existing(found, engine, by), cache_control=NO_STORE)


@router.post("/lookups", response_model=LookupsAnswer, dependencies=[NO_PARAMETERS])
def look_up_records(request: Request, asked: LookupsRequest, by: Contributor, sources: Sources, engine: ReaderEngine) -> Response:
    """Ask for up to 50 identifiers at once; each has its own answer, or the reason why there is none."""
    for place, identifier in enumerate(asked.identifiers):
        _check(identifier, lambda fault, at=place: InvalidBody(fault, errors=[FieldProblem(f"/identifiers/{at}", fault)]))  # type: ignore[misc]
    found = list(look_up_many(asked.identifiers, sources))
    items = [_failure(one, engine, by) if isinstance(one, LookupFailure) else _with_existing(one, engine, by) for one in found]
    return reply(request, LookupsAnswer(items=items), cache_control=NO_STORE)


def _check(identifier: str, problem: Callable[[str], Exception]) -> None:
    try:
        lookup_key(identifier)
    except ValueError as fault:
        raise problem(str(fault)) from None


def _with_existing(found: LookupAnswer, engine: Engine, by: Actor) -> FoundRecord:
    return FoundRecord(**{name: getattr(found, name) for name in LookupAnswer.model_fields}, **_here(found.bibliography, engine, by))


def _failure(failure: LookupFailure, engine: Engine, by: Actor) -> LookupFailure:
    said = {name: getattr(failure, name) for name in ("identifier", "problem", "reason")}
    return LookupFailure(**said, **_here(_named_by(failure.identifier), engine, by))


def _named_by(identifier: str) -> Bibliography:
    """All that is known of a publication which no service has spoken of."""
    key = lookup_key(identifier)
    return Bibliography.model_validate({"registration" if key.kind == "nct" else key.kind: key.value})


def _here(sought: Bibliography, engine: Engine, by: Actor) -> dict[str, Any]:
    """JSON-safe: it stands in problems, too."""
    with reading(engine) as session:
        existing = [known.model_dump(mode="json") for known in find_known_studies(session, sought, by=by)]
        return {"existing": existing, "taken": find_taken(session, sought, by=by)}
