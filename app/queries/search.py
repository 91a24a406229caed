"""Full text over `search_entry`: FTS5 on SQLite, a tsvector on PostgreSQL, the same answers from both.

What people type never reaches a query language: it is cut into words of letters and digits, words without meaning are
dropped, every word must occur and the last one may be unfinished. Nothing left to look for finds nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, case, column, false, func, literal_column, or_, select, table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean
from sqlmodel import col

from app.identifiers import normalise_doi, normalise_pmcid, normalise_pmid, normalise_registry_number
from app.models import SearchEntry, Study
from app.queries.search_words import SearchWords, marked_ranges, read_words

RANKED_MATCHES = 2000
"""Only the newest so many matches are ranked: ranking them all grows with the hits, and nobody reads that far."""
COUNTED_MATCHES = 1000
TITLE_WEIGHT = 10.0
"""A word in a title counts ten times a word elsewhere; PostgreSQL's weights are on the scale 0 to 1."""
SNIPPET_LENGTH = 240
PMID_MARKS = ("pmid", "pubmed")
FTS5 = table("search_index", column("rowid"), column("search_index"))


class EntryMatches(FunctionElement[bool]):
    """True where the entry of that id holds the words; each engine has its own way to ask."""

    inherit_cache = True
    type = Boolean()
    name = "entry_matches"

    def __init__(self, words: SearchWords) -> None:
        super().__init__(col(SearchEntry.id), _text(fts5_text(words)), _text(" ".join(words.whole)), _text(words.last))


@compiles(EntryMatches, "sqlite")
def _match_fts5(element: EntryMatches, compiler: SQLCompiler, **options: Any) -> str:
    entry_id, fts5, _, _ = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{entry_id} IN (SELECT rowid FROM search_index WHERE search_index MATCH {fts5})"


@compiles(EntryMatches, "postgresql")
def _match_tsvector(element: EntryMatches, compiler: SQLCompiler, **options: Any) -> str:
    _, _, whole, last = list(element.clauses)
    return f"search_entry.document_vector @@ {compiler.process(_tsquery(whole, last), **options)}"


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
    score: float


@dataclass(frozen=True, slots=True)
class FoundPage:
    """The best matches; `count` stops at COUNTED_MATCHES, and says so."""

    items: list[Found]
    count: int
    count_is_capped: bool


def fts5_text(words: SearchWords) -> str:
    """Each word as a quoted string, so that AND, NEAR, `*` and `:` are words like any other; FTS5 joins them by AND."""
    return " ".join([*(f'"{word}"' for word in words.whole), f'"{words.last}"*'])


def matching_references(kind: str, text: str) -> Select[tuple[str]]:
    """References of this kind that hold every word of the text, for `column.in_(…)`; the same statement on both engines."""
    return select(col(SearchEntry.reference)).where(col(SearchEntry.kind) == kind, _holds(text))


def search(session: Session, text: str, *, kinds: Collection[str], limit: int) -> FoundPage:
    """The best matches of these kinds, titles first: three queries at most."""
    words = read_words(text)
    if words is None:
        return FoundPage([], 0, False)
    wanted = (col(SearchEntry.kind).in_(kinds), _holds(text))
    counted = select(func.count()).select_from(select(col(SearchEntry.id)).where(*wanted).limit(COUNTED_MATCHES + 1).subquery())
    count = session.execute(counted).scalar_one()
    ranked = _ranked(session.get_bind().dialect.name, words, kinds, text)
    rows = session.execute(ranked.limit(limit)).all()
    items = [Found(row.kind, row.reference, row.title, _snippet(row.title, row.words, words), float(row.score)) for row in rows]
    return FoundPage(items, min(count, COUNTED_MATCHES), count > COUNTED_MATCHES)
