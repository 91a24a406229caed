"""Names of authors as PubMed prints them: `Family Initials Suffix`, such as `Haller H` or `Smith JA Jr`; groups as they are."""

import re

from app.formats.plain_text import one_line

MAX_INITIALS = 4
SUFFIXES = {"jr": "Jr", "sr": "Sr", "ii": "II", "iii": "III", "iv": "IV", "2nd": "2nd", "3rd": "3rd", "4th": "4th"}
PARTICLES = frozenset(
    (
        *("van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le"),
        *("ten", "ter", "zu", "zur", "af", "av", "el", "al"),
    )
)
# No given name holds one of these: what follows the comma belongs to the name of a group.
GROUP_WORDS = frozenset(
    (
        *("and", "of", "for", "the", "on", "group", "groups", "team", "network", "consortium", "collaboration", "committee"),
        *("investigators", "collaborators", "study", "trial", "society", "association", "university", "institute", "department"),
    )
)


def _is_initials(word: str) -> bool:
    letters = word.replace(".", "").replace("-", "")
    return 0 < len(letters) <= MAX_INITIALS and letters.isalpha() and letters.isupper()


def _suffix(word: str) -> str | None:
    return SUFFIXES.get(word.strip().rstrip(".").lower())


def _initials(given: str) -> str:
    """`Heidemarie Anna` → `HA`, `Jean-Pierre` → `JP`, `H. A.` → `HA`, `HA` → `HA`; scripts without initials stay whole."""
    if _is_initials(given):
        return given.replace(".", "").replace("-", "")
    words = re.split(r"[\s.\-\u2010\u2011]+", given)
    if not any(word[:1].lower() != word[:1].upper() for word in words):
        return one_line(given)
    return "".join(word if _is_initials(word) else word[0].upper() for word in words if word)


def family_first(family: str, given: str = "", suffix: str = "") -> str:
    """The one form from its parts; particles that stand after the given name (`Ludwig van`) go before the family name."""
    words = one_line(given).split(" ")
    last = len(words)
    while last > 1 and words[last - 1] in PARTICLES:
        last -= 1
    parts = (*words[last:], one_line(family), _initials(" ".join(words[:last])), _suffix(suffix) or one_line(suffix))
    return " ".join(part for part in parts if part)


def read_name(text: str) -> str:
    """`Haller, Heidemarie`, `Haller, H.`, `Smith, J., Jr.` or `Smith, Jr, John` → the one form; without a comma it stays.

    `Haller H.` loses its full stop. A group whose name holds a comma is told from a person by words such as `and` and `group`.
    """
    name = one_line(text).strip(",; ")
    if "," not in name:
        return _without_dots(name)
    if not GROUP_WORDS.isdisjoint(name.partition(",")[2].casefold().split()):
        return name
    family, given, *rest = (part.strip() for part in name.split(","))
    if rest and _suffix(given):
        given, rest = rest[0], [given, *rest[1:]]
    return family_first(family, given, " ".join(rest))


def _without_dots(name: str) -> str:
    words = name.split(" ")
    suffix = [words.pop()] if len(words) > 2 and _suffix(words[-1]) and _is_initials(words[-2]) else []
    if len(words) > 1 and _is_initials(words[-1]):
        words[-1] = words[-1].replace(".", "").replace("-", "")
        return " ".join((*words, *filter(None, map(_suffix, suffix))))
    return name


def name_parts(name: str) -> tuple[str, str, str] | None:
    """Family, initials and suffix of a person's name in our form; None for a group."""
    words = name.split(" ")
    suffix = _suffix(words[-1]) if len(words) > 2 and words[-1] in SUFFIXES.values() else None
    if suffix and _is_initials(words[-2]):
        words.pop()
    else:
        suffix = None
    if len(words) < 2 or not _is_initials(words[-1]) or not words[-1].isalpha() or "," in name:
        return None
    return " ".join(words[:-1]), words[-1], suffix or ""


def with_comma(name: str) -> str:
    """`Haller H` → `Haller, H`; `Smith JA Jr` → `Smith, JA, Jr`; a group stays as it is."""
    parts = name_parts(name)
    return ", ".join(part for part in parts if part) if parts else name


def read_names(text: str) -> list[str]:
    """The names of one cell: between semicolons; or between commas where each piece ends in initials (`Haller H, Lauche R`)."""
    if ";" in text:
        pieces = text.split(";")
    else:
        pieces = text.split(",")
        if not all(name_parts(read_name(piece)) for piece in pieces if piece.strip()):
            pieces = [text]
    return [name for name in map(read_name, pieces) if name]
