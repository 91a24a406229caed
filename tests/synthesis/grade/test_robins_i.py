"""Every domain of ROBINS-I against its table, for all answers: tables written from Sterne 2016 and the guidance of 12 October 2016.

A row holds the judgements that the criteria of the tool leave possible under these answers. `ANY` stands for an answer that the row does
not depend on, none at all included.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import product

import pytest

from app.synthesis.grade.robins_i import (
    ANY_LEVEL,
    BOTH_EFFECTS,
    Possible,
    RobinsIDomainJudgement,
    judge,
    judge_domain,
    overall_levels,
    sentence,
)
from app.synthesis.grade.robins_i_criteria import CRITERIA
from app.synthesis.grade.robins_i_questions import DOMAIN_NAMES, QUESTION_OF_NUMBER, QUESTIONS, RobinsIDomain
from app.synthesis.grade.signalling import FOREIGN, UNANSWERED, Answer, NotJudged
from app.vocabulary import RobinsILevel

LOW, MODERATE, SERIOUS, CRITICAL, UNKNOWN = RobinsILevel
Y = frozenset({Answer.YES, Answer.PROBABLY_YES})
N = frozenset({Answer.NO, Answer.PROBABLY_NO})
ANY = Y | N | {Answer.NOT_APPLICABLE}
SERIOUS_UP, MODERATE_UP, MILD, MIDDLE = {SERIOUS, CRITICAL}, {MODERATE, SERIOUS, CRITICAL}, {LOW, MODERATE}, {MODERATE, SERIOUS}
Row = tuple[tuple[frozenset[Answer], ...], set[RobinsILevel]]

CONFOUNDING: list[Row] = [
    # 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8
    ((N, ANY, ANY, ANY, ANY, ANY, ANY, ANY), {LOW}),
    *[
        row
        for second, third in ((N, ANY), (Y, N))
        for row in (
            ((Y, second, third, Y, Y, N, ANY, ANY), {MODERATE}),
            ((Y, second, third, Y, Y, Y, ANY, ANY), MODERATE_UP),
            ((Y, second, third, Y, N, ANY, ANY, ANY), SERIOUS_UP),
            ((Y, second, third, N, ANY, ANY, ANY, ANY), SERIOUS_UP),
        )
    ],
    ((Y, Y, Y, ANY, ANY, ANY, Y, Y), {MODERATE}),
    ((Y, Y, Y, ANY, ANY, ANY, Y, N), SERIOUS_UP),
    ((Y, Y, Y, ANY, ANY, ANY, N, ANY), SERIOUS_UP),
]
SELECTION: list[Row] = [
    # 2.1, 2.2, 2.3, 2.4, 2.5
    ((N, ANY, ANY, Y, ANY), MILD),
    ((N, ANY, ANY, N, Y), {MODERATE}),
    ((N, ANY, ANY, N, N), MODERATE_UP),
    *[
        row
        for second, third in ((N, ANY), (Y, N))
        for row in (
            ((Y, second, third, Y, ANY), MILD),
            ((Y, second, third, N, Y), {MODERATE}),
            ((Y, second, third, N, N), MODERATE_UP),
        )
    ],
    ((Y, Y, Y, Y | N, Y), {MODERATE}),
    ((Y, Y, Y, Y | N, N), SERIOUS_UP),
]
CLASSIFICATION: list[Row] = [
    # 3.1, 3.2, 3.3
    ((Y, Y, N), {LOW}),
    ((Y, N, N), {MODERATE}),
    ((Y, ANY, Y), MODERATE_UP),
    ((N, ANY, ANY), SERIOUS_UP),
]
ASSIGNMENT: list[Row] = [
    # 4.1, 4.2
    ((N, ANY), {LOW}),
    ((Y, N), MILD),
    ((Y, Y), SERIOUS_UP),
]
ADHERING: list[Row] = [
    # 4.3, 4.4, 4.5, 4.6
    ((Y, Y, Y, ANY), {LOW}),
    ((Y, Y, N, Y), {MODERATE}),
    ((Y, N, ANY, Y), {MODERATE}),
    ((Y, Y, N, N), MODERATE_UP),
    ((Y, N, ANY, N), MODERATE_UP),
    ((N, ANY, ANY, Y), {MODERATE}),
    ((N, ANY, ANY, N), SERIOUS_UP),
]
MISSING_DATA: list[Row] = [
    # 5.1, 5.2, 5.3, 5.4, 5.5
    ((Y, N, N, ANY, ANY), {LOW}),
    *[
        row
        for first, second, third in ((N, ANY, ANY), (Y, Y, ANY), (Y, N, Y))
        for row in (
            ((first, second, third, Y, ANY), {LOW}),
            ((first, second, third, N, Y), MILD),
            ((first, second, third, N, N), MODERATE_UP),
        )
    ],
]
MEASUREMENT: list[Row] = [
    # 6.1, 6.2, 6.3, 6.4
    ((N, ANY, Y, N), {LOW}),
    ((Y, N, Y, N), {LOW}),
    ((Y, Y, Y, N), MIDDLE),
    ((ANY, ANY, Y, Y), MIDDLE),
    ((ANY, ANY, N, ANY), SERIOUS_UP),
]
REPORTING: list[Row] = [
    # 7.1, 7.2, 7.3
    ((N, N, N), MILD),
    ((Y, ANY, ANY), SERIOUS_UP),
    ((N, Y, ANY), SERIOUS_UP),
    ((N, N, Y), SERIOUS_UP),
]
TABLES: list[tuple[RobinsIDomain, tuple[str, ...], list[Row]]] = [
    (RobinsIDomain.CONFOUNDING, ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8"), CONFOUNDING),
    (RobinsIDomain.SELECTION, ("2.1", "2.2", "2.3", "2.4", "2.5"), SELECTION),
    (RobinsIDomain.CLASSIFICATION, ("3.1", "3.2", "3.3"), CLASSIFICATION),
    (RobinsIDomain.DEVIATIONS, ("4.1", "4.2"), ASSIGNMENT),
    (RobinsIDomain.DEVIATIONS, ("4.3", "4.4", "4.5", "4.6"), ADHERING),
    (RobinsIDomain.MISSING_DATA, ("5.1", "5.2", "5.3", "5.4", "5.5"), MISSING_DATA),
    (RobinsIDomain.MEASUREMENT, ("6.1", "6.2", "6.3", "6.4"), MEASUREMENT),
    (RobinsIDomain.REPORTING, ("7.1", "7.2", "7.3"), REPORTING),
]
IDS = ["confounding", "selection", "classification", "assignment", "adhering", "missing-data", "measurement", "reporting"]
PLAIN = (Answer.YES, Answer.NO)

ALL_LOW = {
    "1.1": "no", "2.1": "no", "2.4": "yes", "3.1": "yes", "3.2": "yes", "3.3": "no", "4.1": "no", "5.1": "yes", "5.2": "no", "5.3": "no",
    "6.1": "no", "6.2": "no", "6.3": "yes", "6.4": "no",
}  # fmt: skip


def answers(**given: str) -> dict[str, Answer]:
    return {name.removeprefix("q").replace("_", "."): Answer(word) for name, word in given.items()}


def expected(rows: list[Row], given: tuple[Answer, ...]) -> list[set[RobinsILevel]]:
    return [levels for wanted, levels in rows if all(one in allowed for one, allowed in zip(given, wanted, strict=True))]


def usable(numbers: tuple[str, ...], given: tuple[Answer, ...]) -> dict[str, Answer]:
    """`not-applicable` is an answer of conditional questions only; elsewhere it stands for no answer."""
    return {number: one for number, one in zip(numbers, given, strict=True) if one in QUESTION_OF_NUMBER[number].answers}


class TestTables:
    @pytest.mark.parametrize(("domain", "numbers", "rows"), TABLES, ids=IDS)
    def test_every_combination_of_answers_falls_under_one_row_and_comes_out_so(
        self, domain: RobinsIDomain, numbers: tuple[str, ...], rows: list[Row]
    ) -> None:
        for given in product(PLAIN, repeat=len(numbers)):
            found = expected(rows, given)
            assert len(found) == 1, given
            judged = judge_domain(domain, dict(zip(numbers, given, strict=True)))
            assert isinstance(judged, Possible), given
            assert set(judged.levels) == found[0], given

    @pytest.mark.parametrize(("domain", "numbers", "rows"), TABLES, ids=IDS)
    def test_probably_counts_as_much_and_what_a_row_does_not_depend_on_need_not_be_answered(
        self, domain: RobinsIDomain, numbers: tuple[str, ...], rows: list[Row]
    ) -> None:
        for wanted, levels in rows:
            for probably in (False, True):
                given = {
                    number: (Answer.PROBABLY_YES if probably else Answer.YES)
                    if allowed == Y
                    else (Answer.PROBABLY_NO if probably else Answer.NO)
                    for number, allowed in zip(numbers, wanted, strict=True)
                    if allowed != ANY
                }
                judged = judge_domain(domain, given)
                assert isinstance(judged, Possible), (domain, given)
                assert set(judged.levels) == levels

    @pytest.mark.parametrize(("domain", "numbers", "rows"), TABLES, ids=IDS)
    def test_no_information_leaves_what_a_yes_and_what_a_no_would(
        self, domain: RobinsIDomain, numbers: tuple[str, ...], rows: list[Row]
    ) -> None:
        for given in product((*PLAIN, Answer.NO_INFORMATION), repeat=len(numbers)):
            usable_answers = usable(numbers, given)
            if Answer.NO_INFORMATION not in given or len(usable_answers) < len(numbers):
                continue
            choices = [PLAIN if one is Answer.NO_INFORMATION else (one,) for one in given]
            outcomes = {frozenset(expected(rows, one)[0]) for one in product(*choices)}
            wanted = frozenset().union(*outcomes) | ({UNKNOWN} if len(outcomes) > 1 else set())
            judged = judge_domain(domain, usable_answers)
            assert isinstance(judged, Possible)
            assert set(judged.levels) == wanted, given

    @pytest.mark.parametrize(("domain", "numbers", "rows"), TABLES, ids=IDS)
    def test_an_unanswered_question_that_applies_is_named_and_nothing_is_judged(
        self, domain: RobinsIDomain, numbers: tuple[str, ...], rows: list[Row]
    ) -> None:
        for wanted, _ in rows:
            needed = [number for number, allowed in zip(numbers, wanted, strict=True) if allowed != ANY]
            given = {n: min(a) for n, a in zip(numbers, wanted, strict=True) if a != ANY}
            if len(needed) < 2:
                continue
            judged = judge_domain(domain, {n: a for n, a in given.items() if n != needed[-1]})
            if isinstance(judged, NotJudged):
                assert judged == NotJudged((needed[-1],), UNANSWERED)

    def test_moderate_at_best_where_confounding_is_to_be_expected(self) -> None:
        numbers = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8")
        for given in product(PLAIN, repeat=len(numbers)):
            judged = judge_domain(RobinsIDomain.CONFOUNDING, {"1.1": Answer.YES, **dict(zip(numbers, given, strict=True))})
            assert isinstance(judged, Possible)
            assert LOW not in judged.levels


class TestJudgeDomain:
    def test_not_applicable_is_no_answer_to_a_question_that_applies(self) -> None:
        given = answers(q1_1="yes", q1_2="not-applicable")
        assert judge_domain(RobinsIDomain.CONFOUNDING, given) == NotJudged(("1.2",), UNANSWERED)

    def test_what_no_question_has_is_not_read(self) -> None:
        assert judge_domain(RobinsIDomain.CONFOUNDING, answers(q1_1="no-information")) == NotJudged(("1.1",), FOREIGN)
        assert judge_domain(RobinsIDomain.CONFOUNDING, answers(q9_1="yes")) == NotJudged(("9.1",), FOREIGN)

    def test_the_two_effects_are_not_mixed(self) -> None:
        judged = judge_domain(RobinsIDomain.DEVIATIONS, answers(q4_1="no", q4_3="yes"))
        assert isinstance(judged, NotJudged)
        assert judged.reason == BOTH_EFFECTS

    def test_the_path_names_the_questions_that_were_read(self) -> None:
        judged = judge_domain(RobinsIDomain.CONFOUNDING, answers(q1_1="yes", q1_2="no-information", q1_4="yes", q1_5="yes", q1_6="no"))
        assert isinstance(judged, Possible)
        assert judged.path == ("1.1", "1.2", "1.4", "1.5", "1.6")
        assert set(judged.levels) == {*MODERATE_UP, UNKNOWN}


class TestOverall:
    @pytest.mark.parametrize(
        ("domains", "whole"),
        [
            ([{LOW}] * 7, {LOW}),
            ([{LOW}] * 6 + [{MODERATE}], {MODERATE}),
            ([{LOW}] * 5 + [{SERIOUS}, {MODERATE}], {SERIOUS}),
            ([{LOW}] * 5 + [{SERIOUS}, {UNKNOWN}], {SERIOUS}),
            ([{SERIOUS}] * 5 + [{CRITICAL}, {UNKNOWN}], {CRITICAL}),
            ([{LOW}] * 6 + [{UNKNOWN}], {UNKNOWN}),
            ([{MODERATE}] * 6 + [{UNKNOWN}], {UNKNOWN}),
            ([{LOW}] * 6 + [MILD], MILD),
            ([{MODERATE}] * 6 + [MILD], {MODERATE}),
            ([{SERIOUS}] * 6 + [MILD], {SERIOUS}),
            ([{LOW}] * 6 + [SERIOUS_UP], SERIOUS_UP),
            ([{CRITICAL}] + [ANY_LEVEL] * 6, {CRITICAL}),
            ([ANY_LEVEL] * 7, set(ANY_LEVEL)),
        ],
    )
    def test_follows_the_published_rule(self, domains: list[set[RobinsILevel]], whole: set[RobinsILevel]) -> None:
        assert overall_levels([frozenset(one) for one in domains]) == whole

    def test_is_what_the_rule_gives_for_some_choice_in_every_domain(self) -> None:
        sets = [frozenset(one) for one in ({LOW}, MILD, {MODERATE, UNKNOWN}, SERIOUS_UP, MODERATE_UP, ANY_LEVEL)]
        for one, two, three in product(sets, repeat=3):
            assert overall_levels([one, two, three]) == {_rule(choice) for choice in product(one, two, three)}


def _rule(levels: tuple[RobinsILevel, ...]) -> RobinsILevel:
    for worst in (CRITICAL, SERIOUS, UNKNOWN, MODERATE):
        if worst in levels:
            return worst
    return LOW


class TestJudge:
    def test_all_domains_and_only_their_own_questions(self) -> None:
        rows = judge({**answers(**{f"q{number}": word for number, word in ALL_LOW.items()})})
        assert [row.domain for row in rows] == list(RobinsIDomain)
        assert [set(row.possible) for row in rows] == [{LOW}, {LOW, MODERATE}, *[{LOW}] * 4, set(ANY_LEVEL)]
        assert rows[-1].suggested == NotJudged(("7.1",), UNANSWERED)

    def test_a_result_without_answers_is_open_in_every_domain(self) -> None:
        assert all(isinstance(row.suggested, NotJudged) for row in judge({}))

    def test_says_in_words_what_is_settled_and_what_is_not(self) -> None:
        settled = RobinsIDomainJudgement(RobinsIDomain.CONFOUNDING, Possible((LOW,), ("1.1",)))
        assert sentence(settled) == "Confounding: low by the answers to 1.1."
        left = sentence(RobinsIDomainJudgement(RobinsIDomain.REPORTING, Possible((LOW, MODERATE), ("7.1", "7.2", "7.3"))))
        assert left.startswith(
            "Selection of the reported result: low or moderate by the answers to 7.1, 7.2, 7.3; an assessor decides: low if"
        )
        assert "open. These questions apply" in sentence(RobinsIDomainJudgement(RobinsIDomain.MEASUREMENT, NotJudged(("6.3",), UNANSWERED)))


class TestQuestions:
    def test_are_the_thirty_four_of_the_tool(self) -> None:
        counts: Mapping[RobinsIDomain, int] = Counter(RobinsIDomain(question.domain) for question in QUESTIONS)
        assert [counts[domain] for domain in RobinsIDomain] == [8, 5, 3, 6, 5, 4, 3]
        assert len(QUESTION_OF_NUMBER) == len(QUESTIONS) == 34
        assert set(DOMAIN_NAMES) == set(CRITERIA) == set(RobinsIDomain)

    def test_only_the_first_has_no_no_information(self) -> None:
        assert [one.number for one in QUESTIONS if Answer.NO_INFORMATION not in one.answers] == ["1.1"]

    def test_those_that_follow_another_answer_can_be_not_applicable(self) -> None:
        following = [one.number for one in QUESTIONS if Answer.NOT_APPLICABLE in one.answers]
        assert following == ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "2.2", "2.3", "2.5", "4.2", "4.6", "5.4", "5.5"]
        assert all(QUESTION_OF_NUMBER[number].asked_if for number in following)

    def test_each_has_help_and_each_domain_all_its_criteria(self) -> None:
        assert all(question.text.endswith("?") and len(question.help) > 15 for question in QUESTIONS)
        assert all(list(criteria) == list(RobinsILevel) for criteria in CRITERIA.values())
