"""What a file is, by what stands in it; its name decides only where the content leaves it open."""

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END
from itertools import islice
from typing import BinaryIO

from app.formats.csl_variables import first_telling, is_document
from app.formats.csv_table import separator_of
from app.formats.json_records import json_object, json_texts
from app.formats.mixed_encoding import MIXED, Survey, survey_lines
from app.formats.read_record import FileRefused

MAX_BYTES = 500_000_000
HEAD = 262_144
CHUNK = 1_048_576


class FileFormat(StrEnum):
    RIS = "ris"
    NBIB = "nbib"
    PUBMED_XML = "pubmed-xml"
    ENDNOTE_XML = "endnote-xml"
    BIBTEX = "bibtex"
    CSL_JSON = "csl-json"
    CSV = "csv"
    XLSX = "xlsx"
    LEDGER_JSON = "evidence-ledger-json"


@dataclass(frozen=True, slots=True)
class SniffedFile:
    """The format, the encoding to read it in, and remarks on the file as a whole."""

    format: FileFormat
    encoding: str
    notices: tuple[str, ...] = ()


# First bytes of files that people send by mistake, and what to say.
REFUSED = (
    (b"%PDF", "the file is a PDF; send the references as RIS, NBIB, BibTeX, CSL-JSON, CSV or XLSX"),
    (b"\xd0\xcf\x11\xe0", "the file is in the old format of Office (.xls, .doc); save it as .xlsx"),
    (b"\x1f\x8b", "the file is packed with gzip; unpack it first"),
    (b"\xff\xfe\x00\x00", "the file is in UTF-32; save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "the file is in UTF-32; save it as UTF-8"),
)
PUBMED_XML = re.compile(r"<Pubmed(?:Book)?Article(?:Set)?[\s>]")
ENDNOTE_XML = re.compile(r"<records?[\s>]")
MEMBER = re.compile(r'"([A-Za-z_-]{1,40})"\s*:')
LOOKED_AT = 20  # records of JSON, until one is an object
TAGGED = (
    (FileFormat.RIS, re.compile(r"^TY {1,2}-", re.MULTILINE)),
    (FileFormat.NBIB, re.compile(r"^PMID- ?\d", re.MULTILINE)),
    (FileFormat.BIBTEX, re.compile(r"^[ \t]*@\w+[ \t]*[{(]", re.MULTILINE)),
)
HALF_TAGGED = (  # in this order: RIS and MEDLINE share the tags of two letters
    (FileFormat.NBIB, re.compile(r"^(?:FAU |STAT|OWN |DCOM|LID |AID |JT  )- ", re.MULTILINE)),
    (FileFormat.RIS, re.compile(r"^(?:T1|TI|A1|AU|ER) {1,2}-", re.MULTILINE)),
)
SUFFIXES = {".ris": FileFormat.RIS, ".nbib": FileFormat.NBIB, ".bib": FileFormat.BIBTEX, ".csv": FileFormat.CSV, ".tsv": FileFormat.CSV}
KNOWN = "RIS, NBIB (MEDLINE), PubMed XML, EndNote XML, BibTeX, CSL-JSON, CSV, XLSX and the JSON of this service"


def sniff(stream: BinaryIO, name: str = "", *, max_bytes: int = MAX_BYTES) -> SniffedFile:
    """Format and encoding; the stream, which must be able to seek, stands at its beginning afterwards.

    FileRefused where the file is empty, larger than `max_bytes`, or none of the formats.
    """
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    if size > max_bytes:
        raise FileRefused(f"the file has {size:,} bytes; the most that is taken is {max_bytes:,}")
    head = stream.read(HEAD)
    if not head.removeprefix(codecs.BOM_UTF8).strip() or head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise FileRefused("the file is empty")
    for beginning, reason in REFUSED:
        if head.startswith(beginning):
            raise FileRefused(reason)
    if head.startswith(b"PK\x03\x04"):
        stream.seek(0)
        return SniffedFile(FileFormat.XLSX, "")
    encoding, notices = _encoding(stream, head)
    stream.seek(0)
    found = _format(head.decode("utf-8" if encoding == MIXED else encoding, "replace").lstrip("\ufeff"), name.lower())
    is_xml = found in (FileFormat.PUBMED_XML, FileFormat.ENDNOTE_XML)  # which names its encoding itself
    return SniffedFile(found, encoding, () if is_xml else notices)


def _encoding(stream: BinaryIO, head: bytes) -> tuple[str, tuple[str, ...]]:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", ()
    if b"\x00" in head:
        raise FileRefused(f"the file is not text; the formats are {KNOWN}")
    stream.seek(0)
    place, undefined = _not_utf8(stream)
    if place is None:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8", ()
    if head.startswith(codecs.BOM_UTF8):
        raise FileRefused(f"the file says that it is UTF-8, but its byte {place:,} is not")
    stream.seek(0)
    lines = survey_lines(stream)
    if lines.unicode:
        return MIXED, (_mixed_notice(lines),)
    encoding, called = ("latin-1", "Latin-1") if undefined else ("cp1252", "Windows-1252")
    return encoding, (f"the file is not UTF-8 (byte {place:,}) and was read as {called}",)


def _mixed_notice(lines: Survey) -> str:
    shown = ", ".join(f"{number:,}" for number in lines.numbers)
    more = f" and {lines.others - len(lines.numbers):,} more" if lines.others > len(lines.numbers) else ""
    named = f"line {shown}" if lines.others == 1 else f"lines {shown}{more}"
    return f"the file is UTF-8, but not in {named}: what is not was read as Windows-1252; look at the names there"


def _not_utf8(stream: BinaryIO) -> tuple[int | None, bool]:
    """The first byte that is not UTF-8, and whether a byte is undefined in Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    place: int | None = None
    start = 0
    undefined = False
    while chunk := stream.read(CHUNK):
        if place is None:
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                place = start + error.start - waiting
        undefined = undefined or any(byte in chunk for byte in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))
        start += len(chunk)
    if place is None and decoder.getstate()[0]:
        place = start - len(decoder.getstate()[0])
    return place, undefined


def _format(text: str, name: str) -> FileFormat:
    start = text.lstrip()
    if start.startswith("<"):
        return _xml(start)
    if start.startswith(("[", "{")) and not start.startswith("{\\rtf"):
        return _json(start)
    heading = start.split("\n", 1)[0].split("\r", 1)[0]
    separator = separator_of(heading)
    if separator and separator in heading:
        return FileFormat.CSV
    if tagged := _tagged(text.replace("\r\n", "\n").replace("\r", "\n")):
        return tagged
    by_name = next((found for suffix, found in SUFFIXES.items() if name.endswith(suffix)), None)
    if separator or by_name is FileFormat.CSV or heading.lower().startswith("sep="):
        return FileFormat.CSV
    raise FileRefused(f"the file is none of the formats that are read here: {KNOWN}")


def _tagged(text: str) -> FileFormat | None:
    """The format whose sign stands first; without a sign that begins a record, by those that stand within one."""
    places = [(match.start(), found) for found, pattern in TAGGED if (match := pattern.search(text))]
    if places:
        return min(places, key=lambda place: place[0])[1]
    return next((found for found, pattern in HALF_TAGGED if pattern.search(text)), None)


def _xml(text: str) -> FileFormat:
    if PUBMED_XML.search(text):
        return FileFormat.PUBMED_XML
    if ENDNOTE_XML.search(text):
        return FileFormat.ENDNOTE_XML
    raise FileRefused("the file is XML or HTML, but neither of PubMed nor of EndNote")


def _json(text: str) -> FileFormat:
    """By the members of the first object; where that is longer than what is looked at, by the first that tells."""
    for found in islice(json_texts([text]), LOOKED_AT):
        try:
            members = list(json_object(found.text)) if found.ended else first_telling(MEMBER.findall(found.text))
        except (ValueError, RecursionError):
            continue
        return FileFormat.LEDGER_JSON if is_document(members) else FileFormat.CSL_JSON
    return FileFormat.CSL_JSON
