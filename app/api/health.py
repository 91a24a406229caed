"""Whether the process lives, and whether it can do its work: for orchestrators and load balancers."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from app.errors import ServiceUnavailable
from app.web.conditional import NO_STORE, reply
from app.web.openapi import problem_responses

ReadinessCheck = Callable[[], str | None]
"""Gives None when all is well, otherwise a sentence that says what is not."""

router = APIRouter(prefix="/health", tags=["service"])


@router.get("/live")
def get_liveness(request: Request) -> Response:
    """Say that the process answers."""
    return reply(request, {"status": "live"}, cache_control=NO_STORE)


@router.get("/ready", responses=problem_responses(ServiceUnavailable))
def get_readiness(request: Request) -> Response:
    """Say whether the database answers and stands at the newest migration; `details` tells how the literature services fare."""
    checks: Mapping[str, ReadinessCheck] = request.app.state.readiness_checks
    results = {name: _result_of(check) for name, check in checks.items()}
    failed = [f"{name}: {reason}" for name, reason in results.items() if reason is not None]
    if failed:
        raise ServiceUnavailable("; ".join(failed), checks={name: reason or "ok" for name, reason in results.items()})
    details = {name: _detail_of(load) for name, load in getattr(request.app.state, "readiness_details", {}).items()}
    answer = {"status": "ready", "checks": dict.fromkeys(results, "ok"), "details": details}
    return reply(request, answer, cache_control=NO_STORE)


def _detail_of(load: Callable[[], Any]) -> Any:
    """What is told besides and makes nobody unready; null where it cannot be read."""
    try:
        return load()
    except (SQLAlchemyError, OSError):
        return None


def _result_of(check: ReadinessCheck) -> str | None:
    try:
        return check()
    except (SQLAlchemyError, OSError) as error:
        return type(error).__name__  # the message of a driver may hold the address of the database
