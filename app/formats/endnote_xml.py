"""EndNote XML, as EndNote exports a library. The text of a field may be divided into `style` elements; it is joined.

Source: Clarivate, EndNote, RSXML.dtd (the document type of the export).

| member | element of `record` |
| --- | --- |
| title | titles/title |
| authors | contributors/authors/author (`Family, Given`) |
| year | dates/year, then dates/pub-dates/date |
| journal | periodical/full-title, titles/secondary-title, alt-periodical/full-title, periodical/abbr-1 |
| volume, issue, pages | volume; number; pages |
| language | language |
| doi | electronic-resource-num |
| pmid | accession-num, where remote-database-name or -provider names PubMed or MEDLINE; a note of `PMID:` |
| pmcid | custom2, where it is one; a note of `PMCID:` |
| registration, linked_registration | notes: `Registered as:`, `Trial registration:` |
| abstract, keywords, urls | abstract; keywords/keyword; urls/related-urls/url |
| publication_types | ref-type, then work-type, between semicolons |
| author_orcids, country, completed_on; kind, design and status that no type says | research-notes (see `own_note`) |

Kind, design and publication status are read from the publication types. Not carried: a group of authors whose name holds a comma and
none of `GROUP_WORDS`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, SubElement, tostring

from app.formats.author_names import with_comma
from app.formats.drafts import Draft
from app.formats.own_note import own_note, read_own_note
from app.formats.plain_text import CONTROLS
from app.formats.publication_types import type_names
from app.formats.read_record import ReadRecord, unusable
from app.formats.ris import PUBMED, WITHOUT_FIELD
from app.formats.written import bibliography_of
from app.formats.xml_records import text_of, xml_records
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

# EndNote's numbers of its reference types; it goes by the name.
REFERENCE_TYPES = {
    "Journal Article": "17",
    "Thesis": "32",
    "Conference Paper": "47",
    "Book": "6",
    "Book Chapter": "5",
    "Report": "27",
    "Web Page": "12",
    "Magazine Article": "19",
    "Newspaper Article": "23",
    "Dataset": "59",
}
UNTYPED = frozenset({"Generic", "Unpublished Work", ""})
JOURNALS = ("periodical/full-title", "titles/secondary-title", "alt-periodical/full-title", "periodical/abbr-1")


def read_endnote_xml(stream: BinaryIO, encoding: str = "") -> Iterator[ReadRecord]:
    """Every record of the library; the encoding stands in the file itself."""
    for position, found in enumerate(xml_records(stream, {"record"}), start=1):
        if found.element is None:
            yield unusable(position, found.line, found.cut or "")
        else:
            yield _draft(found.element, found.line).finished(position, text_of(found.element))


def _draft(record: Element, line: int) -> Draft:
    draft = Draft(line)
    read_own_note(draft, text_of(record.find("research-notes")), WITHOUT_FIELD)

    def text(*paths: str) -> str:
        return next((value for path in paths if (value := text_of(record.find(path)))), "")

    draft.put_title(text("titles/title"))
    draft.put("journal", text(*JOURNALS))
    draft.put("volume", text("volume"))
    draft.put("issue", text("number"))
    draft.put_pages(text("pages"))
    draft.put_year(text("dates/year", "dates/pub-dates/date"), field="year")
    draft.put_language(text("language"), field="language")
    abstract = record.find("abstract")
    draft.put_abstract("".join(abstract.itertext()) if abstract is not None else None)
    for author in record.iterfind("contributors/authors/author"):
        draft.read_author(text_of(author), field="author")
    for keyword in record.iterfind("keywords/keyword"):
        draft.add("keywords", text_of(keyword).lstrip("*"))
    for address in record.iterfind("urls/related-urls/url"):
        if (value := text_of(address)).lower().startswith(("http://", "https://")):
            draft.add("urls", value)
    _read_types(draft, record)
    _read_identifiers(draft, text)
    return draft


def _read_types(draft: Draft, record: Element) -> None:
    kind = record.find("ref-type")
    name = kind.get("name", "") if kind is not None else ""
    draft.add("publication_types", None if name in UNTYPED else name)
    for term in text_of(record.find("work-type")).split(";"):
        draft.add("publication_types", term)
    draft.read_types()


def _read_identifiers(draft: Draft, text: Callable[..., str]) -> None:
    draft.identify("doi", text("electronic-resource-num"), field="electronic-resource-num")
    if PUBMED.search(text("remote-database-name")) or PUBMED.search(text("remote-database-provider")):
        draft.identify("pmid", text("accession-num"), field="accession-num")
    if text("custom2").upper().startswith("PMC"):
        draft.identify("pmcid", text("custom2"), field="custom2")
    draft.read_note(text("notes"), field="notes")


def write_endnote_xml(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """One library, a record a line."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<xml><records>\n'
    for study in studies:
        yield tostring(_record(bibliography_of(study)), encoding="unicode") + "\n"
    yield "</records></xml>\n"


def _record(study: Bibliography) -> Element:
    record = Element("record")
    typed = next((term for term in study.publication_types if type_names(term)), None)
    names = type_names(typed) if typed else None
    name = names.words if names else "Journal Article" if study.journal else "Generic"
    SubElement(record, "ref-type", {"name": name}).text = REFERENCE_TYPES.get(name, "13")
    others = [term for term in study.publication_types if term != typed]
    notes = [f"Registered as: {study.registration}"] if study.registration else []
    notes += [f"Trial registration: {study.linked_registration}"] if study.linked_registration else []
    fields: tuple[tuple[str, Iterable[object]], ...] = (
        ("contributors/authors/author", map(with_comma, study.authors)),
        *(("titles/title", [study.title]), ("periodical/full-title", [study.journal]), ("pages", [study.pages])),
        *(("volume", [study.volume]), ("number", [study.issue]), ("keywords/keyword", study.keywords)),
        *(("dates/year", [study.year]), ("accession-num", [study.pmid]), ("abstract", [study.abstract])),
        *(("notes", ["; ".join(notes)]), ("work-type", ["; ".join(others)])),
        ("research-notes", [own_note(study, WITHOUT_FIELD, types=[*([] if name in UNTYPED else [name]), *others])]),
        *(("urls/related-urls/url", study.urls), ("custom2", [study.pmcid]), ("electronic-resource-num", [study.doi])),
        *(("remote-database-name", ["PubMed"] if study.pmid else []), ("language", [study.language])),
    )
    for path, values in fields:
        for value in values:
            if value not in (None, ""):
                _append(record, path, str(value).translate(CONTROLS))
    return record


def _append(record: Element, path: str, text: str) -> None:
    """The text at the end of a path whose inner elements are made once."""
    *inner, last = path.split("/")
    place = record
    for name in inner:
        found = place.find(name)
        place = found if found is not None else SubElement(place, name)
    SubElement(place, last).text = text
