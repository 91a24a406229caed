"""Long work and how far it is."""

from fastapi import APIRouter, Request, Response

from app.actions.jobs import UNFINISHED
from app.queries.imports import get_job as load_job
from app.queries.imports import job_members
from app.schemas.imports import JobRead
from app.web.conditional import NO_STORE, reply
from app.web.dependencies import Contributor, ReadSession
from app.web.parameters import NO_PARAMETERS

router = APIRouter(prefix="/v1/jobs", tags=["imports"], dependencies=[NO_PARAMETERS])
ASK_AGAIN_SECONDS = "1"


@router.get("/{job_id}", response_model=JobRead)
def get_job(request: Request, job_id: str, by: Contributor, session: ReadSession) -> Response:
    """Give one job of yours (a curator: any); ask again after `Retry-After` until it has succeeded or failed."""
    job = load_job(session, job_id, by)
    headers = {"Retry-After": ASK_AGAIN_SECONDS} if job.state in UNFINISHED else {}
    return reply(request, JobRead.model_validate(job_members(job)), headers=headers, cache_control=NO_STORE)
