"""CSL-JSON, as Zotero exports it and Crossref and DataCite answer with it.

Source: Citation Style Language, schema `csl-data.json` 1.0.2, and its appendices III (types) and IV (variables).

| member | variable |
| --- | --- |
| title, journal, volume, issue, pages | title; container-title; volume; issue; page |
| authors | author: `family`, `given`, the particles and `suffix`; `literal` for groups |
| author_orcids | `ORCID` of an author, which Crossref adds to the schema |
| year | issued: `date-parts`, `literal` or `raw` |
| language, doi, pmid, pmcid | language; DOI; PMID; PMCID; in `note`: `PMID:`, `PMCID:` |
| abstract, keywords, urls | abstract; keyword, between semicolons; URL |
| publication_types | type, genre |
| the others | `custom`, the schema's place for what has no variable, under their own names |

`custom` is written only where it is needed, and then goes before the variables, so every member is carried; a journal article
without a type gets one. Markup in titles and abstracts is taken off.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from app.formats.author_names import family_first, name_parts
from app.formats.csl_variables import not_understood
from app.formats.drafts import Draft
from app.formats.json_records import json_object, json_texts
from app.formats.plain_text import join_list, one_line, split_list
from app.formats.publication_types import UNTYPED, type_names
from app.formats.read_record import ReadRecord, unusable
from app.formats.text_lines import text_chunks
from app.formats.written import bibliography_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

TEXT_VARIABLES = {"journal": "container-title", "volume": "volume", "issue": "issue"}
IDENTIFIERS = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID"}
SHOWN = 10
CUSTOM_TEXTS = ("country", "completed_on", "kind", "design", "publication_status")
CUSTOM_NUMBERS = ("registration", "linked_registration")
CUSTOM_LISTS = ("publication_types", "keywords", "urls")


def read_csl_json(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every item of the file: of a list, of `items`, or one after another."""
    for position, found in enumerate(json_texts(text_chunks(stream, encoding)), start=1):
        if not found.ended:
            yield unusable(position, found.line, "the file ends within the item: it may be cut off", raw=found.text)
            continue
        try:
            item = json_object(found.text)
        except ValueError as error:
            yield unusable(position, found.line, str(error), raw=found.text)
            continue
        yield _draft(item, found.line).finished(position, found.text)


def _draft(item: dict[str, Any], line: int) -> Draft:
    draft = Draft(line)
    _read_custom(draft, item.get("custom"))
    draft.put_title(_text(draft, item, "title", numbers=False))
    for member, variable in TEXT_VARIABLES.items():
        draft.put(member, _text(draft, item, variable, numbers=member != "journal"))
    draft.put_pages(_text(draft, item, "page"))
    draft.put_abstract(_text(draft, item, "abstract", numbers=False))
    draft.put_language(_text(draft, item, "language"), field="language")
    draft.put_year(_date(item.get("issued")), field="issued")
    for member, variable in IDENTIFIERS.items():
        draft.identify(member, _text(draft, item, variable), field=variable)
    draft.read_note(_text(draft, item, "note"), field="note")
    _read_authors(draft, item.get("author"))
    _read_lists(draft, item)
    draft.read_types()
    if unknown := not_understood(item):
        more = ", …" if len(unknown) > SHOWN else ""
        draft.notice(f"left out: CSL-JSON has no {', '.join(name[:40] for name in unknown[:SHOWN])}{more}")
    return draft


def _text(draft: Draft, item: dict[str, Any], variable: str, *, numbers: bool = True) -> str | None:
    """A variable as text; Crossref has lists of one, other programs numbers where there are volumes, pages or ids."""
    value = item.get(variable)
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str):
        return value
    if numbers and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value not in (None, []):
        draft.notice("left out: not a text", field=variable)
    return None


def _date(issued: Any) -> str | None:
    if not isinstance(issued, dict):
        return None
    parts = issued.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0] and parts[0][0] is not None:
        return str(parts[0][0])
    named = issued.get("literal") or issued.get("raw")
    return named if isinstance(named, str) else None


def _read_custom(draft: Draft, custom: Any) -> None:
    if not isinstance(custom, dict):
        return
    for member in CUSTOM_TEXTS:
        if isinstance(value := custom.get(member), str):
            draft.put(member, value)
    for member in CUSTOM_NUMBERS:
        if isinstance(value := custom.get(member), str):
            draft.identify(member, value, field=f"custom.{member}")
    for member in CUSTOM_LISTS:
        if isinstance(values := custom.get(member), list):
            for value in values:
                draft.add(member, value if isinstance(value, str) else None)


def _read_authors(draft: Draft, authors: Any) -> None:
    for entry in authors if isinstance(authors, list) else ():
        if not isinstance(entry, dict):
            draft.notice("an author that is not an object is left out", field="author")
            continue
        name = _add_author(draft, {key: one_line(value) for key, value in entry.items() if isinstance(value, str)})
        orcid = entry.get("ORCID")
        if name and isinstance(orcid, str) and orcid.strip():
            draft.add_orcid(name, orcid, field="author.ORCID")


def _add_author(draft: Draft, entry: dict[str, str]) -> str:
    """What is not divided into parts is a group, whose name stays as it stands; Crossref has it in `name`."""
    family = " ".join(entry[part] for part in ("dropping-particle", "non-dropping-particle", "family") if entry.get(part))
    whole = entry.get("literal") or ("" if family or entry.get("given") else entry.get("name", ""))
    name = draft.add_author(whole or family_first(family, entry.get("given", ""), entry.get("suffix", "")))
    if whole:
        draft.doubt_unclear(name, field="author")
    return name


def _read_lists(draft: Draft, item: dict[str, Any]) -> None:
    if "publication_types" not in draft.found:
        for variable in ("type", "genre"):
            value = _text(draft, item, variable)
            draft.add("publication_types", None if value in UNTYPED else value)
    if "keywords" not in draft.found:
        for word in split_list(_text(draft, item, "keyword") or ""):
            draft.add("keywords", word)
    if "urls" not in draft.found:
        draft.add("urls", _text(draft, item, "URL"))


def write_csl_json(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """One list, an item a line; `id` is a number of this file."""
    before = "[\n"
    for number, study in enumerate(studies, start=1):
        yield before + json.dumps(_item(bibliography_of(study), number), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _item(study: Bibliography, number: int) -> dict[str, Any]:
    names = next((names for term in study.publication_types if (names := type_names(term))), None)
    item: dict[str, Any] = {
        "id": f"study-{number}",
        "type": names.csl if names else "article-journal" if study.journal else "document",
        "title": study.title,
        "author": _people(study),
        "issued": {"date-parts": [[study.year]]} if study.year else None,
        "page": study.pages,
        "language": study.language,
        "abstract": study.abstract,
        "keyword": join_list(study.keywords),
        "URL": next(iter(study.urls), None),
    }
    for member, variable in (TEXT_VARIABLES | IDENTIFIERS).items():
        item[variable] = getattr(study, member)
    item["custom"] = _custom(study)
    return {name: value for name, value in item.items() if value not in (None, "", [], {})}


def _people(study: Bibliography) -> list[dict[str, str]]:
    orcids = {entry.author: entry.orcid for entry in study.author_orcids}
    people = []
    for author in study.authors:
        parts = name_parts(author)
        person = dict(zip(("family", "given", "suffix"), parts, strict=True)) if parts else {"literal": author}
        if orcid := orcids.pop(author, None):
            person["ORCID"] = f"https://orcid.org/{orcid}"
        people.append({name: value for name, value in person.items() if value})
    return people


def _custom(study: Bibliography) -> dict[str, Any]:
    """The members without a variable, and the lists that theirs would change."""
    custom: dict[str, Any] = {member: getattr(study, member) for member in (*CUSTOM_TEXTS, *CUSTOM_NUMBERS) if getattr(study, member)}
    if study.publication_types:
        custom["publication_types"] = study.publication_types
    if split_list(join_list(study.keywords)) != study.keywords:
        custom["keywords"] = study.keywords
    if len(study.urls) > 1:
        custom["urls"] = study.urls
    return custom
