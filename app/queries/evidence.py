"""Bodies of evidence: the list, and one with everything its certainty was computed from, as the engine stored it."""

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.models import BodyOfEvidence, Condition, Intervention, Rating, Study
from app.queries.addresses import condition_href, evidence_href, intervention_href, rating_href, study_href
from app.queries.answer_meta import answer_meta
from app.queries.columns import Columns, members
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.nearest import MAX_COMPARED
from app.queries.paging import Page, SortKey, paginate
from app.queries.ratings import certainty_rank
from app.vocabulary import Certainty, ComparatorGroup, Finding, Horizon

Json = dict[str, Any]
BODY: Columns = (
    col(BodyOfEvidence.id), col(BodyOfEvidence.condition), col(BodyOfEvidence.intervention), col(BodyOfEvidence.outcome),
    col(BodyOfEvidence.comparator_group), col(BodyOfEvidence.horizon), col(BodyOfEvidence.in_headline), col(BodyOfEvidence.certainty),
    col(BodyOfEvidence.finding), col(BodyOfEvidence.k), col(BodyOfEvidence.n),
)  # fmt: skip
STORED = col(BodyOfEvidence.explanation)
STORED_MEMBERS: Columns = (
    *(
        STORED[name].label(name)
        for name in ("outcome_name", "better", "importance", "design_level", "measure", "instrument", "effect", "directions", "sentence")
    ),
    STORED["n_is_estimated"].as_boolean().label("n_is_estimated"),
)
"""Members of an item that only the stored explanation has; the database hands out these and leaves the rest."""
ITEM: Columns = (*BODY, *STORED_MEMBERS)
LINKED_ROWS = ("studies", "passed_over", "not_usable")
NEAREST = 5
EVIDENCE = FilterTable(
    fields=(
        Field("condition", col(BodyOfEvidence.condition)),
        Field("intervention", col(BodyOfEvidence.intervention)),
        Field("outcome", col(BodyOfEvidence.outcome)),
        Field("comparator_group", col(BodyOfEvidence.comparator_group), ComparatorGroup),
        Field("horizon", col(BodyOfEvidence.horizon), Horizon),
        Field("certainty", col(BodyOfEvidence.certainty), Certainty),
        Field("finding", col(BodyOfEvidence.finding), Finding),
        Field("in_headline", col(BodyOfEvidence.in_headline), bool, operators=("eq",)),
    ),
    sort_keys=(
        SortKey("certainty", certainty_rank(col(BodyOfEvidence.certainty)), int, nullable=False),
        SortKey("k", col(BodyOfEvidence.k), int, nullable=False),
        SortKey("n", col(BodyOfEvidence.n), int, nullable=False),
    ),
    tie=SortKey("id", col(BodyOfEvidence.id), nullable=False),
    default_sort="id",
)


def list_evidence(session: Session, asked: ListQuery) -> Page[Json]:
    """A page of bodies of evidence in short. Sorted by certainty, the surest comes first. Two queries, one more with `count=true`.

    First which ones: putting them in order must not read what the engine stored of each.
    """
    page = paginate(session, asked.apply(select(col(BodyOfEvidence.id))), asked.sort, asked.page)
    rows = session.execute(select(*ITEM).where(col(BodyOfEvidence.id).in_(page.items))).all()
    items = {row.id: _item(row) for row in rows}
    return Page([items[body] for body in page.items], page.limit, page.next, page.total)


def _item(row: Any) -> Json:
    return members(row, ITEM) | {"href": evidence_href(row.id)}


def get_evidence(session: Session, body: str) -> Json:
    """One body: the stored explanation, with names and the addresses of its studies. Three queries."""
    stored = stored_body(session, body)
    return body_answer(session, stored, stored.explanation, method=stored.method, as_of=stored.as_of)


def body_answer(session: Session, stored: Any, content: Json, *, method: str, as_of: date, computed_from: Iterable[str] = ()) -> Json:
    """What the engine says of a stored body, on whatever terms, with names and addresses. Two queries.

    `computed_from` names the records on whose edits the answer depends because something in it is computed on reading.
    """
    said: Json = {name: value for name, value in content.items() if name != "body"}
    ids = _study_ids(session, {entry["study"] for name in LINKED_ROWS for entry in said[name]})
    linked = {name: [_with_address(entry, ids) for entry in said[name]] for name in LINKED_ROWS}
    condition, intervention = stored.condition, stored.intervention
    records = [f"condition:{condition}", f"intervention:{intervention}", *computed_from]
    subjects = [f"rating:{condition}/{intervention}"]
    meta = answer_meta(session, subjects=subjects, records=records, as_of=[as_of], at_least=stored.sequence)
    return {
        **said,
        **linked,
        "id": stored.id,
        "condition_name": stored.condition_name,
        "intervention_name": stored.intervention_name,
        "links": {
            "self": evidence_href(stored.id),
            "condition": condition_href(condition),
            "intervention": intervention_href(intervention),
            "rating": rating_href(condition, intervention),
        },
        "meta": meta.model_copy(update={"method": method}),
    }


def stored_body(session: Session, body: str) -> Any:
    """The row of a body with the names of its pair and the day, method and entry of its rating. One query."""
    pair = and_(col(Rating.condition) == col(BodyOfEvidence.condition), col(Rating.intervention) == col(BodyOfEvidence.intervention))
    row = session.execute(
        select(
            col(BodyOfEvidence.id), col(BodyOfEvidence.condition), col(BodyOfEvidence.intervention), col(BodyOfEvidence.explanation),
            col(Condition.name).label("condition_name"), col(Intervention.name).label("intervention_name"),
            col(Rating.as_of), col(Rating.sequence), col(Rating.method),
        )
        .join(Condition, col(Condition.slug) == col(BodyOfEvidence.condition))
        .join(Intervention, col(Intervention.slug) == col(BodyOfEvidence.intervention))
        .join(Rating, pair)
        .where(col(BodyOfEvidence.id) == body)
    ).first()  # fmt: skip
    if row is None:
        raise _unknown_body(session, body)
    return row


def _unknown_body(session: Session, body: str) -> NotFound:
    """The nearest bodies are looked for within the condition that the id names."""
    condition = body.split(".")[0]
    known = session.execute(select(col(BodyOfEvidence.id)).where(col(BodyOfEvidence.condition) == condition)).scalars().all()
    near = difflib.get_close_matches(body[: 4 * MAX_COMPARED], known, n=NEAREST)
    hint = f" The nearest: {', '.join(near)}." if near else ""
    return NotFound(f"There is no body of evidence {body[:200]!r}.{hint} /v1/evidence lists all.", nearest=near)


def _study_ids(session: Session, keys: Iterable[str]) -> dict[str, str]:
    return dict(session.execute(select(col(Study.key), col(Study.id)).where(col(Study.key).in_(sorted(keys)))).all())


def _with_address(entry: Mapping[str, Any], ids: Mapping[str, str]) -> Json:
    study_id = ids.get(entry["study"])
    return {**entry, "href": study_href(study_id) if study_id is not None else None}
