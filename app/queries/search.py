"""Full text over `search_entry`: FTS5 on SQLite, a tsvector on PostgreSQL, the same answers from both.

What people type never reaches a query language: it is cut into words of letters and digits, words without meaning are
dropped, every word must occur and the last one may be unfinished. Nothing left to look for finds nothing.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean
from sqlmodel import col

from app.errors import InvalidCursor
from app.identifiers import normalise_doi, normalise_pmcid, normalise_pmid, normalise_registry_number
from app.models import SearchEntry, Study
from app.queries.paging import Page, PageRequest, SortKey, SortTerm, decode_cursor, encode_cursor
from app.queries.search_words import SearchWords, marked_ranges, read_words
from app.schemas.search import SearchKind

RANKED_MATCHES = 2000
"""Only the newest so many matches are ranked: ranking them all grows with the hits, and nobody reads that far."""
PLACE = (SortTerm(SortKey("place", literal_column("place", Integer), int, nullable=False)),)
"""What the cursor of a search holds: how many hits stand before the page."""
TITLE_WEIGHT = 10.0
"""A word in a title counts ten times a word elsewhere; PostgreSQL's weights are on the scale 0 to 1."""
SNIPPET_LENGTH = 240
PART_SEPARATOR = " · "  # between the parts of an entry's words
PMID_MARKS = ("pmid", "pubmed")
KIND_WORD = "kind_word"
"""The column of FTS5 that holds the kind, as a word that nobody types."""
FTS5 = table("search_index", column("rowid", Integer))


class EntryMatches(FunctionElement[bool]):
    """True where the entry of that id holds the words and is of one of the kinds; each engine has its own way to ask."""

    inherit_cache = True
    type = Boolean()
    name = "entry_matches"

    def __init__(self, words: SearchWords, kinds: Collection[str]) -> None:
        asked = (_text(fts5_text(words, kinds)), _text(" ".join(words.whole)), _text(words.last or ""))
        super().__init__(col(SearchEntry.id), *asked, _of_kinds(kinds))

    def self_group(self, against: Any = None) -> Any:
        """As it is: the usual `… = 1` behind a boolean function would hide the IN from SQLite's planner."""
        return self


@compiles(EntryMatches, "sqlite")
def _match_fts5(element: EntryMatches, compiler: SQLCompiler, **options: Any) -> str:
    entry_id, fts5, _, _, of_kinds = element.clauses
    matching = select(FTS5.c.rowid).where(_fts5_matches(fts5))
    return f"({compiler.process(entry_id.in_(matching), **options)} AND {compiler.process(of_kinds, **options)})"


@compiles(EntryMatches, "postgresql")
def _match_tsvector(element: EntryMatches, compiler: SQLCompiler, **options: Any) -> str:
    _, _, whole, last, of_kinds = element.clauses
    matches = f"search_entry.document_vector @@ {compiler.process(_tsquery(whole, last), **options)}"
    return f"({matches} AND {compiler.process(of_kinds, **options)})"


class SameTitle(FunctionElement[bool]):
    """Whether a title is this one, capitals or not: the form in which each engine's index has it."""

    inherit_cache = True
    type = Boolean()
    name = "same_title"

    def self_group(self, against: Any = None) -> Any:
        """As it is, as above."""
        return self


@compiles(SameTitle, "sqlite")
def _same_by_collation(element: SameTitle, compiler: SQLCompiler, **options: Any) -> str:
    title, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{title} = {wanted} COLLATE NOCASE"


@compiles(SameTitle, "postgresql")
def _same_in_lower_case(element: SameTitle, compiler: SQLCompiler, **options: Any) -> str:
    title, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"lower({title}) = lower({wanted})"


@dataclass(frozen=True, slots=True)
class Snippet:
    text: str
    marked: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Found:
    kind: str
    reference: str
    title: str
    snippet: Snippet | None
    score: float | None
    """None behind the ranked matches."""


def fts5_text(words: SearchWords, kinds: Collection[str]) -> str:
    """Each word as a quoted string, so that AND, NEAR, `*` and `:` are words like any other; FTS5 joins them by AND.

    The kind of an entry is a word of a column of its own. It is asked for where no studies are: those are nearly all entries, and the
    rank counts how often each word occurs.
    """
    beginning = [f'"{words.last}"*'] if words.last is not None else []
    of_text = " ".join([*(f'"{word}"' for word in words.whole), *beginning])
    if SearchKind.STUDY in kinds:
        return of_text
    of_kinds = " OR ".join(f'"kind9{kind}"' for kind in sorted(kinds))
    return f"({of_text}) AND {KIND_WORD} : ({of_kinds})"


def matching_references(kind: str, text: str) -> Select[Any]:
    """References of this kind that hold every word of the text, for `column.in_(…)`; the same statement on both engines."""
    words, named = read_words(text), _named_studies(text)
    named_of_kind = and_(named, _of_kinds([kind])) if named is not None else None
    holds = named_of_kind if named_of_kind is not None else EntryMatches(words, [kind]) if words is not None else false()
    return select(col(SearchEntry.reference)).where(holds)


def search(session: Session, text: str, *, kinds: Collection[str], asked: PageRequest) -> Page[Found]:
    """A page of the matches of these kinds, the best of the newest 2,000 first, then the older ones, the newest first.

    One query, one more where a page reaches behind the ranked matches, and one for the total.
    """
    place = _place_of(asked)
    words, named = read_words(text), _named_studies(text)
    if words is None:
        return Page([], asked.limit, None, 0 if asked.count else None)
    engine = ENGINES[session.get_bind().dialect.name]
    matches = engine.matches(words, kinds) if named is None else _equally_good(and_(named, _of_kinds(kinds)))
    ranked = engine.ranked(words, kinds) if named is None else matches
    wanted = asked.limit + 1  # one more than is shown tells whether there is a next page
    rows = list(session.execute(_best_first(ranked, text, place=place, wanted=wanted))) if place < RANKED_MATCHES else []
    if len(rows) < wanted and place + len(rows) >= RANKED_MATCHES:
        older = _newest_first(matches).offset(place + len(rows)).limit(wanted - len(rows))
        rows += list(session.execute(older))
    following = encode_cursor(asked, PLACE, [place + asked.limit]) if len(rows) > asked.limit else None
    total = session.execute(select(func.count()).select_from(matches.subquery())).scalar_one() if asked.count else None
    return Page([_found(row, words) for row in rows[: asked.limit]], asked.limit, following, total)


def _place_of(asked: PageRequest) -> int:
    """How many hits stand before the page."""
    if asked.cursor is None:
        return 0
    (place,) = decode_cursor(asked, PLACE)
    if place < 0:
        raise InvalidCursor("The cursor is damaged: give it back exactly as `page.next` had it.")
    return int(place)


def _found(row: Any, words: SearchWords) -> Found:
    score = None if row.score is None else float(row.score)
    return Found(row.kind, row.reference, row.title, make_snippet(row.title, row.words, words), score)


def make_snippet(title: str, words: str, wanted: SearchWords) -> Snippet | None:
    """The part of the entry that holds most of the words, cut to length; None where the title alone was meant."""
    best: Snippet | None = None
    for part in words.split(PART_SEPARATOR):
        cut = part if len(part) <= SNIPPET_LENGTH else part[: SNIPPET_LENGTH - 1].rstrip() + "…"
        marked = marked_ranges(cut, wanted.all)
        if marked and cut != title and (best is None or len(marked) > len(best.marked)):
            best = Snippet(cut, marked)
    return best


def _of_kinds(kinds: Collection[str]) -> ColumnElement[bool]:
    """An expression, so that no engine walks the index of kinds (nearly all entries are studies) instead of the words'."""
    return col(SearchEntry.kind).concat("").in_(kinds)


def _named_studies(text: str) -> ColumnElement[bool] | None:
    """The study that a DOI, a marked PMID, a PMCID or a registry number names; None where the text is none of these."""
    for normalise, columns in IDENTIFIERS:
        try:
            value = normalise(text)
        except ValueError:
            continue
        named = select(col(Study.id)).where(or_(*(column == value for column in columns)))
        return and_(col(SearchEntry.kind) == "study", col(SearchEntry.reference).in_(named))
    return None


def _marked_pmid(text: str) -> str:
    """A PMID that says so; a bare number may be a year, and is found by the words of the study."""
    if not text.strip().lower().startswith(PMID_MARKS):
        raise ValueError("a number alone is no PMID")
    return normalise_pmid(re.sub(r"^\s*pmid\s*:?\s*", "", text, flags=re.IGNORECASE))


IDENTIFIERS: tuple[tuple[Callable[[str], str], tuple[Any, ...]], ...] = (
    (normalise_doi, (col(Study.doi),)),
    (_marked_pmid, (col(Study.pmid),)),
    (normalise_pmcid, (col(Study.pmcid),)),
    (normalise_registry_number, (col(Study.registration), col(Study.linked_registration))),
)


def _best_first(scored: Select[Any], text: str, *, place: int, wanted: int) -> Select[Any]:
    """Whole rows for (id, score): what bears exactly this title, then best score first, then newest first.

    Only the rows of the page are read whole.
    """
    found = scored.subquery()
    titled = select(col(SearchEntry.id)).where(SameTitle(col(SearchEntry.title), _text(text.strip())))
    so_titled = case((found.c.id.in_(titled), 0), else_=1).label("so_titled")
    ordered = select(found.c.id, found.c.score, so_titled).order_by(so_titled, found.c.score.desc(), found.c.id.desc())
    best = ordered.offset(place).limit(wanted).subquery("best")
    columns = (col(SearchEntry.kind), col(SearchEntry.reference), col(SearchEntry.title), col(SearchEntry.words))
    whole = select(*columns, best.c.score).join(best, best.c.id == col(SearchEntry.id))
    return whole.order_by(best.c.so_titled, best.c.score.desc(), best.c.id.desc())


def _newest_first(matches: Select[Any]) -> Select[Any]:
    """Whole rows without a score, in the order in which the ranked ones were taken from them: these go on where those end."""
    ids = matches.subquery()
    columns: tuple[Any, ...] = (
        col(SearchEntry.kind),
        col(SearchEntry.reference),
        col(SearchEntry.title),
        col(SearchEntry.words),
        null().label("score"),
    )
    whole = select(*columns).join(ids, ids.c.id == col(SearchEntry.id))
    return whole.order_by(ids.c.id.desc())


def _equally_good(condition: ColumnElement[bool]) -> Select[Any]:
    columns: tuple[Any, ...] = (col(SearchEntry.id).label("id"), literal(1.0).label("score"))
    return select(*columns).where(condition)


def _matches_of_fts5(words: SearchWords, kinds: Collection[str]) -> Select[Any]:
    """Ids of the entries, read one by one, so that a limit ends the work; from FTS5 alone where it knows which are wanted."""
    statement: Select[Any] = select(FTS5.c.rowid.label("id")).where(_fts5_matches(_text(fts5_text(words, kinds))))
    if SearchKind.STUDY not in kinds or set(kinds) >= set(SearchKind):
        return statement
    return statement.join(SearchEntry, col(SearchEntry.id) == FTS5.c.rowid).where(_of_kinds(kinds))


def _ranked_by_fts5(words: SearchWords, kinds: Collection[str]) -> Select[Any]:
    """BM25 over the newest matches; SQLite gives better matches a lower number, so the sign is turned."""
    score = -func.bm25(literal_column("search_index"), TITLE_WEIGHT, 1.0, 0.0)  # title, words, kind
    matches = _matches_of_fts5(words, kinds).add_columns(score.label("score"))
    return matches.order_by(FTS5.c.rowid.desc()).limit(RANKED_MATCHES)


def _matches_of_tsvector(words: SearchWords, kinds: Collection[str]) -> Select[Any]:
    statement: Select[Any] = select(col(SearchEntry.id).label("id"))
    return statement.where(EntryMatches(words, kinds))


def _ranked_by_tsvector(words: SearchWords, kinds: Collection[str]) -> Select[Any]:
    """ts_rank over the newest matches, divided by 1 + log of the entry's length (normalisation 1), as BM25 does in its way."""
    query = _tsquery(_text(" ".join(words.whole)), _text(words.last or ""))
    weights: ColumnElement[Any] = literal_column(f"'{{0, 0, {1 / TITLE_WEIGHT}, 1}}'::float4[]")  # of D, C, B (words), A (title)
    score = func.ts_rank(weights, literal_column("search_entry.document_vector"), query, 1)
    matches = _matches_of_tsvector(words, kinds).add_columns(score.label("score"))
    return matches.order_by(col(SearchEntry.id).desc()).limit(RANKED_MATCHES)


@dataclass(frozen=True, slots=True)
class Engine:
    """How one database engine finds and ranks: both give (id) or (id, score)."""

    matches: Callable[[SearchWords, Collection[str]], Select[Any]]
    ranked: Callable[[SearchWords, Collection[str]], Select[Any]]


ENGINES = {"sqlite": Engine(_matches_of_fts5, _ranked_by_fts5), "postgresql": Engine(_matches_of_tsvector, _ranked_by_tsvector)}


def _fts5_matches(query: ColumnElement[Any]) -> ColumnElement[bool]:
    return literal_column("search_index").op("MATCH", is_comparison=True)(query)


def _tsquery(whole: ColumnElement[Any], last: ColumnElement[Any]) -> ColumnElement[Any]:
    """Every whole word, and one that begins with the last. The text of a tsquery is quoted by PostgreSQL itself, so `:*` can follow it."""
    config: ColumnElement[Any] = literal_column("'english'")
    stem = cast(func.plainto_tsquery(config, func.search_fold(last)), Text)
    beginning = func.coalesce(cast(func.nullif(stem, "").concat(":*"), TSQUERY), cast("", TSQUERY))
    return func.tsquery_and(func.plainto_tsquery(config, func.search_fold(whole)), beginning)


def _text(value: str) -> ColumnElement[str]:
    return bindparam(None, value, type_=String, unique=True)
