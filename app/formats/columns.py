"""Tables of references: which heading means which member, and a row out of or into a `Bibliography`. CSV and XLSX share it.

Headings are compared without case, spaces and punctuation. Read are those of our own tables (the names of the members), of
Zotero, PubMed, Scopus, Web of Science (long names and two-letter tags), Embase, Rayyan and EndNote. Of several columns for
one member the first in the row that is filled is taken; of the columns marked + all are.

| member | headings |
| --- | --- |
| title | title, article title, document title, primary title, TI |
| authors | authors, author, author(s), author names, AU; then author full names, AF |
| author_orcids | author_orcids: `Haller H: 0000-…`, between semicolons |
| year | year, publication year, pub year, PY; then date, publication date |
| journal | journal, journal/book, journal title, publication title, source title, full journal title, SO; then its abbreviations |
| volume, issue | volume, vol, VL; issue, number, IS |
| pages | pages, page range; start page and end page, page start and page end, BP and EP; article number, art. no., AR |
| language | language, language of original document, LA |
| doi, pmid, pmcid | doi, DI; pmid, pubmed id, PM; pmcid, pmc id |
| registration, completed_on, country | their own names |
| linked_registration | its own name; clinical trial number(s), trial registration |
| doi, pmid, pmcid too | extra, notes: `PMID: 31892357`, as Zotero keeps them |
| kind, design, publication_status | their own names, with our own words |
| abstract | abstract, abstract note, AB |
| keywords + | keywords, author keywords, index keywords, keywords plus, manual tags, automatic tags, DE, ID |
| publication_types + | publication_types, publication type(s), item type, document type, DT |
| urls + | urls, url, link, full text url |

Lists stand in one cell between semicolons, addresses between spaces. A cell that a spreadsheet would take for a formula is
written with an apostrophe before it, which is taken off when it is read. Not carried: a semicolon in an item of a list, an
upright stroke in an author, and a group of authors whose name holds a comma and none of `GROUP_WORDS`, or reads like several people.
"""

import re
from collections.abc import Sequence

from app.formats.author_names import read_names
from app.formats.drafts import Draft
from app.formats.plain_text import join_list, split_list
from app.schemas.bibliography import Bibliography

OWN_COLUMNS = tuple(Bibliography.model_fields)
HEADINGS: dict[str, str] = {
    **{name.replace("_", ""): name for name in OWN_COLUMNS},
    **dict.fromkeys(("articletitle", "documenttitle", "primarytitle", "ti"), "title"),
    **dict.fromkeys(("author", "authornames", "au"), "authors"),
    **dict.fromkeys(("authorfullnames", "af"), "full_names"),
    **dict.fromkeys(("publicationyear", "pubyear", "py"), "year"),
    **dict.fromkeys(("date", "publicationdate"), "date"),
    **dict.fromkeys(("journalbook", "journaltitle", "publicationtitle", "sourcetitle", "fulljournaltitle", "so"), "journal"),
    **dict.fromkeys(("journalabbreviation", "abbreviatedsourcetitle", "journalisoabbreviation", "ji", "j9"), "abbreviation"),
    **dict.fromkeys(("vol", "vl"), "volume"),
    **dict.fromkeys(("number", "is"), "issue"),
    **dict.fromkeys(("pagerange",), "pages"),
    **dict.fromkeys(("startpage", "pagestart", "bp"), "first_page"),
    **dict.fromkeys(("endpage", "pageend", "ep"), "last_page"),
    **dict.fromkeys(("articlenumber", "artno", "ar"), "article_number"),
    **dict.fromkeys(("languageoforiginaldocument", "la"), "language"),
    **dict.fromkeys(("di",), "doi"),
    **dict.fromkeys(("pubmedid", "pm"), "pmid"),
    **dict.fromkeys(("pmcidnumber", "pmc"), "pmcid"),
    **dict.fromkeys(("clinicaltrialnumber", "clinicaltrialnumbers", "trialregistration"), "linked_registration"),
    **dict.fromkeys(("abstractnote", "ab"), "abstract"),
    **dict.fromkeys(("authorkeywords", "indexkeywords", "keywordsplus", "manualtags", "automatictags", "de", "id"), "keywords"),
    **dict.fromkeys(("publicationtype", "itemtype", "documenttype", "dt"), "publication_types"),
    **dict.fromkeys(("url", "link", "fulltexturl"), "urls"),
    **dict.fromkeys(("extra", "notes", "note"), "note"),
}
NAMING = frozenset({"title", "doi", "pmid", "pmcid", "registration"})  # a table needs one of these
WORDS = ("volume", "issue", "country", "completed_on", "kind", "design", "publication_status")
IDENTIFIERS = ("doi", "pmid", "pmcid", "registration", "linked_registration")
SHOWN = 30
MAX_SHOWN = 60
FORMULA = re.compile(r"'*[=+\-@\t\r]")
QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")
NUMBERED = frozenset({"volume", "issue", "pages", "first_page", "last_page"})
MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
MADE_DATE = re.compile(
    rf"\d{{1,2}}-{MONTH}(?:-\d{{2,4}})?|{MONTH}-\d{{2,4}}|\d{{4}}-\d\d-\d\d(?: 00:00:00)?|\d{{1,2}}([./])\d{{1,2}}\1\d{{2,4}}",
    re.IGNORECASE,
)
SCOPUS_ID = re.compile(r"(?<!\s)\s*\(\d+\)")

Cells = dict[str, list[str]]


def slots_of(headings: Sequence[str]) -> list[str | None]:
    """What each column is for; None for those that are not read."""
    return [HEADINGS.get(re.sub(r"[\W_]+", "", heading).lower()) for heading in headings]


def remarks_on(headings: Sequence[str], but: str | None = None) -> tuple[str, ...]:
    """Which columns of a table are not read."""
    names = [" ".join(heading.split())[:MAX_SHOWN] for heading, slot in zip(headings, slots_of(headings), strict=True) if slot is None]
    unread = [name for name in names if name and name != but]
    more = f" and {len(unread) - SHOWN:,} more" if len(unread) > SHOWN else ""
    return (f"columns that are not read: {', '.join(unread[:SHOWN])}{more}",) if unread else ()


def is_table_of_references(headings: Sequence[str]) -> bool:
    return not NAMING.isdisjoint(slot for slot in slots_of(headings) if slot)


def read_row(line: int, slots: Sequence[str | None], row: Sequence[str]) -> Draft:
    """One row; empty cells say nothing."""
    draft = Draft(line)
    cells: Cells = {}
    row = [_unless_a_date(draft, slot, text) for slot, text in zip(slots, row, strict=False)] + list(row[len(slots) :])
    for slot, text in zip(slots, row, strict=False):
        if slot and text and not text.isspace():
            cells.setdefault(slot, []).append(text[1:] if QUOTED_FORMULA.match(text) else text)
    if any(cell and not cell.isspace() for cell in row[len(slots) :]):
        draft.error(f"the row has {len(row)} cells, the heading {len(slots)}")

    def first(slot: str) -> str | None:
        return cells[slot][0] if slot in cells else None

    draft.put_title(first("title"))
    for member in ("journal", *WORDS):
        draft.put(member, first(member))
    draft.put("journal", first("abbreviation"))
    draft.put_pages(first("pages"))
    draft.put_pages(first("first_page"), first("last_page"))
    draft.put("pages", first("article_number"))
    draft.put_abstract(first("abstract"))
    draft.put_year(first("year") or first("date"), field="year")
    draft.put_language(first("language"), field="language")
    for member in IDENTIFIERS:
        for text in cells.get(member, ()):
            draft.identify(member, text, field=member)
    draft.read_note(first("note"), field="note")
    _read_people(draft, first("authors"), first("full_names"), first("author_orcids"))
    _read_lists(draft, cells)
    draft.read_types()
    return draft


def _unless_a_date(draft: Draft, slot: str | None, text: str) -> str:
    """A cell; nothing where a spreadsheet has made a date of a number such as `2-1`."""
    if slot not in NUMBERED or not MADE_DATE.fullmatch(text.strip()):
        return text
    draft.notice(f"{text.strip()!r} is left out: a spreadsheet seems to have made a date of it", field=slot)
    return ""


def _read_people(draft: Draft, authors: str | None, full_names: str | None, orcids: str | None) -> None:
    names, unclear = read_names(authors or SCOPUS_ID.sub("", full_names or ""))
    for name in names:
        draft.add_author(name)
    for text in unclear:
        draft.doubt_author(text, field="authors")
    for entry in (orcids or "").split(";"):
        name, _, orcid = entry.rpartition(": ")
        if entry.strip():
            draft.add_orcid(name.strip() or "unknown", orcid, field="author_orcids")


def _read_lists(draft: Draft, cells: Cells) -> None:
    for text in cells.get("keywords", ()):
        for word in split_list(text):
            draft.add("keywords", word)
    for text in cells.get("publication_types", ()):
        for term in text.split(";"):
            draft.add("publication_types", term)
    for text in cells.get("urls", ()):
        for address in text.split():
            draft.add("urls", address)


def written_row(study: Bibliography) -> list[str]:
    """The cells under OWN_COLUMNS."""
    lists = {
        "authors": "; ".join(study.authors),
        "author_orcids": "; ".join(f"{entry.author}: {entry.orcid}" for entry in study.author_orcids),
        "keywords": join_list(study.keywords),
        "publication_types": "; ".join(study.publication_types),
        "urls": " ".join(study.urls),
    }
    cells = []
    for name in OWN_COLUMNS:
        value = lists[name] if name in lists else getattr(study, name)
        text = "" if value is None else str(value)
        cells.append(f"'{text}" if FORMULA.match(text) else text)
    return cells
