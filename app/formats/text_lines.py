"""Text out of bytes, a line or a chunk at a time, in bounded memory; CRLF, CR and LF all end a line."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from typing import BinaryIO, cast

from app.formats.mixed_encoding import MIXED, AsUtf8
from app.formats.read_record import FileRefused

MAX_LINE = 1_000_000
CHUNK = 65_536


@contextmanager
def as_text(stream: BinaryIO, encoding: str, newline: str | None = None) -> Iterator[TextIOWrapper]:
    """The stream as text; it stays open afterwards. Bytes that are not of this encoding refuse the file."""
    mixed = encoding == MIXED
    source = cast(BinaryIO, BufferedReader(AsUtf8(stream))) if mixed else stream
    text = TextIOWrapper(source, encoding="utf-8" if mixed else encoding, newline=newline)
    try:
        yield text
    except UnicodeError as error:
        raise FileRefused(f"the file is not {encoding} throughout") from error
    finally:
        if not stream.closed:  # a reader that was left half-way may end after its file
            text.detach()


def text_lines(stream: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """Number and text of every line, without its end; FileRefused at a line of more than a million characters."""
    with as_text(stream, encoding) as text:
        number = 0
        while line := text.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise FileRefused(f"line {number} has more than {MAX_LINE:,} characters", line=number)
            yield number, line.rstrip("\n")


def text_chunks(stream: BinaryIO, encoding: str) -> Iterator[str]:
    with as_text(stream, encoding) as text:
        while chunk := text.read(CHUNK):
            yield chunk
