"""`Bibliography`: what a reference file or a literature service says of a publication, before it becomes a `StudyDocument`.

Every member may be unknown. Member names are those of `StudyDocument`, so that a record turns into a document by copying them.
"""

from pydantic import Field

from app.identifiers import Doi, Pmcid, Pmid, RegistryNumber
from app.schemas.base import IsoDate, Language, Line, Shape, Text, WebAddress, Year
from app.schemas.study import AuthorOrcid
from app.vocabulary import Design, PublicationStatus, StudyKind

BIBLIOGRAPHIC_MEMBERS = (
    *("title", "authors", "author_orcids", "year", "journal", "volume", "issue", "pages", "language", "country"),
    *("doi", "pmid", "pmcid", "registration", "linked_registration", "completed_on", "publication_status", "kind", "design"),
)
"""The members that a `StudyDocument` has as well."""


class Bibliography(Shape):
    """One publication or registration; null and empty lists are unknown."""

    title: Line | None = None
    authors: list[Line] = Field(default_factory=list, max_length=5000, description="`Family Initials`, such as `Haller H`.")
    author_orcids: list[AuthorOrcid] = Field(default_factory=list, max_length=5000)
    year: Year | None = None
    journal: Line | None = None
    volume: Line | None = None
    issue: Line | None = None
    pages: Line | None = None
    language: Language | None = None
    country: Line | None = None
    doi: Doi | None = None
    pmid: Pmid | None = None
    pmcid: Pmcid | None = None
    registration: RegistryNumber | None = Field(default=None, description="Of the record itself, where it is a registered trial.")
    linked_registration: RegistryNumber | None = Field(default=None, description="Of the trial that a publication reports.")
    completed_on: IsoDate | None = None
    publication_status: PublicationStatus | None = None
    kind: StudyKind | None = None
    design: Design | None = Field(default=None, description="Only where the source says it by a fixed term, never guessed from words.")
    abstract: Text | None = None
    keywords: list[Line] = Field(default_factory=list, max_length=1000)
    publication_types: list[Line] = Field(default_factory=list, max_length=100, description="As the source names them.")
    urls: list[WebAddress] = Field(default_factory=list, max_length=100)
