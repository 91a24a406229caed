"""JSON Pointer (RFC 6901): the way to one member of a document."""

import json
import re
from collections.abc import Iterable
from typing import Any

PLACE = re.compile(r"0|[1-9][0-9]*")
ESCAPE = re.compile(r"~(?![01])")


def escaped(step: str) -> str:
    """A member's name within a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def pointer_to(path: Iterable[str | int]) -> str:
    """The pointer along these names and places; empty for the document itself."""
    return "".join(f"/{escaped(str(step))}" for step in path)


def find_member(text: str, pointer: str) -> Any:
    """The member of a JSON text that the pointer names; LookupError says where the way ends."""
    if pointer and not pointer.startswith("/"):
        raise LookupError("a pointer begins with a slash, such as /results/0/treatment/sd")
    if ESCAPE.search(pointer):
        raise LookupError("in a pointer, ~0 stands for ~ and ~1 for /; ~ alone means nothing")
    member: Any = json.loads(text)
    way = ""
    for step in pointer.split("/")[1:]:
        member = _step(member, step.replace("~1", "/").replace("~0", "~"), way)
        way += f"/{step}"
    return member


def _step(member: Any, step: str, way: str) -> Any:
    if isinstance(member, dict) and step in member:
        return member[step]
    if isinstance(member, list) and PLACE.fullmatch(step) and len(step) < 10 and int(step) < len(member):
        return member[int(step)]
    raise LookupError(f"{way or 'the document'} has no member {step[:100]!r}")
