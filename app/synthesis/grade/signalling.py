"""Signalling questions: what the forms of RoB 2 and ROBINS-I have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    YES = "yes"
    PROBABLY_YES = "probably-yes"
    PROBABLY_NO = "probably-no"
    NO = "no"
    NO_INFORMATION = "no-information"
    NOT_APPLICABLE = "not-applicable"


YES = frozenset({Answer.YES, Answer.PROBABLY_YES})
NO = frozenset({Answer.NO, Answer.PROBABLY_NO})
ALWAYS = (Answer.YES, Answer.PROBABLY_YES, Answer.PROBABLY_NO, Answer.NO, Answer.NO_INFORMATION)
CONDITIONAL = (Answer.NOT_APPLICABLE, *ALWAYS)

UNANSWERED = "These questions apply and are not answered."
FOREIGN = "These questions do not exist, or do not have this answer."


@dataclass(frozen=True, slots=True)
class Question:
    """One signalling question; `asked_if` says in words when it applies, None: always."""

    number: str
    domain: StrEnum
    text: str
    help: str
    answers: tuple[Answer, ...] = ALWAYS
    asked_if: str | None = None


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Why there is no judgement: questions that apply and are not answered, or answers that a question does not have."""

    questions: tuple[str, ...]
    reason: str


def foreign_answers(questions: Mapping[str, Question], answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """The numbers that are no question of the tool, or whose question does not have the answer given."""
    return tuple(number for number, given in answers.items() if number not in questions or given not in questions[number].answers)
