"""What Crossref and PubMed say of many publications: have they been retracted, corrected, doubted?

Crossref is asked for each DOI (`updated-by`, which holds what Retraction Watch asserts), PubMed for many ids at once (publication types,
CommentsCorrections). A source that fails `PATIENCE` times in a row, PubMed with whole batches, is down: it is not asked again, the other
goes on. One that has none of more than `FEW` records of a batch has not answered either, though it says so: it is out of order.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from app.errors import SourceProblem, SourceUnavailable, UnknownIdentifier
from app.schemas.lookup import Publication, SourceName, SourceRecord
from app.sources import crossref, pubmed
from app.sources.client import SourceClient
from app.sources.lookup import WORKERS

PATIENCE = 3
FEW = 5
"""So many records may be missing at once: mistyped identifiers, registered elsewhere."""
NOTICE_SOURCES = (SourceName.CROSSREF, SourceName.PUBMED)
SOURCE_NAMES: dict[str, str] = {SourceName.CROSSREF: "Crossref", SourceName.PUBMED: "PubMed"}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the sources said of one publication; `unknown` are those that answered and have no such record."""

    publication: Publication
    records: dict[SourceName, SourceRecord] = field(default_factory=dict)
    unknown: list[SourceName] = field(default_factory=list)
    problems: dict[SourceName, SourceProblem] = field(default_factory=dict)

    @property
    def answered(self) -> list[SourceName]:
        return [source for source in NOTICE_SOURCES if source in self.records or source in self.unknown]


class NoticeInquiry:
    """One run over many publications; `down` holds the sources that were given up, with what they said last."""

    def __init__(self, client: SourceClient) -> None:
        self._client = client
        self._in_a_row: dict[SourceName, int] = dict.fromkeys(NOTICE_SOURCES, 0)
        self.down: dict[SourceName, SourceProblem] = {}
        self._empty: set[SourceName] = set()

    def ask(self, publications: Sequence[Publication]) -> list[Answers]:
        """The answers of one batch, in its order."""
        answers = {one.study_id: Answers(one) for one in publications}
        self._ask_pubmed(answers)
        self._ask_crossref(answers)
        for source in NOTICE_SOURCES:
            self._disbelieve(source, [one for one in answers.values() if source in one.answered])
        return list(answers.values())

    def _disbelieve(self, source: SourceName, answered: list[Answers]) -> None:
        """Take a source that knows none of many accepted publications at its silence, and not at its word."""
        if any(source in one.records for one in answered):
            self._empty.discard(source)
            return
        if not answered or (len(answered) <= FEW and source not in self._empty):
            return
        self._empty.add(source)
        problem = SourceUnavailable(f"{SOURCE_NAMES[source]} has none of the {len(answered)} records that it was asked for at once.")
        self._client.report(source, problem)
        for one in answered:
            one.unknown.remove(source)
            one.problems[source] = problem

    def _ask_pubmed(self, answers: dict[str, Answers]) -> None:
        asked = {one.publication.pmid: one for one in answers.values() if one.publication.pmid}
        if SourceName.PUBMED in self.down:
            self._give_up(SourceName.PUBMED, list(asked.values()))
            return
        found = pubmed.fetch_many(self._client, [pmid for pmid in asked if pmid])
        for pmid, one in asked.items():
            _note(one, SourceName.PUBMED, found.get(pmid or ""))
        failed = next((one.problems[SourceName.PUBMED] for one in asked.values() if SourceName.PUBMED in one.problems), None)
        if asked:  # a batch has failed where none of it was answered, after all repeats
            silent = all(SourceName.PUBMED in one.problems for one in asked.values())
            self._count(SourceName.PUBMED, failed if silent else None)

    def _ask_crossref(self, answers: dict[str, Answers]) -> None:
        asked = [one for one in answers.values() if one.publication.doi]
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="notices") as executor:
            for some in _grouped(asked, WORKERS):
                if SourceName.CROSSREF in self.down:
                    self._give_up(SourceName.CROSSREF, some)
                    continue
                for one, found in zip(some, executor.map(self._fetch_work, some), strict=True):
                    _note(one, SourceName.CROSSREF, found)
                    self._count(SourceName.CROSSREF, one.problems.get(SourceName.CROSSREF))

    def _fetch_work(self, one: Answers) -> SourceRecord | SourceProblem | None:
        try:
            return crossref.fetch(self._client, one.publication.doi or "")
        except UnknownIdentifier:
            return None
        except SourceProblem as problem:
            return problem

    def _count(self, source: SourceName, problem: SourceProblem | None) -> None:
        self._in_a_row[source] = self._in_a_row[source] + 1 if problem else 0
        if problem and self._in_a_row[source] >= PATIENCE:
            self.down[source] = problem

    def _give_up(self, source: SourceName, asked: list[Answers]) -> None:
        for one in asked:
            one.problems[source] = self.down[source]


def _note(one: Answers, source: SourceName, found: SourceRecord | SourceProblem | None) -> None:
    if found is None:
        one.unknown.append(source)
    elif isinstance(found, SourceProblem):
        one.problems[source] = found
    else:
        one.records[source] = found


def _grouped(answers: list[Answers], size: int) -> Iterator[list[Answers]]:
    return (answers[start : start + size] for start in range(0, len(answers), size))
