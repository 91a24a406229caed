"""Are two records the same study? By identifiers first, then by title, year and first author.

The score is the likeness of the normalised titles (0 to 100: normalised Indel similarity, `rapidfuzz.fuzz.ratio`), less what speaks against
it (`OFF`). Scores and thresholds are conventions of ours, set on constructed cases (`tests/test_matching.py`):

| score | what follows |
|---|---|
| 95 and above, and nothing in `caveats` | certain: the same publication |
| 80 and above | grey zone: shown to a person, who decides |
| below 80 | different; not reported |

A caveat makes a match uncertain whatever its score: identifiers that contradict each other, another wording (a spelling such as
randomised/randomized is none; `adults`/`infants`, `part 1`/`part 2` are), a title too short to tell anything, another first author,
another year, another kind of publication (the abstract of a congress, a thesis, a preprint, a registration), and titles of corrections,
replies and protocols, which repeat the title of the paper that they are about.

An equal DOI, PubMed id or PubMed Central id is certain, unless another identifier, the whole title or a year more than one off contradicts
it. A registration is that of a trial, which has several publications: an equal one is certain where year and kind of publication agree too.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Protocol

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

CERTAIN_FROM = 95.0
GREY_FROM = 80.0
OFF = {"year off by one": 1.0, "year unknown": 3.0, "another year": 12.0, "author unknown": 3.0, "another first author": 10.0}
AGAINST = frozenset({"year off by one", "another year", "another first author"})
ANOTHER_KIND = "another kind of publication"
TITLES_LIKE_AT_ALL = 75.0  # records that share an identifier and not even this much of the title are not merged unseen
WITHOUT_SUBTITLE = 90.0  # the likeness of `Light touch for neck pain` and `Light touch for neck pain: a randomised trial`
MIN_TELLING_WORDS_OF_A_MAIN_TITLE = 3
MIN_TELLING_WORDS = 5  # words beyond `EMPTY_WORDS` that a title needs to be certain by itself
MIN_TELLING_WORDS_WITHOUT_AUTHOR = 8
RARE_WORDS = 4  # of a title, by which its likes are looked for
MAX_POSTINGS = 3000  # a word in more titles than that is used only if there is no rarer one, and then for so many of them
MAX_LIKE = 50  # titles compared with one; more of the same (`Editorial`, `Case report`) are told apart by identifier and author alone
IDENTIFIERS = ("doi", "pmid", "pmcid", "registration")
OF_ONE_PUBLICATION = ("doi", "pmid", "pmcid")
SAME_PUBLICATION = frozenset({"published", "retracted", "expression-of-concern"})
"""What became of a published paper makes it no other."""
NAMES = {"doi": "DOI", "pmid": "PubMed id", "pmcid": "PubMed Central id", "registration": "registration"}

ENGLISH = ("a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "with")
OTHERS = ("der", "die", "das", "und", "fur", "von", "mit", "le", "la", "les", "de", "des", "et", "el", "los", "las", "y")
EMPTY_WORDS = frozenset((*ENGLISH, *OTHERS))
RETRACTED_MARK = re.compile(r"^\W*(?:retracted(?: article)?)\s*[:\-–—]\s*", re.IGNORECASE)
ABOUT_ANOTHER = re.compile(
    r"^\W*(?:(?:author|publisher)s?['’]?\s+)?(?:corrections?|corrigend(?:um|a)|errat(?:um|a)|addendum|expression of concern|response|reply|"
    r"re|comments?|commentary|letter|editorial)\s*(?::|to\b|on\b)"
    r"|^\W*(?:retraction|withdrawal)\b(?:\s+(?:note|notice))?\s*(?::|of\b|to\b)"
    r"|\bauthors?['’]?\s+(?:reply|response)\b"
    r"|\bprotocol\b|\bstatistical analysis plan\b|\brationale and design\b|\bstudy design\b",
    re.IGNORECASE,
)


class Described(Protocol):
    """What is needed of a record: a `StudyDocument` and a `Bibliography` are such."""

    @property
    def title(self) -> str | None: ...
    @property
    def authors(self) -> Sequence[str]: ...
    @property
    def year(self) -> int | None: ...
    @property
    def doi(self) -> str | None: ...
    @property
    def pmid(self) -> str | None: ...
    @property
    def pmcid(self) -> str | None: ...
    @property
    def registration(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def publication_status(self) -> str | None: ...


@dataclass(frozen=True)
class MatchRecord:
    """A record as it is compared; identifiers in their stored form, the first author as `Family Initials`."""

    key: str
    title: str | None = None
    first_author: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    registration: str | None = None
    kind: str | None = None
    publication_status: str | None = None

    @classmethod
    def of(cls, key: str, record: Described) -> "MatchRecord":
        first = record.authors[0] if record.authors else None
        told = {name: getattr(record, name) for name in (*IDENTIFIERS, "kind", "publication_status")}
        return cls(key, record.title, first, record.year, **told)

    @cached_property
    def words(self) -> str:
        return words_of(RETRACTED_MARK.sub("", self.title or ""))

    @cached_property
    def telling_words(self) -> tuple[str, ...]:
        return tuple(word for word in self.words.split(" ") if word and word not in EMPTY_WORDS)

    @cached_property
    def family(self) -> str:
        return family_of(self.first_author or "")

    @cached_property
    def is_about_another(self) -> bool:
        """A correction, reply, protocol …, by its title."""
        return bool(ABOUT_ANOTHER.search(self.title or ""))


@dataclass(frozen=True, slots=True)
class Match:
    """`reason` says in words what agrees and what does not."""

    key: str
    score: float
    reason: str
    certain: bool


def words_of(text: str) -> str:
    """Lower-case letters and digits, accents off, markup and punctuation gone, one space between words."""
    bare = re.sub(r"</?[A-Za-z][^<>]*>", "", text).casefold()
    if not bare.isascii():
        bare = "".join(character for character in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(character))
    return " ".join(re.findall(r"[^\W_]+", bare))


def family_of(author: str) -> str:
    """The family name in `van der Berg JP` or `Smith JA Jr`, as words."""
    return words_of(re.sub(r"(?:\s+[A-Z]{1,5}|\s+(?:Jr|Sr|2nd|3rd|4th))+$", "", author.strip()))


def find_matches(candidate: MatchRecord, known: Iterable[MatchRecord]) -> list[Match]:
    """The records among `known` that may be the candidate, the certain and the likest first. For many candidates make a `MatchIndex`."""
    return MatchIndex(known).find(candidate)


def compare(candidate: MatchRecord, other: MatchRecord) -> Match | None:
    """How alike two records are; None if they are different."""
    shared = [name for name in IDENTIFIERS if (mine := getattr(candidate, name)) and mine == getattr(other, name)]
    contrary = [name for name in IDENTIFIERS if _contradict(getattr(candidate, name), getattr(other, name))]
    likeness = _likeness(candidate, other) if candidate.words and other.words else None
    if shared:
        return _by_identifier(candidate, other, shared, contrary, likeness)
    return _by_title(candidate, other, contrary, likeness) if likeness is not None else None


def _likeness(mine: MatchRecord, other: MatchRecord) -> float:
    likeness = fuzz.ratio(mine.words, other.words)
    shorter, longer = sorted((mine, other), key=lambda record: len(record.words))
    main_title = longer.words.startswith(f"{shorter.words} ") and len(shorter.telling_words) >= MIN_TELLING_WORDS_OF_A_MAIN_TITLE
    return max(likeness, WITHOUT_SUBTITLE) if main_title else likeness


def _contradict(mine: str | None, other: str | None) -> bool:
    return mine is not None and other is not None and mine != other


def _by_identifier(candidate: MatchRecord, other: MatchRecord, shared: list[str], contrary: list[str], likeness: float | None) -> Match:
    caveats = [f"another {NAMES[name]}" for name in contrary]
    if likeness is not None and likeness < TITLES_LIKE_AT_ALL:
        caveats.append("quite another title")
    year = _year_note(candidate.year, other.year)
    of_publication = not set(OF_ONE_PUBLICATION).isdisjoint(shared)
    if year == "another year" or (year is not None and not of_publication):  # a trial has a protocol and several reports
        caveats.append(year)
    if not of_publication and _is_another_kind(candidate, other):
        caveats.append(ANOTHER_KIND)
    score = 100.0 if not caveats else 90.0
    return Match(other.key, score, _reason([f"same {NAMES[name]}" for name in shared], caveats), certain=not caveats)


def _is_another_kind(mine: MatchRecord, other: MatchRecord) -> bool:
    """As far as both say what they are."""
    statuses = {"published" if one in SAME_PUBLICATION else one for one in (mine.publication_status, other.publication_status)}
    kinds = {mine.kind, other.kind}
    return (None not in statuses and len(statuses) > 1) or (None not in kinds and len(kinds) > 1)


def _by_title(candidate: MatchRecord, other: MatchRecord, contrary: list[str], likeness: float) -> Match | None:
    off = [note for note in (_year_note(candidate.year, other.year), _author_note(candidate.family, other.family)) if note]
    score = round(likeness - sum(OFF[note] for note in off), 1)
    if score < GREY_FROM:
        return None
    caveats = [f"another {NAMES[name]}" for name in contrary]
    caveats += [note for note in off if note in AGAINST]
    if _is_another_kind(candidate, other):
        caveats.append(ANOTHER_KIND)
    if candidate.is_about_another or other.is_about_another:
        caveats.append("a title of a correction, reply or protocol")
    if not same_wording(candidate.telling_words, other.telling_words):
        caveats.append("another wording")
    needed = MIN_TELLING_WORDS_WITHOUT_AUTHOR if "author unknown" in off else MIN_TELLING_WORDS
    if min(len(candidate.telling_words), len(other.telling_words)) < needed:
        caveats.append("too short a title to be sure")
    certain = score >= CERTAIN_FROM and not caveats
    title = "same title" if likeness == 100 else f"title {likeness:.0f} % alike"
    return Match(other.key, score, _reason([title], [*(note for note in off if note not in caveats), *caveats]), certain)


def _reason(agreeing: list[str], against: list[str]) -> str:
    return ", ".join(agreeing) + (f"; but {', '.join(against)}" if against else "")


def _year_note(mine: int | None, other: int | None) -> str | None:
    if mine is None or other is None:
        return "year unknown"
    apart = abs(mine - other)
    return None if apart == 0 else "year off by one" if apart == 1 else "another year"  # online in December, in print in January


def _author_note(mine: str, other: str) -> str | None:
    if not mine or not other:
        return "author unknown"
    particle_left_out = mine.endswith(f" {other}") or other.endswith(f" {mine}")
    return None if mine == other or particle_left_out else "another first author"


def same_wording(mine: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the words that only one of two titles has are spellings of each other: one letter apart, five letters or more, no digit."""
    if mine == other:
        return True
    only_mine, only_other = list((Counter(mine) - Counter(other)).elements()), list((Counter(other) - Counter(mine)).elements())
    if len(only_mine) != len(only_other):
        return False
    return all(_spelling_of(word, only_other) for word in only_mine)


def _spelling_of(word: str, others: list[str]) -> bool:
    """Takes the word's other spelling out of `others`, if it is there."""
    for other in others:
        if min(len(word), len(other)) >= 5 and f"{word}{other}".isalpha() and OSA.distance(word, other, score_cutoff=1) <= 1:
            others.remove(other)
            return True
    return False


class MatchIndex:
    """Known records, arranged so that a candidate is compared with its likes only.

    Compared are the records that share an identifier, the same words of the title whatever the year, or, with a year at most one apart
    or unknown, one of the candidate's rarest title words or its first author. A paper whose title was changed and whose year is further off
    is not found; neither would a person find it.
    """

    def __init__(self, records: Iterable[MatchRecord] = ()) -> None:
        self._records: list[MatchRecord] = []
        self._years: set[int | None] = set()
        self._frequency: Counter[str] = Counter()
        self._by_identifier: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_title: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._by_word: dict[tuple[str, int | None], list[int]] = defaultdict(list)
        self._by_author: dict[tuple[str, int | None], list[int]] = defaultdict(list)
        for record in records:
            self.add(record)

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: MatchRecord) -> None:
        place = len(self._records)
        self._records.append(record)
        self._years.add(record.year)
        for name in IDENTIFIERS:
            if value := getattr(record, name):
                self._by_identifier[name, value].append(place)
        if record.telling_words:
            self._by_title[tuple(sorted(record.telling_words))].append(place)
            for word in set(record.telling_words):
                self._frequency[word] += 1
                self._by_word[word, record.year].append(place)
        if record.family:
            self._by_author[record.family, record.year].append(place)

    def find(self, candidate: MatchRecord) -> list[Match]:
        """Every record that may be the candidate, the certain first, then by score. A record of the candidate's own key is not left out."""
        exact = {
            place for name in IDENTIFIERS if (value := getattr(candidate, name)) for place in self._by_identifier.get((name, value), ())
        }
        exact.update(self._by_title.get(tuple(sorted(candidate.telling_words)), [])[:MAX_LIKE])
        places = exact | self._alike(candidate)
        found = (compare(candidate, self._records[place]) for place in places)
        return sorted((match for match in found if match), key=lambda match: (not match.certain, -match.score, match.key))

    def _alike(self, candidate: MatchRecord) -> set[int]:
        """Places of records near in time whose title is alike enough to be reported."""
        if not candidate.words:
            return set()
        titles = {place: self._records[place].words for place in chain.from_iterable(self._postings(candidate))}
        hits = process.extract(candidate.words, titles, scorer=fuzz.ratio, processor=None, score_cutoff=GREY_FROM, limit=MAX_LIKE)
        words = candidate.words
        same_start = (place for place, title in titles.items() if title.startswith(words) or words.startswith(title))
        return {place for _, _, place in hits}.union(islice(same_start, MAX_LIKE))

    def _postings(self, candidate: MatchRecord) -> Iterator[list[int]]:
        year = candidate.year
        years = self._years if year is None else {None, year - 1, year, year + 1} & self._years
        rarest = sorted((word for word in set(candidate.telling_words) if word in self._frequency), key=self._frequency.__getitem__)
        usable = [word for word in rarest[:RARE_WORDS] if self._frequency[word] <= MAX_POSTINGS] or rarest[:1]
        if candidate.family and year is not None:
            yield from (places[:MAX_POSTINGS] for near in years if (places := self._by_author.get((candidate.family, near))))
        yield from (places[:MAX_POSTINGS] for word in usable for near in years if (places := self._by_word.get((word, near))))
