"""RoB 2: from answers to signalling questions to the judgement of each domain and of the result (method, section 8).

The algorithms are those of Sterne 2019, doi 10.1136/bmj.l4898, and the guidance of 22 August 2019, for parallel trials and the
effect of assignment. They suggest; an assessor may judge otherwise with a reason, and that is kept beside.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.synthesis.body import RiskOfBiasInput
from app.synthesis.grade.risk_of_bias import CAUTION
from app.synthesis.grade.rob2_questions import DOMAIN_NAMES, QUESTION_OF_NUMBER, Rob2Domain
from app.synthesis.grade.signalling import FOREIGN, NO, UNANSWERED, YES, Answer, NotJudged, foreign_answers
from app.vocabulary import RiskOfBiasJudgement, RiskOfBiasLevel, RiskOfBiasTool

LOW, SOME, HIGH = RiskOfBiasLevel.LOW, RiskOfBiasLevel.SOME_CONCERNS, RiskOfBiasLevel.HIGH
SEVERAL = 2
"""So many domains with some concerns call for a look whether they add up to high risk: the tool leaves that to the assessor."""

ADDING_UP = "Several domains have some concerns: whether together they are a high risk is the assessor's to say."


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement that the algorithm suggests, with the questions that led to it, in order."""

    level: RiskOfBiasLevel
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rob2Override:
    """An assessor's own judgement of a domain, or of the result as a whole (`domain` None), and why."""

    domain: Rob2Domain | None
    level: RiskOfBiasLevel
    reason: str
    author: str
    made_on: date


@dataclass(frozen=True, slots=True)
class Rob2DomainJudgement:
    """One domain: as the algorithm suggests it, the override beside it, and what counts; `level` None: neither is there."""

    domain: Rob2Domain
    suggested: Judged | NotJudged
    override: Rob2Override | None
    level: RiskOfBiasLevel | None


@dataclass(frozen=True, slots=True)
class Rob2Judgement:
    """The whole: domains, what they add up to, the override of the overall judgement, and what counts.

    `several_some_concerns`: two or more domains have some concerns and none is high, so the assessor should say whether
    together they lower confidence substantially, which is high risk.
    """

    domains: tuple[Rob2DomainJudgement, ...]
    suggested: RiskOfBiasLevel | None
    override: Rob2Override | None
    overall: RiskOfBiasLevel | None
    several_some_concerns: bool
    without_reason: tuple[Rob2Override, ...] = ()
    """Overrides that were not used, because they give no reason."""


class _Unanswered(Exception):
    """Raised within an algorithm that reaches a question without an answer; never leaves this file."""


class _Reader:
    """Answers as an algorithm reads them: notes the path, and stops at a question that applies and is not answered."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self.path: list[str] = []
        self.missing: list[str] = []

    def answer(self, number: str) -> Answer:
        given = self._answers.get(number)
        if given is None or given is Answer.NOT_APPLICABLE:
            self.missing.append(number)
            raise _Unanswered
        self.path.append(number)
        return given

    def yes(self, number: str) -> bool:
        return self.answer(number) in YES

    def no(self, number: str) -> bool:
        return self.answer(number) in NO


def judge_domain(domain: Rob2Domain, answers: Mapping[str, Answer]) -> Judged | NotJudged:
    """The judgement that the published algorithm suggests for one domain; answers to questions that do not apply are not read."""
    foreign = foreign_answers(QUESTION_OF_NUMBER, answers)
    if foreign:
        return NotJudged(foreign, FOREIGN)
    reader = _Reader(answers)
    try:
        level = ALGORITHMS[domain](reader)
    except _Unanswered:
        return NotJudged(tuple(reader.missing), UNANSWERED)
    return Judged(level, tuple(reader.path))


def judge(answers: Mapping[str, Answer], overrides: Iterable[Rob2Override] = ()) -> Rob2Judgement:
    """Judge all domains and the result; of several overrides of the same thing the latest counts, on one day the more cautious."""
    ordered = sorted(overrides, key=lambda row: (row.made_on, CAUTION[row.level], row.author))
    reasoned = [row for row in ordered if row.reason.strip()]
    latest = {row.domain: row for row in reasoned}
    domains = tuple(_domain(domain, answers, latest.get(domain)) for domain in Rob2Domain)
    suggested = overall_level([domain.level for domain in domains])
    override = latest.get(None)
    return Rob2Judgement(
        domains=domains,
        suggested=suggested,
        override=override,
        overall=suggested if override is None else override.level,
        several_some_concerns=suggested is SOME and sum(domain.level is SOME for domain in domains) >= SEVERAL,
        without_reason=tuple(row for row in ordered if row not in reasoned),
    )


def overall_level(levels: Iterable[RiskOfBiasLevel | None]) -> RiskOfBiasLevel | None:
    """The worst of the domains; high as soon as one is, None where another is not judged."""
    rows = list(levels)
    if HIGH in rows:
        return HIGH
    known = [level for level in rows if level is not None]
    return max(known, key=CAUTION.__getitem__) if len(known) == len(rows) and known else None


def sentence(domain: Rob2Domain, suggested: Judged | NotJudged) -> str:
    """One domain in words: its judgement, or why it is open."""
    if isinstance(suggested, Judged):
        return f"{DOMAIN_NAMES[domain]}: {suggested.level} by the answers to {', '.join(suggested.path)}."
    return f"{DOMAIN_NAMES[domain]}: open. {suggested.reason} ({', '.join(suggested.questions)})"


def as_input(judgement: Rob2Judgement, outcome: str | None) -> RiskOfBiasInput:
    """The judgement as the rating reads it, for one outcome or (None) the study as a whole."""
    overall = None if judgement.overall is None else RiskOfBiasJudgement(judgement.overall.value)
    return RiskOfBiasInput(RiskOfBiasTool.ROB_2, overall, outcome=outcome)


def _domain(domain: Rob2Domain, answers: Mapping[str, Answer], override: Rob2Override | None) -> Rob2DomainJudgement:
    own = {number: given for number, given in answers.items() if _belongs(number, domain)}
    suggested = judge_domain(domain, own)
    if override is not None:
        return Rob2DomainJudgement(domain, suggested, override, override.level)
    return Rob2DomainJudgement(domain, suggested, None, suggested.level if isinstance(suggested, Judged) else None)


def _belongs(number: str, domain: Rob2Domain) -> bool:
    return number in QUESTION_OF_NUMBER and QUESTION_OF_NUMBER[number].domain is domain


def _randomisation(ask: _Reader) -> RiskOfBiasLevel:
    concealed = ask.answer("1.2")
    if concealed in NO:
        return HIGH
    if concealed is Answer.NO_INFORMATION:
        return HIGH if ask.yes("1.3") else SOME
    if ask.no("1.1"):
        return SOME
    return SOME if ask.yes("1.3") else LOW


def _deviations(ask: _Reader) -> RiskOfBiasLevel:
    return max(_departures(ask), _analysis(ask), key=CAUTION.__getitem__)


def _departures(ask: _Reader) -> RiskOfBiasLevel:
    """Part 1, questions 2.1 to 2.5."""
    participants_blind, carers_blind = ask.no("2.1"), ask.no("2.2")
    if participants_blind and carers_blind:
        return LOW
    departures = ask.answer("2.3")
    if departures in NO:
        return LOW
    if departures is Answer.NO_INFORMATION or ask.no("2.4"):
        return SOME
    return SOME if ask.yes("2.5") else HIGH


def _analysis(ask: _Reader) -> RiskOfBiasLevel:
    """Part 2, questions 2.6 and 2.7."""
    if ask.yes("2.6"):
        return LOW
    return SOME if ask.no("2.7") else HIGH


def _missing_data(ask: _Reader) -> RiskOfBiasLevel:
    if ask.yes("3.1") or ask.yes("3.2") or ask.no("3.3"):
        return LOW
    return SOME if ask.no("3.4") else HIGH


def _measurement(ask: _Reader) -> RiskOfBiasLevel:
    if ask.yes("4.1"):
        return HIGH
    alike = ask.answer("4.2")
    if alike in YES:
        return HIGH
    at_best = SOME if alike is Answer.NO_INFORMATION else LOW
    if ask.no("4.3") or ask.no("4.4"):
        return at_best
    return SOME if ask.no("4.5") else HIGH


def _selection(ask: _Reader) -> RiskOfBiasLevel:
    picked = (ask.answer("5.2"), ask.answer("5.3"))
    if any(answer in YES for answer in picked):
        return HIGH
    if Answer.NO_INFORMATION in picked:
        return SOME
    return LOW if ask.yes("5.1") else SOME


ALGORITHMS: Mapping[Rob2Domain, Callable[[_Reader], RiskOfBiasLevel]] = {
    Rob2Domain.RANDOMISATION: _randomisation,
    Rob2Domain.DEVIATIONS: _deviations,
    Rob2Domain.MISSING_DATA: _missing_data,
    Rob2Domain.MEASUREMENT: _measurement,
    Rob2Domain.SELECTION: _selection,
}
