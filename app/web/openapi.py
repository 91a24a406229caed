"""The OpenAPI 3.1 document: FastAPI's, completed by the problems that every operation can answer with."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.errors import (
    AuthenticationRequired,
    BodyTooLarge,
    IdempotencyKeyReused,
    InternalError,
    InvalidBody,
    InvalidHeader,
    InvalidQuery,
    MalformedJson,
    NotAllowed,
    NotFound,
    PreconditionRequired,
    Problem,
    RevisionNotReached,
    ServiceUnavailable,
    StaleRevision,
    TooManyRequests,
    UnsupportedMediaType,
)
from app.web.problems import MEDIA_TYPE

METHODS = ("get", "post", "put", "patch", "delete")
ALWAYS = (TooManyRequests, InternalError, ServiceUnavailable)
WITH_BODY = (MalformedJson, BodyTooLarge, UnsupportedMediaType, InvalidBody)
WITH_MIN_REVISION = (InvalidHeader, RevisionNotReached)
WITH_PRECONDITION = (StaleRevision, PreconditionRequired)
FASTAPI_SCHEMAS = ("HTTPValidationError", "ValidationError")  # what FastAPI says a 422 looks like; ours does not

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The strong ETag of what was read; `*` for whatever there is.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A quoted string made for this request; for 24 hours the same request is answered with the first reply.",
    "schema": {"type": "string", "maxLength": 257},
}

MIN_REVISION = {
    "name": "Min-Evidence-Revision",
    "in": "header",
    "required": False,
    "description": "An `Evidence-Revision` that an earlier answer carried: this answer is made from that state of the ledger or a "
    "later one, whichever server gives it. 412 where the ledger has not come so far.",
    "schema": {"type": "integer", "minimum": 0},
}

NULLABLE_LIST = {"type": ["array", "null"], "items": {"type": "string"}, "description": "The allowed values, where the choice is closed."}
PROBLEM_SCHEMAS: dict[str, Any] = {
    "Problem": {
        "title": "Problem",
        "description": "RFC 9457. Some problems have members of their own besides these.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Resolves to a page that explains the problem."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "request_id": {"type": ["string", "null"]},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemPart"}},
        },
    },
    "ProblemPart": {
        "title": "ProblemPart",
        "description": "One thing that is wrong: in a body named by `pointer` (RFC 6901), in a query by `parameter`.",
        "type": "object",
        "required": ["detail", "allowed"],
        "properties": {
            "pointer": {"type": "string"},
            "parameter": {"type": "string"},
            "detail": {"type": "string"},
            "allowed": NULLABLE_LIST,
        },
    },
}


def operation_id(route: APIRoute) -> str:
    """Stable and readable for generated clients: the name of the function. For FastAPI's `generate_unique_id_function`."""
    return route.name


def problem_responses(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route passes as `responses=` to declare its problems."""
    by_status: dict[int, list[type[Problem]]] = {}
    for cls in classes:
        by_status.setdefault(cls.status, []).append(cls)
    return {status: _response(group) for status, group in sorted(by_status.items())}


def install_openapi(app: FastAPI) -> None:
    """Have `app.openapi()` give the completed document, built once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(FastAPI.openapi(app))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in FASTAPI_SCHEMAS:
        schemas.pop(name, None)
    schemas.update(PROBLEM_SCHEMAS)
    for path in document.get("paths", {}).values():
        for method in METHODS:
            if method in path:
                _complete_operation(method, path[method])
    return document


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status, response in problem_responses(*_standard_problems(method, operation)).items():
        responses.setdefault(str(status), response)
    if method == "get":
        responses.setdefault("304", {"description": "Not modified: the client has this very representation (If-None-Match)."})
    operation["responses"] = dict(sorted(responses.items()))
    headers = list(_headers_of(responses))
    if headers:
        operation["parameters"] = [*operation.get("parameters", []), *headers]


def _headers_of(responses: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The headers that an operation reads, as its problems tell: one that can be stale or reused is one that can be sent."""
    if f"/problems/{StaleRevision.slug}" in str(responses.get(str(StaleRevision.status))):
        yield {**IF_MATCH, "required": str(PreconditionRequired.status) in responses}
    if f"/problems/{IdempotencyKeyReused.slug}" in str(responses.get(str(IdempotencyKeyReused.status))):
        yield IDEMPOTENCY_KEY
    if f"/problems/{RevisionNotReached.slug}" in str(responses.get(str(RevisionNotReached.status))):
        yield MIN_REVISION


def _standard_problems(method: str, operation: dict[str, Any]) -> Iterable[type[Problem]]:
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    if "query" in places:
        yield InvalidQuery
    if "path" in places:
        yield NotFound
    if "requestBody" in operation:
        yield from WITH_BODY
    if operation.get("security"):
        yield from (AuthenticationRequired, NotAllowed)
    if method == "get" and "service" not in operation.get("tags", ()):
        yield from WITH_MIN_REVISION
    if method in {"put", "patch", "delete"}:
        yield from WITH_PRECONDITION
    yield from ALWAYS


def _response(classes: list[type[Problem]]) -> dict[str, Any]:
    description = " · ".join(f"{cls.title} (`/problems/{cls.slug}`)" for cls in classes)
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
