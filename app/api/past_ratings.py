"""Ratings as they stood, computed again, and the inputs that they rest on."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from app.queries.rating_inputs import get_input_text
from app.queries.reproduction import get_past_rating as load_past_rating
from app.schemas.past_rating import PastRating
from app.web.conditional import reply
from app.web.dependencies import ReadSession
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1", tags=["ratings"], dependencies=[NO_PARAMETERS])
Sequence = Annotated[int, Path(ge=1, le=2**31 - 1)]
FOR_GOOD = "public, max-age=31536000, immutable"
"""What is addressed by its own hash never changes."""
INPUT_SCHEMA: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The canonical text that was hashed: the SHA-256 of these very bytes (unpacked) is the hash in the address.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.get("/conditions/{slug}/ratings/{intervention}/history/{sequence}", response_model=PastRating)
def get_past_rating(request: Request, slug: str, intervention: str, sequence: Sequence, session: ReadSession) -> Response:
    """Give a rating as it stood from one entry of the ledger on, computed again from its inputs under its own method version."""
    return reply(request, PastRating.model_validate(load_past_rating(session, slug, intervention, sequence)))


@router.get("/rating-inputs/{inputs_hash}", responses=INPUT_SCHEMA)
def get_rating_input(request: Request, inputs_hash: str, session: ReadSession) -> Response:
    """Give all that a rating rests on, to the letter as it was hashed."""
    return reply(request, get_input_text(session, inputs_hash).encode(), cache_control=FOR_GOOD)
