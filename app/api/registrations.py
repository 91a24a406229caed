"""Registered trials, linked to their results."""

from datetime import date

from fastapi import APIRouter, Request, Response

from app.queries.answer_meta import answer_meta
from app.queries.registrations import ledger_day, registrations_table
from app.queries.registrations import list_registrations as load_registrations
from app.schemas.registration import RegistrationItem, RegistrationList
from app.web.dependencies import ReadSession
from app.web.list_reply import read_query, reply_list

BEFORE_ALL = date(2000, 1, 1)  # while the ledger is empty there is no trial to speak of
router = APIRouter(prefix="/v1/registrations", tags=["registrations"])


@router.get("", response_model=RegistrationList, openapi_extra={"parameters": registrations_table(BEFORE_ALL).describe()})
def list_registrations(request: Request, session: ReadSession) -> Response:
    """List registered trials by condition: reported, overdue, awaited or running on the day of the newest entry of the ledger."""
    day = ledger_day(session) or BEFORE_ALL
    asked = read_query(request, registrations_table(day), RegistrationItem)
    page = load_registrations(session, asked, day)
    return reply_list(request, asked, page, RegistrationItem, meta=answer_meta(session, as_of=[day]))
