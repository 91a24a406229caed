"""MEDLINE / NBIB, the tagged format that PubMed saves and reference managers import.

Source: U.S. National Library of Medicine, MEDLINE/PubMed Data Element (Field) Descriptions. A field is a tag of up to four
letters, padded, then `- `; lines that begin with six spaces continue it; an empty line, or the next PMID, ends a record.

| member | field |
| --- | --- |
| title | TI, without its final full stop; BTI or TT where there is none |
| authors | AU (`Haller H`), FAU where AU is missing, CN for groups |
| author_orcids | AUID, of the author above it |
| year | DP, DEP |
| journal, volume, issue, pages | JT, then TA; VI; IP; PG |
| language | LA, by ISO 639-2 |
| doi | LID and AID marked `[doi]` |
| pmid, pmcid | PMID; PMC |
| linked_registration | SI, where the data bank is a registry of trials or reviews, such as `ClinicalTrials.gov/NCT01234567` |
| publication_types, kind, design | PT, by the fixed terms in `publication_types` |
| publication_status | PT; RIN, ROF retracted; ECI expression of concern; PST `ppublish` or `epublish` published |
| abstract, keywords | AB; OT, then MH without the stars of major topics |
| country, completed_on, registration, urls; kind, design and status that no type says | `Evidence Ledger:` in GN (see `own_note`) |

EIN, UIN, CRI and RPI (erratum, update, corrected version) are reported as notices. PL, the country of the publisher, is not the
country of the study and is left out. Not carried: line breaks in an abstract; a star that begins a keyword.
"""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from app.formats.author_names import name_parts, read_name, with_comma
from app.formats.drafts import Draft
from app.formats.languages import library_code
from app.formats.own_note import own_note, read_own_note
from app.formats.plain_text import one_line
from app.formats.read_record import ReadRecord
from app.formats.tagged_record import TaggedRecord, Values, first_of, identify_all
from app.formats.text_lines import text_lines
from app.formats.written import bibliography_of
from app.identifiers import registry_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument
from app.vocabulary import PublicationStatus

TAG = re.compile(r"^([A-Z][A-Z0-9]{1,3}) {0,2}- ?(.*)$")
REGISTRIES = frozenset(
    [
        "clinicaltrials.gov",
        "isrctn",
        "anzctr",
        "chictr",
        "ctri",
        "drks",
        "eudract",
        "irct",
        "jprn",
        "kct",
        "ntr",
        "pactr",
        "prospero",
        "rebec",
        "umin",
    ]
)
RELATED = {
    "EIN": "an erratum to it has been published",
    "UIN": "an update of it has been published",
    "CRI": "a corrected version of it has been published",
    "RPI": "it has been republished",
}
WITHOUT_FIELD = ("country", "completed_on", "registration", "urls", "kind", "design", "publication_status")
PUBLISHED = frozenset({"ppublish", "epublish", "ppublish+epublish"})
NOT_STATED = "(not stated)"  # where the notice stands that a status goes back to
WIDTH = 88
CONTINUED = "\r\n      "


def read_nbib(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every record of the file. PubMed puts SO last: a file that ends in another field is reported as possibly cut off."""
    for position, (record, is_last) in enumerate(_records(stream, encoding), start=1):
        if refused := record.too_large(position):
            yield refused
            continue
        draft = _draft(record)
        if is_last and record.last_tag != "SO":
            draft.notice("the file ends before the field SO, which PubMed puts last: it may be cut off", line=record.last_line)
        yield draft.finished(position, record.raw)


def _records(stream: BinaryIO, encoding: str) -> Iterator[tuple[TaggedRecord, bool]]:
    """Every record, and whether it is the last."""
    record = waiting = TaggedRecord()
    for number, line in text_lines(stream, encoding):
        match = None if line.startswith("    ") else TAG.match(line)
        if record and (not line.strip() or (match and match[1] == "PMID")):
            waiting, record = record, TaggedRecord()
        if match:
            if waiting and not record:
                yield waiting, False
            record.begin_field(number, match[1], match[2], line)
        elif line.strip():
            record.continue_field(number, line.strip(), line)
    if record or waiting:
        yield record or waiting, True


def _draft(record: TaggedRecord) -> Draft:
    draft, values = Draft(record.line), record.values()
    for _, text in values.get("GN", ()):
        read_own_note(draft, text, WITHOUT_FIELD)
    draft.put_title((first_of(values, "TI", "BTI", "TT") or "").strip().removesuffix("."))
    for member, tags in (("journal", ("JT", "TA")), ("volume", ("VI",)), ("issue", ("IP",))):
        draft.put(member, first_of(values, *tags))
    draft.put_pages(first_of(values, "PG"))
    draft.put_abstract(first_of(values, "AB"))
    for tag in ("DP", "DEP"):
        for number, text in values.get(tag, ()):
            draft.put_year(text[:4] if tag == "DEP" else text, field=tag, line=number)
    for number, text in values.get("LA", ()):
        draft.put_language(text, field="LA", line=number)
    _read_authors(draft, record)
    for tag in ("OT", "MH"):
        for _, text in values.get(tag, ()):
            draft.add("keywords", text.strip().lstrip("*").replace("/*", "/"))
    for _, text in values.get("PT", ()):
        draft.add("publication_types", text)
    _read_status(draft, values)
    _read_identifiers(draft, values)
    return draft


def _read_authors(draft: Draft, record: TaggedRecord) -> None:
    """FAU comes before its AU, which is taken where both are there; AUID follows the author it belongs to."""
    waiting: tuple[int, str] | None = None
    author: str | None = None
    for number, tag, text in record.fields():
        if tag in ("FAU", "AU", "CN"):
            if waiting and tag != "AU":
                draft.read_author(waiting[1], field="FAU", line=waiting[0])
            waiting = (number, text) if tag == "FAU" else None
            author = (one_line(text) if tag == "CN" else read_name(text)) or author
            if tag == "AU":
                draft.read_author(text, field="AU", line=number)
            elif tag == "CN":
                draft.add_author(one_line(text))
        elif tag == "AUID" and author and "orcid" in text.lower():
            draft.add_orcid(author, text.split("ORCID:")[-1], field="AUID", line=number)
    if waiting:
        draft.read_author(waiting[1], field="FAU", line=waiting[0])


def _read_status(draft: Draft, values: Values) -> None:
    if values.keys() & {"RIN", "ROF"}:
        draft.found["publication_status"] = PublicationStatus.RETRACTED
    draft.read_types()
    if "ECI" in values:
        draft.found.setdefault("publication_status", PublicationStatus.EXPRESSION_OF_CONCERN)
    if (first_of(values, "PST") or "").strip().lower() in PUBLISHED:
        draft.found.setdefault("publication_status", PublicationStatus.PUBLISHED)
    for tag, detail in RELATED.items():
        for number, text in values.get(tag, ()):
            draft.notice(f"{detail}: {one_line(text)[:200]}", field=tag, line=number)


def _read_identifiers(draft: Draft, values: Values) -> None:
    identify_all(draft, values, "pmid", "PMID")
    identify_all(draft, values, "pmcid", "PMC")
    for tag in ("LID", "AID"):
        for number, text in values.get(tag, ()):
            if text.rstrip().endswith("[doi]"):
                draft.identify("doi", text.rstrip().removesuffix("[doi]"), field=tag, line=number)
    for number, text in values.get("SI", ()):
        read_data_bank(draft, *text.partition("/")[::2], field="SI", line=number)


def read_data_bank(draft: Draft, bank: str, number: str, *, field: str, line: int) -> None:
    """A number in a data bank, where the bank is a registry; banks of genes, structures and data sets are passed over."""
    is_registry = bank.strip().lower().split(" ")[0] in REGISTRIES
    if is_registry or registry_of(number.strip()):
        draft.identify("linked_registration", number, field=field, line=line)


def write_nbib(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """One record each, in the order of fields that PubMed has; lines are folded as PubMed folds them."""
    for study in studies:
        fields = _written(bibliography_of(study))
        yield "".join(f"{tag:<4}- {_folded(text)}\r\n" for tag, text in fields) + "\r\n"


def _folded(text: str) -> str:
    lines: list[str] = []
    length = WIDTH + 1
    for word in text.split():
        length += len(word) + 1
        if length > WIDTH:
            lines.append(word)
            length = len(word)
        else:
            lines[-1] += f" {word}"
    return CONTINUED.join(lines)


def _written(study: Bibliography) -> Iterator[tuple[str, str]]:
    bank = registry_of(study.linked_registration) if study.linked_registration else None
    is_published = study.publication_status is PublicationStatus.PUBLISHED
    final = "" if (study.title or "").endswith(("?", "!")) else "."
    first = (
        *(("PMID", study.pmid), ("VI", study.volume), ("IP", study.issue), ("DP", study.year)),
        *(("TI", f"{study.title}{final}" if study.title else None), ("PG", study.pages)),
        *(("LID", f"{study.doi} [doi]" if study.doi else None), ("AB", study.abstract)),
    )
    yield from ((tag, str(value)) for tag, value in first if value)
    orcids = {entry.author: entry.orcid for entry in study.author_orcids}
    for author in study.authors:
        yield from (("FAU", with_comma(author)), ("AU", author)) if name_parts(author) else (("CN", author),)
        if author in orcids:
            yield "AUID", f"ORCID: {orcids.pop(author)}"
    second = (
        *(("LA", library_code(study.language) if study.language else None), ("JT", study.journal)),
        *(("SI", f"{bank}/{study.linked_registration}" if bank else None), ("PMC", study.pmcid)),
        ("PST", "ppublish" if is_published else None),
    )
    yield from (("PT", term) for term in study.publication_types)
    yield from ((tag, value) for tag, value in second if value)
    yield from (("OT", word) for word in study.keywords)
    if note := own_note(study, WITHOUT_FIELD):
        yield "GN", note
    if study.publication_status is PublicationStatus.EXPRESSION_OF_CONCERN:
        yield "ECI", NOT_STATED
    elif study.publication_status is PublicationStatus.RETRACTED and "Retracted Publication" not in study.publication_types:
        yield "RIN", NOT_STATED
    yield "SO", _citation(study)


def _citation(study: Bibliography) -> str:
    """`Journal. 2019;21(1):17. doi: 10.…`, as far as it is known."""
    issue = f"({study.issue})" if study.issue else ""
    place = f"{study.year or ''};{study.volume or ''}{issue}:{study.pages or ''}".strip(";:")
    return ". ".join(part for part in (study.journal, place, f"doi: {study.doi}" if study.doi else None) if part) or "Unknown."
