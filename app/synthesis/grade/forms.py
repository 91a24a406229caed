"""The forms that study records may be judged by: RoB 2 and ROBINS-I, read in one way.

Whatever the tool, answers leave for each domain and for the whole a set of judgements: one where they settle it, several where they do not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.synthesis.grade import rob2, rob2_questions, robins_i, robins_i_questions
from app.synthesis.grade.signalling import Answer, NotJudged, Question
from app.vocabulary import RiskOfBiasLevel, RiskOfBiasTool, RobinsILevel

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class FormDomain:
    """One domain: what the answers leave possible, by which questions, and why it is open where they do not even narrow it."""

    domain: str
    possible: Words
    questions: tuple[str, ...]
    open_because: str | None

    @property
    def level(self) -> str | None:
        return _the_one(self.possible)


@dataclass(frozen=True, slots=True)
class FormJudgement:
    """What a tool makes of answers."""

    domains: tuple[FormDomain, ...]
    possible: Words
    reasons: tuple[str, ...]
    several_some_concerns: bool = False

    @property
    def overall(self) -> str | None:
        return _the_one(self.possible)

    @property
    def unanswered(self) -> list[str]:
        return [number for row in self.domains if row.open_because is not None for number in row.questions]


@dataclass(frozen=True, slots=True)
class Form:
    """A tool with signalling questions; `words` are its judgements of a domain, the mildest first."""

    name: str
    questions: Mapping[str, Question]
    domains: tuple[str, ...]
    words: tuple[str, ...]
    judge: Callable[[Mapping[str, Answer]], FormJudgement]
    overall: Callable[[Sequence[Words]], Words]

    def in_order(self, words: Words) -> list[str]:
        return [word for word in self.words if word in words]


def judgement_to_json(form: Form, judgement: FormJudgement) -> dict[str, object]:
    """For a reader: what is settled, what is left possible, by which questions, in words; JSON-safe."""
    return {
        "overall": judgement.overall,
        "possible": form.in_order(judgement.possible),
        "several_some_concerns": judgement.several_some_concerns,
        "domains": {
            row.domain: {
                "level": row.level,
                "possible": form.in_order(row.possible),
                "questions": list(row.questions),
                "open_because": row.open_because,
            }
            for row in judgement.domains
        },
        "reasons": list(judgement.reasons),
    }


def _the_one(words: Words) -> str | None:
    return next(iter(words)) if len(words) == 1 else None


LEVELS_OF_ROB_2: Words = frozenset(level.value for level in RiskOfBiasLevel)


def _judge_rob_2(answers: Mapping[str, Answer]) -> FormJudgement:
    judged = rob2.judge(answers)
    domains = tuple(_rob_2_domain(row) for row in judged.domains)
    reasons = tuple(rob2.sentence(row.domain, row.suggested) for row in judged.domains)
    whole = _overall_of_rob_2([row.possible for row in domains])
    several = judged.several_some_concerns
    return FormJudgement(domains, whole, (*reasons, rob2.ADDING_UP) if several else reasons, several)


def _rob_2_domain(row: rob2.Rob2DomainJudgement) -> FormDomain:
    suggested = row.suggested
    if isinstance(suggested, NotJudged):
        return FormDomain(row.domain.value, LEVELS_OF_ROB_2, suggested.questions, suggested.reason)
    return FormDomain(row.domain.value, frozenset({suggested.level.value}), suggested.path, None)


def _overall_of_rob_2(domains: Sequence[Words]) -> Words:
    """The worst; high as soon as one is, and otherwise anything while a domain is open."""
    known = [RiskOfBiasLevel(word) if (word := _the_one(one)) is not None else None for one in domains]
    worst = rob2.overall_level(known)
    return LEVELS_OF_ROB_2 if worst is None else frozenset({worst.value})


def _judge_robins_i(answers: Mapping[str, Answer]) -> FormJudgement:
    rows = robins_i.judge(answers)
    whole = robins_i.overall_levels([row.possible for row in rows])
    words: Words = frozenset(level.value for level in whole)
    return FormJudgement(tuple(_robins_i_domain(row) for row in rows), words, tuple(robins_i.sentence(row) for row in rows))


def _robins_i_domain(row: robins_i.RobinsIDomainJudgement) -> FormDomain:
    suggested, possible = row.suggested, frozenset(level.value for level in row.possible)
    if isinstance(suggested, NotJudged):
        return FormDomain(row.domain.value, possible, suggested.questions, suggested.reason)
    return FormDomain(row.domain.value, possible, suggested.path, None)


def _overall_of_robins_i(domains: Sequence[Words]) -> Words:
    return frozenset(level.value for level in robins_i.overall_levels([frozenset(map(RobinsILevel, one)) for one in domains]))


FORMS: Mapping[RiskOfBiasTool, Form] = {
    RiskOfBiasTool.ROB_2: Form(
        name="RoB 2",
        questions=rob2_questions.QUESTION_OF_NUMBER,
        domains=tuple(domain.value for domain in rob2_questions.Rob2Domain),
        words=tuple(level.value for level in RiskOfBiasLevel),
        judge=_judge_rob_2,
        overall=_overall_of_rob_2,
    ),
    RiskOfBiasTool.ROBINS_I: Form(
        name="ROBINS-I",
        questions=robins_i_questions.QUESTION_OF_NUMBER,
        domains=tuple(domain.value for domain in robins_i_questions.RobinsIDomain),
        words=tuple(level.value for level in RobinsILevel),
        judge=_judge_robins_i,
        overall=_overall_of_robins_i,
    ),
}
"""The tools whose answers to signalling questions are stored with a study, and judged."""
MOST_QUESTIONS = max(len(form.questions) for form in FORMS.values())
