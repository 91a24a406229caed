"""What a look-up must say of records that really exist; asked of the fakes always, of the services themselves by `tests/verification`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.schemas.lookup import LookupAnswer, NoticeKind, SourceName

PUBLICATION_SOURCES = {SourceName.PUBMED, SourceName.CROSSREF, SourceName.EUROPE_PMC}


@dataclass(frozen=True, slots=True)
class Expectation:
    identifier: str
    members: Mapping[str, Any]
    title_begins: str
    first_author: str
    sources: set[SourceName] = field(default_factory=lambda: set(PUBLICATION_SOURCES))
    notice: NoticeKind | None = None
    notice_doi: str | None = None

    def check(self, answer: LookupAnswer) -> None:
        assert answer.unavailable == []
        assert {record.source for record in answer.records} == self.sources
        assert {name: answer.document.get(name) for name in self.members} == dict(self.members)
        assert str(answer.document["title"]).lower().startswith(self.title_begins)
        assert answer.bibliography.authors[0] == self.first_author
        assert (answer.retraction.kind if answer.retraction else None) is self.notice
        if self.notice_doi:
            assert self.notice_doi in {entry.notice_doi for entry in answer.notices}


HALLER = {
    "doi": "10.1186/s12891-019-3017-y",
    "pmid": "31892357",
    "pmcid": "PMC6937867",
    "volume": "21",
    "issue": "1",
    "language": "en",
    "kind": "synthesis",
    "design": "meta-analysis",
    "publication_status": "published",
}
HALLER_TITLE = "craniosacral therapy for chronic pain: a systematic review and meta-analysis"
WAKEFIELD = {"doi": "10.1016/s0140-6736(97)11096-0", "pmid": "9500320", "year": 1998, "volume": "351", "publication_status": "retracted"}
EXPECTATIONS = (
    *(
        Expectation(identifier, HALLER, HALLER_TITLE, "Haller H")
        for identifier in ("doi:10.1186/s12891-019-3017-y", "pmid:31892357", "pmcid:PMC6937867")
    ),
    *(
        Expectation(
            identifier,
            WAKEFIELD,
            "retracted: ileal-lymphoid-nodular hyperplasia",
            "Wakefield AJ",
            notice=NoticeKind.RETRACTION,
            notice_doi="10.1016/s0140-6736(10)60175-4",
        )
        for identifier in ("doi:10.1016/S0140-6736(97)11096-0", "pmid:9500320")
    ),
)
