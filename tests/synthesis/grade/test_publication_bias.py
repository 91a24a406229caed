from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.body import RegistrationInput, ResultInput
from app.synthesis.grade.publication_bias import (
    OverdueRegistration,
    PairContext,
    favours_clearly,
    find_overdue,
    is_overdue,
    judge_publication_bias,
    last_overdue_day,
    overdue_share,
    overdue_trials,
    regression_test,
)
from app.vocabulary import Better, Comparator, Measure, MidStanding, PublicationStatus, ResultDirection
from tests.synthesis.factories import AS_OF, CONDITION, arm, direction_only, estimate, result, study, with_estimate, with_means
from tests.synthesis.grade.bodies import body, entry, pooled, pooled_body, ratio_body


def overdue(n: int | None, key: str = "nct1", registration: str | None = None) -> OverdueRegistration:
    return OverdueRegistration(key, registration or key.upper(), "2009-05", n)


def unclear(**members: Any) -> ResultInput:
    return result(direction=ResultDirection.UNCLEAR, **members)


WAYS: dict[str, dict[str, Any]] = {
    "value and standard error": {"estimate": estimate(-3.0, se=1.0)},
    "value and exact p": {"estimate": estimate(-3.0, p=0.04)},
    "a hazard ratio with limits": {"estimate": estimate(0.8, 0.6, 1.1, measure=Measure.HR)},
    "means and standard deviations": {"treatment": arm(mean=40.0, sd=20.0), "control": arm(mean=50.0, sd=20.0)},
    "means and standard errors": {"treatment": arm(mean=40.0, se=4.0), "control": arm(mean=50.0, se=4.0)},
    "medians and quartiles": {
        "treatment": arm(median=40.0, q1=30.0, q3=50.0),
        "control": arm(median=50.0, q1=40.0, q3=60.0),
    },
    "events": {"treatment": arm(events=3), "control": arm(events=0)},
}


class TestIsOverdue:
    @pytest.mark.parametrize(
        ("completed_on", "expected"),
        [
            ("2024-11-21", True),
            ("2024-11-22", False),
            ("2024-11-23", False),
            ("2024-11", True),
            ("2024-12", False),
            ("2009-05", True),
        ],
    )
    def test_more_than_twenty_four_months(self, completed_on: str, expected: bool) -> None:
        assert is_overdue(completed_on, AS_OF) is expected

    @pytest.mark.parametrize("completed_on", ["9998-01", "9999-12-31"])
    def test_the_last_years_of_the_calendar_are_not_overdue(self, completed_on: str) -> None:
        assert not is_overdue(completed_on, AS_OF)

    def test_a_leap_day_has_its_anniversary_on_the_last_of_february(self) -> None:
        assert not is_overdue("2024-02-29", date(2026, 2, 28))
        assert is_overdue("2024-02-29", date(2026, 3, 1))


class TestLastOverdueDay:
    @given(
        st.dates(min_value=date(1990, 1, 1), max_value=date(2110, 12, 31)),
        st.sampled_from([12, 24, 36, 48]),
        st.integers(min_value=-800, max_value=800),
    )
    def test_splits_the_days_as_the_rule_does(self, as_of: date, months: int, offset: int) -> None:
        completed = last_overdue_day(as_of, months) + timedelta(days=offset)
        assert is_overdue(completed.isoformat(), as_of, months) == (offset <= 0)

    @pytest.mark.parametrize("months", [12, 24, 36, 48])
    def test_does_so_on_every_boundary_of_many_years(self, months: int) -> None:
        """Also where February has a 29th here and not there, and over 2100, which has none."""
        for number in range(16 * 366):
            as_of = date(2090, 1, 1) + timedelta(days=number)
            last = last_overdue_day(as_of, months)
            assert is_overdue(last.isoformat(), as_of, months), as_of
            assert not is_overdue((last + timedelta(days=1)).isoformat(), as_of, months), as_of


class TestFindOverdue:
    def registration(self, *linked: object, completed_on: str | None = "2020-01") -> RegistrationInput:
        return RegistrationInput("nct1", "NCT1", completed_on, 70, tuple(linked))  # type: ignore[arg-type]

    def test_without_a_linked_study(self) -> None:
        found = find_overdue([self.registration()], CONDITION, AS_OF)
        assert [row.key for row in found] == ["nct1"]

    @pytest.mark.parametrize(
        "row", [with_estimate(), with_means(), direction_only(ResultDirection.NO_DIFFERENCE), *(unclear(**how) for how in WAYS.values())]
    )
    def test_a_linked_study_with_a_usable_result_answers_it(self, row: object) -> None:
        assert find_overdue([self.registration(study(row))], CONDITION, AS_OF) == ()  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "linked",
        [
            pytest.param(study(direction_only(ResultDirection.UNCLEAR)), id="unclear without numbers"),
            pytest.param(study(result(direction=ResultDirection.UNCLEAR, estimate=estimate(-3.0))), id="unclear beside a bare value"),
            pytest.param(study(unclear(estimate=estimate(-3.0, p=0.04, p_is_upper_bound=True))), id="p only said to be below"),
            pytest.param(study(unclear(treatment=arm(mean=3.0, se=0.2), control=arm(mean=3.5))), id="one arm without spread"),
            pytest.param(study(direction_only(condition="migraine")), id="another condition"),
            pytest.param(study(with_estimate(), publication_status=PublicationStatus.RETRACTED), id="retracted"),
            pytest.param(study(), id="no result at all"),
            pytest.param(study(direction_only(outcome="adverse-events")), id="harms alone"),
            pytest.param(study(with_estimate(comparator=Comparator.MIXED)), id="several comparators together"),
        ],
    )
    def test_a_linked_study_without_a_usable_result_does_not(self, linked: object) -> None:
        assert len(find_overdue([self.registration(linked)], CONDITION, AS_OF)) == 1

    def test_unknown_completion_is_not_overdue(self) -> None:
        assert find_overdue([self.registration(completed_on=None)], CONDITION, AS_OF) == ()


class TestOverdueShare:
    @pytest.mark.parametrize(
        ("context", "share"),
        [
            (PairContext((), 100), 0.0),
            (PairContext((), 0), 0.0),
            (PairContext((overdue(20),), 100), 0.2),
            (PairContext((overdue(20), overdue(None, "nct2")), 100), 0.4),
            (PairContext((overdue(20),), 0), None),
            (PairContext((overdue(None),), 100), None),
            (PairContext((overdue(0),), 100), 0.0),
            (PairContext((overdue(0), overdue(None, "nct2")), 100), None),
            (PairContext((overdue(0), overdue(30, "nct2"), overdue(None, "nct3")), 100), 0.6),
        ],
    )
    def test_unknown_enrolment_counts_as_the_smallest_known(self, context: PairContext, share: float | None) -> None:
        assert overdue_share(context) == share

    @pytest.mark.parametrize("order", [1, -1])
    def test_several_records_of_one_trial_count_once_with_the_largest_enrolment(self, order: int) -> None:
        records = (overdue(10), overdue(15, "again", "NCT1"), overdue(None, "a-third", "NCT1"))[::order]
        assert overdue_share(PairContext(records, 100)) == 0.15
        assert overdue_trials(records) == {"NCT1": 15}
        judgement = judge_publication_bias(pooled_body(-10.0, -15.0, -5.0), PairContext(records, 50))
        assert judgement.reason.startswith("1 registered trial ended")

    def test_records_without_a_number_are_trials_of_their_own(self) -> None:
        records = tuple(OverdueRegistration(key, None, "2009-05", 10) for key in ("one", "other"))
        assert overdue_share(PairContext(records, 100)) == 0.2


class TestJudgePublicationBias:
    def test_undetected(self) -> None:
        judgement = judge_publication_bias(pooled_body(-10.0, -15.0, -5.0), PairContext((), 54))
        assert (judgement.levels, judgement.rule) == (0, "publication-bias/undetected")

    @pytest.mark.parametrize(("n", "levels"), [(20, 1), (19, 0)])
    def test_overdue_registrations_from_a_fifth(self, n: int, levels: int) -> None:
        assert judge_publication_bias(pooled_body(-10.0, -15.0, -5.0), PairContext((overdue(n),), 100)).levels == levels

    def test_overdue_registrations_without_any_controlled_study(self) -> None:
        judgement = judge_publication_bias(body(), PairContext((overdue(70),), 0))
        assert (judgement.levels, judgement.rule) == (1, "publication-bias/overdue-registrations")

    @pytest.mark.parametrize(
        ("k", "n", "se", "levels"),
        [
            pytest.param(3, 99, 2.0, 1, id="three small ones, all in favour"),
            pytest.param(2, 99, 2.0, 0, id="two only"),
            pytest.param(3, 100, 2.0, 0, id="large enough"),
            pytest.param(3, 0, 2.0, 1, id="how many people is not known"),
            pytest.param(3, 99, 6.0, 0, id="not clearly in favour"),
        ],
    )
    def test_only_small_favourable_studies(self, k: int, n: int, se: float, levels: int) -> None:
        studies = [entry(f"s{i}", -10.0, se, n=n) for i in range(k)]
        assert judge_publication_bias(body(*studies, effect=pooled(k=k)), PairContext((), 300)).levels == levels

    def test_a_study_without_limits_is_not_clearly_in_favour(self) -> None:
        assert not favours_clearly(entry("a", -10.0, 2.0, ci_low=None, ci_high=None), Better.LOWER)

    def test_small_studies_in_favour_of_the_comparator_are_no_sign(self) -> None:
        studies = [entry(f"s{i}", 10.0, 2.0, n=50) for i in range(3)]
        assert judge_publication_bias(body(*studies, effect=pooled(10.0, 5.0, 15.0, k=3)), PairContext((), 300)).levels == 0

    def test_several_signs_take_one_level(self) -> None:
        studies = [entry(f"s{i}", -10.0, 2.0, n=50) for i in range(3)]
        judgement = judge_publication_bias(body(*studies, effect=pooled(k=3)), PairContext((overdue(70),), 100))
        assert judgement.levels == 1
        assert judgement.inputs["signs"] == ["publication-bias/overdue-registrations", "publication-bias/only-small-favourable"]

    def test_measured_but_not_usable_is_shown_and_takes_nothing(self) -> None:
        judgement = judge_publication_bias(pooled_body(-10.0, -15.0, -5.0, not_usable_n=50), PairContext((), 100))
        assert (judgement.levels, judgement.inputs["measured_not_usable_share"]) == (0, 0.5)


class TestRegressionTest:
    def asymmetric(self, k: int) -> list[object]:
        # The smaller the study (the larger its standard error), the larger the effect, with a little noise.
        return [entry(f"s{i:02}", -2.0 * (1 + i) + (-1) ** i * 0.5, 1.0 + i, n=400 - 30 * i) for i in range(k)]

    def test_needs_ten_studies(self) -> None:
        assert regression_test(body(*self.asymmetric(9), effect=pooled(k=9))) is None  # type: ignore[arg-type]

    def test_ten_studies_with_asymmetry(self) -> None:
        judgement = judge_publication_bias(body(*self.asymmetric(10), effect=pooled(k=10)), PairContext((), 4000))  # type: ignore[arg-type]
        assert (judgement.levels, judgement.rule) == (1, "publication-bias/small-study-asymmetry")

    def test_ten_like_studies_show_none(self) -> None:
        studies = [entry(f"s{i}", -10.0 + (-1) ** i, 1.0 + i, n=200) for i in range(10)]
        assert judge_publication_bias(body(*studies, effect=pooled(k=10)), PairContext((), 4000)).levels == 0

    def test_each_measure_has_its_test(self) -> None:
        plain = [entry(f"s{i}", -0.5 - 0.01 * i + (-1) ** i * 0.1, 0.1 + 0.02 * i, n=100 + i) for i in range(10)]
        counted = [
            entry(f"s{i}", -0.5, 0.1 + 0.02 * i, n=100, events_treatment=5.0 + i, events_control=8.0 + i, n_treatment=50, n_control=50 + i)
            for i in range(10)
        ]
        named = [
            regression_test(body(*plain, effect=pooled(k=10))),
            regression_test(body(*plain, effect=pooled(k=10), measure=Measure.SMD, mid=0.2, standing=MidStanding.CONVENTION)),
            regression_test(ratio_body(0.6, 0.5, 0.7, k=10, studies=tuple(counted))),
            regression_test(ratio_body(0.6, 0.5, 0.7, k=10, studies=tuple(plain))),
        ]
        assert [None if test is None else test[0] for test in named] == ["Egger's", "Egger's (1/n)", "Peters'", "Egger's"]
