"""ROBINS-I: what answers to its signalling questions settle of each domain and of the whole (method, section 8).

The tool of 2016 (Sterne 2016, doi 10.1136/bmj.i4919, with its detailed guidance) has criteria for a domain and no algorithm. So what is
computed here is the set of judgements that the answers leave possible under those criteria. One left: it is settled. Several: nothing is
chosen among them; an assessor judges, by the criteria, with his reason. An answer `no information` leaves possible what a yes and what a no
would, and `no information` itself, unless both come to the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.synthesis.grade.robins_i_criteria import criteria_in_words
from app.synthesis.grade.robins_i_questions import DOMAIN_NAMES, OF_ADHERING, OF_ASSIGNMENT, QUESTION_OF_NUMBER, RobinsIDomain
from app.synthesis.grade.signalling import FOREIGN, UNANSWERED, YES, Answer, NotJudged, foreign_answers
from app.vocabulary import RobinsILevel

LOW, MODERATE, SERIOUS, CRITICAL, UNKNOWN = RobinsILevel
Levels = frozenset[RobinsILevel]
ANY_LEVEL: Levels = frozenset(RobinsILevel)
BOTH_EFFECTS = "Answers are given for one effect or for the other: that of assignment (4.1, 4.2), or that of adhering (4.3 to 4.6)."


@dataclass(frozen=True, slots=True)
class Possible:
    """The judgements that the answers leave, in the tool's order, and the questions that led there; never empty."""

    levels: tuple[RobinsILevel, ...]
    path: tuple[str, ...]

    @property
    def settled(self) -> RobinsILevel | None:
        return self.levels[0] if len(self.levels) == 1 else None


@dataclass(frozen=True, slots=True)
class RobinsIDomainJudgement:
    domain: RobinsIDomain
    suggested: Possible | NotJudged

    @property
    def possible(self) -> Levels:
        """An unanswered domain may still become anything."""
        return frozenset(self.suggested.levels) if isinstance(self.suggested, Possible) else ANY_LEVEL


class _Unanswered(Exception):
    """Raised within an algorithm at a question that applies and is not answered; never leaves this file."""


class _Unknown(Exception):
    """Raised within an algorithm at a question whose answer is `no information`; never leaves this file."""

    def __init__(self, number: str) -> None:
        self.number = number


class _Reader:
    """Answers as an algorithm reads them. Behind a supposed answer nobody was asked: what is missing there is not known."""

    def __init__(self, answers: Mapping[str, Answer], supposed: frozenset[str]) -> None:
        self._answers = answers
        self._supposed = supposed
        self.path: list[str] = []
        self.missing: list[str] = []

    def yes(self, number: str) -> bool:
        given = self._answers.get(number, Answer.NOT_APPLICABLE)
        if given is Answer.NOT_APPLICABLE:
            if self._supposed:
                raise _Unknown(number)
            self.missing.append(number)
            raise _Unanswered
        if number not in self._supposed:
            self.path.append(number)
        if given is Answer.NO_INFORMATION:
            raise _Unknown(number)
        return given in YES

    def no(self, number: str) -> bool:
        return not self.yes(number)

    def any_given(self, numbers: Iterable[str]) -> bool:
        return any(self._answers.get(number, Answer.NOT_APPLICABLE) is not Answer.NOT_APPLICABLE for number in numbers)


def judge_domain(domain: RobinsIDomain, answers: Mapping[str, Answer]) -> Possible | NotJudged:
    """What the answers leave possible for one domain; answers to questions that do not apply are not read."""
    foreign = foreign_answers(QUESTION_OF_NUMBER, answers)
    if foreign:
        return NotJudged(foreign, FOREIGN)
    if domain is RobinsIDomain.DEVIATIONS and names_both_effects(answers):
        return NotJudged((*OF_ASSIGNMENT, *OF_ADHERING), BOTH_EFFECTS)
    found = _explore(ALGORITHMS[domain], answers, frozenset())
    if isinstance(found, NotJudged):
        return found
    levels, path = found
    return Possible(tuple(level for level in RobinsILevel if level in levels), tuple(dict.fromkeys(path)))


def names_both_effects(answers: Mapping[str, Answer]) -> bool:
    reader = _Reader(answers, frozenset())
    return reader.any_given(OF_ASSIGNMENT) and reader.any_given(OF_ADHERING)


def judge(answers: Mapping[str, Answer]) -> tuple[RobinsIDomainJudgement, ...]:
    """All seven domains."""
    return tuple(RobinsIDomainJudgement(domain, judge_domain(domain, _of(domain, answers))) for domain in RobinsIDomain)


def overall_levels(domains: Sequence[Levels]) -> Levels:
    """What the whole may be, given what each domain may be.

    Low if all are low; moderate if all are low or moderate; serious if one is and none is critical; critical if one is; no information
    if information lacks in a domain and none is serious or critical (the guidance: in a key domain, which an assessor may judge).
    """
    mild = frozenset({LOW, MODERATE})
    possible = set()
    if any(CRITICAL in one for one in domains):
        possible.add(CRITICAL)
    if any(SERIOUS in one for one in domains) and all(one - {CRITICAL} for one in domains):
        possible.add(SERIOUS)
    if any(UNKNOWN in one for one in domains) and all(one & {*mild, UNKNOWN} for one in domains):
        possible.add(UNKNOWN)
    if any(MODERATE in one for one in domains) and all(one & mild for one in domains):
        possible.add(MODERATE)
    if all(LOW in one for one in domains):
        possible.add(LOW)
    return frozenset(possible)


def sentence(row: RobinsIDomainJudgement) -> str:
    """One domain in words: what is settled, or what is left open and by which criteria an assessor decides."""
    name, suggested = DOMAIN_NAMES[row.domain], row.suggested
    if isinstance(suggested, NotJudged):
        return f"{name}: open. {suggested.reason} ({', '.join(suggested.questions)})"
    by = f"by the answers to {', '.join(suggested.path)}"
    if suggested.settled is not None:
        return f"{name}: {in_words(suggested.levels)} {by}."
    return f"{name}: {in_words(suggested.levels)} {by}; an assessor decides: {criteria_in_words(row.domain, suggested.levels)}."


def in_words(levels: Iterable[str]) -> str:
    """`serious or critical`, in the tool's order."""
    return " or ".join(level.value.replace("-", " ") for level in RobinsILevel if level in set(levels))


def _of(domain: RobinsIDomain, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    known = QUESTION_OF_NUMBER
    return {number: given for number, given in answers.items() if number in known and known[number].domain is domain}


def _explore(algorithm: "Algorithm", answers: Mapping[str, Answer], supposed: frozenset[str]) -> tuple[Levels, tuple[str, ...]] | NotJudged:
    """Run the algorithm; at an answer that is not known, once for a yes and once for a no."""
    reader = _Reader(answers, supposed)
    try:
        return algorithm(reader), tuple(reader.path)
    except _Unanswered:
        return NotJudged(tuple(reader.missing), UNANSWERED)
    except _Unknown as unknown:
        number = unknown.number
    branches = [_explore(algorithm, {**answers, number: given}, supposed | {number}) for given in (Answer.YES, Answer.NO)]
    found = [branch for branch in branches if not isinstance(branch, NotJudged)]  # behind a supposed answer all are judged
    levels = frozenset[RobinsILevel]().union(*(levels for levels, _ in found))
    same = len({levels for levels, _ in found}) == 1
    return levels if same else levels | {UNKNOWN}, (*reader.path, *(number for _, path in found for number in path))


def _between(lowest: RobinsILevel, highest: RobinsILevel) -> Levels:
    order = list(RobinsILevel)
    return frozenset(order[order.index(lowest) : order.index(highest) + 1])


def _confounding(ask: _Reader) -> Levels:
    if ask.no("1.1"):
        return frozenset({LOW})
    if ask.yes("1.2") and ask.yes("1.3"):
        controlled = ask.yes("1.7") and ask.yes("1.8")
        return frozenset({MODERATE}) if controlled else _between(SERIOUS, CRITICAL)
    if ask.no("1.4") or ask.no("1.5"):
        return _between(SERIOUS, CRITICAL)
    # how much harm control for something after the start does, the criteria do not say
    return frozenset({MODERATE}) if ask.no("1.6") else _between(MODERATE, CRITICAL)


def _selection(ask: _Reader) -> Levels:
    chosen_later = ask.yes("2.1")
    biased = chosen_later and ask.yes("2.2") and ask.yes("2.3")
    followed_from_start = ask.yes("2.4")
    if not biased and followed_from_start:
        return _between(LOW, MODERATE)  # low needs that all were followed from the start, and 2.4 asks of most
    if ask.yes("2.5"):
        return frozenset({MODERATE})
    return _between(SERIOUS, CRITICAL) if biased else _between(MODERATE, CRITICAL)


def _classification(ask: _Reader) -> Levels:
    if ask.no("3.1"):
        return _between(SERIOUS, CRITICAL)
    if ask.yes("3.3"):
        return _between(MODERATE, CRITICAL)  # whether much or only some of it is affected, no question asks
    return frozenset({LOW}) if ask.yes("3.2") else frozenset({MODERATE})


def _deviations(ask: _Reader) -> Levels:
    return _adhering(ask) if ask.any_given(OF_ADHERING) else _assignment(ask)


def _assignment(ask: _Reader) -> Levels:
    if ask.no("4.1"):
        return frozenset({LOW})
    return _between(SERIOUS, CRITICAL) if ask.yes("4.2") else _between(LOW, MODERATE)


def _adhering(ask: _Reader) -> Levels:
    balanced = ask.yes("4.3")
    if balanced and ask.yes("4.4") and ask.yes("4.5"):
        return frozenset({LOW})
    if ask.yes("4.6"):
        return frozenset({MODERATE})
    return _between(MODERATE, CRITICAL) if balanced else _between(SERIOUS, CRITICAL)


def _missing_data(ask: _Reader) -> Levels:
    if ask.yes("5.1") and ask.no("5.2") and ask.no("5.3"):
        return frozenset({LOW})
    if ask.yes("5.4"):
        return frozenset({LOW})
    # a robust result is evidence that the analysis took the bias away, and not yet the same
    return _between(LOW, MODERATE) if ask.yes("5.5") else _between(MODERATE, CRITICAL)


def _measurement(ask: _Reader) -> Levels:
    if ask.no("6.3"):
        return _between(SERIOUS, CRITICAL)
    if ask.yes("6.4"):
        return _between(MODERATE, SERIOUS)
    knew = ask.yes("6.1") and ask.yes("6.2")
    return _between(MODERATE, SERIOUS) if knew else frozenset({LOW})


def _reporting(ask: _Reader) -> Levels:
    if ask.yes("7.1") or ask.yes("7.2") or ask.yes("7.3"):
        return _between(SERIOUS, CRITICAL)
    return _between(LOW, MODERATE)  # low needs a plan that shows all of it, which no question asks


Algorithm = Callable[[_Reader], Levels]
ALGORITHMS: Mapping[RobinsIDomain, Algorithm] = {
    RobinsIDomain.CONFOUNDING: _confounding,
    RobinsIDomain.SELECTION: _selection,
    RobinsIDomain.CLASSIFICATION: _classification,
    RobinsIDomain.DEVIATIONS: _deviations,
    RobinsIDomain.MISSING_DATA: _missing_data,
    RobinsIDomain.MEASUREMENT: _measurement,
    RobinsIDomain.REPORTING: _reporting,
}
