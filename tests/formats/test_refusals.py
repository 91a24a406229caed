"""Files made to exhaust the machine are refused, in bounded memory and at once."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, RawIOBase

import pytest

from app.formats.read_record import FileRefused, ReadRecord
from app.formats.registry import FORMATS, read_file
from app.formats.sniff import FileFormat
from tests.formats.bibliographies import read

TWO_HUNDRED_MEGABYTES = 200_000_000
TWENTY_MEGABYTES = 20_000_000  # several times what one record may have
TEXT_FORMATS = (FileFormat.RIS, FileFormat.NBIB, FileFormat.BIBTEX, FileFormat.CSV)
JSON_FORMATS = (FileFormat.CSL_JSON, FileFormat.LEDGER_JSON)
XML_FORMATS = (FileFormat.PUBMED_XML, FileFormat.ENDNOTE_XML)
BEGINNINGS = {
    FileFormat.RIS: b"TY  - JOUR\nTI  - ",
    FileFormat.NBIB: b"PMID- 1\nTI  - ",
    FileFormat.BIBTEX: b"@article{a, title = {",
    FileFormat.CSV: b"title,doi\n",
    FileFormat.CSL_JSON: b'[{"title": "',
    FileFormat.LEDGER_JSON: b'[{"title": "',
    FileFormat.PUBMED_XML: b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>",
    FileFormat.ENDNOTE_XML: b"<xml><records><record><titles><title>",
}


class Endless(RawIOBase):
    """A beginning, then one piece again and again, up to a size, none of it held."""

    def __init__(self, beginning: bytes, again: bytes, size: int = TWO_HUNDRED_MEGABYTES) -> None:
        self.beginning = beginning
        self.again = again * (65_536 // len(again))
        self.size = size
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for a wider type of buffer
        if self.given >= self.size:
            return 0
        piece, self.beginning = (self.beginning or self.again)[: len(buffer)], b""
        buffer[: len(piece)] = piece
        self.given += len(piece)
        return len(piece)


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 1_000_000
    finally:
        tracemalloc.stop()


def read_endless(file_format: FileFormat, beginning: bytes, again: bytes) -> list[ReadRecord]:
    with at_most(80):
        return list(FORMATS[file_format].read(io.BufferedReader(Endless(beginning, again, TWENTY_MEGABYTES)), "utf-8-sig"))


class TestOneLineOf200Megabytes:
    @pytest.mark.parametrize("file_format", BEGINNINGS)
    def test_is_refused_before_it_is_read(self, file_format: FileFormat) -> None:
        stream = Endless(BEGINNINGS[file_format], b"abc ")
        with at_most(80), pytest.raises(FileRefused):
            list(FORMATS[file_format].read(io.BufferedReader(stream), "utf-8-sig"))
        assert stream.given < 20_000_000


class TestARecordWithoutEnd:
    def test_of_ris_is_one_unusable_record(self) -> None:
        (record,) = read_endless(FileFormat.RIS, b"TY  - JOUR\n", b"KW  - neck pain\n")
        assert record.bibliography is None
        assert "4,000,000 characters" in record.problems[0].detail

    def test_of_nbib_is_one_unusable_record(self) -> None:
        (record,) = read_endless(FileFormat.NBIB, b"PMID- 1\n", b"      and on it goes\n")
        assert record.bibliography is None
        assert "4,000,000 characters" in record.problems[0].detail

    def test_of_bibtex_is_one_unusable_record(self) -> None:
        (record,) = read_endless(FileFormat.BIBTEX, b"@article{a,\n", b"  keywords = {neck pain}\n")
        assert record.bibliography is None
        assert "2,000,000 characters" in record.problems[0].detail

    def test_of_csv_refuses_the_file(self) -> None:
        with pytest.raises(FileRefused, match="row"):
            read_endless(FileFormat.CSV, b"title,doi\n", b'"\n",')

    @pytest.mark.parametrize("file_format", JSON_FORMATS)
    def test_of_json_refuses_the_file(self, file_format: FileFormat) -> None:
        with pytest.raises(FileRefused, match="record"):
            read_endless(file_format, b"[[", b'"a": 1, ')

    @pytest.mark.parametrize("file_format", XML_FORMATS)
    def test_of_xml_refuses_the_file(self, file_format: FileFormat) -> None:
        with pytest.raises(FileRefused, match="record"):
            read_endless(file_format, BEGINNINGS[file_format] + b"</PMID>" * (file_format is FileFormat.PUBMED_XML), b"<a>x</a>")


class TestNesting:
    @pytest.mark.parametrize("file_format", JSON_FORMATS)
    @pytest.mark.parametrize("bracket", [b"[", b'{"a":', b'[{"a":'])
    def test_of_json_is_bounded(self, file_format: FileFormat, bracket: bytes) -> None:
        with pytest.raises(FileRefused, match="nested"):
            read_endless(file_format, b"[", bracket)

    @pytest.mark.parametrize("file_format", XML_FORMATS)
    def test_of_xml_is_bounded(self, file_format: FileFormat) -> None:
        with pytest.raises(FileRefused, match="nested"):
            read_endless(file_format, b"<xml>", b"<a>")


@pytest.mark.parametrize("file_format", XML_FORMATS)
class TestEntities:
    def test_that_grow_are_refused(self, file_format: FileFormat) -> None:
        entities = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
        bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x><record>&l9;</record></x>'
        with pytest.raises(FileRefused, match="entities"):
            read(file_format, bomb.encode())

    def test_that_fetch_a_file_are_refused(self, file_format: FileFormat) -> None:
        text = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'
        with pytest.raises(FileRefused, match="entities"):
            read(file_format, text.encode())


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


class TestWorkbooks:
    def test_that_are_packed_too_well_are_refused(self) -> None:
        with pytest.raises(FileRefused, match="packed"):
            read(FileFormat.XLSX, zipped({"xl/worksheets/sheet1.xml": bytes(5_000_000)}))

    def test_that_unpack_to_too_much_are_refused(self) -> None:
        content = zipped({"a.xml": b"abc" * 1000})
        place = content.index(b"PK\x01\x02") + 24  # the unpacked size in the central directory
        with pytest.raises(FileRefused, match="unpacked"):
            read(FileFormat.XLSX, content[:place] + (400_000_000).to_bytes(4, "little") + content[place + 4 :])

    def test_of_too_many_parts_are_refused(self) -> None:
        with pytest.raises(FileRefused, match="parts"):
            read(FileFormat.XLSX, zipped({f"{number}.xml": b"" for number in range(2_500)}))

    def test_that_are_another_kind_of_archive_are_refused(self) -> None:
        with pytest.raises(FileRefused, match="workbook"):
            read(FileFormat.XLSX, zipped({"word/document.xml": b"<w/>"}))


class TestSizes:
    def test_a_file_above_the_bound_of_the_caller_is_refused(self) -> None:
        with pytest.raises(FileRefused, match="1,000"):
            read_file(BytesIO(b"TY  - JOUR\n" * 200), max_bytes=1_000)

    def test_a_line_of_a_million_characters_is_read(self) -> None:
        (record,) = read(FileFormat.RIS, b"TY  - JOUR\nTI  - A title\nAB  - " + b"a" * 999_000 + b"\nER  - \n")
        assert record.bibliography is not None
        assert [(problem.field, problem.severity) for problem in record.problems] == [("abstract", "notice")]
