"""Whatever bytes come, a reader gives records and problems, or refuses the file; it never fails otherwise."""

import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formats.read_record import FileRefused
from app.formats.registry import FORMATS, read_file
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from tests.formats.bibliographies import SAMPLES, written

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")  # it warns of what it finds odd in a workbook

WORKBOOK = written(FileFormat.XLSX, [Bibliography(title="A trial", doi="10.5555/x", year=2019, authors=["Doe J"])] * 3)
CONTENTS = [file.read_bytes() for file in sorted(SAMPLES.iterdir())]
PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\n", b"\r", b'"', b"'", b"{", b"}", b"[", b"]", b"<", b">", b"&", b"@article{", b"TY  - ", b"ER  - ", b"\\", b"$", b"\x00"]
    ),
    st.sampled_from(
        [b"\xff", b"\xc3", b"PMID- ", b"AU  - ", b"      ", b",", b";", b"\t", b"99999999999999999999", b"null", b"1e999", b"NaN"]
    ),
)


@st.composite
def changed(draw: st.DrawFn, contents: list[bytes]) -> bytes:
    """A sample with some of its bytes left out, put in, doubled or moved, perhaps cut off."""
    content = draw(st.sampled_from(contents))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(PIECES, st.just(content[start:end] * 2), st.just(b"")))
        content = content[:start] + piece + content[end:]
    return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 4)) == 0 else content


@st.composite
def workbooks(draw: st.DrawFn) -> bytes:
    """A workbook in one of whose parts the XML has been changed."""
    with zipfile.ZipFile(BytesIO(WORKBOOK)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = draw(st.sampled_from([*sorted(parts), *["xl/worksheets/sheet1.xml"] * 8]))
    parts[name] = draw(changed([parts[name]]))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return buffer.getvalue()


ANYTHING = st.one_of(st.binary(max_size=300), changed(CONTENTS), changed(CONTENTS), changed([WORKBOOK]), workbooks())


def check_reports(file_format: FileFormat, content: bytes, encoding: str = "utf-8-sig") -> None:
    with suppress(FileRefused):
        for position, record in enumerate(FORMATS[file_format].read(BytesIO(content), encoding), start=1):
            assert record.position == position
            usable = record.bibliography is not None or record.document is not None
            assert usable != any(problem.severity == "error" for problem in record.problems)


def check_file(content: bytes) -> None:
    with suppress(FileRefused):
        sniffed, _ = read_file(BytesIO(content))
        check_reports(sniffed.format, content, sniffed.encoding or "utf-8-sig")
    for file_format in FORMATS:
        check_reports(file_format, content)


class TestAnyBytes:
    @settings(max_examples=300)
    @given(content=ANYTHING)
    def test_give_a_report_from_every_reader(self, content: bytes) -> None:
        check_file(content)

    @pytest.mark.full
    @settings(max_examples=10_000)
    @given(content=ANYTHING)
    def test_give_a_report_from_every_reader_ten_thousand_times(self, content: bytes) -> None:
        check_file(content)

    @settings(max_examples=100)
    @given(content=workbooks())
    def test_of_a_workbook_give_a_report(self, content: bytes) -> None:
        check_reports(FileFormat.XLSX, content)
