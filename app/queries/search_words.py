"""From what somebody typed to the words to look for: the same on both engines."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MAX_WORDS = 40
"""Words beyond these are left aside: nobody types as many, and each one costs a look-up."""
_SNOWBALL_ENGLISH = (
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its itself they"
    " them their theirs themselves what which who whom this that these those am is are was were be been being have has had having do does"
    " did doing a an the and but if or because as until while of at by for with about against between into through during before after"
    " above below to from up down in out on off over under again further then once here there when where why how all any both each few"
    " more most other some such no nor not only own same so than too very s t can will just don should now"
)
ABBREVIATION_LENGTH = 3
STOP_WORDS = frozenset(_SNOWBALL_ENGLISH.split())
"""English words that PostgreSQL's index does not hold (Snowball's list); SQLite's holds them, so nobody looks for them."""


@dataclass(frozen=True, slots=True)
class SearchWords:
    """`whole` must occur as words (stems are equal enough); `last` may be the beginning of one, None where the last is whole too."""

    whole: tuple[str, ...]
    last: str | None

    @property
    def all(self) -> tuple[str, ...]:
        return self.whole if self.last is None else (*self.whole, self.last)


def split_words(text: str) -> list[str]:
    """The runs of letters and digits, in lower case: what both tokenisers cut a text into."""
    composed = unicodedata.normalize("NFC", text).lower()
    return "".join(character if character.isalnum() else " " for character in composed).split()


def read_words(text: str) -> SearchWords | None:
    """The words to look for; None where nothing is left to look for."""
    kept = [word for word in split_words(text) if word not in STOP_WORDS][:MAX_WORDS]
    if not kept:
        return None
    return SearchWords(tuple(kept), None) if _is_abbreviation(kept[-1]) else SearchWords(tuple(kept[:-1]), kept[-1])


def _is_abbreviation(word: str) -> bool:
    """IBS is no beginning of a word: stemming takes its s, and what begins with `ib` is more than was meant."""
    return len(word) <= ABBREVIATION_LENGTH and word.endswith("s")


def marked_ranges(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the text has the words that were looked for: start and end, counted in Unicode characters."""
    folded = [fold(word) for word in words]
    return [(start, end) for start, end in _places(text) if any(_same_word(fold(text[start:end]), word) for word in folded)]


def fold(word: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _places(text: str) -> list[tuple[int, int]]:
    """Start and end of every run of letters and digits."""
    places: list[tuple[int, int]] = []
    start: int | None = None
    for place, character in enumerate(f"{text} "):
        if character.isalnum() or unicodedata.combining(character):
            start = place if start is None else start
        elif start is not None:
            places.append((start, place))
            start = None
    return places


def _same_word(found: str, wanted: str) -> bool:
    """Near enough to stemming for a mark: long words may differ in their last three letters."""
    needed = len(wanted) if len(wanted) <= 4 else max(4, len(wanted) - 3)
    return found[:needed] == wanted[:needed]
