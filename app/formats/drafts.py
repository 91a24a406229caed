"""`Draft`: a bibliography while it is read, with what had to be left out and why."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from app.formats.author_names import is_unclear, read_name, without_others
from app.formats.languages import language_code
from app.formats.plain_text import one_line, paragraphs, without_entities, without_markup
from app.formats.publication_types import meaning_of
from app.formats.read_record import ReadRecord, RecordProblem, excerpt
from app.identifiers import normalise_doi, normalise_orcid, normalise_pmcid, normalise_pmid, normalise_registry_number
from app.schemas.bibliography import Bibliography

IDENTIFIERS: dict[str, Callable[[str], str]] = {
    "doi": normalise_doi,
    "pmid": normalise_pmid,
    "pmcid": normalise_pmcid,
    "registration": normalise_registry_number,
    "linked_registration": normalise_registry_number,
}
NOTED = re.compile(r"\b(PMID|PMCID|DOI|Registered as|Trial registration):\s*([^\s;,]+)", re.IGNORECASE)
NOTED_MEMBERS = {"registered as": "registration", "trial registration": "linked_registration"}
MAX_PROBLEMS = 50
LAST_YEAR = 2099
YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
PAGE_DASH = re.compile(r"\s*(?:--+|[\u2010-\u2015\u2212])\s*")


class Draft:
    """What one record says so far. For a member with one value the first that is found stays."""

    __slots__ = ("found", "line", "problems")

    def __init__(self, line: int) -> None:
        self.line = line
        self.found: dict[str, Any] = {}
        self.problems: list[RecordProblem] = []

    def notice(self, detail: str, *, field: str | None = None, line: int | None = None) -> None:
        self.problems.append(RecordProblem(line or self.line, field, detail, "notice"))

    def error(self, detail: str, *, field: str | None = None, line: int | None = None) -> None:
        self.problems.append(RecordProblem(line or self.line, field, detail, "error"))

    def put(self, member: str, text: str | None) -> None:
        if text and member == "journal":
            text = without_entities(text)
        if text and member not in self.found and (value := one_line(text)):
            self.found[member] = value

    def put_title(self, text: str | None) -> None:
        self.put("title", without_markup(text) if text else None)

    def put_abstract(self, text: str | None) -> None:
        if text and "abstract" not in self.found and (value := paragraphs(without_markup(text))):
            self.found["abstract"] = value

    def put_year(self, text: str | None, *, field: str, line: int | None = None) -> None:
        if not text or not text.strip() or "year" in self.found:
            return
        if match := YEAR.search(text):
            self.found["year"] = int(match[1])
        else:
            self.notice(f"{text.strip()[:60]!r} holds no year from 1800 to {LAST_YEAR}", field=field, line=line)

    def put_language(self, text: str | None, *, field: str, line: int | None = None) -> None:
        if not text or not text.strip() or "language" in self.found:
            return
        if code := language_code(text):
            self.found["language"] = code
        else:
            self.notice(f"the language {text.strip()[:60]!r} is not in ISO 639-1", field=field, line=line)

    def put_pages(self, first: str | None, last: str | None = None) -> None:
        start, end = (PAGE_DASH.sub("-", one_line(text or "")) for text in (first, last))
        self.put("pages", f"{start}-{end}" if start and end and start != end and "-" not in start else start or end)

    def identify(self, member: str, text: str | None, *, field: str, line: int | None = None) -> None:
        """A name of the study that the outside world gives; one that does not validate is reported and left out."""
        if not text or not text.strip():
            return
        try:
            value = IDENTIFIERS[member](one_line(text))
        except ValueError as error:
            self.notice(str(error), field=field, line=line)
            return
        if self.found.setdefault(member, value) != value:
            self.notice(f"{value} is left out: {self.found[member]} stands before it", field=field, line=line)

    def read_note(self, text: str | None, *, field: str, line: int | None = None) -> None:
        """Identifiers that a program without a field for them keeps in a note, as `PMID: 31892357`."""
        for name, value in NOTED.findall(text) if text and ":" in text else ():
            member = NOTED_MEMBERS.get(name.lower(), name.lower())
            if member not in self.found:
                self.identify(member, value.rstrip("."), field=field, line=line)

    def add(self, member: str, text: str | None) -> None:
        """One item more; an item that is there already is not said twice."""
        if text and (value := one_line(text)):
            items = self.found.setdefault(member, [])
            if len(items) > 200 or value not in items:
                items.append(value)

    def read_author(self, text: str, *, field: str, line: int | None = None) -> None:
        """An author as a file names him; a text that may be several people stays as it stands, and is doubted."""
        self.doubt_unclear(self.add_author(read_name(text)), field=field, line=line)

    def add_author(self, name: str) -> str:
        """Two authors may have the same name. `et al.` is nobody's. Returns the name that was added."""
        named = without_others(name)
        if named != name:
            self.notice("the list of authors ends in `et al.`: the others are not named", field="authors")
            name = read_name(named)
        if name:
            self.found.setdefault("authors", []).append(name)
        return name

    def doubt_unclear(self, name: str, *, field: str, line: int | None = None) -> None:
        if is_unclear(name):
            self.doubt_author(name, field=field, line=line)

    def doubt_author(self, name: str, *, field: str, line: int | None = None) -> None:
        self.notice(f"{name[:100]!r} may be several names, and stays as it stands", field=field, line=line)

    def add_orcid(self, author: str, text: str, *, field: str, line: int | None = None) -> None:
        try:
            orcid = normalise_orcid(text)
        except ValueError as error:
            self.notice(str(error), field=field, line=line)
        else:
            self.found.setdefault("author_orcids", []).append({"author": author, "orcid": orcid})

    def read_types(self) -> None:
        """Kind, design and status, as far as the publication types say them and nothing has said them before."""
        if types := self.found.get("publication_types"):
            kind, design, status, remarks = meaning_of(types)
            for member, value in (("kind", kind), ("design", design), ("publication_status", status)):
                if value is not None:
                    self.found.setdefault(member, value)
            for remark in remarks:
                self.notice(remark, field="publication_types")

    def finished(self, position: int, raw: str) -> ReadRecord:
        """The record; one with neither title nor identifier, or with an error, gives no bibliography."""
        bibliography = self._validated()
        if bibliography and bibliography.title is None and not any(getattr(bibliography, member) for member in IDENTIFIERS):
            self.error("neither a title nor a DOI, PubMed id or registration: nothing to tell the study by")
        if any(problem.severity == "error" for problem in self.problems):
            bibliography = None
        return ReadRecord(position, self.line, bibliography, None, self._reported(), excerpt(raw))

    def _reported(self) -> tuple[RecordProblem, ...]:
        """All problems, or the first of very many, errors before notices."""
        if len(self.problems) <= MAX_PROBLEMS:
            return tuple(self.problems)
        first = sorted(self.problems, key=lambda problem: problem.severity == "notice")[:MAX_PROBLEMS]
        more = f"and {len(self.problems) - MAX_PROBLEMS:,} problems more"
        return (*first, RecordProblem(self.line, None, more, "notice"))

    def _validated(self) -> Bibliography | None:
        """What does not fit its member is taken out and reported; each turn takes at least one thing out."""
        while True:
            try:
                return Bibliography.model_validate(self.found)
            except ValidationError as error:
                self._take_out(error)

    def _take_out(self, error: ValidationError) -> None:
        places: dict[str, set[int]] = {}
        for problem in error.errors(include_url=False, include_context=False):
            member, *rest = problem["loc"]
            items = places.setdefault(str(member), set())
            if rest and isinstance(rest[0], int):
                items.add(rest[0])
            self.notice(f"left out: {problem['msg'].removeprefix('Value error, ')}", field=str(member))
        for member, items in places.items():
            if items:
                self.found[member] = [item for place, item in enumerate(self.found[member]) if place not in items]
            else:
                del self.found[member]
