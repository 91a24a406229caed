"""A file that a client sends, as the body itself or as the file of a form. It waits on disk, never whole in memory."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from app.errors import FieldProblem, InvalidBody

FORM = "multipart/form-data"
FIELD = "file"
AT_ONCE = 1_000_000
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file as it is, whatever its Content-Type says, or a form with the one field `file`.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            FORM: {"schema": {"type": "object", "required": [FIELD], "properties": {FIELD: {"type": "string", "format": "binary"}}}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes, and the name of the file where the form or the query says it."""

    stream: BinaryIO
    name: str


async def receive_upload(request: Request) -> AsyncIterator[Upload]:
    """For a dependency of a route: the file stays open until the route has answered."""
    if request.headers.get("content-type", "").lower().startswith(FORM):
        form = await _read_form(request)
        try:
            yield _file_of(form, request.query_params.get("filename", ""))
        finally:
            await form.close()
        return
    with TemporaryFile() as stream:
        await _spool(request, cast(BinaryIO, stream))
        yield Upload(cast(BinaryIO, stream), clean_name(request.query_params.get("filename", "")))


def clean_name(name: str) -> str:
    """The last part of a path, without characters that cannot be shown."""
    shown = "".join(character for character in unquote(name) if character.isprintable())
    return re.split(r"[/\\]", shown)[-1].strip()


async def _spool(request: Request, stream: BinaryIO) -> None:
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= AT_ONCE:
            await run_in_threadpool(stream.write, bytes(waiting))
            waiting.clear()
    await run_in_threadpool(stream.write, bytes(waiting))
    stream.seek(0)


async def _read_form(request: Request) -> FormData:
    try:
        return await MultiPartParser(request.headers, cast(Any, request.stream()), max_files=1, max_fields=20).parse()
    except (MultiPartException, KeyError) as error:
        reason = error.message if isinstance(error, MultiPartException) else "its Content-Type names no boundary"
        raise InvalidBody(f"the form cannot be read: {reason}", errors=[FieldProblem("", "a form with one file")]) from None


def _file_of(form: FormData, named: str) -> Upload:
    others = [name for name in form if name != FIELD]
    if others:
        fault = "is no field of this form; say the defaults in the query"
        raise InvalidBody("the form has fields that are not known", errors=[FieldProblem(f"/{name[:100]}", fault) for name in others])
    file = form.get(FIELD)
    if not isinstance(file, UploadFile):
        raise InvalidBody("the form holds no file", errors=[FieldProblem(f"/{FIELD}", "the file of references")])
    return Upload(file.file, clean_name(named or file.filename or ""))
