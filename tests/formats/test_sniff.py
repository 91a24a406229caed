import json
from codecs import BOM_UTF8
from collections import Counter
from io import BytesIO

import pytest

from app.formats.read_record import FileRefused
from app.formats.registry import FORMATS, read_file
from app.formats.sniff import FileFormat, sniff
from app.schemas.bibliography import Bibliography
from app.vocabulary import Design, StudyKind
from tests.formats.bibliographies import SAMPLES, written

OF_SAMPLE = {
    "embase.ris": FileFormat.RIS,
    "endnote.ris": FileFormat.RIS,
    "endnote.xml": FileFormat.ENDNOTE_XML,
    "google_scholar.bib": FileFormat.BIBTEX,
    "latex.bib": FileFormat.BIBTEX,
    "mendeley.ris": FileFormat.RIS,
    "ovid.ris": FileFormat.RIS,
    "pubmed.csv": FileFormat.CSV,
    "pubmed.nbib": FileFormat.NBIB,
    "pubmed.xml": FileFormat.PUBMED_XML,
    "refworks.ris": FileFormat.RIS,
    "scopus.csv": FileFormat.CSV,
    "studies.json": FileFormat.LEDGER_JSON,
    "web_of_science.ris": FileFormat.RIS,
    "zotero.bib": FileFormat.BIBTEX,
    "zotero.csl.json": FileFormat.CSL_JSON,
    "zotero.csv": FileFormat.CSV,
    "zotero.ris": FileFormat.RIS,
}
UMLAUTS = "TY  - JOUR\nTI  - Über die Berührung – ein Überblick\nAU  - Müller, J\nER  - \n"


def titles(content: bytes) -> list[str | None]:
    _, records = read_file(BytesIO(content))
    return [record.bibliography.title if record.bibliography else None for record in records]


class TestFormat:
    def test_of_every_sample_is_here(self) -> None:
        assert {file.name for file in SAMPLES.iterdir()} == set(OF_SAMPLE)

    @pytest.mark.parametrize(("name", "file_format"), OF_SAMPLE.items())
    def test_is_told_by_the_content_whatever_the_name(self, name: str, file_format: FileFormat) -> None:
        content = (SAMPLES / name).read_bytes()
        sniffed = sniff(BytesIO(content), "misleading.txt")
        encoding = "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"
        assert (sniffed.format, sniffed.encoding, sniffed.notices) == (file_format, encoding, ())

    @pytest.mark.parametrize("file_format", [name for name in FORMATS if name is not FileFormat.LEDGER_JSON])
    def test_is_told_of_what_we_write_ourselves(self, file_format: FileFormat) -> None:
        study = Bibliography(title="A trial", doi="10.5555/x", year=2019, journal="Examples", kind=StudyKind.PRIMARY, design=Design.COHORT)
        assert sniff(BytesIO(written(file_format, [study]))).format is file_format

    def test_is_medline_although_ris_has_the_same_title_tag(self) -> None:
        assert sniff(BytesIO(b"OWN - NLM\nTI  - A title\nFAU - Doe, J\n")).format is FileFormat.NBIB

    def test_is_ris_although_the_first_record_has_no_type(self) -> None:
        assert sniff(BytesIO(b"T1  - A title\nA1  - Doe, J\nER  - \n")).format is FileFormat.RIS

    def test_of_a_table_of_one_column_is_csv(self) -> None:
        assert sniff(BytesIO(b"DOI\n10.5555/x\n")).format is FileFormat.CSV

    @pytest.mark.parametrize(
        ("content", "file_format"),
        [
            (b'{"title": "One", "authors": ["A B"], "year": 2015}', FileFormat.LEDGER_JSON),
            (b'[{"title": "One", "kind": "primary"}]', FileFormat.LEDGER_JSON),
            (b'{"items": [{"document": {"title": "One"}}]}', FileFormat.LEDGER_JSON),
            (b'[1, {"title": "One", "results": []}]', FileFormat.LEDGER_JSON),
            (b'[{"title": "One", "results": [{"type": "%s' % (b"x" * 300_000), FileFormat.LEDGER_JSON),
            (b'[{"type": "book", "title": "One", "year": 2015}]', FileFormat.CSL_JSON),
            (b'[{"title": "One", "DOI": "10.5555/x"}]', FileFormat.CSL_JSON),
        ],
    )
    def test_of_json_is_told_by_its_members(self, content: bytes, file_format: FileFormat) -> None:
        assert sniff(BytesIO(content)).format is file_format

    def test_leaves_the_stream_at_its_beginning(self) -> None:
        stream = BytesIO(UMLAUTS.encode())
        sniff(stream)
        assert stream.tell() == 0

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b" \n\t\r\n", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"\xef\xbb\xbf \n", "empty"),
            (b"\xff\xfe", "empty"),
            (b"%PDF-1.7 ...", "PDF"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xlsx"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"\x00\x01\x02\x03", "not text"),
            (b"<!doctype html><html></html>", "neither of PubMed nor of EndNote"),
            (b"Dear colleague, please find the studies below.", "RIS, NBIB"),
            (b"a,b,c\n1,2,3\n", "RIS, NBIB"),
        ],
    )
    def test_is_refused_where_it_is_none_of_ours(self, content: bytes, reason: str) -> None:
        with pytest.raises(FileRefused, match=reason):
            sniff(BytesIO(content))


class TestEncoding:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_of_unicode_is_read_without_remark(self, encoding: str) -> None:
        content = UMLAUTS.encode(encoding)
        assert sniff(BytesIO(content)).notices == ()
        assert titles(content) == ["Über die Berührung – ein Überblick"]

    def test_of_windows_is_reported(self) -> None:
        content = UMLAUTS.encode("cp1252")
        (notice,) = sniff(BytesIO(content)).notices
        assert "Windows-1252" in notice
        assert "byte 17" in notice
        assert titles(content) == ["Über die Berührung – ein Überblick"]

    def test_of_latin_1_is_taken_where_windows_has_no_such_letter(self) -> None:
        sniffed = sniff(BytesIO(UMLAUTS.replace("–", "\x81").encode("latin-1")))
        assert sniffed.encoding == "latin-1"

    def test_of_two_kinds_in_one_file_is_remarked_on(self) -> None:
        content = UMLAUTS.encode() + UMLAUTS.encode("cp1252")
        (notice,) = sniff(BytesIO(content)).notices
        assert "not in lines 6, 7: what is not was read as Windows-1252; look at the names there" in notice
        assert titles(content) == ["Über die Berührung – ein Überblick"] * 2

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_of_one_stray_byte_spoils_no_other_letter(self, line_end: str) -> None:
        many = UMLAUTS * 3_000
        content = many.replace("\n", line_end).encode()
        place = content.index("Berührung".encode(), len(content) // 2)
        content = content[:place] + b"\xe9" + content[place:]
        sniffed, records = read_file(BytesIO(content))
        found = Counter(record.bibliography.title for record in records if record.bibliography)
        assert found == {"Über die Berührung – ein Überblick": 2_999, "Über die éBerührung – ein Überblick": 1}
        assert "but not in line 6,0" in sniffed.notices[0]

    def test_of_a_stray_byte_in_json_on_one_line_spoils_no_other_letter(self) -> None:
        content = json.dumps([{"title": "Über die Berührung", "authors": ["Müller J"]}] * 5000, ensure_ascii=False).encode()
        sniffed, records = read_file(BytesIO(content.replace(b"M", b"\xc9", 1)))
        read = [record.document for record in records if record.document]
        assert [document.authors[0][0] for document in read] == ["É", *"M" * 4999]
        assert {document.title for document in read} == {"Über die Berührung"}
        assert "not in line 1" in sniffed.notices[0]

    def test_that_is_not_what_the_file_says_is_refused(self) -> None:
        with pytest.raises(FileRefused, match="says that it is UTF-8"):
            sniff(BytesIO(b"\xef\xbb\xbf" + UMLAUTS.encode("cp1252")))

    def test_of_half_a_letter_in_utf_16_is_refused_by_the_reader(self) -> None:
        with pytest.raises(FileRefused, match="utf-16"):
            titles(UMLAUTS.encode("utf-16")[:-1])

    @pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
    @pytest.mark.parametrize("name", ["zotero.ris", "pubmed.nbib", "zotero.bib", "pubmed.csv"])
    def test_of_line_ends_does_not_matter(self, name: str, line_end: str) -> None:
        text = (SAMPLES / name).read_text(encoding="utf-8")
        assert titles(text.replace("\n", line_end).encode()) == titles(text.encode())
