"""Numbers for Prometheus."""

import secrets
from typing import Any

from fastapi import APIRouter, Request, Response

from app.errors import AuthenticationRequired
from app.web.dependencies import CurrentSettings
from app.web.metrics import MEDIA_TYPE, Metrics
from app.web.openapi import problem_responses
from app.web.parameters import NO_PARAMETERS

router = APIRouter(tags=["service"])
TEXT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus' text form.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get(
    "/metrics",
    dependencies=[NO_PARAMETERS],
    responses={**TEXT_ANSWER, **problem_responses(AuthenticationRequired)},
    response_class=Response,
)
def get_metrics(request: Request, settings: CurrentSettings) -> Response:
    """Give counters, durations and the state of the service for Prometheus; open, unless the installation has set a token for it."""
    token = settings.metrics_token
    if token is not None and not _holds(request.headers.get("authorization", ""), token.get_secret_value()):
        raise AuthenticationRequired("this needs `Authorization: Bearer` with the token that is set for metrics")
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.exposition(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _holds(header: str, token: str) -> bool:
    return secrets.compare_digest(header.encode(), f"Bearer {token}".encode())
