"""BibTeX, as Zotero, Mendeley, JabRef and Google Scholar write it, in UTF-8 or in LaTeX.

Source: O. Patashnik, BibTeXing, 1988; field names of biblatex 3.20 beside it. Blocks are parsed by bibtexparser 2, LaTeX is
decoded by pylatexenc; `@string` and `#` are resolved.

| member | field |
| --- | --- |
| title, year, volume | title; year, date; volume |
| authors | author; braces keep a group together (`{Cochrane Pain Group}`) |
| journal | journal, journaltitle, booktitle |
| issue, pages | number, issue; pages |
| language | language, langid |
| doi | doi; a note of `DOI:` |
| pmid, pmcid | pmid, pmcid; eprint, where eprinttype is pubmed; a note of `PMID:` or `PMCID:` |
| abstract, keywords, urls | abstract; keywords, keyword; url |
| publication_types | the type of the entry, in words |
| the others | fields of their own names, which other programs pass over |

Not carried: line breaks in an abstract; a semicolon in a keyword or type; that a journal article has no type. The written key
is the first author's family name, the year and a number.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from bibtexparser.exceptions import ParsingException
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, DuplicateFieldKeyBlock, Entry, ParsingFailedBlock, String
from bibtexparser.splitter import Splitter

from app.formats.author_names import family_first, is_one_person, name_parts
from app.formats.drafts import Draft
from app.formats.latex import from_latex, from_verbatim, to_latex, to_verbatim
from app.formats.plain_text import join_list, one_line, split_list
from app.formats.publication_types import folded, type_names, words_of_bibtex
from app.formats.read_record import ReadRecord, unusable
from app.formats.text_lines import text_lines
from app.formats.written import bibliography_of
from app.schemas.bibliography import Bibliography
from app.schemas.study import StudyDocument

logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it warns of stands in the report of the file

BLOCK = re.compile(r"^\s*@\w+\s*[{(]")
STRING = re.compile(r"^\s*@string\s*[{(]", re.IGNORECASE)
NO_RECORD = re.compile(r"^\s*@(?:comment|preamble)\s*[{(]", re.IGNORECASE)
MAX_BLOCK = 2_000_000
TEXTS = {"journal": ("journal", "journaltitle", "booktitle"), "volume": ("volume",), "issue": ("number", "issue")}
IDENTIFIERS = ("doi", "pmid", "pmcid", "registration", "linked_registration")
OWN_TEXTS = ("country", "completed_on", "kind", "design", "publication_status")
VERBATIM = frozenset({"doi", "url", "pmid", "pmcid", "eprint", "eprinttype", "registration", "linked_registration"})

Strings = dict[str, str]
Fields = dict[str, str]


def read_bibtex(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[ReadRecord]:
    """Every entry of the file; `@comment`, `@preamble` and text between the entries are passed over, as BibTeX does."""
    strings: Strings = {}
    position = 0
    for line, text in _blocks(stream, encoding):
        if len(text) > MAX_BLOCK:
            position += 1
            yield unusable(position, line, f"the entry has more than {MAX_BLOCK:,} characters", raw=text)
            continue
        for block in Splitter(text).split().blocks:
            if isinstance(block, String):
                strings[block.key.lower()] = _evaluated(block.value, strings)
            elif record := _read_block(block, strings, position + 1, line):
                position += 1
                yield record


def _blocks(stream: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """Each block from the line with its `@` to the line before the next; one that is too large ends early."""
    lines: list[str] = []
    first = size = 0
    for number, line in text_lines(stream, encoding):
        if BLOCK.match(line):
            if lines:
                yield first, "\n".join(lines)
            lines, first, size = [line], number, len(line)
        elif lines and size <= MAX_BLOCK:
            lines.append(line)
            size += len(line) + 1
    if lines:
        yield first, "\n".join(lines)


def _read_block(block: Block, strings: Strings, position: int, line: int) -> ReadRecord | None:
    line += max(block.start_line or 0, 0)
    raw = block.raw or ""
    if isinstance(block, Entry):
        return _draft(block, strings, line).finished(position, raw)
    if isinstance(block, DuplicateFieldKeyBlock) and isinstance(block.ignore_error_block, Entry):
        draft = _draft(block.ignore_error_block, strings, line)
        draft.notice(f"fields that stand there twice: {', '.join(sorted(block.duplicate_keys))}")
        return draft.finished(position, raw)
    if isinstance(block, ParsingFailedBlock) and not NO_RECORD.match(raw) and not STRING.match(raw):
        return unusable(position, line, f"the entry cannot be read: {_reason(block)}", raw=raw)
    return None


def _reason(block: ParsingFailedBlock) -> str:
    reason = one_line(str(getattr(block.error, "abort_reason", "")))[:300]
    if not reason or "end of file" in reason:
        return "its braces or quotes are not closed, so it may be cut off"
    return reason


def _evaluated(value: str, strings: Strings) -> str:
    """The value without its braces or quotes, strings put in, pieces joined."""
    return "".join(_piece(piece.strip(), strings) for piece in _pieces(value)) if "#" in value else _piece(value.strip(), strings)


def _piece(piece: str, strings: Strings) -> str:
    if len(piece) > 1 and (piece[0], piece[-1]) in {("{", "}"), ('"', '"')}:
        return piece[1:-1]
    return strings.get(piece.lower(), piece)


def _pieces(value: str) -> Iterator[str]:
    """What stands between the `#` signs outside braces and quotes."""
    depth = start = 0
    quoted = False
    for match in re.finditer(r"\\.|[{}\"#]", value):
        sign = match[0]
        if sign == "#" and not depth and not quoted:
            yield value[start : match.start()]
            start = match.end()
        elif sign == '"' and not depth:
            quoted = not quoted
        else:
            depth += (sign == "{") - (sign == "}")
    yield value[start:]


def _draft(entry: Entry, strings: Strings, line: int) -> Draft:
    draft = Draft(line)
    # Of a field that stands there twice the first counts, as in BibTeX itself.
    raw = {field.key.lower(): _evaluated(str(field.value), strings) for field in reversed(entry.fields)}
    fields = {name: from_verbatim(value) if name in VERBATIM else from_latex(value) for name, value in raw.items() if name != "author"}

    def first(*names: str) -> str | None:
        return next((fields[name] for name in names if fields.get(name)), None)

    draft.put_title(first("title"))
    for member, names in TEXTS.items():
        draft.put(member, first(*names))
    for member in OWN_TEXTS:
        draft.put(member, first(member))
    draft.put_pages(first("pages"))
    draft.put_abstract(one_line(first("abstract") or ""))
    draft.put_year(first("year", "date"), field="year")
    draft.put_language(first("language"), field="language")
    if "langid" in fields and "language" not in fields:
        draft.put_language(first("langid"), field="langid")
    _read_people(draft, raw.get("author", ""), first("author_orcids") or "")
    for word in split_list(first("keywords", "keyword") or ""):
        draft.add("keywords", word)
    for address in (first("url") or "").split():
        draft.add("urls", address)
    for term in (first("publication_types") or words_of_bibtex(entry.entry_type) or "").split(";"):
        draft.add("publication_types", term)
    draft.read_types()
    _read_identifiers(draft, fields)
    return draft


def _read_identifiers(draft: Draft, fields: Fields) -> None:
    for member in IDENTIFIERS:
        draft.identify(member, fields.get(member), field=member)
    if folded(fields.get("eprinttype", "")) == "pubmed":
        draft.identify("pmid", fields.get("eprint"), field="eprint")
    for name in ("note", "annote"):
        draft.read_note(fields.get(name), field=name)


def _read_people(draft: Draft, authors: str, orcids: str) -> None:
    for name in split_multiple_persons_names(one_line(authors)):
        if name.lower() == "others":
            draft.notice("the list of authors ends in `and others`", field="author")
        elif name.startswith("{") and name.endswith("}") and name.count("{") == 1:
            draft.add_author(from_latex(name))
        elif name:
            draft.add_author(_name(draft, name))
    for entry in orcids.split(";"):
        name, _, orcid = entry.rpartition(": ")
        if entry.strip():
            draft.add_orcid(name.strip() or "unknown", orcid, field="author_orcids")


def _name(draft: Draft, name: str) -> str:
    try:
        parts = parse_single_name_into_parts(name, strict=False)
    except (ParsingException, ValueError, IndexError):
        draft.notice(f"the name {name[:60]!r} is not one of BibTeX's forms", field="author")
        return from_latex(name)
    family, given, suffix = (from_latex(" ".join(words)) for words in ([*parts.von, *parts.last], parts.first, parts.jr))
    if ";" in name or name.count(",") > 2 or ("," in name and not is_one_person(family, given)):
        draft.doubt_author(from_latex(name), field="author")
        return from_latex(name)
    return family_first(family, given, suffix)


def write_bibtex(studies: Iterable[StudyDocument | Bibliography]) -> Iterator[str]:
    """An entry each, in UTF-8; what LaTeX would take for its own is escaped."""
    for number, study in enumerate(studies, start=1):
        bibliography = bibliography_of(study)
        names = next((names for term in bibliography.publication_types if (names := type_names(term))), None)
        kind = names.bibtex if names else "article" if bibliography.journal else "misc"
        fields = "".join(f"  {name} = {{{value}}},\n" for name, value in _written(bibliography, kind))
        yield f"@{kind}{{{_key(bibliography, number)},\n{fields}}}\n\n"


def _key(study: Bibliography, number: int) -> str:
    family = (name_parts(study.authors[0]) or (study.authors[0],))[0] if study.authors else "study"
    return f"{re.sub('[^a-z]', '', family.lower()) or 'study'}{study.year or ''}-{number}"


def _written(study: Bibliography, kind: str) -> Iterator[tuple[str, str]]:
    journal = "booktitle" if kind in ("inproceedings", "incollection") else "journal"
    texts = (
        *(("title", study.title), (journal, study.journal), ("year", study.year), ("volume", study.volume)),
        *(("number", study.issue), ("pages", study.pages), ("language", study.language)),
        *((name, getattr(study, name)) for name in OWN_TEXTS),
        *(("abstract", study.abstract), ("keywords", join_list(study.keywords))),
        ("publication_types", "; ".join(study.publication_types)),
        ("author_orcids", "; ".join(f"{entry.author}: {entry.orcid}" for entry in study.author_orcids)),
    )
    if study.authors:
        yield "author", " and ".join(map(_person, study.authors))
    yield from ((name, to_latex(" ".join(str(value).split()))) for name, value in texts if value)
    verbatim = (*((name, getattr(study, name)) for name in IDENTIFIERS), ("url", " ".join(study.urls)))
    yield from ((name, to_verbatim(value)) for name, value in verbatim if value)


def _person(author: str) -> str:
    """`Family, Suffix, Initials`; braces around a group, and around a family name that holds an `and`."""
    parts = name_parts(author)
    if parts is None:
        return f"{{{to_latex(author)}}}"
    family, initials, suffix = map(to_latex, parts)
    return ", ".join(part for part in (f"{{{family}}}" if "and" in family.lower().split() else family, suffix, initials) if part)
