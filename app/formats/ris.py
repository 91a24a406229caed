"""RIS, as Zotero, EndNote, Mendeley, RefWorks, Ovid, Scopus and Web of Science write it.

Source: Research Information Systems, RIS format specifications, 2001, with the tags that EndNote and Zotero have added since.
A record begins with `TY  -` and ends with `ER  -`; a line without a tag continues the one before it.

| member | read from, the first that is there | written as |
| --- | --- | --- |
| title | TI, T1, CT, BT | TI |
| authors | AU, A1 (`Family, Given`) | AU |
| year | PY, Y1, DA | PY |
| journal | JF, T2, JO, JA, J2, J1 | T2 |
| volume, issue | VL, VO; IS, and M1 where EndNote puts it | VL, IS |
| pages | SP and EP; otherwise C7 (article number) | SP, EP |
| doi | DO, DI; M3 or an address in UR or L3 that is a DOI | DO |
| pmid | AN, where DB or DP names PubMed or MEDLINE; `PMID:` in N1, M1, M2 or U2 | AN with `DB  - PubMed` |
| pmcid | C2, where it is one; `PMCID:` in N1, M1 or M2 | C2 |
| registration, linked_registration | `Registered as:` and `Trial registration:` in N1 | N1 |
| author_orcids, country, completed_on; kind, design and status that no type says | `Evidence Ledger:` in N1 (see `own_note`) | N1 |
| abstract, keywords, language | AB, N2; KW; LA | AB, KW, LA |
| publication_types | TY in words, then M3 and PT | TY, M3 |
| urls | UR, L1, L2, LK | UR |

Kind, design and publication status are read from the publication types. Not carried: line breaks in an abstract; a semicolon in a
keyword; a group of authors whose name holds a comma and none of `GROUP_WORDS`. The type that TY names comes first among the types.
"""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from app.formats.author_names import read_name, with_comma
from app.formats.drafts import Draft
from app.formats.own_note import NAME as OWN_NOTE
from app.formats.own_note import own_note, read_own_note
from app.formats.publication_types import type_names, words_of_ris
from app.formats.read_record import ReadRecord
from app.formats.tagged_record import TaggedRecord, Values, first_of, identify_all
from app.formats.text_lines import text_lines
from app.formats.written import bibliography_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

TAG = re.compile(r"^([A-Z][A-Z0-9]) {1,2}-(?: (.*)|)$")
PUBMED = re.compile(r"\b(?:pubmed|medline|nlm)\b", re.IGNORECASE)
DOI_ADDRESS = re.compile(r"^https?://(?:dx\.|www\.)?doi\.org/", re.IGNORECASE)
TITLES = ("TI", "T1", "CT", "BT")
JOURNALS = ("JF", "T2", "JO", "JA", "J2", "J1")
WITHOUT_FIELD = ("author_orcids", "country", "completed_on", "kind", "design", "publication_status")
OF_THE_FILE = frozenset({"FN", "VR", "EF"})  # Web of Science: name, version and end of the file
LISTED = frozenset({"KW", "AU", "A1"})  # a line without a tag under these is one item more


def read_ris(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every record of the file. Lines before the first record, such as the headings of Ovid and Web of Science, are skipped."""
    for position, (record, problem) in enumerate(_records(stream, encoding), start=1):
        if refused := record.too_large(position):
            yield refused
            continue
        draft = _draft(record)
        if problem:
            draft.notice(problem, line=record.last_line)
        yield draft.finished(position, record.raw)


def _records(stream: BinaryIO, encoding: str) -> Iterator[tuple[TaggedRecord, str | None]]:
    """Every record, and what is wrong with its frame."""
    record = TaggedRecord()
    for number, line in text_lines(stream, encoding):
        match = TAG.match(line)
        if match is None:
            if record and (more := line.strip()):
                (record.begin_again if record.last_tag in LISTED else record.continue_field)(number, more, line)
            continue
        tag = match[1]
        if tag == "TY" and record:
            yield record, "the record has no ER line: it ends where the next begins"
            record = TaggedRecord()
        if not record and tag in OF_THE_FILE:
            continue
        if tag != "ER":
            record.begin_field(number, tag, match[2] or "", line)
        elif record:
            yield record, None if record.first_tag == "TY" else "the record has no TY line"
            record = TaggedRecord()
    if record:
        yield record, "the file ends within the record: it has no ER line, so it may be cut off"


def _draft(record: TaggedRecord) -> Draft:
    draft, values = Draft(record.line), record.values()
    for _, text in values.get("N1", ()):
        read_own_note(draft, text, WITHOUT_FIELD)
    draft.put_title(first_of(values, *TITLES))
    draft.put("journal", first_of(values, *JOURNALS))
    draft.put("volume", first_of(values, "VL", "VO"))
    draft.put("issue", first_of(values, "IS") or _issue_of_endnote(first_of(values, "M1")))
    draft.put_pages(first_of(values, "SP"), first_of(values, "EP"))
    draft.put("pages", first_of(values, "C7"))
    draft.put_abstract(first_of(values, "AB", "N2"))
    for tag in ("PY", "Y1", "DA"):
        for number, text in values.get(tag, ()):
            draft.put_year(text.strip("/ "), field=tag, line=number)
    for number, text in values.get("LA", ()):
        draft.put_language(text, field="LA", line=number)
    _read_authors(draft, values)
    for _, text in values.get("KW", ()):
        for word in text.split(";"):
            draft.add("keywords", word.strip().lstrip("*"))
    _read_types(draft, values)
    _read_identifiers(draft, values)
    return draft


def _read_authors(draft: Draft, values: Values) -> None:
    """Some programs say every author under both tags."""
    said = {read_name(text) for _, text in values.get("AU", ())}
    for number, text in values.get("AU", ()):
        draft.read_author(text, field="AU", line=number)
    for number, text in values.get("A1", ()):
        if read_name(text) not in said:
            draft.read_author(text, field="A1", line=number)


def _issue_of_endnote(text: str | None) -> str | None:
    return text if text and re.fullmatch(r"\s*\d{1,4}(?:\s?[-/]\s?\d{1,4})?\s*", text) else None


def _read_types(draft: Draft, values: Values) -> None:
    for _, code in values.get("TY", ())[:1]:
        draft.add("publication_types", words_of_ris(code.strip().upper()))
    for _, text in (*values.get("M3", ()), *values.get("PT", ())):
        if not text.strip().startswith("10."):
            draft.add("publication_types", text)
    draft.read_types()


def _read_identifiers(draft: Draft, values: Values) -> None:
    identify_all(draft, values, "doi", "DO", "DI")
    for number, text in values.get("M3", ()):
        if text.strip().startswith("10."):
            draft.identify("doi", text, field="M3", line=number)
    if any(PUBMED.search(text) for tag in ("DB", "DP") for _, text in values.get(tag, ())):
        identify_all(draft, values, "pmid", "AN")
    for number, text in values.get("C2", ()):
        if text.strip().upper().startswith("PMC"):
            draft.identify("pmcid", text, field="C2", line=number)
    for tag in ("N1", "M1", "M2", "U2"):
        for number, text in values.get(tag, ()):
            if not text.startswith(OWN_NOTE):
                draft.read_note(text, field=tag, line=number)
    for tag in ("UR", "L1", "L2", "L3", "LK"):
        for number, text in values.get(tag, ()):
            if DOI_ADDRESS.match(text) and "doi" not in draft.found:
                draft.identify("doi", text, field=tag, line=number)
            if tag != "L3" and text.lower().startswith(("http://", "https://")):
                draft.add("urls", text)


def write_ris(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """One record each, with line ends as the specification has them (CRLF)."""
    for study in studies:
        lines = _written(bibliography_of(study))
        yield "".join(f"{tag}  - {' '.join(text.split())}".rstrip(" ") + "\r\n" for tag, text in lines) + "ER  - \r\n\r\n"


def _written(study: Bibliography) -> Iterator[tuple[str, str]]:
    typed = next(((term, names) for term in study.publication_types if (names := type_names(term))), None)
    yield "TY", typed[1].ris if typed else "JOUR" if study.journal else "GEN"
    yield from (("AU", with_comma(author)) for author in study.authors)
    start, dash, end = (study.pages or "").partition("-")
    spanned = bool(dash and start and end and "-" not in end and start != end)
    single = (
        *(("TI", study.title), ("PY", study.year), ("T2", study.journal), ("VL", study.volume), ("IS", study.issue)),
        *(("SP", start if spanned else study.pages), ("EP", end if spanned else None)),
        *(("DO", study.doi), ("AN", study.pmid), ("DB", "PubMed" if study.pmid else None), ("C2", study.pmcid)),
        *(("LA", study.language), ("AB", study.abstract)),
    )
    yield from ((tag, str(value)) for tag, value in single if value)
    yield from (("KW", word) for word in study.keywords)
    others = [term for term in study.publication_types if not (typed and term == typed[0])]
    yield from (("M3", term) for term in others)
    if study.registration:
        yield "N1", f"Registered as: {study.registration}"
    if study.linked_registration:
        yield "N1", f"Trial registration: {study.linked_registration}"
    given_back = [words] if typed and (words := words_of_ris(typed[1].ris)) else []
    if note := own_note(study, WITHOUT_FIELD, types=[*given_back, *others]):
        yield "N1", note
    yield from (("UR", address) for address in study.urls)
