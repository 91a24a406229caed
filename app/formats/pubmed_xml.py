"""PubMed XML, as `efetch` answers with it and PubMed's baseline files hold it.

Source: U.S. National Library of Medicine, PubMed DTD of 2025 and its description of elements.

| member | element |
| --- | --- |
| title | ArticleTitle without its final full stop, then VernacularTitle; of books BookTitle |
| authors, author_orcids | Author: LastName, Initials, Suffix; CollectiveName; Identifier of source ORCID |
| year | JournalIssue/PubDate: Year or MedlineDate; then ArticleDate |
| journal, volume, issue, pages | Journal/Title, then ISOAbbreviation; Volume; Issue; MedlinePgn, or StartPage and EndPage |
| language | Language, by ISO 639-2 |
| doi, pmid, pmcid | the record's own ArticleIdList and ELocationID; PMID |
| linked_registration | DataBankList, where the bank is a registry |
| abstract | AbstractText, a paragraph each, with its label |
| keywords | Keyword, then the descriptors of MeshHeadingList with their qualifiers |
| publication_types, kind, design | PublicationType, by the fixed terms in `publication_types` |
| publication_status | PublicationType; RetractionIn; ExpressionOfConcernIn; PublicationStatus `ppublish`, `epublish` |
| country, completed_on, registration, urls; kind, design and status that no type says | GeneralNote (see `own_note`) |

ErratumIn, UpdateIn and CorrectedandRepublishedIn are reported.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from app.formats.author_names import name_parts
from app.formats.drafts import Draft
from app.formats.languages import library_code
from app.formats.nbib import PUBLISHED, WITHOUT_FIELD, read_data_bank
from app.formats.own_note import own_note, read_own_note
from app.formats.plain_text import CONTROLS
from app.formats.read_record import ReadRecord, unusable
from app.formats.written import bibliography_of
from app.formats.xml_records import text_of, xml_records
from app.identifiers import registry_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument
from app.vocabulary import PublicationStatus

RECORDS = frozenset({"PubmedArticle", "PubmedBookArticle"})
RELATED = {
    "ErratumIn": "an erratum to it has been published",
    "UpdateIn": "an update of it has been published",
    "CorrectedandRepublishedIn": "a corrected version of it has been published",
}


def read_pubmed_xml(stream: BinaryIO, encoding: str = "") -> Iterator[ReadRecord]:
    """Every article and book of the set; the encoding stands in the file itself."""
    for position, found in enumerate(xml_records(stream, RECORDS), start=1):
        if found.element is None:
            yield unusable(position, found.line, found.cut or "")
        else:
            raw = text_of(found.element)
            yield _draft(found.element, found.line).finished(position, raw)


def _draft(record: Element, line: int) -> Draft:
    draft = Draft(line)
    citation = record.find("MedlineCitation")
    citation = record if citation is None else citation
    for note in citation.iterfind("GeneralNote"):
        read_own_note(draft, text_of(note), WITHOUT_FIELD)

    def text(*paths: str) -> str:
        return next((value for path in paths if (value := text_of(citation.find(path)))), "")

    draft.put_title(text("Article/ArticleTitle", "Article/VernacularTitle", ".//ArticleTitle", ".//BookTitle").removesuffix("."))
    draft.put("journal", text("Article/Journal/Title", "Article/Journal/ISOAbbreviation", "MedlineJournalInfo/MedlineTA"))
    draft.put("volume", text("Article/Journal/JournalIssue/Volume"))
    draft.put("issue", text("Article/Journal/JournalIssue/Issue"))
    draft.put_pages(text(".//Pagination/MedlinePgn"))
    draft.put_pages(text(".//Pagination/StartPage"), text(".//Pagination/EndPage"))
    draft.put_year(text("Article/Journal/JournalIssue/PubDate", "Article/ArticleDate/Year", ".//Book/PubDate/Year"), field="PubDate")
    draft.put_language(text(".//Language"), field="Language")
    _read_abstract(draft, citation)
    _read_authors(draft, citation)
    for keyword in citation.iterfind("KeywordList/Keyword"):
        draft.add("keywords", text_of(keyword))
    for heading in citation.iterfind("MeshHeadingList/MeshHeading"):
        draft.add("keywords", "/".join(text_of(part) for part in heading))
    for term in citation.iterfind(".//PublicationType"):
        draft.add("publication_types", text_of(term))
    _read_status(draft, record)
    _read_identifiers(draft, record, citation)
    return draft


def _read_abstract(draft: Draft, citation: Element) -> None:
    parts = []
    for part in citation.iterfind(".//Abstract/AbstractText"):
        label = part.get("Label")
        parts.append(f"{label}: {text_of(part)}" if label and label != "UNLABELLED" else text_of(part))
    draft.put_abstract("\n".join(part for part in parts if part))


def _read_authors(draft: Draft, citation: Element) -> None:
    lists = [people for people in citation.iterfind(".//AuthorList") if people.get("Type") != "editors"]
    for author in (author for people in lists for author in people.iterfind("Author")):
        family, initials, suffix, group = (text_of(author.find(part)) for part in ("LastName", "Initials", "Suffix", "CollectiveName"))
        name = group or " ".join(part for part in (family, initials, suffix) if part)
        draft.add_author(name)
        for identifier in author.iterfind("Identifier"):
            if name and identifier.get("Source") == "ORCID" and text_of(identifier):
                draft.add_orcid(name, text_of(identifier), field="Author/Identifier")


def _read_status(draft: Draft, record: Element) -> None:
    related = {note.get("RefType", ""): note for note in record.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections")}
    if "RetractionIn" in related:
        draft.found["publication_status"] = PublicationStatus.RETRACTED
    draft.read_types()
    if "ExpressionOfConcernIn" in related:
        draft.found.setdefault("publication_status", PublicationStatus.EXPRESSION_OF_CONCERN)
    if text_of(record.find("PubmedData/PublicationStatus")).lower() in PUBLISHED:
        draft.found.setdefault("publication_status", PublicationStatus.PUBLISHED)
    for kind, detail in RELATED.items():
        if kind in related:
            draft.notice(f"{detail}: {text_of(related[kind].find('RefSource'))[:200]}", field=kind)


def _read_identifiers(draft: Draft, record: Element, citation: Element) -> None:
    """ArticleIdList stands under every cited reference too: only the record's own is read."""
    for path in ("PMID", "BookDocument/PMID"):
        draft.identify("pmid", text_of(citation.find(path)), field="PMID")
    names = {"doi": "doi", "pmc": "pmcid"}
    for path in ("PubmedData/ArticleIdList/ArticleId", "BookDocument/ArticleIdList/ArticleId"):
        for entry in record.iterfind(path):
            if (member := names.get(entry.get("IdType", ""))) is not None:
                draft.identify(member, text_of(entry), field="ArticleId")
    for entry in citation.iterfind("Article/ELocationID"):
        if entry.get("EIdType") == "doi" and entry.get("ValidYN", "Y") == "Y":
            draft.identify("doi", text_of(entry), field="ELocationID")
    for bank in citation.iterfind("Article/DataBankList/DataBank"):
        for number in bank.iterfind("AccessionNumberList/AccessionNumber"):
            read_data_bank(draft, text_of(bank.find("DataBankName")), text_of(number), field="DataBank", line=draft.line)


def write_pubmed_xml(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """One set of articles, without a DTD; elements in the order of the DTD."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n'
    for study in studies:
        yield _article(bibliography_of(study))
    yield "</PubmedArticleSet>\n"


def _tag(name: str, content: object, attributes: str = "") -> str:
    """An element around text; nothing where there is none."""
    if content in (None, ""):
        return ""
    return f"<{name}{attributes}>{escape(str(content).translate(CONTROLS))}</{name}>"


def _around(name: str, *parts: str, attributes: str = "") -> str:
    inner = "".join(parts)
    return f"<{name}{attributes}>{inner}</{name}>" if inner else ""


def _article(study: Bibliography) -> str:
    final = "" if (study.title or "").endswith(("?", "!")) else "."
    issue = (_tag("Volume", study.volume), _tag("Issue", study.issue), _around("PubDate", _tag("Year", study.year)))
    article = _around(
        "Article",
        _around("Journal", _around("JournalIssue", *issue), _tag("Title", study.journal)),
        _tag("ArticleTitle", f"{study.title}{final}" if study.title else None),
        _around("Pagination", _tag("MedlinePgn", study.pages)),
        _around("Abstract", *(_tag("AbstractText", part) for part in (study.abstract or "").split("\n"))),
        _around("AuthorList", *_authors(study)),
        _tag("Language", library_code(study.language) if study.language else None),
        _data_bank(study.linked_registration),
        _around("PublicationTypeList", *(_tag("PublicationType", term) for term in study.publication_types)),
    )
    related = _around("CommentsCorrectionsList", *(_related(kind) for kind in _related_of(study)))
    keywords = _around("KeywordList", *(_tag("Keyword", word) for word in study.keywords))
    note = _tag("GeneralNote", own_note(study, WITHOUT_FIELD), ' Owner="NLM"')
    status = "ppublish" if study.publication_status is PublicationStatus.PUBLISHED else None
    identifiers = (_tag("ArticleId", study.doi, ' IdType="doi"'), _tag("ArticleId", study.pmcid, ' IdType="pmc"'))
    published = _around("PubmedData", _tag("PublicationStatus", status), _around("ArticleIdList", *identifiers))
    citation = _around("MedlineCitation", _tag("PMID", study.pmid), article, related, keywords, note)
    return f"<PubmedArticle>{citation}{published}</PubmedArticle>\n"


def _related_of(study: Bibliography) -> Iterator[str]:
    """The notices that a status stands for, where no publication type says it."""
    if study.publication_status is PublicationStatus.EXPRESSION_OF_CONCERN:
        yield "ExpressionOfConcernIn"
    elif study.publication_status is PublicationStatus.RETRACTED and "Retracted Publication" not in study.publication_types:
        yield "RetractionIn"


def _related(kind: str) -> str:
    return f'<CommentsCorrections RefType="{kind}"><RefSource/></CommentsCorrections>'


def _authors(study: Bibliography) -> Iterator[str]:
    orcids = {entry.author: entry.orcid for entry in study.author_orcids}
    for author in study.authors:
        parts = name_parts(author)
        names = map(_tag, ("LastName", "Initials", "Suffix"), parts) if parts else (_tag("CollectiveName", author),)
        yield _around("Author", *names, _tag("Identifier", orcids.pop(author, None), ' Source="ORCID"'))


def _data_bank(number: str | None) -> str:
    bank = registry_of(number) if number else None
    if bank is None:
        return ""
    numbers = _around("AccessionNumberList", _tag("AccessionNumber", number))
    return _around("DataBankList", _around("DataBank", _tag("DataBankName", bank), numbers))
