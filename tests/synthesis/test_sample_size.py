from app.synthesis.sample_size import SampleSize, arms_hold_the_same_people, number_of_arms, sample_size
from app.vocabulary import Comparator, Design
from tests.synthesis.factories import arm, direction_only, study, within_group

NO_ARM = arm(None)


class TestSampleSize:
    def test_the_two_arms_come_first(self) -> None:
        row = direction_only(treatment=arm(27), control=arm(25))
        assert sample_size(study(row, n_randomised=60, n_analysed=54), row) == SampleSize(52)

    def test_then_those_analysed_then_those_randomised(self) -> None:
        row = direction_only(treatment=NO_ARM, control=NO_ARM)
        assert sample_size(study(row, n_randomised=60, n_analysed=54), row) == SampleSize(54)
        assert sample_size(study(row, n_randomised=60), row) == SampleSize(60)

    def test_of_three_arms_two_thirds_are_taken_and_marked(self) -> None:
        row = direction_only(treatment=NO_ARM, control=NO_ARM)
        three = study(row, n_randomised=106, comparators=(Comparator.SHAM, Comparator.USUAL_CARE))
        assert sample_size(three, row) == SampleSize(70, known=True, estimated=True, flag="n-estimated")

    def test_nothing_known_is_zero_and_said(self) -> None:
        row = direction_only(treatment=NO_ARM, control=NO_ARM)
        assert sample_size(study(row), row) == SampleSize(0, known=False, flag="n-unknown")

    def test_one_arm_alone_counts_and_is_marked(self) -> None:
        row = direction_only(treatment=arm(12), control=NO_ARM)
        assert sample_size(study(row), row) == SampleSize(12, estimated=True, flag="n-estimated")

    def test_crossover_people_count_once(self) -> None:
        row = direction_only(treatment=arm(11), control=arm(11))
        crossover = study(row, design=Design.RANDOMISED_CROSSOVER, n_randomised=20, n_analysed=11)
        assert sample_size(crossover, row) == SampleSize(11, flag="people-counted-once")
        assert sample_size(study(row, design=Design.RANDOMISED_CROSSOVER), row).n == 11

    def test_ears_never_outnumber_the_people(self) -> None:
        row = direction_only(treatment=arm(38), control=arm(38))
        assert sample_size(study(row, n_randomised=52, n_analysed=43), row) == SampleSize(52, flag="people-counted-once")

    def test_a_group_without_control_counts_itself(self) -> None:
        row = within_group(treatment=arm(9))
        assert sample_size(study(row, n_randomised=20), row) == SampleSize(9)

    def test_a_before_after_study_counts_all_its_people(self) -> None:
        row = within_group(treatment=NO_ARM)
        assert sample_size(study(row, design=Design.BEFORE_AFTER, comparators=(), n_randomised=15), row) == SampleSize(15)

    def test_one_group_of_a_trial_is_estimated(self) -> None:
        row = within_group(treatment=NO_ARM)
        assert sample_size(study(row, n_randomised=41), row) == SampleSize(20, estimated=True, flag="n-estimated")

    def test_one_group_of_unknown_size_is_zero(self) -> None:
        row = within_group(treatment=NO_ARM)
        assert sample_size(study(row), row) == SampleSize(0, known=False, flag="n-unknown")


class TestNumberOfArms:
    def test_named_treatment_arms_and_listed_comparators_count(self) -> None:
        rows = (direction_only(treatment_arm="a"), direction_only(treatment_arm="b"))
        assert number_of_arms(study(*rows, comparators=(Comparator.ACTIVE, Comparator.ACTIVE))) == 4

    def test_at_least_two(self) -> None:
        assert number_of_arms(study(comparators=())) == 2


class TestArmsHoldTheSamePeople:
    def test_only_in_crossover_trials_with_more_places_than_people(self) -> None:
        row = direction_only(treatment=arm(10), control=arm(10))
        assert not arms_hold_the_same_people(study(row, n_randomised=10), row)
        assert arms_hold_the_same_people(study(row, design=Design.RANDOMISED_CROSSOVER, n_randomised=10), row)
        assert arms_hold_the_same_people(study(row, design=Design.RANDOMISED_CROSSOVER), row)

    def test_groups_of_a_first_period_are_different_people(self) -> None:
        row = direction_only(treatment=arm(10), control=arm(10))
        assert not arms_hold_the_same_people(study(row, design=Design.RANDOMISED_CROSSOVER, n_randomised=20), row)
