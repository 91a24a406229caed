"""Curators' appraisals of single GRADE domains: those in force for the engine, and all of them as they are served."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import ApiKey, BodyOfEvidence, DomainAppraisal
from app.queries.actor_names import ActorName, load_actor_names
from app.queries.addresses import appraisal_href, evidence_href, rating_input_href
from app.queries.columns import Columns, members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.schemas.interests import declares_interests
from app.synthesis.grade.appraisal import Appraisal
from app.synthesis.grade.judgement import CONCERNS
from app.synthesis.inputs_hash import canonical_text
from app.vocabulary import AppraisalStatus, Domain

Json = dict[str, Any]
JUDGED_FROM = ("levels", "rule", "inputs", "studies")
"""Members of a computed judgement that say what it was made of; its wording is none of them."""
IN_FORCE: ColumnElement[bool] = col(DomainAppraisal.withdrawn_at).is_(None)
APPRAISAL: Columns = (
    col(DomainAppraisal.id), col(DomainAppraisal.body), col(DomainAppraisal.condition), col(DomainAppraisal.intervention),
    col(DomainAppraisal.outcome), col(DomainAppraisal.comparator_group), col(DomainAppraisal.horizon), col(DomainAppraisal.domain),
    col(DomainAppraisal.levels), col(DomainAppraisal.computed_levels), col(DomainAppraisal.rationale),
    col(DomainAppraisal.conflict_of_interest), col(DomainAppraisal.appraiser_made_some), col(DomainAppraisal.author),
    col(DomainAppraisal.made_at), col(DomainAppraisal.method), col(DomainAppraisal.inputs_hash), col(DomainAppraisal.withdrawn_at),
    col(DomainAppraisal.withdrawn_by), col(DomainAppraisal.withdrawal_reason), col(DomainAppraisal.replaced_by),
)  # fmt: skip
STANDING: Columns = (col(DomainAppraisal.judgement_hash), col(BodyOfEvidence.explanation)["domains"].label("computed_domains"))


def _in_force(values: list[Any]) -> ColumnElement[bool]:
    return IN_FORCE if values[0] else col(DomainAppraisal.withdrawn_at).is_not(None)


APPRAISALS = FilterTable(
    fields=(
        Field("domain", col(DomainAppraisal.domain), Domain),
        Field("in_force", None, bool, ("eq",), _in_force, description="Those that count, or those that were withdrawn or replaced."),
    ),
    sort_keys=(),
    tie=SortKey("id", col(DomainAppraisal.id), nullable=False),
    default_sort="-id",
)
"""Ids are UUIDv7: their order is that of making, so that the newest comes first."""


def load_appraisals(session: Session, bodies: Collection[str]) -> dict[str, list[Appraisal]]:
    """Body to the appraisals in force, at most one for each domain; a body without any is not among the keys. One query."""
    return _load_in_force(session, col(DomainAppraisal.body).in_(sorted(set(bodies))))


def load_appraisals_of_pair(session: Session, condition: str, intervention: str) -> dict[str, list[Appraisal]]:
    """The same for all bodies of a condition and intervention. One query."""
    return _load_in_force(session, col(DomainAppraisal.condition) == condition, col(DomainAppraisal.intervention) == intervention)


def load_appraisal_ids(session: Session, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Condition and intervention to the appraisals in force of all their bodies. One query."""
    named = tuple_(col(DomainAppraisal.condition), col(DomainAppraisal.intervention)).in_(sorted(pairs))
    columns = (col(DomainAppraisal.condition), col(DomainAppraisal.intervention), col(DomainAppraisal.id))
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for condition, intervention, appraisal in session.execute(select(*columns).where(named, IN_FORCE)):
        found[condition, intervention].append(appraisal)
    return found


def _load_in_force(session: Session, *which: ColumnElement[bool]) -> dict[str, list[Appraisal]]:
    author = func.coalesce(col(ApiKey.name), col(DomainAppraisal.author)).label("author_name")
    rows = session.execute(
        select(*APPRAISAL, *STANDING, author)
        .outerjoin(BodyOfEvidence, col(BodyOfEvidence.id) == col(DomainAppraisal.body))
        .outerjoin(ApiKey, col(ApiKey.prefix) == col(DomainAppraisal.author))
        .where(*which, IN_FORCE)
        .order_by(col(DomainAppraisal.body), col(DomainAppraisal.domain))
    )
    found: dict[str, list[Appraisal]] = defaultdict(list)
    for row in rows:
        found[row.body].append(_for_the_engine(row))
    return dict(found)


def _for_the_engine(row: Any) -> Appraisal:
    return Appraisal(
        domain=Domain(row.domain),
        levels=row.levels,
        rationale=row.rationale,
        author=row.author_name,
        made_on=row.made_at.date(),
        stands_on_current_inputs=_stands(row),
    )


def judgement_hash(judgement: Mapping[str, Any]) -> str:
    """SHA-256 over what a computed judgement was made of: its rule, its numbers, its studies and their weights."""
    return hashlib.sha256(canonical_text({name: judgement[name] for name in JUDGED_FROM}).encode()).hexdigest()


def get_body(session: Session, body: str) -> BodyOfEvidence:
    """A stored body; NotFound says where all are."""
    row = session.get(BodyOfEvidence, body)
    if row is None:
        raise _unknown_body(body)
    return row


def get_appraisal_row(session: Session, appraisal: str) -> DomainAppraisal:
    row = session.get(DomainAppraisal, appraisal)
    if row is None:
        raise _unknown_appraisal(appraisal)
    return row


def get_appraisal(session: Session, appraisal: str) -> Json:
    """One appraisal, in force or not. Two queries."""
    row = session.execute(_appraisals().where(col(DomainAppraisal.id) == appraisal)).one_or_none()
    if row is None:
        raise _unknown_appraisal(appraisal)
    [item] = _items(session, [row])
    return item


def list_appraisals(session: Session, body: str, asked: ListQuery) -> Page[Json]:
    """All that was said of the domains of a body, the newest first. An appraisal outlives its body; a body that never was is refused."""
    page = paginate(session, asked.apply(_appraisals().where(col(DomainAppraisal.body) == body)), asked.sort, asked.page)
    if not page.items and session.get(BodyOfEvidence, body) is None:
        known = select(col(DomainAppraisal.id)).where(col(DomainAppraisal.body) == body).limit(1)
        if session.execute(known).first() is None:
            raise _unknown_body(body)
    return Page(_items(session, page.items), page.limit, page.next, page.total)


def _appraisals() -> Select[Any]:
    """Every appraisal with the computed domains of its body, null where the body is gone."""
    return select(*APPRAISAL, *STANDING).outerjoin(BodyOfEvidence, col(BodyOfEvidence.id) == col(DomainAppraisal.body))


def _items(session: Session, rows: Sequence[Any]) -> list[Json]:
    names = load_actor_names(session, {actor for row in rows for actor in (row.author, row.withdrawn_by) if actor is not None})
    return [_item(row, names) for row in rows]


def _item(row: Any, names: Mapping[str, ActorName]) -> Json:
    author = names[row.author]
    return members(row, APPRAISAL) | {
        "concern": CONCERNS[row.levels],
        "author": author.name,
        "orcid": author.orcid,
        "declares_interests": declares_interests(row.conflict_of_interest),
        "status": _status(row),
        "stands_on_current_inputs": _stands(row),
        "withdrawn_by": names[row.withdrawn_by].name if row.withdrawn_by is not None else None,
        "withdrawn_by_orcid": names[row.withdrawn_by].orcid if row.withdrawn_by is not None else None,
        "href": appraisal_href(row.id),
        "links": {"evidence": evidence_href(row.body), "inputs": rating_input_href(row.inputs_hash)},
    }


def _status(row: Any) -> AppraisalStatus:
    if row.withdrawn_at is None:
        return AppraisalStatus.IN_FORCE
    return AppraisalStatus.WITHDRAWN if row.replaced_by is None else AppraisalStatus.REPLACED


def _stands(row: Any) -> bool:
    """Is the computed judgement of the domain still made of what the curator had before him?"""
    judgement = (row.computed_domains or {}).get(row.domain)
    return judgement is not None and judgement_hash(judgement) == row.judgement_hash


def _unknown_body(body: str) -> NotFound:
    return NotFound(f"There is no body of evidence {body[:200]!r}; /v1/evidence lists all.")


def _unknown_appraisal(appraisal: str) -> NotFound:
    return NotFound(f"There is no appraisal {appraisal[:40]!r}; /v1/evidence/{{body}}/appraisals lists those of a body.")
