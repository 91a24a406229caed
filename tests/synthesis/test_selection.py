"""Every tie-break between the results of one study, and between papers that report the same people."""

import pytest

from app.synthesis.arms import CombinedRow
from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.selection import Preference, Selected, select
from app.synthesis.study_effect import Family, StudyResult, evaluate
from app.vocabulary import AnalysedScore, Better, Horizon
from tests.synthesis.factories import MCGILL, NRS, PAIN, VAS, arm, direction_only, study, with_estimate, with_means


def results_of(entry: StudyInput) -> list[StudyResult]:
    return [evaluate(entry, CombinedRow(row, (row.position,)), Better.LOWER) for row in entry.results]


def prefer(horizon: Horizon = Horizon.POST_TREATMENT, *, standardised: bool = False) -> Preference:
    return Preference(PAIN, horizon, lambda candidate: candidate.has_numbers(Family.CONTINUOUS), standardised)


def select_from(*studies: StudyInput, preference: Preference | None = None, shared: tuple[tuple[str, ...], ...] = ()) -> Selected:
    candidates = [result for entry in studies for result in results_of(entry)]
    return select(candidates, preference or prefer(), shared)


class TestOneResultPerStudy:
    @pytest.mark.parametrize(
        ("first", "second", "rule"),
        [
            (with_estimate(position=9, instrument=MCGILL.slug), direction_only(position=1, instrument=VAS.slug), "numbers"),
            (
                with_estimate(position=9, instrument=VAS.slug),
                with_estimate(position=1, instrument=NRS.slug, intention_to_treat=True),
                "instrument-order",
            ),
            (
                with_estimate(position=9, intention_to_treat=True, since_end_of_treatment_weeks=3.0),
                with_estimate(position=1),
                "intention-to-treat",
            ),
            (with_estimate(position=9), with_estimate(position=1, intention_to_treat=False), "intention-to-treat"),
            (with_estimate(position=9), with_estimate(position=1, since_end_of_treatment_weeks=2.0), "time"),
            (with_estimate(position=9, timepoint_weeks=9.0), with_estimate(position=1, timepoint_weeks=8.0), "time"),
            (with_estimate(position=1), with_estimate(position=9), "position"),
        ],
    )
    def test_each_rule_decides_in_its_turn(self, first: ResultInput, second: ResultInput, rule: str) -> None:
        for rows in ((first, second), (second, first)):
            found = select_from(study(*rows))
            assert [result.row for result in found.chosen] == [first]
            assert [(each.position, each.rule) for each in found.passed_over] == [(second.position, rule)]

    def test_follow_up_takes_the_longest(self) -> None:
        rows = (with_estimate(position=1, since_end_of_treatment_weeks=12.0), with_estimate(position=2, since_end_of_treatment_weeks=52.0))
        assert select_from(study(*rows), preference=prefer(Horizon.FOLLOW_UP)).chosen[0].row.position == 2

    def test_an_instrument_the_outcome_does_not_name_comes_last(self) -> None:
        rows = (with_estimate(position=1, instrument="unheard-of"), with_estimate(position=2, instrument=MCGILL.slug))
        assert select_from(study(*rows)).chosen[0].row.position == 2

    def test_post_scores_go_first_only_where_differences_are_standardised(self) -> None:
        rows = (
            with_means(position=1, analysis=AnalysedScore.CHANGE_SCORE),
            with_means(position=2, analysis=AnalysedScore.POST_SCORE),
        )
        assert select_from(study(*rows)).chosen[0].row.position == 1
        found = select_from(study(*rows), preference=prefer(standardised=True))
        assert found.chosen[0].row.position == 2
        assert found.passed_over[0].rule == "score-type"


class TestOnePerParticipantSet:
    SHARED = (("a", "b"),)

    def test_the_one_with_numbers_counts(self) -> None:
        larger = study(direction_only(treatment=arm(90)), key="a")
        found = select_from(larger, study(with_estimate(), key="b"), shared=self.SHARED)
        assert [result.study.key for result in found.chosen] == ["b"]
        assert [(each.study, each.rule) for each in found.passed_over] == [("a", "shared-participants")]

    def test_then_the_larger(self) -> None:
        found = select_from(study(with_estimate(), key="a"), study(with_estimate(treatment=arm(21)), key="b"), shared=self.SHARED)
        assert [result.study.key for result in found.chosen] == ["b"]

    def test_then_the_earlier_an_unknown_year_last(self) -> None:
        found = select_from(study(with_estimate(), key="a", year=None), study(with_estimate(), key="b", year=2021), shared=self.SHARED)
        assert [result.study.key for result in found.chosen] == ["b"]

    def test_then_the_key(self) -> None:
        found = select_from(study(with_estimate(), key="b"), study(with_estimate(), key="a"), shared=self.SHARED)
        assert [result.study.key for result in found.chosen] == ["a"]

    def test_a_set_of_three_leaves_one(self) -> None:
        found = select_from(*(study(with_estimate(), key=key) for key in "abc"), shared=(("c", "a", "b"),))
        assert [result.study.key for result in found.chosen] == ["a"]

    def test_the_order_of_the_sets_does_not_matter(self) -> None:
        studies = [study(with_estimate(), key=key) for key in "abcd"]
        found = select_from(*studies, shared=(("a", "b"), ("c", "d")))
        assert found == select_from(*studies, shared=(("d", "c"), ("b", "a")))
        assert [each.study for each in found.passed_over] == ["b", "d"]

    def test_a_paper_that_the_body_does_not_hold_takes_nothing_away(self) -> None:
        assert [result.study.key for result in select_from(study(with_estimate(), key="b"), shared=self.SHARED).chosen] == ["b"]
