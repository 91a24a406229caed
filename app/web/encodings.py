"""Compressing answers: one function that chooses, one that packs."""

import gzip
from functools import lru_cache

MIN_BYTES = 1_000  # below, the headers weigh more than what is saved
LEVEL = 6
COMPRESSIBLE = ("text/", "application/json", "application/xml", "image/svg+xml", "application/javascript")


def choose_encoding(accept_encoding: str, media_type: str, length: int) -> str | None:
    """`gzip` where the client takes it and it pays, otherwise None (identity)."""
    if length < MIN_BYTES or not _is_compressible(media_type):
        return None
    return "gzip" if takes_gzip(accept_encoding.encode("latin-1")) else None


@lru_cache(maxsize=256)  # browsers and libraries send a handful of values
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether a field Accept-Encoding (RFC 9110, 12.5.3) lets an answer be packed; asked for every read."""
    weights = _weights(accept_encoding.decode("latin-1"))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def gzip_body(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)  # no time stamp: the same body gives the same bytes


def _is_compressible(media_type: str) -> bool:
    bare = media_type.partition(";")[0].strip()
    return bare.startswith(COMPRESSIBLE) or bare.endswith(("+json", "+xml"))


def _weights(accept_encoding: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = _quality(parameter)
    return weights


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0  # an unreadable weight asks for nothing
