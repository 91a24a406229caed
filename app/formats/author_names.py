"""Names of authors as PubMed prints them: `Family Initials Suffix`, such as `Haller H` or `Smith JA Jr`; groups as they are."""

import re

from app.formats.plain_text import one_line

MAX_INITIALS = 4
AND_OTHERS = re.compile(r"(?<![^,;\s])(?:et\.?\s+al(?:ii|ia)?\b\.?|and others)\s*$", re.IGNORECASE)
NAME_IN_CAPITALS = re.compile(r"(?=[A-Z]*[AEIOUY])[A-Z]{4,}")  # `JOHN` beside `SMITH`; `JTB` and `ANN` may be initials
BETWEEN_PEOPLE = re.compile(r",?\s+(?:&|and)\s+", re.IGNORECASE)
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


def _initials_beside(family: str, given: str) -> str:
    """The initials of a given name; where the whole name is in capitals, a word that can be spoken is a name."""
    if re.fullmatch(r"[A-Z][A-Z '-]+[A-Z]", family):
        given = " ".join(word.capitalize() if NAME_IN_CAPITALS.fullmatch(word) else word for word in given.split(" "))
    return _initials(given)


def family_first(family: str, given: str = "", suffix: str = "") -> str:
    """The one form from its parts; particles that stand after the given name (`Ludwig van`) go before the family name."""
    words = one_line(given).split(" ")
    last = len(words)
    while last > 1 and words[last - 1] in PARTICLES:
        last -= 1
    parts = (*words[last:], one_line(family), _initials_beside(family, " ".join(words[:last])), _suffix(suffix) or one_line(suffix))
    return " ".join(part for part in parts if part)


def read_name(text: str) -> str:
    """`Haller, Heidemarie`, `Haller, H.`, `Smith, J., Jr.` or `Smith, Jr, John` → the one form; without a comma it stays.

    `Haller H.` loses its full stop, and `Haller H, Lauche R`, which are two, stays. A group whose name holds a comma is told from a
    person by words such as `and` and `group`. What holds more commas than a person's name can, or ends in `et al.`, stays as it is.
    """
    name = one_line(text).strip(",; ")
    if AND_OTHERS.search(name) or "|" in name or "&" in name:
        return name
    if "," not in name:
        return _without_dots(name)
    if not GROUP_WORDS.isdisjoint(name.partition(",")[2].casefold().split()):
        return name
    family, given, *rest = (part.strip() for part in name.split(","))
    if not is_one_person(family, given):
        return name
    if not rest and _suffix(given) and _is_initials(family.split(" ")[-1]):
        return _without_dots(f"{family} {given}")
    if rest and _suffix(given):
        given, rest = rest[0], [given, *rest[1:]]
    if len(rest) > 1 or (rest and not _suffix(rest[0])):
        return name
    return family_first(family, given, *rest)


def without_others(text: str) -> str:
    """The names before `et al.` or `and others` at the end; the same text where it does not end so."""
    others = AND_OTHERS.search(text)
    return text if others is None else text[: others.start()].rstrip(",; ")


def is_unclear(name: str) -> bool:
    """Whether a name as `read_name` gives it may be those of several people."""
    divided = "," in name and GROUP_WORDS.isdisjoint(name.partition(",")[2].casefold().split())
    return divided or any(sign in name for sign in (";", "|", " & "))


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


def read_names(text: str) -> tuple[list[str], list[str]]:
    """The names of one cell, and what in it may be several names and stays as it stands.

    Split are semicolons and upright strokes; commas where each piece ends in initials (`Haller H, Lauche R`) or every second one is
    initials (`Haller, H., Lauche, R.`); `&` and `and` where each side is a person. `et al.` stays a piece of its own.
    """
    pieces = [piece for piece in map(one_line, re.split(r"[;|]", text)) if piece.strip(", ")]
    names: list[str] = []
    unclear: list[str] = []
    for piece in pieces:
        named = without_others(piece)
        people = _people(named, alone=len(pieces) == 1)
        if people is None:
            unclear.append(piece)
        names += [piece] if people is None else people
        if people is not None and named != piece:
            names.append("et al.")
    return [name for name in names if name], unclear


def _people(piece: str, *, alone: bool) -> list[str] | None:
    """The people of a piece; None if it may be several, and it is not clear which."""
    if _names_a_group(piece) and not any(_ends_in_initials(token) for token in re.split(r",|\sand\s|&", piece)):
        return [piece]
    parts = BETWEEN_PEOPLE.split(piece)
    if len(parts) == 1:
        return _between_commas(piece, alone=alone)
    told = [_between_commas(part, alone=True) for part in parts]
    certain = all(names and all(map(name_parts, names)) for names in told)
    return [name for names in told for name in names or ()] if certain else None


def _between_commas(part: str, *, alone: bool) -> list[str] | None:
    tokens = [token.strip() for token in part.split(",") if token.strip()]
    if len(tokens) < 2:
        return [read_name(part)]
    if _names_a_group(part):
        return [part]
    if all(map(_ends_in_initials, tokens)):
        return [read_name(token) for token in tokens]
    family, given = tokens[:2]
    if len(tokens) == 2:
        return [read_name(part)] if is_one_person(family, given, alone=alone) else None
    if len(tokens) == 3 and any(map(_suffix, tokens[1:])):
        return [read_name(part)]
    pairs = list(zip(tokens[::2], tokens[1::2], strict=False))
    if len(tokens) % 2 == 0 and all(_is_initials(initials.replace(" ", "")) and not _is_initials(name) for name, initials in pairs):
        return [family_first(name, initials) for name, initials in pairs]
    return None


def _names_a_group(text: str) -> bool:
    return not (GROUP_WORDS - {"and"}).isdisjoint(text.casefold().split())


def _ends_in_initials(token: str) -> bool:
    return name_parts(read_name(token)) is not None


def is_one_person(family: str, given: str, *, alone: bool = False) -> bool:
    """`Garcia Lopez, Maria`, but neither `John Smith, Mary Jones` nor `Smith J, Doe` where these are all that stands there."""
    *before, last = family.split(" ")
    if before and len(last) <= 2 and _is_initials(last):
        return _suffix(given) is not None
    two_names = bool(before) and before[0].lower() not in PARTICLES and " " in given
    return not (alone and two_names) or _is_initials(given.replace(" ", ""))
