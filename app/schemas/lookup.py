"""What a look-up by DOI, PubMed id, PubMed Central id or trial registration gives."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from app.identifiers import Doi, Pmid, RegistryNumber
from app.schemas.base import Count, Flag, IsoDate, Line, Shape, WebAddress
from app.schemas.bibliography import Bibliography
from app.vocabulary import StudyStatus


class SourceName(StrEnum):
    PUBMED = "pubmed"
    CROSSREF = "crossref"
    EUROPE_PMC = "europe-pmc"
    CLINICALTRIALS_GOV = "clinicaltrials-gov"


class NoticeKind(StrEnum):
    """The worst first: the order decides which notice speaks for a record."""

    RETRACTION = "retraction"
    EXPRESSION_OF_CONCERN = "expression-of-concern"
    PARTIAL_RETRACTION = "partial-retraction"
    CORRECTION = "correction"
    REINSTATEMENT = "reinstatement"
    REGISTRY_CHANGE = "registry-change"


class Retraction(Shape):
    """A notice that changes what a publication is worth, as one source reports it."""

    kind: NoticeKind
    date: str | None = Field(default=None, pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$", description="Of the notice, as exact as the source is.")
    notice_doi: Doi | None = None
    notice_pmid: Pmid | None = None
    reasons: list[Line] = Field(default_factory=list)
    source: SourceName
    asserted_by: Line | None = Field(default=None, description="Who told the source: publisher, or retraction-watch.")


class TrialPublication(Shape):
    """A publication that the registry names for a trial."""

    pmid: Pmid | None = None
    kind: Line | None = Field(default=None, description="RESULT, DERIVED or BACKGROUND.")
    citation: Line | None = None


class RegisteredTrial(Shape):
    """What a trial registry says, in the registry's own words; null is unknown."""

    registration: RegistryNumber
    title: Line | None = None
    status: Line | None = None
    study_type: Line | None = None
    allocation: Line | None = None
    model: Line | None = None
    masking: Line | None = None
    enrolment: Count | None = None
    enrolment_is_actual: Flag | None = None
    started_on: IsoDate | None = None
    completed_on: IsoDate | None = None
    completion_is_actual: Flag | None = None
    conditions: list[Line] = Field(default_factory=list)
    interventions: list[Line] = Field(default_factory=list)
    sponsor: Line | None = None
    has_results: Flag | None = None
    publications: list[TrialPublication] = Field(default_factory=list)


class SourceRecord(Shape):
    """One service's record of one publication or trial, and where it came from."""

    source: SourceName
    url: WebAddress
    fetched_at: datetime
    raw_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the reply's body as it was received.")
    bibliography: Bibliography
    notices: list[Retraction] = Field(default_factory=list)
    trial: RegisteredTrial | None = None
    registrations: list[RegistryNumber] = Field(default_factory=list, description="Trials and reviews that the record names.")
    remarks: list[Line] = Field(default_factory=list, description="What was dropped, and why.")
    unknown_updates: list[Line] = Field(default_factory=list, description="Updates of a kind that we do not know; a person should look.")

    @property
    def retraction(self) -> Retraction | None:
        return worst_of(self.notices)


class Disagreement(Shape):
    """Sources that differ in a member; the document has the value of the first."""

    member: str
    values: dict[SourceName, Any]


class Unavailable(Shape):
    """A service that could have known more."""

    source: SourceName
    problem: str = Field(description="The slug under /problems/.")
    reason: Line


class LookupAnswer(Shape):
    """Everything the services know of one identifier; `document` is the part that a study record can take over as it stands."""

    identifier: str
    bibliography: Bibliography
    members: dict[str, list[SourceName]] = Field(description="Which sources gave the value of each member.")
    disagreements: list[Disagreement] = Field(default_factory=list)
    retraction: Retraction | None = Field(default=None, description="The gravest notice found anywhere.")
    notices: list[Retraction] = Field(default_factory=list)
    trial: RegisteredTrial | None = None
    document: dict[str, Any] = Field(description="Members of a study document that are known; kind and design only by fixed terms.")
    records: list[SourceRecord] = Field(description="What each source said.")
    unavailable: list[Unavailable] = Field(default_factory=list)
    not_found: list[SourceName] = Field(default_factory=list, description="Services that were asked and have no such record.")
    remarks: list[Line] = Field(default_factory=list)


class KnownStudy(Shape):
    """A study here that is, or may be, the publication: `certain`, or for a person to decide."""

    id: str
    key: str
    title: str
    year: int | None
    status: StudyStatus
    href: str
    score: float = Field(description="0 to 100: likeness of the titles, less what speaks against it.")
    reason: str
    certain: bool


TAKEN = "Its identifiers that a record has which is not accepted yet and not yours to see: `doi`, `pmid` or `pmcid`."


class FoundRecord(LookupAnswer):
    """What the services know, and the studies here that may be the same."""

    existing: list[KnownStudy] = Field(description="The certain first; at most ten.")
    taken: list[str] = Field(default_factory=list, description=TAKEN)


class LookupFailure(Shape):
    """An identifier of many for which there is no answer."""

    identifier: str
    problem: str = Field(description="The slug under /problems/.")
    reason: Line
    existing: list[KnownStudy] = Field(default_factory=list, description="Studies here that have this identifier.")
    taken: list[str] = Field(default_factory=list, description=TAKEN)


class LookupsRequest(Shape):
    identifiers: list[Line] = Field(min_length=1, max_length=50, description="`doi:…`, `pmid:…`, `pmcid:…`, `nct:…`, or addresses.")


class LookupsAnswer(Shape):
    """One entry for each identifier, in the order of the request."""

    items: list[FoundRecord | LookupFailure]


@dataclass(frozen=True, slots=True)
class Publication:
    """A study by the names under which the sources know it."""

    study_id: str
    key: str
    doi: str | None = None
    pmid: str | None = None


def worst_of(notices: list[Retraction]) -> Retraction | None:
    """The gravest; a reinstatement is none."""
    order = list(NoticeKind)
    grave = (notice for notice in notices if notice.kind is not NoticeKind.REINSTATEMENT)
    return min(grave, key=lambda notice: order.index(notice.kind), default=None)
