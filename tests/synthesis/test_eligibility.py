from typing import Any

import pytest

from app.synthesis.eligibility import comparator_group, conditions_of, design_level, why_ineligible
from app.vocabulary import Comparator, ComparatorGroup, Design, DesignLevel, PublicationStatus, StudyKind
from tests.synthesis.factories import CONDITION, direction_only, pair, study, within_group


class TestConditionsOf:
    def test_the_conditions_of_the_rows_count_not_those_listed(self) -> None:
        assert conditions_of(study(direction_only(condition="migraine"), conditions=(CONDITION,))) == {"migraine"}

    def test_rows_on_adverse_events_do_not_count(self) -> None:
        rows = (direction_only(condition="migraine"), direction_only(condition=CONDITION, outcome="adverse-events"))
        assert conditions_of(study(*rows)) == {"migraine"}

    def test_without_any_row_the_listed_conditions_count(self) -> None:
        assert conditions_of(study(conditions=("migraine", CONDITION))) == {"migraine", CONDITION}

    def test_with_nothing_but_adverse_events_the_listed_conditions_count(self) -> None:
        assert conditions_of(study(direction_only(condition="migraine", outcome="adverse-events"))) == {CONDITION}


class TestWhyIneligible:
    def test_a_published_trial_of_the_intervention_is_eligible(self) -> None:
        assert why_ineligible(study(direction_only()), pair()) is None

    @pytest.mark.parametrize(
        "status",
        [
            PublicationStatus.PREPRINT,
            PublicationStatus.THESIS,
            PublicationStatus.CONFERENCE_ABSTRACT,
            PublicationStatus.EXPRESSION_OF_CONCERN,
        ],
    )
    def test_unfinished_and_doubted_reports_are_eligible(self, status: PublicationStatus) -> None:
        assert why_ineligible(study(direction_only(), publication_status=status), pair()) is None

    @pytest.mark.parametrize(
        ("members", "rule"),
        [
            ({"kind": StudyKind.SYNTHESIS}, "kind"),
            ({"kind": StudyKind.SAFETY}, "kind"),
            ({"publication_status": PublicationStatus.REGISTERED}, "registered-only"),
            ({"publication_status": PublicationStatus.RETRACTED}, "retracted"),
            ({"design": Design.SURVEY}, "design"),
            ({"design": Design.META_ANALYSIS}, "design"),
            ({"fidelity": None}, "fidelity-unknown"),
            ({"fidelity": "mixed-osteopathic-package"}, "other-intervention"),
        ],
    )
    def test_each_reason_is_named(self, members: dict[str, Any], rule: str) -> None:
        reason = why_ineligible(study(direction_only(), **members), pair())
        assert reason is not None
        assert (reason.rule, reason.position) == (rule, None)

    def test_a_study_of_another_condition_is_passed_over(self) -> None:
        reason = why_ineligible(study(direction_only(condition="migraine")), pair())
        assert reason is not None
        assert reason.rule == "other-condition"

    def test_cranial_osteopathy_counts_as_craniosacral_therapy(self) -> None:
        assert why_ineligible(study(direction_only(), fidelity="osteopathy-in-the-cranial-field"), pair()) is None


class TestComparatorGroup:
    @pytest.mark.parametrize(
        ("comparator", "group"),
        [
            (Comparator.SHAM, ComparatorGroup.SHAM),
            (Comparator.USUAL_CARE, ComparatorGroup.INACTIVE),
            (Comparator.NO_TREATMENT, ComparatorGroup.INACTIVE),
            (Comparator.WAIT_LIST, ComparatorGroup.INACTIVE),
            (Comparator.ACTIVE, ComparatorGroup.ACTIVE),
            (Comparator.NONE, ComparatorGroup.NONE),
            (Comparator.MIXED, None),
        ],
    )
    def test_every_comparator_has_its_group(self, comparator: Comparator, group: ComparatorGroup | None) -> None:
        assert comparator_group(study(), direction_only(comparator=comparator)) is group

    def test_a_within_group_row_of_a_trial_is_compared_with_nothing(self) -> None:
        assert comparator_group(study(), within_group(comparator=Comparator.SHAM)) is ComparatorGroup.NONE

    @pytest.mark.parametrize("design", [Design.BEFORE_AFTER, Design.CASE_SERIES, Design.CASE_REPORT])
    def test_uncontrolled_designs_are_compared_with_nothing(self, design: Design) -> None:
        assert comparator_group(study(design=design), direction_only()) is ComparatorGroup.NONE

    def test_mixed_enters_no_group_even_within_one_group(self) -> None:
        assert comparator_group(study(), within_group(comparator=Comparator.MIXED)) is None


class TestDesignLevel:
    @pytest.mark.parametrize("design", [Design.RANDOMISED_TRIAL, Design.RANDOMISED_CROSSOVER, Design.CLUSTER_RANDOMISED])
    def test_trials_are_randomised(self, design: Design) -> None:
        assert design_level(study(design=design), ComparatorGroup.SHAM) is DesignLevel.RANDOMISED

    def test_a_cohort_with_control_is_controlled(self) -> None:
        assert design_level(study(design=Design.COHORT), ComparatorGroup.INACTIVE) is DesignLevel.NON_RANDOMISED_CONTROLLED

    def test_compared_with_nothing_a_trial_is_uncontrolled(self) -> None:
        assert design_level(study(), ComparatorGroup.NONE) is DesignLevel.UNCONTROLLED
