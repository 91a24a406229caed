import pytest

from app.synthesis.body import DirectnessInput
from app.synthesis.grade.indirectness import directness_score, judge_indirectness, score_levels
from app.vocabulary import Directness
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled

INDIRECT, PROBABLY = Directness.INDIRECT, Directness.PROBABLY_DIRECT
ONE = DirectnessInput(population=INDIRECT)
TWO = DirectnessInput(population=INDIRECT, outcome=INDIRECT)


class TestDirectnessScore:
    @pytest.mark.parametrize(
        ("flags", "score"),
        [
            (DirectnessInput(), 1),
            (DirectnessInput(PROBABLY, PROBABLY, PROBABLY, PROBABLY), 1),
            (ONE, 2),
            (TWO, 3),
            (DirectnessInput(INDIRECT, INDIRECT, INDIRECT, INDIRECT), 3),
        ],
    )
    def test_only_indirect_counts(self, flags: DirectnessInput, score: int) -> None:
        assert directness_score(flags) == score


class TestScoreLevels:
    @pytest.mark.parametrize(("mean", "levels"), [(1.0, 0), (1.4999, 0), (1.5, 1), (2.4999, 1), (2.5, 2), (3.0, 2)])
    def test_boundaries(self, mean: float, levels: int) -> None:
        assert score_levels(mean)[0] == levels


class TestJudgeIndirectness:
    def test_mean_is_weighted_by_inverse_variance(self) -> None:
        studies = [entry("a", se=3**-0.5), entry("b", se=1.0, directness=TWO)]
        judgement = judge_indirectness(body(*studies, effect=pooled(k=2)))
        assert (judgement.inputs["mean_score"], judgement.levels) == (1.5, 1)
        assert judgement.inputs["indirect_in"] == ["outcome", "population"]

    def test_nothing_pooled_is_weighted_by_participants(self) -> None:
        judgement = judge_indirectness(body(direction_entry("a", n=51), direction_entry("b", n=49, directness=ONE)))
        assert (judgement.inputs["mean_score"], judgement.levels) == (1.49, 0)

    def test_direct_evidence_says_so(self) -> None:
        assert judge_indirectness(body(entry(), effect=pooled())).reason == "The studies answer the question directly."
