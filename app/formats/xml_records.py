"""XML a record at a time: no entity is expanded, nothing outside the file is fetched, memory stays bounded."""

from collections.abc import Collection, Iterator
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from app.formats.plain_text import one_line
from app.formats.read_record import FileRefused

CHUNK = 65_536
MAX_RECORD = 16_000_000  # bytes; the largest records of PubMed, with thousands of authors and affiliations, have about 4 MB
MAX_DEPTH = 100


class XmlRecord(NamedTuple):
    """One element and its line; `cut` says why there is none where the file stops being XML."""

    line: int
    element: Element | None
    cut: str | None = None


class _Records:
    """Builds the elements of these names and lets everything else go by."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.parser = DefusedXMLParser(target=self, forbid_dtd=False, forbid_entities=True, forbid_external=True)
        self.depth = self.depth_of_record = self.line = 0
        self.builder: TreeBuilder | None = None
        self.finished: list[XmlRecord] = []

    @property
    def line_now(self) -> int:
        return int(self.parser.parser.CurrentLineNumber)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FileRefused(f"the XML is nested more deeply than {MAX_DEPTH} levels", line=self.line_now)
        if self.builder is None and tag in self.names:
            self.builder, self.depth_of_record, self.line = TreeBuilder(), self.depth, self.line_now
        if self.builder is not None:
            self.builder.start(tag, attributes)

    def data(self, text: str) -> None:
        if self.builder is not None:
            self.builder.data(text)

    def end(self, tag: str) -> None:
        if self.builder is not None:
            self.builder.end(tag)
            if self.depth == self.depth_of_record:
                self.finished.append(XmlRecord(self.line, self.builder.close()))
                self.builder = None
        self.depth -= 1

    def close(self) -> None:
        """Nothing is left to give."""


def xml_records(stream: BinaryIO, names: Collection[str]) -> Iterator[XmlRecord]:
    """Every element of these names.

    FileRefused for a file that declares entities (CWE-776), points outside itself (CWE-611), nests or goes on without end.
    """
    records = _Records(names)
    since_last = 0
    try:
        while chunk := stream.read(CHUNK):
            records.parser.feed(chunk)
            since_last = 0 if records.finished else since_last + len(chunk)
            yield from records.finished
            records.finished.clear()
            if since_last > MAX_RECORD:
                raise FileRefused(f"a record has more than {MAX_RECORD:,} bytes", line=records.line_now)
        records.parser.close()
    except DefusedXmlException as error:
        raise FileRefused("the XML declares entities or points outside the file: that is refused", line=records.line_now) from error
    except (ParseError, UnicodeError, ValueError, LookupError) as error:
        yield from records.finished
        yield XmlRecord(records.line_now, None, f"from here on the file is not XML: {str(error)[:200]}")


def text_of(element: Element | None) -> str:
    """All the text within, whatever `<i>` or `<sup>` divides it, on one line."""
    return one_line("".join(element.itertext())) if element is not None else ""
