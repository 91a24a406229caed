"""Our own JSON: a list of study documents, the member `items` of an object, or documents one after another.

An object with the member `document`, as `GET /v1/studies/{id}` answers, stands for that document.
Every member of `StudyDocument` is carried. Source: the schema `StudyDocument` in `/openapi.json`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, BinaryIO

from pydantic import ValidationError

from app.formats.json_pointer import pointer_to
from app.formats.json_records import JsonText, json_object, json_texts
from app.formats.read_record import ReadRecord, RecordProblem, excerpt, unusable
from app.formats.text_lines import text_chunks
from app.schemas.body_members import members_at
from app.schemas.study import StudyDocument

MAX_PROBLEMS = 50
NAME_SHOWN = 60


def read_ledger_json(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every document of the file; `field` of a problem is the JSON Pointer (RFC 6901) within the document."""
    for position, found in enumerate(json_texts(text_chunks(stream, encoding)), start=1):
        if found.ended:
            yield _read(position, found)
        else:
            yield unusable(position, found.line, "the file ends within the document: it may be cut off", raw=found.text)


def _read(position: int, found: JsonText) -> ReadRecord:
    if repeated := _repeated(found.text):
        said = f"the member {repeated[:NAME_SHOWN]!r} comes twice in one object"
        return unusable(position, found.line, said, raw=found.text)
    try:
        document = StudyDocument.model_validate_json(_document_of(found.text))
    except ValidationError as error:
        return ReadRecord(position, found.line, None, None, _problems(found, error), excerpt(found.text))
    return ReadRecord(position, found.line, None, document, (), excerpt(found.text))


def _repeated(text: str) -> str | None:
    """A name that comes twice in one object, of which a parser would silently drop one."""
    names: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names.append(Counter(name for name, _ in pairs).most_common(1)[0][0])
        return members

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None  # said where it is validated
    return names[0] if names else None


def _document_of(text: str) -> str:
    """The text of the document, which may be the member of an answer."""
    if '"document"' not in text:
        return text
    try:
        inner = json_object(text).get("document")
    except (ValueError, RecursionError):
        return text
    return json.dumps(inner) if isinstance(inner, dict) else text


def _problems(found: JsonText, error: ValidationError) -> tuple[RecordProblem, ...]:
    try:
        json_object(found.text)
    except ValueError as reason:
        return (RecordProblem(found.line, None, str(reason), "error"),)
    problems = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False)[:MAX_PROBLEMS]:
        said = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            said = _unknown_member(problem["loc"])
        problems.append(RecordProblem(found.line, pointer_to(problem["loc"]) or None, said, "error"))
    return tuple(problems)


def _unknown_member(path: Sequence[str | int]) -> str:
    name = str(path[-1])[:NAME_SHOWN]
    close = get_close_matches(name, members_at(StudyDocument, path[:-1]) or [], n=1, cutoff=0.5)
    return f"there is no member {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def write_ledger_json(studies: Iterable[StudyDocument]) -> Iterator[str]:
    """One list, a document a line."""
    before = "[\n"
    for study in studies:
        yield before + study.model_dump_json()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
