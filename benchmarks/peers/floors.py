"""What costs least: a server that answers every GET with the same bytes, as a bare ASGI callable or as a route of Starlette.

The bytes are those of the file that `FLOOR_BODY` names, packed, with the headers an honest answer needs.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Message = MutableMapping[str, Any]
BODY = Path(os.environ["FLOOR_BODY"]).read_bytes()
HEADERS = {"content-encoding": "gzip", "etag": '"floor"', "cache-control": "public, no-cache", "vary": "Accept, Accept-Encoding"}
RAW = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
RAW += [(name.encode(), value.encode()) for name, value in HEADERS.items()]


async def bare(scope: Message, _receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    if scope["type"] != "http":
        raise NotImplementedError  # uvicorn goes on without a lifespan
    await send({"type": "http.response.start", "status": 200, "headers": RAW})
    await send({"type": "http.response.body", "body": BODY})


async def answer(_request: Request) -> Response:
    return Response(BODY, headers=HEADERS, media_type="application/json")


starlette = Starlette(routes=[Route("/{rest:path}", answer)])
