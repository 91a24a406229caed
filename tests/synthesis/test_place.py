from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import RiskOfBiasInput
from app.synthesis.place import LEFT_OUT, Terms
from app.vocabulary import Comparator, Design, DesignLevel, ResultDirection, RiskOfBiasJudgement, RiskOfBiasLevel, RiskOfBiasTool
from tests.synthesis.factories import PAIN, direction_only, pair, result, study, with_estimate
from tests.synthesis.grade.bodies import rob_2

HIGH = Terms(without=frozenset({RiskOfBiasLevel.HIGH}))
SHAM = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
ACTIVE = "neck-pain.craniosacral-therapy.pain-intensity.active.post-treatment"


class TestWithout:
    def test_a_study_at_that_level_enters_no_body_and_is_listed(self) -> None:
        at_high = study(with_estimate(-30, -40, -20), key="b-20", risk_of_bias=(rob_2("high"),))
        given = pair(study(with_estimate(-12, -18, -6), key="a-20", risk_of_bias=(rob_2("low"),)), at_high)
        found = assemble_bodies(given, HIGH)
        [body] = found.bodies
        assert [row.study.key for row in body.studies] == ["a-20"]
        assert [(row.study, row.position, row.rule) for row in body.passed_over] == [("b-20", None, LEFT_OUT)]
        assert body.passed_over[0].reason == "Risk of bias high for this outcome: left out as asked."
        assert found.left_out == ((SHAM, "b-20"),)

    def test_what_remains_is_the_body_that_never_had_it(self) -> None:
        first = study(with_estimate(-12, -18, -6), key="a-20", risk_of_bias=(rob_2("low"),))
        second = study(with_estimate(-9, -16, -2), key="c-20", risk_of_bias=(rob_2("some-concerns"),))
        at_high = study(with_estimate(-30, -40, -20), key="b-20", risk_of_bias=(rob_2("high"),))
        [without] = assemble_bodies(pair(first, at_high, second), HIGH).bodies
        [never] = assemble_bodies(pair(first, second)).bodies
        assert (without.studies, without.pooled, without.sensitivity) == (never.studies, never.pooled, never.sensitivity)

    def test_only_the_judged_outcome_or_comparator_loses_it(self) -> None:
        rows = with_estimate(-12, -18, -6), with_estimate(-10, -18, -2, comparator=Comparator.ACTIVE, position=1)
        # Cochrane 2011 calls it low; without a sham nobody was blind, so that it counts as some concerns there.
        judged = (RiskOfBiasInput(RiskOfBiasTool.COCHRANE_2011, RiskOfBiasJudgement.LOW),)
        given = pair(study(*rows, key="a-20", comparators=(Comparator.SHAM, Comparator.ACTIVE), risk_of_bias=judged))
        found = assemble_bodies(given, Terms(without=frozenset({RiskOfBiasLevel.SOME_CONCERNS})))
        assert [body.id for body in found.bodies] == [SHAM]
        assert found.left_out == ((ACTIVE, "a-20"),)

    def test_the_design_of_the_body_is_decided_among_what_is_left(self) -> None:
        trial = study(with_estimate(), key="a-20", risk_of_bias=(rob_2("high"),))
        cohort = study(with_estimate(), key="b-20", design=Design.NON_RANDOMISED_CONTROLLED, risk_of_bias=(rob_2("low"),))
        assert assemble_bodies(pair(trial, cohort)).bodies[0].design_level is DesignLevel.RANDOMISED
        assert assemble_bodies(pair(trial, cohort), HIGH).bodies[0].design_level is DesignLevel.NON_RANDOMISED_CONTROLLED

    def test_another_paper_on_the_same_people_takes_its_place(self) -> None:
        first = study(with_estimate(), key="a-20", risk_of_bias=(rob_2("high"),))
        second = study(direction_only(), key="b-20", risk_of_bias=(rob_2("low"),))
        shared = (("a-20", "b-20"),)
        assert [row.study.key for row in assemble_bodies(pair(first, second, shared_participants=shared)).bodies[0].studies] == ["a-20"]
        [body] = assemble_bodies(pair(first, second, shared_participants=shared), HIGH).bodies
        assert [row.study.key for row in body.studies] == ["b-20"]

    def test_what_the_pair_shares_stays(self) -> None:
        unclear = result(direction=ResultDirection.UNCLEAR, position=1)
        given = pair(study(with_estimate(), unclear, key="a-20", risk_of_bias=(rob_2("high"),)))
        before, after = assemble_bodies(given), assemble_bodies(given, HIGH)
        assert (after.eligible, after.ineligible, after.not_usable) == (before.eligible, before.ineligible, before.not_usable)
        assert len(after.not_usable) == 1
        assert after.bodies == ()


class TestOnly:
    def test_one_body_is_assembled_as_among_all(self) -> None:
        rows = with_estimate(-12, -18, -6), with_estimate(-10, -18, -2, comparator=Comparator.ACTIVE, position=1)
        given = pair(study(*rows, comparators=(Comparator.SHAM, Comparator.ACTIVE)), outcomes=(PAIN,))
        everything, one = assemble_bodies(given), assemble_bodies(given, Terms(only=ACTIVE))
        assert [body.id for body in everything.bodies] == [SHAM, ACTIVE]
        assert one.bodies == everything.bodies[1:]
        assert (one.eligible, one.not_usable, one.passed_over) == (everything.eligible, everything.not_usable, everything.passed_over)

    def test_of_an_unknown_body_there_is_none(self) -> None:
        assert assemble_bodies(pair(study(with_estimate())), Terms(only="nothing")).bodies == ()
