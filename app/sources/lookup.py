"""One identifier, all services that can know it, one answer.

A DOI is asked of Crossref and Europe PMC; what Europe PMC knows as its PubMed id is then asked of PubMed. A PubMed id is asked of PubMed,
a PubMed Central id of Europe PMC; what these know as DOI and PubMed id goes to the others. A trial that the publication names, if it is
one, is asked of ClinicalTrials.gov. A service that fails is listed as unavailable; the others speak.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from app.errors import Problem, SourceProblem, UnknownIdentifier
from app.identifiers import normalise_doi, normalise_pmcid, normalise_pmid, normalise_registry_number
from app.schemas.lookup import LookupAnswer, LookupFailure, Retraction, SourceName, SourceRecord, Unavailable, worst_of
from app.sources import clinicaltrials_gov, crossref, europe_pmc, pubmed
from app.sources.client import SourceClient
from app.sources.merging import STATUS_BY_NOTICE, document_of, merge_notices, merge_records, reinstatement_of
from app.sources.record import MAX_REMARK

PUBLICATION_SOURCES = (SourceName.PUBMED, SourceName.CROSSREF, SourceName.EUROPE_PMC)
WORKERS = 4  # more would only wait for their turn
Fetched = SourceRecord | SourceProblem | None
NOTHING_FETCHED: Mapping[str, Fetched] = {}
EXPECTED = "give doi:…, pmid:…, pmcid:… or nct:…"


@dataclass(frozen=True, slots=True)
class LookupKey:
    """What is looked up: kind is doi, pmid, pmcid or nct."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def lookup_key(text: str) -> LookupKey:
    """Read `doi:…`, `pmid:…`, `pmcid:…`, `nct:…`, or what people paste: an address or a bare identifier. ValueError if it is none."""
    bare = text.strip()
    named = re.match(r"(doi|pmid|pmcid|nct)\s*:\s*(.+)", bare, re.IGNORECASE | re.DOTALL)
    if named:
        kind = named[1].lower()
        return LookupKey(kind, NORMALISE[kind](named[2]))
    for kind, normalise in NORMALISE.items():
        try:
            return LookupKey(kind, normalise(bare))
        except ValueError:
            continue
    raise ValueError(f"{text!r} cannot be looked up: {EXPECTED}")


def _normalise_nct(text: str) -> str:
    number = normalise_registry_number(re.sub(r"^https?://(www\.)?clinicaltrials\.gov/(study|ct2/show)/", "", text.strip()).rstrip("/"))
    if not number.startswith("NCT"):
        raise ValueError(f"{text!r} is not of ClinicalTrials.gov, the only registry that can be asked")
    return number


NORMALISE: dict[str, Callable[[str], str]] = {
    "doi": normalise_doi,
    "pmid": normalise_pmid,
    "pmcid": normalise_pmcid,
    "nct": _normalise_nct,
}


def look_up(identifier: str, client: SourceClient, fetched: Mapping[str, Fetched] = NOTHING_FETCHED) -> LookupAnswer:
    """Everything that is known of an identifier. `fetched` is what PubMed has said already, by its ids.

    ValueError if it is none that can be looked up; `UnknownIdentifier` if every service answered and none knows it; the problem of a
    service if none knows it but one could not answer.
    """
    key = lookup_key(identifier)
    inquiry = _Inquiry(client, key, fetched)
    if key.kind != "nct":
        inquiry.ask_for_publication()
    inquiry.ask_for_trial()
    return inquiry.answer()


def look_up_many(identifiers: Iterable[str], client: SourceClient) -> Iterator[LookupAnswer | LookupFailure]:
    """Answers in the order of the identifiers, as they come in; one that fails is a `LookupFailure` and stops nothing.

    PubMed is asked for many ids at once.
    """
    executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="look-up")
    waiting = iter(identifiers)
    try:
        while batch := list(islice(waiting, pubmed.BATCH)):
            fetched = _fetch_pubmed_ids(batch, client)
            yield from executor.map(lambda identifier, known=fetched: _answer_or_failure(identifier, client, known), batch)
    finally:
        executor.shutdown(cancel_futures=True)


def _answer_or_failure(identifier: str, client: SourceClient, fetched: Mapping[str, Fetched]) -> LookupAnswer | LookupFailure:
    try:
        return look_up(identifier, client, fetched)
    except Problem as problem:
        return LookupFailure(identifier=identifier, problem=problem.slug, reason=problem.detail[:MAX_REMARK])
    except ValueError as error:
        return LookupFailure(identifier=identifier, problem="invalid-query", reason=str(error)[:MAX_REMARK])


def _fetch_pubmed_ids(identifiers: Iterable[str], client: SourceClient) -> dict[str, Fetched]:
    """What PubMed says of the ids among the identifiers; an id that it does not have is None. A single one is asked for in its turn."""
    pmids = []
    for identifier in identifiers:
        with suppress(ValueError):
            key = lookup_key(identifier)
            if key.kind == "pmid":
                pmids.append(key.value)
    return {**dict.fromkeys(pmids), **pubmed.fetch_many(client, pmids)} if len(pmids) > 1 else {}


@dataclass(slots=True)
class _Inquiry:
    """What is known so far of one publication or trial, and whom we asked."""

    client: SourceClient
    key: LookupKey
    fetched: Mapping[str, Fetched]
    known: dict[str, str] = field(default_factory=dict)
    asked: set[SourceName] = field(default_factory=set)
    records: dict[SourceName, SourceRecord] = field(default_factory=dict)
    problems: dict[SourceName, SourceProblem] = field(default_factory=dict)
    not_found: list[SourceName] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known[self.key.kind] = self.key.value

    def ask_for_publication(self) -> None:
        """Ask whoever can be asked with what is known, until nobody is left: each answer may bring the identifier that another needs."""
        while askable := next((source for source in PUBLICATION_SOURCES if source not in self.asked and self._can_ask(source)), None):
            self._ask(askable)

    def ask_for_trial(self) -> None:
        trials = {number for record in self.records.values() for number in record.registrations if number.startswith("NCT")}
        if "nct" not in self.known and len(trials) == 1:
            self.known["nct"] = trials.pop()
        if "nct" in self.known:
            self._ask(SourceName.CLINICALTRIALS_GOV)

    def _can_ask(self, source: SourceName) -> bool:
        needed = {SourceName.PUBMED: {"pmid"}, SourceName.CROSSREF: {"doi"}, SourceName.EUROPE_PMC: {"doi", "pmid", "pmcid"}}
        return bool(needed[source] & self.known.keys())

    def _ask(self, source: SourceName) -> None:
        self.asked.add(source)
        try:
            record = self._fetch(source)
        except UnknownIdentifier:
            self.not_found.append(source)
        except SourceProblem as problem:
            self.problems[source] = problem
        else:
            self._take(source, record)

    def _fetch(self, source: SourceName) -> SourceRecord:
        match source:
            case SourceName.PUBMED:
                return self._from_pubmed(self.known["pmid"])
            case SourceName.CROSSREF:
                return crossref.fetch(self.client, self.known["doi"])
            case SourceName.CLINICALTRIALS_GOV:
                return clinicaltrials_gov.fetch(self.client, self.known["nct"])
            case SourceName.EUROPE_PMC:
                if self.key.kind == "pmcid":
                    return europe_pmc.fetch(self.client, "pmcid", self.key.value)
                if "pmid" in self.known:
                    return europe_pmc.fetch(self.client, "pmid", self.known["pmid"])
                return europe_pmc.fetch(self.client, "doi", self.known["doi"])

    def _from_pubmed(self, pmid: str) -> SourceRecord:
        if pmid not in self.fetched:
            return pubmed.fetch(self.client, pmid)
        record = self.fetched[pmid]
        if record is None:
            raise UnknownIdentifier(f"PubMed has no record {pmid}.")
        if isinstance(record, SourceProblem):
            raise record
        return record

    def _take(self, source: SourceName, record: SourceRecord) -> None:
        """Keep a record and learn its identifiers, unless it is of another publication than the one that was asked for."""
        said = {kind: getattr(record.bibliography, kind) for kind in ("doi", "pmid", "pmcid")}
        if source is SourceName.CROSSREF and said["doi"] and said["doi"] != self.known["doi"]:
            self.remarks.append(f"doi:{self.known['doi']} is another name of doi:{said['doi']}"[:MAX_REMARK])
            self.known["doi"] = said["doi"]  # Crossref answers for an alias with the DOI it stands for
        other = said.get(self.key.kind)
        if other not in (None, self.known.get(self.key.kind), self.key.value):
            self.remarks.append(f"the record of {source} was set aside: its {self.key.kind} is {other}"[:MAX_REMARK])
            return
        self.records[source] = record
        for kind, value in said.items():
            if value:
                self.known.setdefault(kind, value)

    def answer(self) -> LookupAnswer:
        if not self.records:
            self._fail()
        notices = merge_notices(self.records.values())
        bibliography, members, disagreements = merge_records(self.records, notices)
        trial = self.records.get(SourceName.CLINICALTRIALS_GOV)
        return LookupAnswer(
            identifier=str(self.key),
            bibliography=bibliography,
            members=members,
            disagreements=disagreements,
            retraction=worst_of(notices),
            notices=notices,
            trial=trial.trial if trial else None,
            document=document_of(bibliography),
            records=list(self.records.values()),
            unavailable=self._unavailable(),
            not_found=self.not_found,
            remarks=[*self.remarks, *_taken_back(notices), *self._said()],
        )

    def _said(self) -> Iterator[str]:
        return (f"{record.source}: {said}" for record in self.records.values() for said in (*record.remarks, *record.unknown_updates))

    def _unavailable(self) -> list[Unavailable]:
        return [Unavailable(source=source, problem=problem.slug, reason=problem.detail) for source, problem in self.problems.items()]

    def _fail(self) -> None:
        if not self.problems:
            raise UnknownIdentifier(f"{self.key} is known to none of: {', '.join(self.not_found)}.")
        first = next(iter(self.problems.values()))
        unavailable = [entry.model_dump(mode="json") for entry in self._unavailable()]
        raise type(first)(first.detail, headers=first.headers, unavailable=unavailable) from first


def _taken_back(notices: list[Retraction]) -> Iterator[str]:
    for entry in notices:
        against = reinstatement_of(entry, notices) if entry.kind in STATUS_BY_NOTICE else None
        if against is not None:
            dated = f" of {against.date}" if against.date else ""
            yield f"{against.source} reports a reinstatement{dated} after the {entry.kind}: publication_status does not say so; judge it"
