"""Registered trials beside their results: which are reported, which overdue, which still awaited.

A row is one registration for one of its conditions, because a report may have a usable result for one and not for another. Whether it
has one is asked of the rows projected from the accepted documents, by the rule of `synthesis/grade/publication_bias.py`
(`reports_result`, `last_overdue_day`); a test holds them against each other. A registration
that was retracted here counts as never made.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator
from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.identifiers import RegistryNumber, Slug
from app.models import Change, Result, Study, StudyCondition, StudyRevision
from app.queries.addresses import rating_href, study_href
from app.queries.columns import Columns, members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.prepared import ask_prepared, in_list
from app.schemas.base import IsoDate
from app.schemas.study import StudyDocument
from app.synthesis.eligibility import ADVERSE_EVENTS
from app.synthesis.grade.publication_bias import YEAR_AND_MONTH, last_overdue_day
from app.vocabulary import Comparator, PublicationStatus, RegistrationStatus, StudyKind

Json = dict[str, Any]
MONTHS_A_YEAR = 12
WholeDay = Annotated[IsoDate, AfterValidator(lambda day: day if len(day) > YEAR_AND_MONTH else f"{day}-01")]
REPORT = aliased(Study, name="report")
CONDITION = col(StudyCondition.condition)
NAMED = (col(Study.linked_registration), col(Study.registration))
"""Where a report names its trial: as the registration it is linked to, or as its own."""
COMPLETED: ColumnElement[str | None] = case(
    (func.length(col(Study.completed_on)) == YEAR_AND_MONTH, col(Study.completed_on) + "-01"), else_=col(Study.completed_on)
)
"""The day of completion, of a bare month its first: texts of this form sort as days do."""
TRIAL: Columns = (
    col(Study.id), col(Study.key), col(Study.title), col(Study.registration), CONDITION.label("condition"), col(Study.intervention),
    col(Study.completed_on), col(Study.n_randomised).label("n"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AcceptedRegistration:
    id: str
    key: str
    registration: str
    document: StudyDocument


def _is_reported() -> ColumnElement[bool]:
    """A linked report, accepted and not retracted, has a row for the condition that a body can take."""
    out = (PublicationStatus.RETRACTED, PublicationStatus.REGISTERED)
    return (
        select(col(Result.study_id))
        .join(REPORT, REPORT.id == col(Result.study_id))  # type: ignore[arg-type]
        .where(
            or_(
                REPORT.linked_registration == col(Study.registration),  # type: ignore[arg-type]
                REPORT.registration == col(Study.registration),  # type: ignore[arg-type]
            ),
            REPORT.kind == StudyKind.PRIMARY,  # type: ignore[arg-type]
            REPORT.live_revision.is_not(None),  # type: ignore[union-attr]
            REPORT.publication_status.not_in(out),  # type: ignore[attr-defined]
            col(Result.condition) == CONDITION,
            col(Result.outcome) != ADVERSE_EVENTS,
            col(Result.comparator) != Comparator.MIXED,
            col(Result.usable).is_(True),
        )
        .correlate(Study, StudyCondition)
        .exists()
    )


def status_column(as_of: date) -> ColumnElement[str]:
    """Where a trial stands on a day."""
    return case(
        (_is_reported(), literal(RegistrationStatus.REPORTED.value)),
        (COMPLETED.is_(None), literal(RegistrationStatus.UNKNOWN.value)),
        (COMPLETED.op("<=")(last_overdue_day(as_of).isoformat()), literal(RegistrationStatus.OVERDUE.value)),
        (COMPLETED.op("<=")(as_of.isoformat()), literal(RegistrationStatus.AWAITED.value)),
        else_=literal(RegistrationStatus.RUNNING.value),
    )


def registrations_table(as_of: date) -> FilterTable:
    """What the list can be asked, on a day: the status depends on it."""
    status = status_column(as_of)
    return FilterTable(
        fields=(
            Field("condition", CONDITION, Slug),
            Field("intervention", col(Study.intervention), Slug),
            Field("status", None, RegistrationStatus, condition=lambda values: status.in_(values)),
            Field("completed_on", COMPLETED, WholeDay, ("gte", "lte"), description="A bare month is its first day."),
            Field("registration", col(Study.registration), RegistryNumber, ("eq",)),
        ),
        sort_keys=(SortKey("completed_on", COMPLETED), SortKey("n", col(Study.n_randomised), int)),
        tie=SortKey("id", col(Study.id) + ":" + CONDITION, nullable=False),
        default_sort="completed_on,id",
    )


def list_registrations(session: Session, asked: ListQuery, as_of: date) -> Page[Json]:
    """One page of registrations. Three queries, one more with `count=true`.

    First which ones: putting them in order must not ask of each whether it is reported.
    """
    page = paginate(session, asked.apply(_trials(col(Study.id), CONDITION.label("condition"))), asked.sort, asked.page)
    of_page = tuple_(col(Study.id), CONDITION).in_([(row.id, row.condition) for row in page.items])
    rows = {(row.id, row.condition): row for row in session.execute(_trials(*TRIAL, _status(as_of)).where(of_page))}
    items = _items(session, [rows[row.id, row.condition] for row in page.items], as_of)
    return Page(items, page.limit, page.next, page.total)


def load_registrations(session: Session, condition: str, intervention: str, as_of: date) -> Json:
    """What the page of a rating shows of its registered trials: how many stand where, and which. Two queries."""
    mine = (col(StudyCondition.condition) == condition, col(Study.intervention) == intervention)
    rows = session.execute(_trials(*TRIAL, _status(as_of)).where(*mine).order_by(COMPLETED.asc().nulls_last(), col(Study.key))).all()
    items = _items(session, rows, as_of)
    counts = {status.value: sum(item["status"] == status for item in items) for status in RegistrationStatus}
    return {"as_of": as_of, **counts, "items": items}


def load_overdue(session: Session, as_of: date) -> list[Any]:
    """Every trial that is overdue on that day, for each of its conditions."""
    overdue = status_column(as_of) == RegistrationStatus.OVERDUE.value
    rated = col(Study.intervention).is_not(None)
    return list(session.execute(_trials(*TRIAL, _status(as_of)).where(overdue, rated).order_by(col(Study.key), CONDITION)).all())


def load_accepted_registrations(session: Session) -> list[AcceptedRegistration]:
    """The registrations of ClinicalTrials.gov, the only registry that can be asked, by key. One query."""
    live = and_(col(StudyRevision.study_id) == col(Study.id), col(StudyRevision.number) == col(Study.live_revision))
    rows = session.execute(
        select(col(Study.id), col(Study.key), col(Study.registration), col(StudyRevision.document))
        .join(StudyRevision, live)
        .where(
            col(Study.kind) == StudyKind.REGISTRATION,
            col(Study.publication_status) != PublicationStatus.RETRACTED,
            col(Study.registration).like("NCT%"),
        )
        .order_by(col(Study.key))
    )
    return [
        AcceptedRegistration(study_id, key, number or "", StudyDocument.model_validate_json(text)) for study_id, key, number, text in rows
    ]


def load_unlinked_reports(session: Session, registration: str, pmids: Collection[str]) -> dict[str, str]:
    """PubMed id to the key of the accepted study that has it and does not name the registration as its own."""
    unlinked = and_(*(func.coalesce(number, "") != registration for number in NAMED))
    accepted = (col(Study.live_revision).is_not(None), col(Study.kind) == StudyKind.PRIMARY)
    rows = session.execute(select(col(Study.pmid), col(Study.key)).where(col(Study.pmid).in_(sorted(set(pmids))), *accepted, unlinked))
    return {pmid: key for pmid, key in rows if pmid is not None}


def load_reports(session: Session, numbers: Collection[str]) -> dict[str, list[str]]:
    """Registry number to the keys of the accepted studies that report that trial: that link to it, or are registered under it."""
    rows = ask_prepared(session, REPORTS, numbers=numbers)
    reports: dict[str, list[str]] = defaultdict(list)
    for linked, own, key in rows:
        for number in set(numbers).intersection({linked, own}):
            reports[number].append(key)
    return reports


REPORTS = (
    select(*NAMED, col(Study.key))
    .where(
        or_(*(in_list(number, "numbers") for number in NAMED)),
        col(Study.kind) != StudyKind.REGISTRATION,
        col(Study.live_revision).is_not(None),
    )
    .order_by(col(Study.key))
)


def ledger_day(session: Session) -> date | None:
    """The day of the newest entry: what a list depends on besides what is stored, so that it is the same until something is written."""
    newest = session.execute(select(col(Change.occurred_at)).order_by(col(Change.sequence).desc()).limit(1)).scalar()
    return newest.date() if newest is not None else None


def _status(as_of: date) -> Any:
    return status_column(as_of).label("status")


def _trials(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join(StudyCondition, col(StudyCondition.study_id) == col(Study.id))
        .where(
            col(Study.kind) == StudyKind.REGISTRATION,
            col(Study.live_revision).is_not(None),
            col(Study.publication_status) != PublicationStatus.RETRACTED,
        )
    )


def _items(session: Session, rows: Sequence[Any], as_of: date) -> list[Json]:
    reports = load_reports(session, {row.registration for row in rows if row.registration is not None})
    return [_item(row, reports.get(row.registration or "", []), as_of) for row in rows]


def _item(row: Any, linked: list[str], as_of: date) -> Json:
    return members(row, TRIAL) | {
        "status": row.status,
        "months_since_completion": months_since(row.completed_on, as_of),
        "linked": linked,
        "href": study_href(row.id),
        "rating": rating_href(row.condition, row.intervention) if row.intervention is not None else None,
    }


def months_since(completed_on: str | None, as_of: date) -> int | None:
    """Whole months from the completion (a bare month: its first day); null where it is unknown or still to come."""
    if completed_on is None:
        return None
    day = date.fromisoformat(completed_on if len(completed_on) > YEAR_AND_MONTH else f"{completed_on}-01")
    if day > as_of:
        return None
    return (as_of.year - day.year) * MONTHS_A_YEAR + as_of.month - day.month - (as_of.day < day.day)
