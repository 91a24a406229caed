"""The id that every request carries through logs, headers and problems; and how logs are written."""

import itertools
import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers

from app.identifiers import uuid7
from app.settings import Settings

REQUEST_ID_FORM = re.compile(rb"^[A-Za-z0-9._-]{8,128}\Z")  # anything else could forge a log line
_PROCESS = str(uuid7()).encode("ascii")  # begins with the time: ids of a later process sort behind
_MADE = itertools.count()

Scope = MutableMapping[str, Any]


def assign_request_id(scope: Scope) -> str:
    """Keep the id that a proxy gave, if it is sane; otherwise make one. It stays in the scope's state."""
    offered = Headers(scope=scope).get("x-request-id")
    request_id = request_id_from(offered.encode("latin-1") if offered is not None else None).decode("latin-1")
    scope.setdefault("state", {})["request_id"] = request_id
    return request_id


def request_id_from(offered: bytes | None) -> bytes:
    """The id that was offered, if it is sane; otherwise a new one: this process and how many it made before."""
    return offered if offered is not None and REQUEST_ID_FORM.match(offered) else b"%b-%012x" % (_PROCESS, next(_MADE))


def request_id_of(scope: Scope) -> str | None:
    """The id of this request; None where no door stands in front (an app under test)."""
    value: str | None = scope.get("state", {}).get("request_id")
    return value


def configure_logging(settings: Settings) -> None:
    """Structured lines on standard output, each with the request id that is bound to the context."""
    console = settings.log_format == "console"
    renderer = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if console else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        cache_logger_on_first_use=False,
    )
