"""Our own JSON: a list of study documents, the member `items` of an object, or documents one after another.

An object with the member `document`, as `GET /v1/studies/{id}` answers, stands for that document.
Every member of `StudyDocument` is carried. Source: the schema `StudyDocument` in `/openapi.json`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from pydantic import ValidationError

from app.formats.json_pointer import pointer_to
from app.formats.json_records import JsonText, json_object, json_texts
from app.formats.read_record import ReadRecord, RecordProblem, excerpt, unusable
from app.formats.text_lines import text_chunks
from app.schemas.study import StudyDocument

MAX_PROBLEMS = 50


def read_ledger_json(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every document of the file; `field` of a problem is the JSON Pointer (RFC 6901) within the document."""
    for position, found in enumerate(json_texts(text_chunks(stream, encoding)), start=1):
        if found.ended:
            yield _read(position, found)
        else:
            yield unusable(position, found.line, "the file ends within the document: it may be cut off", raw=found.text)


def _read(position: int, found: JsonText) -> ReadRecord:
    try:
        document = StudyDocument.model_validate_json(_document_of(found.text))
    except ValidationError as error:
        return ReadRecord(position, found.line, None, None, _problems(found, error), excerpt(found.text))
    return ReadRecord(position, found.line, None, document, (), excerpt(found.text))


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
        problems.append(
            RecordProblem(found.line, pointer_to(problem["loc"]) or None, problem["msg"].removeprefix("Value error, "), "error")
        )
    return tuple(problems)


def write_ledger_json(studies: Iterable[StudyDocument]) -> Iterator[str]:
    """One list, a document a line."""
    before = "[\n"
    for study in studies:
        yield before + study.model_dump_json()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
