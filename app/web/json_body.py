"""Reading a JSON body strictly: what Python's parser lets through and RFC 8259 does not is refused with its place.

`StrictRoute` is the route class of every router that takes JSON (`APIRouter(route_class=StrictRoute)`).
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterator
from email.message import Message
from typing import Any

from fastapi import params
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.errors import FieldProblem, InvalidBody, MalformedJson, UnsupportedMediaType
from app.formats.json_pointer import pointer_to

MAX_NESTING = 64  # a study document needs 8
NOT_A_NUMBER = "NaN, Infinity and numbers beyond 1.8e308 are no JSON numbers; use null for unknown."
EMPTY_BODY = "The body is empty."
MAX_PROBLEMS = 50  # a client that sends a thousand NaN needs no thousand lines
OFF_LOOP_BYTES = 50_000  # larger bodies are parsed in a thread, so that nobody waits behind them


class RepeatedMember(dict[str, Any]):
    """An object in which one name came twice; only the walk below knows where it stands."""

    name: str = ""


def parse_json(body: bytes) -> Any:
    """The value of a UTF-8 JSON text; MalformedJson or InvalidBody say where it goes wrong."""
    if not body:
        raise MalformedJson(EMPTY_BODY)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"The body is not UTF-8: byte {error.start} cannot be decoded.") from None
    try:
        value = json.loads(text, object_pairs_hook=_object_from)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg}, at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise MalformedJson(f"The body is nested too deeply: at most {MAX_NESTING} levels.") from None
    except ValueError:  # an integer of more digits than Python converts
        raise MalformedJson("The body holds an integer that is too long to be a number.") from None
    _refuse_faults(value)
    return value


def is_json(content_type: str, *, but_only: Collection[str] | None = None) -> bool:
    """`but_only`: of the many kinds of JSON these, by subtype."""
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    if but_only is not None and subtype not in but_only:
        return False
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _object_from(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = RepeatedMember(members)
    repeated.name = Counter(name for name, _ in pairs).most_common(1)[0][0]
    return repeated


def _refuse_faults(value: Any) -> None:
    malformed: list[FieldProblem] = []
    invalid: list[FieldProblem] = []
    for path, part in _walk(value):
        if len(path) > MAX_NESTING:
            raise MalformedJson(f"The body is nested too deeply: at most {MAX_NESTING} levels.")
        if isinstance(part, RepeatedMember):
            malformed.append(FieldProblem(pointer_to((*path, part.name)), f"The member {part.name!r} comes twice in one object."))
        elif isinstance(part, float) and not math.isfinite(part):
            malformed.append(FieldProblem(pointer_to(path), NOT_A_NUMBER))
        elif isinstance(part, str) and (fault := _fault_of_text(part)):
            invalid.append(FieldProblem(pointer_to(path), fault))
    if malformed:
        raise MalformedJson(malformed[0].detail, errors=malformed[:MAX_PROBLEMS])
    if invalid:
        raise InvalidBody(invalid[0].detail, errors=invalid[:MAX_PROBLEMS])


def _walk(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of the document with its path, without recursion; a member's name counts as a value of its object."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, part = waiting.pop()
        yield path, part
        if isinstance(part, dict):
            for name, child in part.items():
                yield path, name
                waiting.append(((*path, name), child))
        elif isinstance(part, list):
            waiting.extend(((*path, place), child) for place, child in enumerate(part))


def _fault_of_text(text: str) -> str | None:
    if "\x00" in text:
        return "The character U+0000 cannot be stored."
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "The text holds half of a surrogate pair, which is no character."
    return None


class JsonRequest(Request):
    """A request whose JSON is read strictly, once."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = await run_in_threadpool(parse_json, body) if len(body) > OFF_LOOP_BYTES else parse_json(body)
        return self._json


class StrictRoute(APIRoute):
    """A route that refuses a body of another media type (415) and JSON that is not JSON (400) before FastAPI sees it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None or isinstance(self.body_field.field_info, params.Form):
            return handle

        async def handle_json(request: Request) -> Response:
            strict = JsonRequest(request.scope, request.receive)
            if await strict.body():
                if not is_json(strict.headers.get("content-type", "")):
                    raise UnsupportedMediaType("Send application/json.", headers={"Accept": "application/json"})
                await strict.json()
            return await handle(strict)

        return handle_json
