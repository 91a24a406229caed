"""Dates that may lack day or month, as each service writes them, into `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""

import re
from datetime import date

NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(NAMES, start=1)}
CITED = re.compile(r"(?:^|\.\s+)((?:18|19|20)\d\d)(?:\s+([A-Z][a-z]{2})[a-z]*(?:\s+(\d{1,2}))?)?\b")


def written(year: int | None, month: int | None = None, day: int | None = None) -> str | None:
    """As exact as it is known; a part that is no date is left off, with all after it."""
    if year is None or not 1000 <= year <= 9999:
        return None
    if month is None or not 1 <= month <= 12:
        return f"{year}"
    try:
        return date(year, month, day or 0).isoformat()
    except (ValueError, OverflowError):
        return f"{year}-{month:02d}"


def from_parts(parts: object) -> str | None:
    """Crossref's `{"date-parts": [[2019, 12, 31]]}`, of which any part may be missing or null."""
    outer = parts.get("date-parts") if isinstance(parts, dict) else None
    inner = outer[0] if isinstance(outer, list) and outer and isinstance(outer[0], list) else []
    numbers = [part if type(part) is int else None for part in inner[:3]]
    return written(*(numbers or [None]))


def from_citation(text: str | None) -> str | None:
    """The date in `Lancet. 2010 Feb 6;375(9713):445`: the year after the journal, with the month and day that follow it."""
    found = CITED.search(text or "")
    if found is None:
        return None
    year, month, day = found.groups()
    return written(int(year), MONTHS.get((month or "").lower()), int(day) if day else None)


def year_of(text: str | None) -> int | None:
    """The first year in `2019-12-31`, `2000 Spring` or `1998 Dec-1999 Jan`."""
    found = re.search(r"\b(1[0-9]{3}|20[0-9]{2})\b", text or "")
    return int(found[1]) if found else None
