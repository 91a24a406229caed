"""Bodies into JSON or XML, and careful hands for JSON whose members may be of any type, or absent."""

import json
import re
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters and halves of surrogate pairs
BLOCK_END = re.compile(r"</(?:[a-z]+:)?(?:p|title|sec|h[1-6]|li|div)>|<br ?/?>", re.IGNORECASE)


def read_json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(content, dict):
        raise ValueError("it is not a JSON object")
    return content


def read_xml(body: bytes) -> Element:
    """Entities declared by the document are refused, external ones are not fetched."""
    try:
        root: Element = fromstring(body)
    except (ParseError, ValueError, RecursionError) as error:
        raise ValueError("it is not XML") from error
    return root


def at(content: object, *path: str) -> Any:
    """The member at a path of names; None as soon as one is not there."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def text_at(content: object, *path: str) -> str | None:
    """The text there, in one line; numbers are taken as text, anything else is not."""
    found = at(content, *path)
    if isinstance(found, int | float) and not isinstance(found, bool):
        found = str(found)
    return one_line(found) if isinstance(found, str) else None


def objects_at(content: object, *path: str) -> list[dict[str, Any]]:
    """The objects in the list there; a single one counts as a list of one."""
    found = at(content, *path)
    found = [found] if isinstance(found, dict) else found
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def texts_at(content: object, *path: str) -> list[str]:
    found = at(content, *path)
    found = [found] if isinstance(found, str) else found
    lines = (one_line(entry) for entry in found if isinstance(entry, str)) if isinstance(found, list) else ()
    return [line for line in lines if line]


def one_line(text: str) -> str | None:
    return " ".join(UNSTORABLE.sub(" ", text).split()) or None


def without_markup(text: str | None) -> str | None:
    """Plain words of a title or a name: no tags (JATS, HTML), entities resolved, one line."""
    return one_line(unescape(MARKUP.sub("", text))) if text else None


def paragraphs(text: object) -> str | None:
    """Plain text of an abstract, one paragraph a line; None if it is no text. Between tags line breaks mean nothing, else they do."""
    if not isinstance(text, str):
        return None
    if BLOCK_END.search(text):
        text = text.replace("\n", " ")
    plain = unescape(MARKUP.sub("", BLOCK_END.sub("\n", text)))
    lines = (one_line(line) for line in plain.split("\n"))
    return "\n".join(line for line in lines if line) or None
