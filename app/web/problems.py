"""Every failure leaves as application/problem+json (RFC 9457), whoever raised it; a trace leaves never."""

import json
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import (
    AuthenticationRequired,
    BodyTooLarge,
    Conflict,
    FieldProblem,
    Gone,
    InternalError,
    InvalidBody,
    InvalidHeader,
    InvalidQuery,
    MalformedJson,
    MethodNotAllowed,
    NotAcceptable,
    NotAllowed,
    NotFound,
    ParameterProblem,
    PreconditionRequired,
    Problem,
    ServiceUnavailable,
    TooManyRequests,
    UnsupportedMediaType,
)
from app.formats.json_pointer import pointer_to
from app.queries.nearest import as_sentence, did_you_mean
from app.schemas.body_members import members_at
from app.web.json_body import EMPTY_BODY
from app.web.read_point import AskedAgain, read_point_of
from app.web.request_context import request_id_of
from app.web.routes import allowed_methods

MEDIA_TYPE = "application/problem+json"
ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
BY_STATUS: dict[int, type[Problem]] = {  # for what Starlette raises by number; a bare 400 says no more than its status
    401: AuthenticationRequired,
    403: NotAllowed,
    404: NotFound,
    406: NotAcceptable,
    409: Conflict,
    410: Gone,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
    422: InvalidBody,
    428: PreconditionRequired,
    429: TooManyRequests,
    500: InternalError,
    503: ServiceUnavailable,
}


def install_problem_handlers(app: FastAPI) -> None:
    app.exception_handler(Problem)(_answer_problem)
    app.exception_handler(RequestValidationError)(_answer_validation_error)
    app.exception_handler(HTTPException)(_answer_http_exception)
    app.exception_handler(AskedAgain)(_answer_nothing)
    app.exception_handler(Exception)(_answer_crash)


def problem_response(problem: Problem, *, instance: str, request_id: str | None) -> Response:
    document = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": quote(instance, safe="/:@!$&'()*+,;=~-._"),  # a path arrives decoded; RFC 9457 wants a URI reference
        "request_id": request_id,
        "errors": [error.as_json() for error in problem.errors],
        **problem.members,
    }
    return _document_response(document, problem.headers)


def body_problems(errors: Sequence[Any], shape: Any = None) -> list[FieldProblem]:
    """Pydantic's errors as JSON Pointers into a body of the type `shape`; for whoever validates a document outside a route, too."""
    return [_body_problem(error, shape) for error in errors]


def _body_problem(error: Any, shape: Any) -> FieldProblem:
    path = _path_in_body(error["loc"])
    if error["type"] == "extra_forbidden" and (known := members_at(shape, path[:-1])):
        name = str(path[-1])[:100]
        return FieldProblem(pointer_to(path), as_sentence(f"There is no member {name!r}; {did_you_mean(name, known)}"), known)
    return FieldProblem(pointer_to(path), _sentence(error), _allowed(error))


def _answer(request: Request, problem: Problem) -> Response:
    return problem_response(problem, instance=request.url.path, request_id=request_id_of(request.scope))


async def _answer_problem(request: Request, problem: Problem) -> Response:
    return _answer(request, problem)


async def _answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    return _answer(request, _problem_from_validation(error.errors(), _body_shape(request), has_body=_has_body(request)))


def _body_shape(request: Request) -> Any:
    """The type of the body that the route of a request takes."""
    body = getattr(request.scope.get("route"), "body_field", None)
    return body.field_info.annotation if body is not None else None


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


async def _answer_http_exception(request: Request, error: HTTPException) -> Response:
    if isinstance(error.__cause__, Problem):  # FastAPI wraps what is raised while it reads a form
        return _answer(request, error.__cause__)
    if error.status_code == 405:
        return _answer(request, MethodNotAllowed(headers={"Allow": ", ".join(allowed_methods(request.app, request.scope))}))
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    return _answer_status(request, error)


async def _answer_nothing(request: Request, error: Exception) -> None:
    """The door asks once more, and the primary then."""
    read_point_of(request.scope).start_again()


async def _answer_crash(request: Request, error: Exception) -> Response:
    return _answer(request, InternalError())  # the door logs the trace


def _answer_status(request: Request, error: HTTPException) -> Response:
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else None
    if known := BY_STATUS.get(error.status_code):
        return _answer(request, known(detail, headers=error.headers))
    document = {
        "type": "about:blank",  # RFC 9457, 4.2.1: no more than its status says
        "title": phrase,
        "status": error.status_code,
        "detail": error.detail,
        "instance": quote(request.url.path, safe="/:@!$&'()*+,;=~-._"),
        "request_id": request_id_of(request.scope),
        "errors": [],
    }
    return _document_response(document, dict(error.headers or {}))


def _document_response(document: dict[str, Any], headers: dict[str, str]) -> Response:
    body = json.dumps(document, ensure_ascii=False, allow_nan=False, default=str).encode(errors="replace")
    return Response(body, document["status"], {"Cache-Control": "no-store", **headers}, MEDIA_TYPE)


def _problem_from_validation(errors: Sequence[Any], shape: Any, *, has_body: bool) -> Problem:
    if any(error["type"] == "json_invalid" for error in errors):  # a route without StrictRoute
        return MalformedJson(str(errors[0]["ctx"]["error"]))
    if any(error["loc"][0] == "path" for error in errors):
        return NotFound("The address does not name anything: " + "; ".join(_path_faults(errors)) + ".")
    if any(error["loc"][0] in {"header", "cookie"} for error in errors):
        return InvalidHeader("; ".join(f"{error['loc'][-1]}: {_sentence(error)}" for error in errors))
    if any(error["loc"] == ("body",) and error["type"] == "missing" for error in errors) and not has_body:
        return MalformedJson(EMPTY_BODY)
    if any(error["loc"][0] == "body" for error in errors):
        found = body_problems([error for error in errors if error["loc"][0] == "body"], shape)
        return InvalidBody(_count_sentence(len(found)), errors=found)
    wrong = [ParameterProblem(str(error["loc"][-1]), _sentence(error), _allowed(error)) for error in errors]
    return InvalidQuery(f"{wrong[0].parameter}: {as_sentence(wrong[0].detail)}", errors=wrong)


def _path_faults(errors: Sequence[Any]) -> Iterator[str]:
    return (f"{error['loc'][-1]}: {_sentence(error)}" for error in errors if error["loc"][0] == "path")


def _path_in_body(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return location[1:] if location[:1] == ("body",) else location


def _sentence(error: Any) -> str:
    message = _with_plain_values(str(error["msg"])).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message[:1].upper() + message[1:]


def _allowed(error: Any) -> list[str] | None:
    expected = error.get("ctx", {}).get("expected") if error["type"] in {"enum", "literal_error"} else None
    return [word.strip("' ") for word in _with_plain_values(expected).replace(" or ", ", ").split(", ")] if expected else None


def _with_plain_values(text: str) -> str:
    """`'handled'` for `<NoticeStatus.HANDLED: 'handled'>`, as Pydantic writes a Literal of members of an enumeration."""
    return ENUM_MEMBER.sub(r"\1", text)


def _count_sentence(count: int) -> str:
    return "One member of the body is not as it should be." if count == 1 else f"{count} members of the body are not as they should be."
