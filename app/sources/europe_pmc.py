"""Europe PMC, by its RESTful web service: `search?query=…&resultType=core&format=json` (https://europepmc.org/RestfulWebService).

| member | from |
|---|---|
| title | title, without the final full stop |
| authors, author_orcids | authorList.author: lastName initials, or collectiveName; authorId of type ORCID |
| year | journalInfo.yearOfPublication, or pubYear |
| journal, volume, issue, pages | journalInfo.journal.title, journalInfo.volume, journalInfo.issue, pageInfo |
| doi, pmid, pmcid | of the same names |
| linked_registration | a registration number in abstractText, if it is one |
| design, kind, publication_status | pubTypeList.pubType, by `formats/publication_types.py`; source PPR is a preprint |
| notices | commentCorrectionList.commentCorrection of type Retraction in, Expression of concern in, Erratum in and their kin |
"""

from collections.abc import Iterator
from typing import Any, Literal

from app.errors import UnknownIdentifier
from app.formats.author_names import family_first
from app.formats.languages import language_code
from app.formats.publication_types import meaning_of
from app.identifiers import normalise_doi
from app.schemas.lookup import NoticeKind, Retraction, SourceName, SourceRecord
from app.sources.client import Reply, SourceClient
from app.sources.partial_date import from_citation, year_of
from app.sources.reading import at, objects_at, paragraphs, read_json, text_at, texts_at, without_markup
from app.sources.record import make_record, notice, registrations_in, says_reinstated
from app.vocabulary import PublicationStatus

QUERIES = {"doi": 'DOI:"{}"', "pmid": "EXT_ID:{} AND SRC:MED", "pmcid": "PMCID:{}"}
NOTICES = {
    "retraction in": NoticeKind.RETRACTION,
    "retracted and republished in": NoticeKind.RETRACTION,
    "partial retraction in": NoticeKind.PARTIAL_RETRACTION,
    "expression of concern in": NoticeKind.EXPRESSION_OF_CONCERN,
    "erratum in": NoticeKind.CORRECTION,
    "corrected and republished in": NoticeKind.CORRECTION,
}
BEST_FIRST = ("MED", "PMC", "PPR")  # PubMed's own record, a full text without one, a preprint


def fetch(client: SourceClient, kind: Literal["doi", "pmid", "pmcid"], value: str) -> SourceRecord:
    """The record that has exactly this identifier: the search itself finds words."""
    # A quotation mark or backslash would end or bend the quoted DOI; no registered DOI needs one.
    query = QUERIES[kind].format(value.replace("\\", "").replace('"', ""))
    params = {"query": query, "resultType": "core", "format": "json", "pageSize": "25"}
    reply = client.get(client.services.europe_pmc, "/search", params, _read)
    found = [result for result in objects_at(reply.content, "resultList", "result") if _has(result, kind, value)]
    if not found:
        raise UnknownIdentifier(f"Europe PMC has no record with {kind} {value}.")
    return _record(reply, min(found, key=_rank))


def _read(body: bytes) -> dict[str, Any]:
    content = read_json(body)
    if not isinstance(at(content, "resultList"), dict):
        raise ValueError("it has no resultList")
    return content


def _has(result: dict[str, Any], kind: str, value: str) -> bool:
    found = text_at(result, kind)
    if kind == "doi":
        try:
            return normalise_doi(found or "") == value
        except ValueError:
            return False
    return (found or "").upper() == value.upper()


def _rank(result: dict[str, Any]) -> int:
    source = text_at(result, "source")
    return BEST_FIRST.index(source) if source in BEST_FIRST else len(BEST_FIRST)


def _record(reply: Reply[dict[str, Any]], result: dict[str, Any]) -> SourceRecord:
    types = texts_at(result, "pubTypeList", "pubType")
    abstract = paragraphs(at(result, "abstractText"))
    meaning = meaning_of(types)
    notices = list(_notices(result))
    if "retracted publication" in {text.lower() for text in types} and not any(n.kind is NoticeKind.RETRACTION for n in notices):
        notices.append(notice(NoticeKind.RETRACTION, SourceName.EUROPE_PMC, date=None))
    return make_record(
        SourceName.EUROPE_PMC,
        reply,
        {
            **_publication(result),
            "publication_types": types,
            "kind": meaning.kind,
            "design": meaning.design,
            "publication_status": PublicationStatus.PREPRINT if text_at(result, "source") == "PPR" else meaning.status,
            "abstract": abstract,
            "keywords": texts_at(result, "keywordList", "keyword"),
            "urls": _addresses(result),
        },
        registrations=registrations_in(abstract),
        notices=notices,
        remarks=meaning.remarks,
    )


def _publication(result: dict[str, Any]) -> dict[str, Any]:
    authors, orcids = _authors(result)
    return {
        "title": (without_markup(text_at(result, "title")) or "").removesuffix(".").removeprefix("[").removesuffix("]"),
        "authors": authors,
        "author_orcids": orcids,
        "year": year_of(text_at(result, "journalInfo", "yearOfPublication") or text_at(result, "pubYear")),
        "journal": without_markup(text_at(result, "journalInfo", "journal", "title")),
        "volume": text_at(result, "journalInfo", "volume"),
        "issue": text_at(result, "journalInfo", "issue"),
        "pages": text_at(result, "pageInfo"),
        "language": language_code(text_at(result, "language") or ""),
        **{name: text_at(result, name) for name in ("doi", "pmid", "pmcid")},
    }


def _authors(result: dict[str, Any]) -> tuple[list[str], list[dict[str, str]]]:
    names, orcids = [], []
    for author in objects_at(result, "authorList", "author"):
        family, given, initials = (text_at(author, member) for member in ("lastName", "firstName", "initials"))
        group = text_at(author, "collectiveName") or text_at(author, "fullName")
        name = family_first(family, initials or given or "") if family else group
        if not name:
            continue
        names.append(name)
        orcid = text_at(author, "authorId", "value")
        if orcid and text_at(author, "authorId", "type") == "ORCID":
            orcids.append({"author": name, "orcid": orcid})
    return names, orcids


def _addresses(result: dict[str, Any]) -> list[str]:
    source, number = text_at(result, "source"), text_at(result, "id")
    return [f"https://europepmc.org/article/{source}/{number}"] if source and number else []


def _notices(result: dict[str, Any]) -> Iterator[Retraction]:
    for entry in objects_at(result, "commentCorrectionList", "commentCorrection"):
        relation = (text_at(entry, "type") or "").lower()
        if relation in NOTICES:
            kind, note, reference = NOTICES[relation], text_at(entry, "note"), text_at(entry, "reference")
            yield notice(
                NoticeKind.REINSTATEMENT if says_reinstated(kind, note, reference) else kind,
                SourceName.EUROPE_PMC,
                date=from_citation(reference),
                pmid=text_at(entry, "id") if text_at(entry, "source") == "MED" else None,
                reason=note,
            )
