"""Bibliographies to write and read again: drawn by hypothesis, and what each format can carry of them."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from hypothesis import strategies as st

from app.formats.author_names import read_name, read_names
from app.formats.drafts import PAGE_DASH
from app.formats.languages import CODES
from app.formats.plain_text import one_line, paragraphs, without_markup
from app.formats.read_record import ReadRecord
from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from app.identifiers import orcid_check_digit
from app.schemas.bibliography import Bibliography
from app.vocabulary import Design, PublicationStatus, StudyKind

SAMPLES = Path(__file__).parent / "samples"

EVERY_MEMBER = frozenset(Bibliography.model_fields)
CARRIED: dict[FileFormat, frozenset[str]] = {
    FileFormat.RIS: EVERY_MEMBER,
    FileFormat.ENDNOTE_XML: EVERY_MEMBER,
    FileFormat.NBIB: EVERY_MEMBER,
    FileFormat.PUBMED_XML: EVERY_MEMBER,
    FileFormat.BIBTEX: EVERY_MEMBER,
    FileFormat.CSL_JSON: EVERY_MEMBER,
    FileFormat.CSV: EVERY_MEMBER,
    FileFormat.XLSX: EVERY_MEMBER,
}
ON_ONE_LINE = frozenset({FileFormat.RIS, FileFormat.NBIB, FileFormat.BIBTEX})
"""Formats that lose the line breaks of an abstract."""


def read(file_format: FileFormat, content: bytes, encoding: str = "utf-8-sig") -> list[ReadRecord]:
    return list(FORMATS[file_format].read(BytesIO(content), encoding))


def written(file_format: FileFormat, studies: list[Bibliography]) -> bytes:
    return b"".join(part if isinstance(part, bytes) else part.encode() for part in FORMATS[file_format].write(studies))


def carried(file_format: FileFormat, study: Bibliography) -> dict[str, object]:
    """The members that the format carries, as they should be after a journey through it."""
    members = {name: value for name, value in study.model_dump().items() if name in CARRIED[file_format]}
    if file_format in ON_ONE_LINE and study.abstract:
        members["abstract"] = one_line(study.abstract)
    return members


def _stays(change: Callable[[str], str]) -> Callable[[str], bool]:
    return lambda text: bool(text) and change(text) == text


LETTERS = st.characters(categories=["L", "N", "P", "S", "Zs"])
WORDS = st.text(LETTERS, min_size=1, max_size=60).map(one_line).filter(_stays(without_markup))
ITEMS = WORDS.map(lambda text: one_line(text.replace(";", "").replace("*", ""))).filter(bool)
NAME_LETTERS = st.sampled_from("abcdefghiäöüßéøłç'-")
PERSONS = st.builds(
    lambda particle, family, initials, suffix: f"{particle}{family.capitalize()} {initials}{suffix}",
    st.sampled_from(["", "", "van ", "de la "]),
    st.text(NAME_LETTERS, min_size=2, max_size=12),
    st.text(st.sampled_from("ABCDEÅÖ"), min_size=1, max_size=4),
    st.sampled_from(["", "", " Jr", " 3rd"]),
)
GROUPS = ITEMS.filter(lambda text: "," not in text and read_name(text) == text and read_names(text) == ([text], []))
AUTHORS = st.lists(st.one_of(PERSONS, PERSONS, GROUPS), max_size=6)
PAGES = st.one_of(
    st.sampled_from(["374-381", "374-81", "e12", "S1-S9", "5-5", "12, 15-18", "1-2-3"]),
    WORDS.map(lambda text: one_line(PAGE_DASH.sub("-", text))),
)
DOIS = st.text(st.sampled_from("abcxyz0123456789.-_()/:<>;%&#"), min_size=1, max_size=30).map(lambda suffix: f"10.5555/{suffix}")
NUMBERS = st.sampled_from(["NCT01234567", "ISRCTN12345678", "CRD42018999901", "ACTRN12612345678901", "ChiCTR1900012345", "jRCTs031180001"])
ADDRESSES = st.text(st.sampled_from("abc/?&=_-.~%#0123456789;,"), max_size=20).map(lambda path: f"https://example.org/{path}")
# Types that say nothing of kind, design or status; the first is one that every format has a name for.
TYPES = st.builds(
    lambda first, more: [first, *dict.fromkeys(term for term in more if term != first)],
    st.sampled_from(["Journal Article", "Book", "Report", "Dataset"]),
    st.lists(st.sampled_from(["Letter", "Comment", "English Abstract", "Comparative Study", "Multicenter Study"]), max_size=3),
)


def _orcid(number: int) -> str:
    digits = f"{number:015d}"
    digits += orcid_check_digit(digits)
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


@st.composite
def bibliographies(draw: st.DrawFn) -> Bibliography:
    authors = draw(AUTHORS)
    with_orcid = [author for author in dict.fromkeys(authors) if draw(st.booleans()) and ":" not in author]

    def maybe(strategy: st.SearchStrategy[object]) -> object:
        return draw(st.none() | strategy)

    return Bibliography.model_validate(
        {
            "title": draw(WORDS),
            "authors": authors,
            "author_orcids": [{"author": author, "orcid": _orcid(draw(st.integers(0, 10**15 - 1)))} for author in with_orcid],
            "year": maybe(st.integers(1800, 2025)),
            **{member: maybe(WORDS) for member in ("journal", "volume", "issue", "country")},
            "pages": maybe(PAGES.filter(bool)),
            "language": maybe(st.sampled_from([row.split(" ")[0] for row in CODES.strip().splitlines()])),
            "doi": maybe(DOIS),
            "pmid": maybe(st.integers(1, 999_999_999).map(str)),
            "pmcid": maybe(st.integers(1, 999_999_999).map(lambda number: f"PMC{number}")),
            "registration": maybe(NUMBERS),
            "linked_registration": maybe(NUMBERS),
            "completed_on": maybe(st.sampled_from(["2019-05", "2020-02-29"])),
            "kind": maybe(st.sampled_from(StudyKind)),
            "design": maybe(st.sampled_from(Design)),
            "publication_status": maybe(st.sampled_from(PublicationStatus)),
            "abstract": maybe(st.lists(WORDS, min_size=1, max_size=4).map("\n".join).map(paragraphs).filter(_stays(without_markup))),
            "keywords": draw(st.lists(ITEMS, max_size=6, unique=True)),
            "publication_types": draw(TYPES),
            "urls": draw(st.lists(ADDRESSES, max_size=3, unique=True)),
        }
    )
