"""PubMed, by NCBI's E-utilities: `efetch.fcgi?db=pubmed&retmode=xml`.

The bibliography is read by `formats/pubmed_xml.py`, which says which element gives which member. From the same article, by the names of the
PubMed DTD (https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd):

| here | from |
|---|---|
| title | without the brackets that mark a translated title |
| registrations | DataBankList, where the bank is a registry; failing that, registration numbers in the abstract |
| notices | CommentsCorrections: RetractionIn, PartialRetractionIn, ExpressionOfConcernIn, ErratumIn, CorrectedandRepublishedIn |
| notices of reinstatement | PubMed has no kind for them: an ErratumIn whose note or citation says that the article was reinstated |
| unknown_updates | CommentsCorrections of a kind that the DTD did not have when this was written |
| remarks | CommentsCorrections: RetractionOf and its kin, by which a record is itself a notice |

A PubMed id that was never given, or was deleted, is answered with an empty `PubmedArticleSet` and status 200.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, tostring

from app.errors import SourceProblem, SourceReplyInvalid, UnknownIdentifier
from app.formats.pubmed_xml import read_pubmed_xml
from app.formats.read_record import FileRefused, ReadRecord
from app.schemas.lookup import NoticeKind, Retraction, SourceName, SourceRecord
from app.sources.client import Reply, SourceClient
from app.sources.partial_date import from_citation
from app.sources.reading import one_line, read_xml
from app.sources.record import MAX_REMARK, make_record, notice, registrations_in, says_reinstated

BATCH = 200  # NCBI, E-utilities In-Depth: more ids than about 200 are to be sent in another way
REGISTRIES_AMONG_DATABANKS = frozenset(
    {"clinicaltrials.gov", "isrctn", "anzctr", "chictr", "ctri", "drks", "eudract", "euctr", "irct", "jprn", "jrct", "umin-ctr", "umin"}
    | {"ntr", "pactr", "rebec", "repec", "rpcec", "slctr", "tctr", "cris"}
)
NOTICES = {
    "RetractionIn": NoticeKind.RETRACTION,
    "RetractedandRepublishedIn": NoticeKind.RETRACTION,
    "PartialRetractionIn": NoticeKind.PARTIAL_RETRACTION,
    "ExpressionOfConcernIn": NoticeKind.EXPRESSION_OF_CONCERN,
    "ErratumIn": NoticeKind.CORRECTION,
    "CorrectedandRepublishedIn": NoticeKind.CORRECTION,
}
NOTICE_OF = {
    "RetractionOf": "a retraction notice",
    "PartialRetractionOf": "a notice of partial retraction",
    "ExpressionOfConcernFor": "an expression of concern",
    "ErratumFor": "a correction",
}
SAY_NOTHING_AGAINST_IT = frozenset(
    {
        "AssociatedDataset", "AssociatedPublication", "Cites", "CommentIn", "CommentOn", "CorrectedandRepublishedFrom", "OriginalReportIn",
        "ReprintIn", "ReprintOf", "RepublishedFrom", "RepublishedIn", "RetractedandRepublishedFrom", "SummaryForPatientsIn", "UpdateIn",
        "UpdateOf",
    }
)  # fmt: skip
DOI_IN_CITATION = re.compile(r"\bdoi:\s*(10\.\S+?)\.?(?=\s|$)", re.IGNORECASE)
TRANSLATED = re.compile(r"\[(.*?)\.?\]\.?")


def fetch(client: SourceClient, pmid: str) -> SourceRecord:
    """The record of a PubMed id (digits)."""
    params = {"db": "pubmed", "id": pmid, "retmode": "xml"}
    reply = client.get(client.services.pubmed, "/efetch.fcgi", params, _read)
    for article in reply.content:
        if _pmid_of(article) == pmid:
            return _record(reply, article)
    raise UnknownIdentifier(f"PubMed has no record {pmid}.")


def fetch_many(client: SourceClient, pmids: Sequence[str]) -> dict[str, SourceRecord | SourceProblem]:
    """The records of many PubMed ids, `BATCH` in one question; one that PubMed does not have is left out.

    A batch that cannot be read is asked again in halves, so that one odd article does not hide the others. `raw_sha256` of a record is
    of the whole reply, its `url` asks for that record alone.
    """
    found: dict[str, SourceRecord | SourceProblem] = {}
    unique = list(dict.fromkeys(pmids))
    for start in range(0, len(unique), BATCH):
        found |= _fetch_batch(client, unique[start : start + BATCH], halving=True)
    return found


def _fetch_batch(client: SourceClient, pmids: list[str], *, halving: bool) -> dict[str, SourceRecord | SourceProblem]:
    params = {"db": "pubmed", "id": ",".join(pmids), "retmode": "xml"}
    try:
        reply = client.get(client.services.pubmed, "/efetch.fcgi", params, _read)
    except SourceReplyInvalid as problem:
        return _fetch_halves(client, pmids, problem) if halving and len(pmids) > 1 else dict.fromkeys(pmids, problem)
    except SourceProblem as problem:
        return dict.fromkeys(pmids, problem)
    except UnknownIdentifier:
        return {}
    return dict(_records_of(client, reply, frozenset(pmids)))


def _fetch_halves(client: SourceClient, pmids: list[str], problem: SourceProblem) -> dict[str, SourceRecord | SourceProblem]:
    """Where not one half can be read, the service is at fault and not an article: nothing more is asked."""
    middle = len(pmids) // 2
    halves = (pmids[:middle], pmids[middle:])
    found = [_fetch_batch(client, half, halving=False) for half in halves]
    if all(isinstance(one, SourceProblem) for answers in found for one in answers.values()):
        return dict.fromkeys(pmids, problem)
    for place, half in enumerate(halves):
        if len(half) > 1 and any(isinstance(one, SourceReplyInvalid) for one in found[place].values()):
            found[place] = _fetch_halves(client, half, problem)
    return found[0] | found[1]


def _records_of(client: SourceClient, reply: Reply[Element], wanted: frozenset[str]) -> Iterator[tuple[str, SourceRecord | SourceProblem]]:
    for article in reply.content:
        pmid = _pmid_of(article)
        if pmid in wanted:
            alone = replace(reply, url=f"{client.services.pubmed.base_url}/efetch.fcgi?db=pubmed&id={pmid}&retmode=xml")
            try:
                yield pmid, _record(alone, article)
            except SourceProblem as problem:
                yield pmid, problem


def _pmid_of(article: Element) -> str:
    return article.findtext("MedlineCitation/PMID") or article.findtext("BookDocument/PMID") or ""


def _read(body: bytes) -> Element:
    root = read_xml(body)
    if root.tag != "PubmedArticleSet":
        raise ValueError(f"it is a {root.tag} in place of a PubmedArticleSet")
    return root


def _record(reply: Reply[Element], article: Element) -> SourceRecord:
    read = _read_article(article)
    members = read.bibliography.model_dump() if read.bibliography else {}
    notices = list(_notices(article))
    types = {str(term).lower() for term in members.get("publication_types", [])}
    if "retracted publication" in types and not any(entry.kind is NoticeKind.RETRACTION for entry in notices):
        notices.append(notice(NoticeKind.RETRACTION, SourceName.PUBMED, date=None))
    return make_record(
        SourceName.PUBMED,
        reply,
        {**members, **_as_printed_here(members)},
        registrations=_databanks(article) or registrations_in(members.get("abstract")),
        notices=notices,
        remarks=[*_dropped(read), *_notice_of(article)],
        unknown_updates=list(_unknown_updates(article)),
    )


def _read_article(article: Element) -> ReadRecord:
    """By the reader of PubMed XML files; authors whom PubMed marks as misprinted are left out before."""
    for people in article.iter("AuthorList"):
        for author in [author for author in people if author.get("ValidYN") == "N"]:
            people.remove(author)
    try:
        return next(read_pubmed_xml(BytesIO(b"<PubmedArticleSet>" + tostring(article) + b"</PubmedArticleSet>")))
    except (FileRefused, StopIteration, RecursionError) as error:
        raise SourceReplyInvalid("PubMed sent an article that cannot be read.") from error


def _as_printed_here(members: dict[str, Any]) -> dict[str, Any]:
    """Without brackets around the title; the link to a trial is made anew, from all registrations together."""
    title, pmid = members.get("title") or "", members.get("pmid")
    translated = TRANSLATED.fullmatch(title)
    urls = [f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"] if pmid else []
    return {"title": translated[1] if translated else title, "linked_registration": None, "urls": urls}


def _dropped(read: ReadRecord) -> list[str]:
    return [f"{problem.field}: {problem.detail}"[:MAX_REMARK] for problem in read.problems if problem.field not in NOTICES]


def _text(element: Element | None) -> str | None:
    """All text inside, styled parts included, in one line."""
    return one_line("".join(element.itertext())) if element is not None else None


def _databanks(article: Element) -> list[str]:
    """Accession numbers of trial registries; the list also holds those of sequences and structures."""
    return [
        number
        for bank in article.iterfind("MedlineCitation/Article/DataBankList/DataBank")
        if (_text(bank.find("DataBankName")) or "").lower() in REGISTRIES_AMONG_DATABANKS
        for element in bank.iterfind("AccessionNumberList/AccessionNumber")
        if (number := _text(element))
    ]


def _corrections(article: Element) -> Iterator[tuple[str, Element]]:
    for element in article.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
        yield element.get("RefType", ""), element


def _notices(article: Element) -> Iterator[Retraction]:
    for relation, element in _corrections(article):
        if relation in NOTICES:
            citation = _text(element.find("RefSource"))
            doi = DOI_IN_CITATION.search(citation or "")
            note = _text(element.find("Note"))
            yield notice(
                NoticeKind.REINSTATEMENT if says_reinstated(NOTICES[relation], note, citation) else NOTICES[relation],
                SourceName.PUBMED,
                date=from_citation(citation),
                doi=doi[1] if doi else None,
                pmid=_text(element.find("PMID")),
                reason=note,
            )


def _unknown_updates(article: Element) -> Iterator[str]:
    unknown = {relation for relation, _ in _corrections(article)} - NOTICES.keys() - NOTICE_OF.keys() - SAY_NOTHING_AGAINST_IT
    return (f"PubMed lists an update of a kind that we do not know: {kind or 'unnamed'}"[:MAX_REMARK] for kind in sorted(unknown))


def _notice_of(article: Element) -> Iterator[str]:
    for relation, element in _corrections(article):
        if relation in NOTICE_OF:
            about = _text(element.find("RefSource")) or "another publication"
            yield f"this is {NOTICE_OF[relation]} about {about}"[:MAX_REMARK]
