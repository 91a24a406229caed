"""A file that is UTF-8 but for some of its lines: appended by another program, or with a stray byte.

Each line is decided about by itself: UTF-8 where it is valid; else Windows-1252, or, where most of its letters outside ASCII are
UTF-8, that but for the bytes which are not.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import RawIOBase
from typing import BinaryIO

MIXED = "utf-8 and windows-1252"
SHOWN = 20
PIECE = 65_536
STRAY = "windows-1252-where-not-utf-8"


@dataclass(slots=True)
class Survey:
    """`unicode`: lines with letters outside ASCII that are UTF-8; `others`: those that are not, with the first of their numbers."""

    unicode: int = 0
    others: int = 0
    numbers: list[int] = field(default_factory=list)


def survey_lines(stream: BinaryIO) -> Survey:
    found = Survey()
    number, goes_on = 0, False
    for piece in _pieces(stream):
        for line in piece.splitlines(keepends=True):
            number += 0 if goes_on else 1
            goes_on = not line.endswith((b"\n", b"\r"))
            if line.isascii():
                continue
            if _is_utf8(line):
                found.unicode += 1
            elif not found.numbers or found.numbers[-1] != number:
                found.others += 1
                if len(found.numbers) < SHOWN:
                    found.numbers.append(number)
    return found


def decode_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        mended = line.decode(errors=STRAY)
    letters = sum(not character.isascii() for character in mended)
    stray = letters - sum(not character.isascii() for character in line.decode(errors="ignore"))
    return mended if letters - stray >= stray else _windows(line)


class AsUtf8(RawIOBase):
    """The stream, its lines made UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        self._pieces = _pieces(stream)
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._waiting:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._waiting = piece if piece.isascii() else "".join(map(decode_line, piece.splitlines(keepends=True))).encode()
        size = min(len(buffer), len(self._waiting))
        buffer[:size], self._waiting = self._waiting[:size], self._waiting[size:]
        return size


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Lines, those without an end in sight in pieces that break no letter and no CRLF."""
    while piece := stream.readline(PIECE):
        if piece.endswith(b"\r"):
            piece += stream.read(1)
        yield piece + stream.read(_bytes_lacking(piece))


def _bytes_lacking(piece: bytes) -> int:
    """How many bytes the last letter still lacks, if it is UTF-8 (RFC 3629, section 3)."""
    for back, byte in enumerate(reversed(piece[-3:]), start=1):
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            return max(0, 2 + (byte >= 0xE0) + (byte >= 0xF0) - back)
    return 0


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _windows(content: bytes) -> str:
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in content)


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _windows(error.object[error.start : error.end]), error.end


codecs.register_error(STRAY, _as_windows)
