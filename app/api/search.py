"""Search across conditions, interventions, studies, outcomes, claims, readings and positions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from app.errors import InvalidQuery, ParameterProblem
from app.queries.answer_meta import answer_meta
from app.queries.filter_values import parse_value, split_values
from app.queries.nearest import as_sentence
from app.queries.paging import DEFAULT_LIMIT, MAX_LIMIT, PageRequest, bind_cursor, link_next
from app.queries.search import PLACE, search
from app.queries.search_hits import search_hits
from app.schemas.search import SearchAnswer, SearchKind
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.parameters import only_parameters

MAX_QUESTION = 200

router = APIRouter(prefix="/v1/search", tags=["search"])
Question = Annotated[str, Query(max_length=MAX_QUESTION, description="Words that must all occur; the last may be unfinished.")]
Kinds = Annotated[str | None, Query(description="Kinds to look among, separated by commas; all without it.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(min_length=1, description="`page.next` of the page before.")]
Counted = Annotated[Literal["true", "false"], Query(description="Count all matches into `page.total`.")]
NO_QUESTION = "There is nothing to look for: give one word or more."


@router.get("", response_model=SearchAnswer, dependencies=[only_parameters("q", "kind", "limit", "cursor", "count")])
def search_everything(
    request: Request,
    q: Question,
    session: ReadSession,
    kind: Kinds = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    count: Counted = "false",
) -> Response:
    """Find conditions, interventions, studies, outcomes, claims, readings and positions by words, best match first."""
    if not q.strip():
        raise InvalidQuery(f"q: {NO_QUESTION}", errors=[ParameterProblem("q", NO_QUESTION)])
    path, params = request.url.path, request.query_params.multi_items()
    asked = PageRequest(limit, cursor, count == "true", bind_cursor(path, params, PLACE))
    found = search(session, q, kinds=_kinds(kind), asked=asked)
    answer = {**found.envelope(search_hits(session, found.items)), "meta": answer_meta(session)}
    return reply(request, answer, headers=link_next(path, params, found))


def _kinds(text: str | None) -> list[str]:
    if text is None:
        return list(SearchKind)
    try:
        return [parse_value(part, SearchKind) for part in split_values(text)]
    except ValueError as error:
        sentence = as_sentence(str(error))
        raise InvalidQuery(f"kind: {sentence}", errors=[ParameterProblem("kind", sentence, list(SearchKind))]) from None
