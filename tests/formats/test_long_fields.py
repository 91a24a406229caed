"""Reading one field takes time in proportion to its length, whatever it is filled with: no text holds up the server."""

import time
from collections.abc import Callable
from io import BytesIO

import pytest

from app.formats.author_names import read_name, read_names
from app.formats.mixed_encoding import _pieces
from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from tests.formats.bibliographies import read

LENGTH = 200_000
OF_A_FILE = 50_000  # a record has many fields
SECONDS = 5.0  # what is quadratic takes from half a minute to hours
FILLINGS = (
    *(",", " ", ", ", "; ", "A ", "a, A, ", "et al ", "et al, ", " and ", "(1 ", "[", "-", "--", "{", "}", "\\", "$", "'", "<i "),
    "PMID: ",
)


def ris(tag: str) -> Callable[[str], bytes]:
    return lambda text: f"TY  - JOUR\nTI  - A trial\nDB  - PubMed\n{tag}  - {text}\nER  - \n".encode()


def nbib(tag: str) -> Callable[[str], bytes]:
    return lambda text: f"PMID- 1\nTI  - A trial\n{tag:4}- {text}\nSO  - Pain.\n".encode()


def bibtex(field: str) -> Callable[[str], bytes]:
    return lambda text: f"@article{{a,\n  pmid = {{1}},\n  {field} = {{{text}}},\n}}\n".encode()


def csv(heading: str) -> Callable[[str], bytes]:
    return lambda text: (f'pmid,{heading}\n1,"' + text.replace('"', '""') + '"\n').encode()


FIELDS: list[tuple[FileFormat, str, Callable[[str], bytes]]] = [
    *((FileFormat.RIS, tag, ris(tag)) for tag in ("AU", "SP", "N1")),
    *((FileFormat.NBIB, tag, nbib(tag)) for tag in ("FAU", "PG")),
    *((FileFormat.BIBTEX, field, bibtex(field)) for field in ("author", "pages")),
    *((FileFormat.CSV, heading, csv(heading)) for heading in ("authors", "author full names", "pages")),
]


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class TestALongField:
    @pytest.mark.parametrize("filling", FILLINGS)
    @pytest.mark.parametrize("read_text", [read_name, read_names])
    def test_of_names_is_read_at_once(self, read_text: Callable[[str], object], filling: str) -> None:
        text = filling * (LENGTH // len(filling)) + "x"
        assert seconds(lambda: read_text(text)) < SECONDS

    @pytest.mark.parametrize(("file_format", "field", "content"), FIELDS, ids=[f"{each[0]}-{each[1]}" for each in FIELDS])
    def test_of_a_file_is_read_at_once(self, file_format: FileFormat, field: str, content: Callable[[str], bytes]) -> None:
        for filling in FILLINGS:
            file = content(filling * (OF_A_FILE // len(filling)) + "x")
            assert seconds(lambda file=file: list(FORMATS[file_format].read(BytesIO(file), "utf-8-sig"))) < SECONDS, (field, filling)  # type: ignore[misc]

    def test_of_as_many_authors_under_two_tags_is_read_at_once(self) -> None:
        lines = "".join(f"{tag}  - Doe{number}, J\n" for tag in ("AU", "A1") for number in range(60_000))
        content = f"TY  - JOUR\nTI  - A trial\n{lines}ER  - \n".encode()
        assert seconds(lambda: read(FileFormat.RIS, content)) < 6 * SECONDS


def test_a_long_line_of_bytes_that_are_no_utf8_is_looked_through_in_good_time() -> None:
    begun = time.monotonic()
    pieces = b"".join(piece for piece in _pieces(BytesIO(b"\xe9" * 3_000_000)))
    assert len(pieces) == 3_000_000
    assert time.monotonic() - begun < SECONDS


def test_a_long_line_is_cut_between_letters() -> None:
    for text in ("ä" * 300_000, "x" + "€" * 300_000, "\U0001f9e0" * 200_000):
        assert "".join(piece.decode() for piece in _pieces(BytesIO(text.encode()))) == text
