"""Every domain of RoB 2 against its table, for all answers: tables written from Sterne 2019 and the guidance of 22 August 2019."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import product

import pytest

from app.synthesis.grade.risk_of_bias import study_level
from app.synthesis.grade.rob2 import (
    Judged,
    Rob2Override,
    as_input,
    judge,
    judge_domain,
    overall_level,
)
from app.synthesis.grade.rob2_questions import QUESTION_OF_NUMBER, Rob2Domain
from app.synthesis.grade.signalling import Answer, NotJudged
from app.vocabulary import ComparatorGroup, RiskOfBiasJudgement, RiskOfBiasLevel
from tests.synthesis.factories import PAIN, study

LOW, SOME, HIGH = RiskOfBiasLevel.LOW, RiskOfBiasLevel.SOME_CONCERNS, RiskOfBiasLevel.HIGH
Y = {Answer.YES, Answer.PROBABLY_YES}
N = {Answer.NO, Answer.PROBABLY_NO}
NI = {Answer.NO_INFORMATION}
ANY = set(Answer)
Row = tuple[tuple[set[Answer], ...], RiskOfBiasLevel]

RANDOMISATION: list[Row] = [
    # 1.1, 1.2, 1.3
    ((Y | NI, Y, N | NI), LOW),
    ((Y | NI, Y, Y), SOME),
    ((N, Y, ANY), SOME),
    ((ANY, NI, N | NI), SOME),
    ((ANY, NI, Y), HIGH),
    ((ANY, N, ANY), HIGH),
]
DEPARTURES: list[Row] = [
    # 2.1, 2.2, 2.3, 2.4, 2.5
    ((N, N, ANY, ANY, ANY), LOW),
    *[
        row
        for first, second in ((Y | NI, ANY), (N, Y | NI))
        for row in (
            ((first, second, N, ANY, ANY), LOW),
            ((first, second, NI, ANY, ANY), SOME),
            ((first, second, Y, N, ANY), SOME),
            ((first, second, Y, Y | NI, Y), SOME),
            ((first, second, Y, Y | NI, N | NI), HIGH),
        )
    ],
]
ANALYSIS: list[Row] = [
    # 2.6, 2.7
    ((Y, ANY), LOW),
    ((N | NI, N), SOME),
    ((N | NI, Y | NI), HIGH),
]
MISSING_DATA: list[Row] = [
    # 3.1, 3.2, 3.3, 3.4
    ((Y, ANY, ANY, ANY), LOW),
    ((N | NI, Y, ANY, ANY), LOW),
    ((N | NI, N, N, ANY), LOW),
    ((N | NI, N, Y | NI, N), SOME),
    ((N | NI, N, Y | NI, Y | NI), HIGH),
]
MEASUREMENT: list[Row] = [
    # 4.1, 4.2, 4.3, 4.4, 4.5
    ((Y, ANY, ANY, ANY, ANY), HIGH),
    ((N | NI, Y, ANY, ANY, ANY), HIGH),
    ((N | NI, N, N, ANY, ANY), LOW),
    ((N | NI, N, Y | NI, N, ANY), LOW),
    ((N | NI, N, Y | NI, Y | NI, N), SOME),
    ((N | NI, N, Y | NI, Y | NI, Y | NI), HIGH),
    ((N | NI, NI, N, ANY, ANY), SOME),
    ((N | NI, NI, Y | NI, N, ANY), SOME),
    ((N | NI, NI, Y | NI, Y | NI, N), SOME),
    ((N | NI, NI, Y | NI, Y | NI, Y | NI), HIGH),
]
SELECTION: list[Row] = [
    # 5.1, 5.2, 5.3
    ((Y, N, N), LOW),
    ((N | NI, N, N), SOME),
    ((ANY, NI, N | NI), SOME),
    ((ANY, N, NI), SOME),
    ((ANY, Y, ANY), HIGH),
    ((ANY, N | NI, Y), HIGH),
]
ONE_PART = [
    (Rob2Domain.RANDOMISATION, ("1.1", "1.2", "1.3"), RANDOMISATION),
    (Rob2Domain.MISSING_DATA, ("3.1", "3.2", "3.3", "3.4"), MISSING_DATA),
    (Rob2Domain.MEASUREMENT, ("4.1", "4.2", "4.3", "4.4", "4.5"), MEASUREMENT),
    (Rob2Domain.SELECTION, ("5.1", "5.2", "5.3"), SELECTION),
]
PART_1, PART_2 = ("2.1", "2.2", "2.3", "2.4", "2.5"), ("2.6", "2.7")
PART_2_OF = {
    LOW: {"2.6": Answer.YES},
    SOME: {"2.6": Answer.NO, "2.7": Answer.NO},
    HIGH: {"2.6": Answer.NO_INFORMATION, "2.7": Answer.YES},
}
PART_1_OF = {
    LOW: {"2.1": Answer.NO, "2.2": Answer.NO},
    SOME: {"2.1": Answer.YES, "2.2": Answer.YES, "2.3": Answer.NO_INFORMATION},
    HIGH: {"2.1": Answer.YES, "2.2": Answer.YES, "2.3": Answer.YES, "2.4": Answer.YES, "2.5": Answer.NO},
}
# The conditions printed in the template of 22 August 2019: question, questions it depends on, answers that call for it, and whether
# one of them is enough.
CONDITIONS: list[tuple[str, tuple[str, ...], set[Answer], Callable[[Iterable[bool]], bool]]] = [
    ("2.3", ("2.1", "2.2"), Y | NI, any),
    ("2.4", ("2.3",), Y, all),
    ("2.5", ("2.4",), Y | NI, all),
    ("2.7", ("2.6",), N | NI, all),
    ("3.2", ("3.1",), N | NI, all),
    ("3.3", ("3.2",), N, all),
    ("3.4", ("3.3",), Y | NI, all),
    ("4.3", ("4.1", "4.2"), N | NI, all),
    ("4.4", ("4.3",), Y | NI, all),
    ("4.5", ("4.4",), Y | NI, all),
]
WORSE = {LOW: 0, SOME: 1, HIGH: 2}
FIRST, SECOND = date(2026, 1, 1), date(2026, 2, 1)

ALL_LOW: Mapping[str, Answer] = {
    "1.1": Answer.YES, "1.2": Answer.YES, "1.3": Answer.NO,
    "2.1": Answer.NO, "2.2": Answer.NO, "2.6": Answer.YES,
    "3.1": Answer.YES,
    "4.1": Answer.NO, "4.2": Answer.NO, "4.3": Answer.NO,
    "5.1": Answer.YES, "5.2": Answer.NO, "5.3": Answer.NO,
}  # fmt: skip


def by_table(table: list[Row], given: tuple[Answer, ...]) -> RiskOfBiasLevel | None:
    """The level of the one row that fits; None where a question that applies has no answer."""
    fitting = [level for row, level in table if all(answer in allowed for answer, allowed in zip(given, row, strict=True))]
    assert len(fitting) <= 1, f"{given} fits {len(fitting)} rows"
    return fitting[0] if fitting else None


def combinations(numbers: tuple[str, ...]) -> list[tuple[Answer, ...]]:
    return list(product(*(QUESTION_OF_NUMBER[number].answers for number in numbers)))


def asked(given: Mapping[str, Answer]) -> set[str]:
    """The conditional questions that the template asks after these answers; a question that is not asked calls for none."""
    called: dict[str, Answer | None] = {number: None if number in [row[0] for row in CONDITIONS] else given[number] for number in given}
    for number, earlier, answers, enough in CONDITIONS:
        if number in given and enough(called[each] in answers for each in earlier):
            called[number] = given[number]
    return {row[0] for row in CONDITIONS if called.get(row[0]) is not None}


def level_of(domain: Rob2Domain, answers: Mapping[str, Answer]) -> RiskOfBiasLevel | None:
    found = judge_domain(domain, answers)
    return found.level if isinstance(found, Judged) else None


class TestJudgeDomain:
    @pytest.mark.parametrize(("domain", "numbers", "table"), ONE_PART, ids=[row[0] for row in ONE_PART])
    def test_agrees_with_the_published_table_for_all_answers(self, domain: Rob2Domain, numbers: tuple[str, ...], table: list[Row]) -> None:
        tried = combinations(numbers)
        assert len(tried) >= 125
        for given in tried:
            assert level_of(domain, dict(zip(numbers, given, strict=True))) is by_table(table, given), given

    @pytest.mark.parametrize("second", list(PART_2_OF))
    def test_departures_with_each_analysis(self, second: RiskOfBiasLevel) -> None:
        for given in combinations(PART_1):
            first = by_table(DEPARTURES, given)
            expected = None if first is None else max(first, second, key=WORSE.__getitem__)
            answers = dict(zip(PART_1, given, strict=True)) | PART_2_OF[second]
            assert level_of(Rob2Domain.DEVIATIONS, answers) is expected, given

    @pytest.mark.parametrize("first", list(PART_1_OF))
    def test_analysis_with_each_kind_of_departures(self, first: RiskOfBiasLevel) -> None:
        for given in combinations(PART_2):
            second = by_table(ANALYSIS, given)
            expected = None if second is None else max(first, second, key=WORSE.__getitem__)
            answers = dict(zip(PART_2, given, strict=True)) | PART_1_OF[first]
            assert level_of(Rob2Domain.DEVIATIONS, answers) is expected, given

    @pytest.mark.parametrize(
        ("domain", "numbers"),
        [
            (Rob2Domain.DEVIATIONS, PART_1 + PART_2),
            (Rob2Domain.MISSING_DATA, ("3.1", "3.2", "3.3", "3.4")),
            (Rob2Domain.MEASUREMENT, ("4.1", "4.2", "4.3", "4.4", "4.5")),
        ],
    )
    def test_reads_a_conditional_question_when_the_template_asks_it_and_only_then(
        self, domain: Rob2Domain, numbers: tuple[str, ...]
    ) -> None:
        conditional = {row[0] for row in CONDITIONS}
        decided = (Answer.YES, Answer.NO)
        choices = [decided if number == "3.2" else (*decided, Answer.NO_INFORMATION) for number in numbers]
        for chosen in product(*choices):
            given = dict(zip(numbers, chosen, strict=True))
            found = judge_domain(domain, given)
            assert isinstance(found, Judged)
            assert {number for number in found.path if number in conditional} == asked(given), given

    def test_names_the_question_that_is_not_answered(self) -> None:
        found = judge_domain(Rob2Domain.MISSING_DATA, {"3.1": Answer.NO})
        assert isinstance(found, NotJudged)
        assert found.questions == ("3.2",)

    def test_not_applicable_is_no_answer_to_a_question_that_applies(self) -> None:
        found = judge_domain(Rob2Domain.MISSING_DATA, {"3.1": Answer.NO, "3.2": Answer.NOT_APPLICABLE})
        assert isinstance(found, NotJudged)

    @pytest.mark.parametrize(
        "answers", [{"3.1": Answer.NO, "3.2": Answer.NO_INFORMATION}, {"9.9": Answer.YES}, {"1.1": Answer.NOT_APPLICABLE}]
    )
    def test_an_answer_that_a_question_does_not_have_is_refused(self, answers: Mapping[str, Answer]) -> None:
        found = judge_domain(Rob2Domain.MISSING_DATA, answers)
        assert isinstance(found, NotJudged)
        assert "do not have this answer" in found.reason

    def test_tells_the_path(self) -> None:
        found = judge_domain(Rob2Domain.RANDOMISATION, ALL_LOW)
        assert isinstance(found, Judged)
        assert found.path == ("1.2", "1.1", "1.3")


class TestOverallLevel:
    @pytest.mark.parametrize(
        ("levels", "overall"),
        [
            ([LOW] * 5, LOW),
            ([LOW, SOME, LOW, LOW, LOW], SOME),
            ([SOME] * 5, SOME),
            ([LOW, SOME, HIGH, LOW, LOW], HIGH),
            ([LOW, None, HIGH, LOW, LOW], HIGH),
            ([LOW, None, SOME, LOW, LOW], None),
            ([], None),
        ],
    )
    def test_is_the_worst_domain(self, levels: list[RiskOfBiasLevel | None], overall: RiskOfBiasLevel | None) -> None:
        assert overall_level(levels) is overall


class TestJudge:
    def test_all_domains_low(self) -> None:
        judged = judge(ALL_LOW)
        assert judged.overall is LOW
        assert [domain.level for domain in judged.domains] == [LOW] * 5
        assert not judged.several_some_concerns

    def test_nobody_blind_and_no_plan_asks_for_a_look(self) -> None:
        answers = {**ALL_LOW, "2.1": Answer.YES, "2.2": Answer.YES, "2.3": Answer.NO_INFORMATION, "5.1": Answer.NO_INFORMATION}
        judged = judge(answers)
        assert judged.overall is SOME
        assert judged.several_some_concerns

    def test_a_domain_without_answers_leaves_the_whole_open(self) -> None:
        answers = {number: given for number, given in ALL_LOW.items() if not number.startswith("5")}
        judged = judge(answers)
        assert judged.overall is None
        assert isinstance(judged.domains[-1].suggested, NotJudged)

    def test_an_override_of_a_domain_stands_beside_the_suggestion(self) -> None:
        override = Rob2Override(Rob2Domain.SELECTION, HIGH, "The protocol names another outcome.", "A. Curator", FIRST)
        judged = judge(ALL_LOW, [override])
        selection = judged.domains[-1]
        assert isinstance(selection.suggested, Judged)
        assert (selection.suggested.level, selection.level, selection.override) == (LOW, HIGH, override)
        assert judged.overall is HIGH

    def test_an_override_of_the_whole_keeps_what_the_domains_add_up_to(self) -> None:
        override = Rob2Override(None, HIGH, "Concerns in three domains add up.", "A. Curator", FIRST)
        judged = judge({**ALL_LOW, "5.1": Answer.NO}, [override])
        assert (judged.suggested, judged.overall, judged.override) == (SOME, HIGH, override)

    def test_the_latest_override_counts_and_on_one_day_the_more_cautious(self) -> None:
        earlier = Rob2Override(None, HIGH, "First look.", "A", FIRST)
        later = Rob2Override(None, SOME, "Second look.", "A", SECOND)
        same_day = Rob2Override(None, HIGH, "Another look.", "B", SECOND)
        assert judge(ALL_LOW, [later, earlier]).overall is SOME
        assert judge(ALL_LOW, [same_day, later]).overall is HIGH

    def test_an_override_without_a_reason_is_not_used_and_is_listed(self) -> None:
        silent = Rob2Override(None, HIGH, " ", "A", FIRST)
        judged = judge(ALL_LOW, [silent])
        assert judged.overall is LOW
        assert judged.without_reason == (silent,)


class TestAsInput:
    def test_the_rating_reads_the_judgement(self) -> None:
        row = as_input(judge({**ALL_LOW, "5.1": Answer.NO}), PAIN.slug)
        assert row.overall is RiskOfBiasJudgement.SOME_CONCERNS
        assert study_level(study(risk_of_bias=(row,)), PAIN.slug, ComparatorGroup.SHAM).level is SOME

    def test_an_open_judgement_says_nothing(self) -> None:
        row = as_input(judge({}), None)
        assert row.overall is None
        assert not study_level(study(risk_of_bias=(row,)), PAIN.slug, ComparatorGroup.SHAM).assessed
