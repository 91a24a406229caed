"""Lists of studies: what they can be asked, and the rows they give. Only records with an accepted revision are listed."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.identifiers import Doi, Pmcid, Pmid, RegistryNumber, Slug
from app.models import Comparison, Result, RiskOfBias, Study, StudyCondition
from app.queries.addresses import study_href
from app.queries.columns import leading_members
from app.queries.condition_page import short_label
from app.queries.filter_values import split_values
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.not_by_index import NotByIndex
from app.queries.paging import Page, SortKey, paginate, walk_of
from app.queries.prepared import ask_prepared, in_list
from app.queries.search import matching_references
from app.schemas.study import StudyKey
from app.schemas.study_read import PublicStatus
from app.vocabulary import AgeGroup, Comparator, Design, PublicationStatus, RiskOfBiasJudgement, StudyKind, StudyStatus

Json = dict[str, Any]
ITEM: tuple[Any, ...] = (
    col(Study.id), col(Study.key), col(Study.title), col(Study.authors), col(Study.year), col(Study.journal), col(Study.kind),
    col(Study.design), col(Study.publication_status), col(Study.status), col(Study.intervention), col(Study.fidelity),
    col(Study.age_group), col(Study.country), col(Study.language), col(Study.n_randomised), col(Study.n_analysed), col(Study.doi),
    col(Study.pmid), col(Study.pmcid), col(Study.registration), col(Study.linked_registration),
)  # fmt: skip
ITEM_KEYS = [column.key for column in ITEM]


def _about(values: list[Any]) -> ColumnElement[bool]:
    """A condition has some hundred studies: they are found by it, and then put in order."""
    return col(Study.id).in_(select(col(StudyCondition.study_id)).where(col(StudyCondition.condition).in_(values)))


def _not_about(values: list[Any]) -> ColumnElement[bool]:
    """Negated by the filter table: nearly all studies are about other conditions, so each is asked on the way."""
    return _exists(StudyCondition, col(StudyCondition.condition), values)


def _compared_with(values: list[Any]) -> ColumnElement[bool]:
    return _exists(Comparison, col(Comparison.kind), values)


def _measures(values: list[Any]) -> ColumnElement[bool]:
    return _exists(Result, col(Result.outcome), values)


def _judged(values: list[Any]) -> ColumnElement[bool]:
    return _exists(RiskOfBias, col(RiskOfBias.overall), values)


def _exists(table: Any, column: Any, values: list[Any]) -> ColumnElement[bool]:
    """Asked of each study on the way, by its id: of most values there are many studies."""
    # correlated with `study` alone: the statement around it may read the same table
    wanted = (table.study_id == col(Study.id), NotByIndex(column).in_(values))
    return select(table.study_id).where(*wanted).correlate(Study).exists()


def _registered_as(values: list[Any]) -> ColumnElement[bool]:
    return or_(col(Study.registration).in_(values), col(Study.linked_registration).in_(values))


def _has_words(values: list[Any]) -> ColumnElement[bool]:
    return col(Study.id).in_(matching_references("study", values[0]))


def _filter_table(condition: Field, year: Any, study_id: Any) -> FilterTable:
    """The questions of every list of studies; year and id may stand in the link table, where an index holds them in order."""
    return FilterTable(
        fields=(
            condition,
            Field("condition", type=Slug, operators=("not",), condition=_not_about),
            Field("intervention", col(Study.intervention), Slug, walked=True),
            Field("fidelity", col(Study.fidelity), Slug),
            Field("kind", col(Study.kind), StudyKind, walked=True),
            Field("design", col(Study.design), Design, walked=True),
            Field("publication_status", col(Study.publication_status), PublicationStatus, walked=True),
            Field("status", col(Study.status), PublicStatus, walked=True),
            Field("year", year, int, ("eq", "gte", "lte", "not"), walked=True),
            Field("year_from", year, int, ("eq",), lambda values: year >= values[0], whole=True, description="The same as `year__gte`."),
            Field("year_to", year, int, ("eq",), lambda values: year <= values[0], whole=True, description="The same as `year__lte`."),
            Field("comparator", None, Comparator, condition=_compared_with, description="A group that the study compares with."),
            Field("outcome", None, Slug, condition=_measures, description="An outcome that the study has a result on."),
            Field("risk_of_bias", None, RiskOfBiasJudgement, condition=_judged, description="A judgement on the whole study, by any tool."),
            Field("age_group", col(Study.age_group), AgeGroup, walked=True),
            Field("n_randomised", NotByIndex(col(Study.n_randomised)), int, ("eq", "gte", "lte")),
            Field("language", col(Study.language), walked=True),
            Field("country", col(Study.country), walked=True),
            Field("id", study_id),
            Field("key", col(Study.key), StudyKey),
            Field("doi", col(Study.doi), Doi, ("eq",)),
            Field("pmid", col(Study.pmid), Pmid, ("eq",)),
            Field("pmcid", col(Study.pmcid), Pmcid, ("eq",)),
            Field("registration", None, RegistryNumber, ("eq",), _registered_as, description="Registrations and reports of that trial."),
            Field("q", None, str, ("eq",), _has_words, whole=True, description="All words must occur; the last may be unfinished."),
        ),
        sort_keys=(
            SortKey("year", year, int),
            SortKey("title", col(Study.title), nullable=False),
            SortKey("key", col(Study.key), nullable=False, unique=True),
            SortKey("n_randomised", col(Study.n_randomised), int),
        ),
        tie=SortKey("id", study_id, nullable=False),
        default_sort="-year,id",
    )


STUDIES = _filter_table(Field("condition", None, Slug, ("eq",), _about), col(Study.year), col(Study.id))
STUDIES_OF_CONDITION = _filter_table(
    Field("condition", col(StudyCondition.condition), Slug, ("eq",)), col(StudyCondition.year), col(StudyCondition.study_id)
)
"""For one condition: the walk goes along the index (condition, year, study_id) instead of testing every study."""


def table_for(params: Sequence[tuple[str, str]]) -> FilterTable:
    """The table that reads this query: the one of a condition where exactly one is asked for."""
    values = [split_values(text) for name, text in params if name == "condition"]
    return STUDIES_OF_CONDITION if len(values) == 1 and len(values[0]) == 1 else STUDIES


def list_studies(session: Session, asked: ListQuery, table: FilterTable, *, condition: str | None = None) -> Page[Json]:
    """One page of studies; two queries, one more with `count=true`. `condition` narrows the list of STUDIES_OF_CONDITION."""
    of_condition = table is STUDIES_OF_CONDITION
    statement = LISTED_OF_CONDITION if of_condition else LISTED
    order = ",".join(map(str, asked.sort))
    walk = _WALKS.get((of_condition, order))
    if walk is None:
        walk = walk_of(statement, asked.sort)
        if len(_WALKS) < MAX_WALKS:
            _WALKS[of_condition, order] = walk
    narrowed = () if condition is None else (col(StudyCondition.condition) == condition,)
    page = paginate(session, statement, asked.sort, asked.page, where=(*narrowed, *asked.conditions), walk=walk)
    return Page(study_items(session, page.items), page.limit, page.next, page.total)


def study_items(session: Session, rows: Sequence[Any]) -> list[Json]:
    """The rows of `ITEM` with what stands in other tables, in one more query."""
    conditions, comparators, results = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), dict[str, int]()
    for kind, study_id, value, count in ask_prepared(session, BESIDE, ids=[row.id for row in rows]).all():
        if kind == RESULTS:
            results[study_id] = count
        else:
            (conditions if kind == CONDITIONS else comparators)[study_id].append(value)
    return [_item(row, sorted(conditions[row.id]), sorted(comparators[row.id]), results.get(row.id, 0)) for row in rows]


CONDITIONS, COMPARATORS, RESULTS = "conditions", "comparators", "results"
LISTED = select(*ITEM).where(col(Study.live_revision).is_not(None))
LISTED_OF_CONDITION = LISTED.join(StudyCondition, col(StudyCondition.study_id) == col(Study.id))
_WALKS: dict[tuple[bool, str], Any] = {}
"""Both in the first orders that were asked for, which are those that everybody asks for."""
MAX_WALKS = 16


def _beside() -> Any:
    """What a list shows of each study besides its own row: conditions, comparators, and how many results."""

    def values(kind: str, table: Any, column: Any) -> Any:
        which = (literal(kind).label("kind"), table.study_id, column.label("value"), literal(0).label("count"))
        return select(*which).where(in_list(table.study_id, "ids")).distinct()

    of_study = col(Result.study_id)
    counted = (literal(RESULTS).label("kind"), of_study, cast(null(), String).label("value"), func.count().label("count"))
    return union_all(
        values(CONDITIONS, StudyCondition, col(StudyCondition.condition)),
        values(COMPARATORS, Comparison, col(Comparison.kind)),
        select(*counted).where(in_list(of_study, "ids")).group_by(of_study),
    )


BESIDE = _beside()


def _item(row: Any, conditions: list[str], comparators: list[str], results: int) -> Json:
    return leading_members(row, ITEM_KEYS) | {
        "label": short_label(row.authors, row.year, row.title),
        "retracted": row.status == StudyStatus.RETRACTED,
        "conditions": conditions,
        "comparators": comparators,
        "results_count": results,
        "href": study_href(row.id),
    }
