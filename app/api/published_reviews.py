"""Published reviews of a condition and intervention, beside each other and beside the rating."""

import csv
from io import StringIO
from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.conditions import ConditionSlug, InterventionSlug
from app.queries.review_overlap import get_review_overlap as load_review_overlap
from app.queries.review_overlap import matrix_lines
from app.schemas.review_overlap import ReviewOverlapAnswer
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/conditions/{slug}/ratings/{intervention}", tags=["conditions"], dependencies=[NO_PARAMETERS])
CSV = "text/csv; charset=utf-8"
CSV_ANSWER: dict[int | str, dict[str, Any]] = {200: {"description": "The matrix.", "content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/reviews", response_model=ReviewOverlapAnswer)
def get_review_overlap(request: Request, slug: ConditionSlug, intervention: InterventionSlug, session: ReadSession) -> Response:
    """Give the published reviews: which primary studies each includes, how much they overlap, what none includes, whether they agree."""
    return reply(request, ReviewOverlapAnswer.model_validate(load_review_overlap(session, slug, intervention)))


@router.get("/reviews.csv", responses=CSV_ANSWER, response_class=Response)
def get_review_matrix_csv(request: Request, slug: ConditionSlug, intervention: InterventionSlug, session: ReadSession) -> Response:
    """Give the matrix as a table: a primary study a line, a review a column."""
    buffer = StringIO()
    csv.writer(buffer).writerows(matrix_lines(load_review_overlap(session, slug, intervention)))
    return reply(request, buffer.getvalue().encode(), media_type=CSV)
