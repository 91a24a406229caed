"""Claims with their verdicts: judged on reading, from the stored rating of the condition and the intervention they name."""

from collections.abc import Collection, Iterator
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import NotFound
from app.identifiers import Slug
from app.models import Claim, Rating, Source
from app.queries.addresses import claim_href, condition_href, intervention_href, rating_href
from app.queries.answer_meta import answer_meta
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.paging import Page, SortKey, paginate
from app.queries.search import matching_references
from app.synthesis.verdict import ClaimVerdict, judge_claim
from app.vocabulary import Certainty, ClaimKind, Finding, Verdict

Json = dict[str, Any]
CLAIM: tuple[Any, ...] = (
    col(Claim.id), col(Claim.text), col(Claim.kind), col(Claim.condition), col(Claim.intervention), col(Claim.asserted_direction),
    col(Claim.source), col(Claim.locator),
)  # fmt: skip
BESIDE: tuple[Any, ...] = (
    col(Source.title).label("source_title"), col(Source.url).label("source_url"), col(Rating.certainty), col(Rating.direction),
)  # fmt: skip
WHOLE: tuple[Any, ...] = (
    col(Claim.version), col(Source.author), col(Source.type), col(Rating.sentence), col(Rating.method), col(Rating.as_of),
    col(Rating.sequence),
)  # fmt: skip
SEPARATOR = "|"
"""Between the parts of a case; no word of the vocabulary holds it."""


def _has_words(values: list[Any]) -> ColumnElement[bool]:
    return col(Claim.id).in_(matching_references("claim", values[0]))


def has_verdict(verdicts: Collection[Verdict]) -> ColumnElement[bool]:
    """The same judgement in SQL: `judge_claim` is asked for every case that can be, and the claims in the wanted cases are kept."""
    efficacy = and_(col(Claim.kind) == ClaimKind.EFFICACY, col(Claim.condition).is_not(None))
    asserted, certainty = func.coalesce(col(Claim.asserted_direction), ""), func.coalesce(col(Rating.certainty), Certainty.NO_EVIDENCE)
    case = asserted + SEPARATOR + certainty + SEPARATOR + func.coalesce(col(Rating.direction), "")
    wanted = and_(efficacy, case.in_(list(_cases(verdicts))))
    return or_(wanted, not_(efficacy)) if Verdict.NOT_RATED in verdicts else wanted


def _cases(verdicts: Collection[Verdict]) -> Iterator[str]:
    """Asserted direction, certainty and direction of every case whose verdict is one of these."""
    findings = (None, *Finding)
    for asserted, certainty, direction in product(findings, Certainty, findings):
        if judge_claim(ClaimKind.EFFICACY, asserted, True, certainty, direction).verdict in verdicts:
            yield SEPARATOR.join((asserted or "", certainty, direction or ""))


CLAIMS = FilterTable(
    fields=(
        Field("kind", col(Claim.kind), ClaimKind),
        Field("condition", col(Claim.condition), Slug),
        Field("intervention", col(Claim.intervention), Slug),
        Field("verdict", None, Verdict, condition=has_verdict, description="What the evidence says of the claim."),
        Field("source", col(Claim.source), Slug),
        Field("q", None, str, ("eq",), _has_words, whole=True, description="All words must occur; the last may be unfinished."),
    ),
    sort_keys=(SortKey("condition", col(Claim.condition)), SortKey("kind", col(Claim.kind), nullable=False)),
    tie=SortKey("id", col(Claim.id), nullable=False),
)


def list_claims(session: Session, asked: ListQuery, *, condition: str | None = None, intervention: str | None = None) -> Page[Json]:
    """A page of claims with verdicts; one query. `condition` and `intervention` narrow the list from outside."""
    statement = _claims(*CLAIM, *BESIDE)
    if condition is not None:
        statement = statement.where(col(Claim.condition) == condition)
    if intervention is not None:
        statement = statement.where(col(Claim.intervention) == intervention)
    page = paginate(session, asked.apply(statement), asked.sort, asked.page)
    return Page([_item(row) for row in page.items], page.limit, page.next, page.total)


def get_claim(session: Session, claim_id: str) -> Json:
    """One claim with its source, its verdict and the rating it was judged by."""
    row = session.execute(_claims(*CLAIM, *BESIDE, *WHOLE).where(col(Claim.id) == claim_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no claim {claim_id[:200]!r}; /v1/claims lists them.")
    item = _item(row)
    rated = row.certainty is not None
    subjects = [f"claim:{claim_id}", f"source:{row.source}", f"rating:{row.condition}/{row.intervention}"]
    kept = {name: item[name] for name in ("id", "text", "kind", "condition", "intervention", "asserted_direction", "locator")}
    return kept | {
        "verdict": item["verdict"],
        "verdict_reason": item["verdict_reason"],
        "source": {"slug": row.source, "title": row.source_title, "author": row.author, "type": row.type, "url": row.source_url},
        "version": row.version,
        "rating": _rating(row) if rated else None,
        "links": _links(row),
        "meta": answer_meta(session, subjects=subjects, as_of=[row.as_of] if rated else (), at_least=row.sequence or 0),
    }


def _claims(*columns: Any) -> Any:
    rated = and_(col(Rating.condition) == col(Claim.condition), col(Rating.intervention) == col(Claim.intervention))
    return select(*columns).select_from(Claim).join(Source, col(Source.slug) == col(Claim.source)).outerjoin(Rating, rated)


def _verdict(row: Any) -> ClaimVerdict:
    asserted = Finding(row.asserted_direction) if row.asserted_direction is not None else None
    certainty = Certainty(row.certainty) if row.certainty is not None else Certainty.NO_EVIDENCE
    direction = Finding(row.direction) if row.direction is not None else None
    return judge_claim(ClaimKind(row.kind), asserted, row.condition is not None, certainty, direction)


def _item(row: Any) -> Json:
    judged = _verdict(row)
    return {column.key: getattr(row, column.key) for column in CLAIM} | {
        "verdict": judged.verdict,
        "verdict_reason": judged.reason,
        "source_title": row.source_title,
        "source_url": row.source_url,
        "href": claim_href(row.id),
    }


def _rating(row: Any) -> Json:
    names = ("condition", "intervention", "certainty", "direction", "sentence", "method", "as_of")
    return {name: getattr(row, name) for name in names} | {"href": rating_href(row.condition, row.intervention)}


def _links(row: Any) -> dict[str, str | None]:
    return {
        "self": claim_href(row.id),
        "condition": condition_href(row.condition) if row.condition else None,
        "intervention": intervention_href(row.intervention) if row.intervention else None,
        "changes": f"/v1/changes?subject=claim:{row.id}",
    }
