"""The routes, one file per collection. `ROUTERS` is the order in which they are asked; the hottest come first."""

from fastapi import APIRouter

from app.api import (
    api_keys,
    changes,
    claims,
    conditions,
    evidence,
    health,
    interventions,
    outcomes,
    plots,
    reviews,
    search,
    studies,
    study_reads,
)
from app.web import docs_page

ROUTERS: tuple[APIRouter, ...] = (
    conditions.router,
    evidence.router,
    plots.router,
    study_reads.router,
    search.router,
    interventions.router,
    claims.router,
    outcomes.router,
    changes.router,
    studies.router,
    reviews.router,
    api_keys.router,
    health.router,
    docs_page.router,
)
