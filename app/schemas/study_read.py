"""Study records as they are served: in lists, whole, and revision by revision."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.departure import AdjudicationFollowed
from app.schemas.meta import Meta
from app.schemas.notice import NoticeOfStudy
from app.schemas.page import PageInfo
from app.schemas.risk_of_bias import ComputedRiskOfBias
from app.schemas.study import StudyDocument
from app.schemas.study_writing import Warning
from app.vocabulary import AgeGroup, Comparator, Decision, Design, PublicationStatus, RevisionStatus, StudyKind, StudyStatus


class PublicStatus(StrEnum):
    """The states in which everybody sees a study record."""

    ACCEPTED = "accepted"
    RETRACTED = "retracted"


class AttributionRole(StrEnum):
    AUTHOR = "author"
    REVIEWER = "reviewer"
    EXTRACTOR = "extractor"
    ADJUDICATOR = "adjudicator"


class StudyItem(Shape):
    """A study in a list. `conditions` are those of its results too; `comparators` are the kinds of groups it compares with."""

    id: str
    key: str
    label: str = Field(description="First author and year, such as `Haller 2016`.")
    title: str
    authors: list[str]
    year: int | None
    journal: str | None
    kind: StudyKind
    design: Design
    publication_status: PublicationStatus
    status: StudyStatus
    retracted: bool
    intervention: str | None
    fidelity: str | None
    conditions: list[str]
    comparators: list[Comparator]
    age_group: AgeGroup | None
    country: str | None
    language: str | None
    n_randomised: int | None
    n_analysed: int | None
    doi: str | None
    pmid: str | None
    pmcid: str | None
    registration: str | None
    linked_registration: str | None
    results_count: int
    href: str


class StudyList(Shape):
    items: list[StudyItem]
    page: PageInfo
    meta: Meta


class Attribution(Shape):
    """Who wrote or decided on a revision that the reader may see, and whose extractions and adjudication were accepted with it."""

    revision: int
    status: RevisionStatus
    role: AttributionRole
    by: str
    orcid: str | None
    at: datetime


class TouchedRating(Shape):
    """A rating that the study can move."""

    condition: str
    intervention: str
    href: str


class RelatedStudy(Shape):
    id: str
    key: str
    label: str
    title: str
    year: int | None
    kind: StudyKind
    href: str


class OpenRevision(Shape):
    """A draft or submission that nobody has decided on; `etag` in If-Match goes on from it."""

    number: int
    status: RevisionStatus
    href: str
    etag: str


class StudyRetraction(Shape):
    reason: str | None
    at: datetime | None


class StudyLinks(Shape):
    self: str
    revisions: str
    changes: str
    adjudications: str
    doi: str | None
    pubmed: str | None
    pmc: str | None


class StudyAnswer(Shape):
    """A study record with the document of one revision: the accepted one, or the newest while none was accepted."""

    id: str
    key: str
    label: str
    revision: int
    status: StudyStatus
    revision_status: RevisionStatus
    document: StudyDocument
    risk_of_bias_computed: list[ComputedRiskOfBias] = Field(description="For each recorded judgement that comes with answers.")
    created_at: datetime
    updated_at: datetime = Field(description="When the revision shown was accepted; while none was, when the record last changed.")
    attribution: list[Attribution]
    ratings_touched: list[TouchedRating]
    included_in: list[RelatedStudy] = Field(description="Published reviews that are known to include the study.")
    includes: list[RelatedStudy] = Field(description="Studies that this published review is known to include.")
    same_participants: list[RelatedStudy] = Field(description="Other papers on the same people.")
    open_revision: OpenRevision | None = Field(description="Your own, on top of the accepted one; null for other readers.")
    retraction: StudyRetraction | None
    notices: list[NoticeOfStudy] = Field(description="Retractions, expressions of concern and corrections that the sources report.")
    warnings: list[Warning] = Field(description="What a submission would be refused for; looked for while no revision is accepted.")
    links: StudyLinks
    meta: Meta


class RevisionReview(Shape):
    """A curator's decision, with his statement of interests."""

    decision: Decision
    comment: str | None
    conflict_of_interest: str | None
    declares_interests: bool
    reviewer: str
    orcid: str | None
    at: datetime


class RevisionItem(Shape):
    """One revision; `created_by`, `drafted_for` and `decided_by` are names, never keys, each with the ORCID iD beside it."""

    number: int
    status: RevisionStatus
    base_revision: int | None
    reason: str | None
    created_by: str
    created_by_orcid: str | None
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    decided_by_orcid: str | None
    drafted_for: str | None = Field(description="Whose draft it is, where another person wrote this version of it.")
    drafted_for_orcid: str | None
    withdrawal_reason: str | None
    reviews: list[RevisionReview]
    href: str


class RevisionList(Shape):
    items: list[RevisionItem]
    page: PageInfo


class RevisionAnswer(RevisionItem):
    """One revision with its document."""

    study: str
    document: StudyDocument
    followed: AdjudicationFollowed | None = Field(
        description="Null where it came of no adjudication. Where it did: each figure that is not the one decided there."
    )
