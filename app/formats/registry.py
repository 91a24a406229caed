"""The formats of reference files: what reads each, what writes it, how the web and file systems call it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from app.formats.bibtex import read_bibtex, write_bibtex
from app.formats.csl_json import read_csl_json, write_csl_json
from app.formats.csv_table import read_csv, write_csv
from app.formats.endnote_xml import read_endnote_xml, write_endnote_xml
from app.formats.ledger_json import read_ledger_json, write_ledger_json
from app.formats.nbib import read_nbib, write_nbib
from app.formats.pubmed_xml import read_pubmed_xml, write_pubmed_xml
from app.formats.read_record import ReadRecord
from app.formats.ris import read_ris, write_ris
from app.formats.sniff import MAX_BYTES, FileFormat, SniffedFile, sniff
from app.formats.xlsx_table import read_xlsx, write_xlsx

Reader = Callable[[BinaryIO, str], Iterator[ReadRecord]]
Writer = Callable[[Iterable[Any]], Iterator[str] | Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class ReferenceFormat:
    """`read` takes a stream of bytes and its encoding; `write` takes documents or bibliographies and gives text or bytes."""

    read: Reader
    write: Writer
    media_type: str
    suffix: str


FORMATS: dict[FileFormat, ReferenceFormat] = {
    FileFormat.RIS: ReferenceFormat(read_ris, write_ris, "application/x-research-info-systems", ".ris"),
    FileFormat.NBIB: ReferenceFormat(read_nbib, write_nbib, "application/nbib", ".nbib"),
    FileFormat.PUBMED_XML: ReferenceFormat(read_pubmed_xml, write_pubmed_xml, "application/xml", ".xml"),
    FileFormat.ENDNOTE_XML: ReferenceFormat(read_endnote_xml, write_endnote_xml, "application/xml", ".xml"),
    FileFormat.BIBTEX: ReferenceFormat(read_bibtex, write_bibtex, "application/x-bibtex", ".bib"),
    FileFormat.CSL_JSON: ReferenceFormat(read_csl_json, write_csl_json, "application/vnd.citationstyles.csl+json", ".json"),
    FileFormat.CSV: ReferenceFormat(read_csv, write_csv, "text/csv", ".csv"),
    FileFormat.XLSX: ReferenceFormat(read_xlsx, write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    FileFormat.LEDGER_JSON: ReferenceFormat(read_ledger_json, write_ledger_json, "application/json", ".json"),
}


def read_file(stream: BinaryIO, name: str = "", *, max_bytes: int = MAX_BYTES) -> tuple[SniffedFile, Iterator[ReadRecord]]:
    """What the file is, and its records as they are read; FileRefused from here, or later from the iterator."""
    sniffed = sniff(stream, name, max_bytes=max_bytes)
    return sniffed, FORMATS[sniffed.format].read(stream, sniffed.encoding)
