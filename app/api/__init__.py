"""The routes, one file per collection. `ROUTERS` is the order in which they are asked; the hottest come first."""

from fastapi import APIRouter

from app.api import (
    api_keys,
    appraisals,
    changes,
    claims,
    conditions,
    evidence,
    health,
    interventions,
    lookups,
    outcomes,
    past_ratings,
    plots,
    reviews,
    risk_of_bias,
    search,
    studies,
    study_reads,
    synthesis,
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
    synthesis.router,
    appraisals.router,
    past_ratings.router,
    changes.router,
    lookups.router,
    studies.router,
    reviews.router,
    risk_of_bias.router,
    api_keys.router,
    health.router,
    docs_page.router,
)
