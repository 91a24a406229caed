"""From studies to bodies: what enters, what is listed, and what a reader is told."""

import math
from dataclasses import replace
from typing import Any

import pytest

from app.synthesis.assembly import Assembly, assemble_bodies
from app.synthesis.body import (
    Body,
    DirectnessInput,
    EstimateInput,
    OutcomeInput,
    ResultInput,
    StudyInput,
)
from app.vocabulary import (
    Better,
    Comparator,
    ComparatorGroup,
    Design,
    DesignLevel,
    Directness,
    Horizon,
    Importance,
    Measure,
    PublicationStatus,
    ResultDirection,
)
from tests.synthesis.factories import (
    EARS,
    EVENT,
    MCGILL,
    PAIN,
    QUALITY_OF_LIFE,
    VAS,
    arm,
    direction_only,
    estimate,
    pair,
    result,
    study,
    with_estimate,
    with_events,
    with_means,
    within_group,
)


def bodies(*studies: StudyInput, **members: Any) -> tuple[Body, ...]:
    return assemble_bodies(pair(*studies, **members)).bodies


def only(*studies: StudyInput, **members: Any) -> Body:
    (found,) = bodies(*studies, **members)
    return found


class TestEligibleStudies:
    def test_all_are_sorted_by_key_and_the_rest_named_with_their_reason(self) -> None:
        studies = (study(direction_only(), key="b"), study(direction_only(), key="c", fidelity=None), study(direction_only(), key="a"))
        found = assemble_bodies(pair(*studies))
        assert [entry.key for entry in found.eligible] == ["a", "b"]
        assert [(each.study, each.rule) for each in found.ineligible] == [("c", "fidelity-unknown")]

    def test_rows_of_other_conditions_stay_out(self) -> None:
        found = only(study(direction_only(), direction_only(condition="migraine", outcome="quality-of-life")))
        assert found.outcome is PAIN

    def test_no_study_gives_no_body(self) -> None:
        assert assemble_bodies(pair()) == Assembly((), (), (), ())


class TestRowsThatNoBodyTakes:
    @pytest.mark.parametrize(
        ("row", "rule"),
        [
            (direction_only(outcome="adverse-events"), "adverse-events"),
            (direction_only(outcome="unheard-of"), "outcome-unknown"),
            (direction_only(comparator=Comparator.MIXED), "comparator-mixed"),
        ],
    )
    def test_each_is_listed_with_its_rule(self, row: ResultInput, rule: str) -> None:
        other = direction_only(position=1, condition="migraine", comparator=Comparator.MIXED)
        found = assemble_bodies(pair(study(row, other, direction_only(position=2))))
        assert [body.studies[0].result.position for body in found.bodies] == [2]
        assert [(each.position, each.rule) for each in found.passed_over] == [(0, rule)]

    def test_an_unknown_time_between_end_and_follow_up_is_listed(self) -> None:
        rows = (
            direction_only(since_end_of_treatment_weeks=12.0, timepoint_weeks=20.0),
            direction_only(since_end_of_treatment_weeks=None, timepoint_weeks=30.0),
        )
        found = assemble_bodies(pair(study(*rows)))
        assert [body.horizon for body in found.bodies] == [Horizon.FOLLOW_UP]
        assert [(each.position, each.rule) for each in found.passed_over] == [(1, "unknown-time")]


class TestNotUsable:
    UNCLEAR = direction_only(ResultDirection.UNCLEAR, estimate=estimate(None, p=0.03))

    def test_alone_it_makes_no_body_and_is_listed(self) -> None:
        found = assemble_bodies(pair(study(self.UNCLEAR)))
        assert found.bodies == ()
        assert [(each.study, each.position, each.rule) for each in found.not_usable] == [("first-2020", 0, "not-usable")]

    def test_beside_a_body_it_is_listed_with_its_people(self) -> None:
        found = only(study(with_estimate(), key="a"), study(self.UNCLEAR, key="b"))
        assert (found.k, found.n, found.not_usable_n) == (1, 40, 40)
        assert [each.study for each in found.not_usable] == ["b"]

    def test_the_people_of_the_body_are_not_counted_again(self) -> None:
        found = only(study(with_estimate(), self.UNCLEAR, key="a"), study(self.UNCLEAR, key="b"), shared_participants=(("a", "b"),))
        assert (len(found.not_usable), found.not_usable_n) == (2, 0)

    def test_papers_on_the_same_people_count_once(self) -> None:
        unclear = replace(self.UNCLEAR, treatment=arm(30))
        studies = (study(with_estimate(), key="a"), study(self.UNCLEAR, key="b"), study(unclear, key="c"))
        assert only(*studies, shared_participants=(("b", "c"),)).not_usable_n == 50

    def test_a_lower_design_is_no_missing_evidence_of_the_body(self) -> None:
        cohort = study(self.UNCLEAR, key="b", design=Design.NON_RANDOMISED_CONTROLLED)
        found = only(study(with_estimate(), key="a"), cohort)
        assert (found.not_usable, found.not_usable_n) == ((), 0)

    def test_a_trial_is_missing_evidence_of_a_body_of_lower_designs(self) -> None:
        cohort = study(with_estimate(), key="a", design=Design.NON_RANDOMISED_CONTROLLED)
        assert only(cohort, study(self.UNCLEAR, key="b")).not_usable_n == 40

    def test_no_difference_without_numbers_is_usable_and_null(self) -> None:
        found = only(study(direction_only(ResultDirection.NO_DIFFERENCE)))
        assert (found.directions.null, found.directions.with_direction) == (1, 0)


class TestDesignLevel:
    def test_randomised_studies_go_alone_and_the_rest_is_listed(self) -> None:
        cohort = study(with_estimate(), key="b", design=Design.NON_RANDOMISED_CONTROLLED)
        found = only(study(direction_only(), key="a"), cohort)
        assert (found.design_level, [entry.study.key for entry in found.studies], found.pooled) == (DesignLevel.RANDOMISED, ["a"], None)
        assert [(each.study, each.rule) for each in found.passed_over] == [("b", "lower-design")]

    def test_an_unusable_trial_does_not_decide_it(self) -> None:
        cohort = study(with_estimate(), key="b", design=Design.COHORT)
        found = only(study(TestNotUsable.UNCLEAR, key="a"), cohort)
        assert found.design_level is DesignLevel.NON_RANDOMISED_CONTROLLED

    def test_it_is_decided_within_each_body(self) -> None:
        cohort = study(with_estimate(since_end_of_treatment_weeks=12.0), key="b", design=Design.COHORT)
        found = bodies(study(with_estimate(), key="a"), cohort)
        assert [(body.horizon, body.design_level) for body in found] == [
            (Horizon.POST_TREATMENT, DesignLevel.RANDOMISED),
            (Horizon.FOLLOW_UP, DesignLevel.NON_RANDOMISED_CONTROLLED),
        ]

    def test_a_within_group_row_of_a_trial_makes_an_uncontrolled_body(self) -> None:
        found = bodies(study(with_estimate(), within_group()))
        assert [(body.comparator_group, body.design_level) for body in found] == [
            (ComparatorGroup.SHAM, DesignLevel.RANDOMISED),
            (ComparatorGroup.NONE, DesignLevel.UNCONTROLLED),
        ]


class TestUncontrolledBodies:
    def test_they_are_never_pooled_and_go_by_the_sign_of_the_numbers(self) -> None:
        rows = within_group(direction=ResultDirection.NO_DIFFERENCE, estimate=estimate(-4.4, -4.8, -4.0, p=0.01))
        found = only(study(rows, key="a"), study(within_group(), key="b", design=Design.BEFORE_AFTER))
        assert (found.pooled, found.not_pooled, found.directions.favouring) == (None, "uncontrolled studies are never pooled", 2)
        assert (found.studies[0].effect, found.studies[0].p) == (None, None)

    def test_numbers_go_before_the_reported_direction(self) -> None:
        rows = (within_group(instrument=VAS.slug), within_group(instrument=MCGILL.slug, estimate=estimate(2.0)))
        assert only(study(*rows)).studies[0].result.position == 1


class TestOrderAndIds:
    def test_bodies_stand_by_importance_outcome_group_and_horizon(self) -> None:
        rows = [
            direction_only(outcome=outcome.slug, comparator=comparator, since_end_of_treatment_weeks=since)
            for outcome in (QUALITY_OF_LIFE, PAIN)
            for comparator in (Comparator.ACTIVE, Comparator.WAIT_LIST, Comparator.SHAM)
            for since in (12.0, 0.0)
        ]
        found = bodies(study(*rows, within_group()), outcomes=(QUALITY_OF_LIFE, PAIN))
        assert [body.id.removeprefix("neck-pain.craniosacral-therapy.") for body in found] == [
            "pain-intensity.sham.post-treatment",
            "pain-intensity.sham.follow-up",
            "pain-intensity.inactive.post-treatment",
            "pain-intensity.inactive.follow-up",
            "pain-intensity.active.post-treatment",
            "pain-intensity.active.follow-up",
            "pain-intensity.none.post-treatment",
            "quality-of-life.sham.post-treatment",
            "quality-of-life.sham.follow-up",
            "quality-of-life.inactive.post-treatment",
            "quality-of-life.inactive.follow-up",
            "quality-of-life.active.post-treatment",
            "quality-of-life.active.follow-up",
        ]


class TestSharedParticipants:
    def test_one_paper_counts_in_each_body(self) -> None:
        found = only(study(with_estimate(), key="a"), study(direction_only(), key="b"), shared_participants=(("a", "b"),))
        assert [entry.study.key for entry in found.studies] == ["a"]
        assert [each.rule for each in found.passed_over] == ["shared-participants"]

    def test_design_goes_before_numbers(self) -> None:
        cohort = study(with_estimate(), key="a", design=Design.COHORT)
        found = only(cohort, study(direction_only(), key="b"), shared_participants=(("a", "b"),))
        assert [entry.study.key for entry in found.studies] == ["b"]


class TestArmsOfOneGroup:
    def test_two_inactive_arms_enter_as_one(self) -> None:
        rows = (with_means(comparator=Comparator.USUAL_CARE), with_means(comparator=Comparator.WAIT_LIST, mean_control=60))
        found = only(study(*rows, comparators=(Comparator.USUAL_CARE, Comparator.WAIT_LIST)))
        (entry,) = found.studies
        assert (entry.n_treatment, entry.n_control, entry.n, entry.effect) == (20, 40, 60, -15.0)
        assert "combined" in entry.converted[0]
        assert [(each.position, each.rule) for each in found.passed_over] == [(1, "arms-combined")]

    def test_arms_without_numbers_leave_the_first_by_position(self) -> None:
        arms: dict[str, Any] = {"treatment": arm(None), "control": arm(None)}
        rows = (with_estimate(-2.9, -4.52, -1.12, treatment_arm="a", **arms), with_estimate(-2.4, -4.11, -0.65, treatment_arm="b", **arms))
        found = only(study(*rows, n_randomised=50))
        assert (found.studies[0].effect, found.studies[0].n, found.studies[0].n_estimated) == (-2.9, 33, True)
        assert [(each.position, each.rule) for each in found.passed_over] == [(1, "position")]

    def test_arms_of_different_groups_make_different_bodies(self) -> None:
        found = bodies(study(with_means(), with_means(comparator=Comparator.USUAL_CARE)))
        assert [body.comparator_group for body in found] == [ComparatorGroup.SHAM, ComparatorGroup.INACTIVE]


class TestSingleStudy:
    def test_the_pool_is_the_study_with_its_printed_limits(self) -> None:
        pooled = only(study(with_estimate(-21.0, -32.6, -9.0))).pooled
        assert pooled is not None
        assert (pooled.k, pooled.estimate, pooled.ci_low, pooled.ci_high, pooled.ci_method) == (1, -21.0, -32.6, -9.0, "single-study")
        assert pooled.se == pytest.approx(23.6 / (2 * 1.959963984540054), rel=1e-15)

    def test_without_printed_limits_they_come_from_the_se(self) -> None:
        found = only(study(with_means()))
        assert found.pooled is not None
        assert found.pooled.ci_low == pytest.approx(-10 - 1.959963984540054 * math.sqrt(40))


class TestPooling:
    def test_two_studies_have_a_wald_interval_and_three_hartung_knapp(self) -> None:
        studies = [study(with_estimate(-10 * i, -10 * i - 8, -10 * i + 8), key=str(i)) for i in (1, 2, 3)]
        assert only(*studies[:2]).pooled.ci_method == "wald"  # type: ignore[union-attr]
        assert only(*studies).pooled.ci_method == "hartung-knapp"  # type: ignore[union-attr]

    def test_direction_only_studies_stand_beside_with_their_share(self) -> None:
        found = only(study(with_estimate(), key="a"), study(direction_only(treatment=arm(60), control=arm(60)), key="b"))
        assert found.pooled is not None
        assert (found.k, found.pooled.k, found.n) == (2, 1, 160)
        assert found.warnings == ("1 of 2 studies give a direction only; their share of the participants is 75%.",)

    @pytest.mark.parametrize(
        "printed",
        [
            estimate(-10, p=0.05, p_is_upper_bound=True),
            estimate(-10, p=0.0),
            estimate(-10, p=0.02, p_is_between_group=False),
            estimate(None, p=0.02),
        ],
    )
    def test_no_bound_or_lone_p_ever_becomes_a_number(self, printed: EstimateInput) -> None:
        found = only(study(result(estimate=printed)))
        assert (found.pooled, found.studies[0].effect, found.studies[0].se, found.studies[0].direction) == (None, None, None, 1)

    def test_an_exact_p_does(self) -> None:
        found = only(study(result(estimate=estimate(-10, p=0.02))))
        assert (found.studies[0].basis, found.studies[0].p) == ("p", 0.02)
        assert any("converted from the p value" in warning for warning in found.warnings)

    def test_an_exact_p_gives_a_pool_of_one_its_limits_and_p(self) -> None:
        pooled = only(study(result(treatment=arm(10), control=arm(10), estimate=estimate(-10, p=0.06)))).pooled
        assert pooled is not None
        assert pooled.ci_low < 0 < pooled.ci_high
        assert pooled.p == 0.06

    def test_identical_studies_of_no_spread_say_why_not(self) -> None:
        found = only(study(direction_only()))
        assert (found.pooled, found.not_pooled) == (None, "no result gives an effect with its standard error on one scale")


class TestBodyStudy:
    def test_directness_is_as_recorded_or_set_direct_by_fidelity(self) -> None:
        row = direction_only(directness=DirectnessInput(intervention=Directness.INDIRECT, population=Directness.INDIRECT))
        assert only(study(row)).studies[0].directness == row.directness
        as_direct = only(study(row), fidelities={"craniosacral-therapy": "direct"}).studies[0].directness
        assert as_direct == DirectnessInput(population=Directness.INDIRECT)

    def test_an_expression_of_concern_is_flagged_and_said(self) -> None:
        found = only(study(with_estimate(), publication_status=PublicationStatus.EXPRESSION_OF_CONCERN))
        assert "expression-of-concern" in found.studies[0].flags
        assert any("expression of concern" in warning for warning in found.warnings)

    def test_numbers_against_the_report_are_flagged(self) -> None:
        found = only(study(with_estimate(5, 1, 9)))
        assert (found.studies[0].direction, found.studies[0].flags) == (-1, ("sign-differs-from-report",))

    def test_p_is_the_printed_one_else_that_of_the_effect(self) -> None:
        printed = only(study(result(estimate=estimate(-10, -15, -5, p=0.002)))).studies[0].p
        bound = only(study(result(estimate=estimate(-10, -15, -5, p=0.05, p_is_upper_bound=True)))).studies[0].p
        assert printed == 0.002
        assert bound == pytest.approx(8.9e-5, rel=0.01)

    def test_unknown_numbers_of_people_are_said(self) -> None:
        found = only(study(direction_only(treatment=arm(None), control=arm(None))))
        assert (found.n, found.studies[0].n_known) == (0, False)
        assert any("unknown" in warning for warning in found.warnings)


class TestUnits:
    OUTCOME = OutcomeInput("pain-intensity", "Pain", Better.LOWER, Importance.CRITICAL, (EARS, EVENT))

    def test_a_ratio_counted_in_ears_is_warned_of(self) -> None:
        row = result(instrument=EARS.slug, estimate=estimate(2.98, 1.16, 7.62, measure=Measure.OR))
        assert any("ears" in warning for warning in only(study(row), outcomes=(self.OUTCOME,)).warnings)

    def test_one_counted_in_people_is_not(self) -> None:
        assert only(study(with_events()), outcomes=(self.OUTCOME,)).warnings == ()
