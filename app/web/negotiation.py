"""Which of the formats that an address serves a client wants (RFC 9110, 12.5.1)."""

from collections.abc import Sequence

from app.errors import NotAcceptable


def choose_media_type(accept: str | None, offered: Sequence[str]) -> str:
    """The offered type with the greatest weight; the first of them where weights are equal or nothing is asked."""
    if not accept or not accept.strip():
        return offered[0]
    ranges = [_parse_range(part) for part in accept.split(",")]
    weighted = [(_weight(media_type, ranges), -place) for place, media_type in enumerate(offered)]
    weight, place = max(weighted)
    if weight <= 0:
        raise NotAcceptable(f"Served here: {', '.join(offered)}.")
    return offered[-place]


def _parse_range(text: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media_range, _quality(value)
    return media_range, 1.0


def _quality(value: str) -> float:
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def _weight(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the most specific range that covers the type."""
    bare = media_type.partition(";")[0]
    for covering in (bare, bare.partition("/")[0] + "/*", "*/*"):
        weights = [quality for media_range, quality in ranges if media_range == covering]
        if weights:
            return max(weights)
    return 0.0
