"""The answer to a list: envelope, `Link: rel=next`, `fields=`, and `meta` where the items speak of health."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.queries.fields import parse_fields, project
from app.queries.filters import FilterTable, ListQuery
from app.queries.paging import Page, link_next
from app.schemas.meta import Meta
from app.web.conditional import reply


def read_query(request: Request, table: FilterTable, item: type[BaseModel]) -> ListQuery:
    """The query of a request to a list of `item`; InvalidQuery names whatever is wrong, `fields` too."""
    asked = table.parse(request.url.path, request.query_params.multi_items())
    if asked.fields is not None:
        parse_fields(asked.fields, item)
    return asked


def reply_list(
    request: Request,
    asked: ListQuery,
    page: Page[Any],
    item: type[BaseModel],
    *,
    meta: Meta | None = None,
    beside: Mapping[str, Any] | None = None,
) -> Response:
    """The page, with the members of each item that `fields=` keeps; `beside` it what is said of all of them."""
    kept = parse_fields(asked.fields, item) if asked.fields is not None else {}
    payload = dict(beside or {}) | page.envelope([project(one, kept) for one in page.items])
    if meta is not None:
        payload["meta"] = meta
    return reply(request, payload, headers=link_next(request.url.path, request.query_params.multi_items(), page))
