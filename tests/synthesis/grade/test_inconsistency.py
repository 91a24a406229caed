import pytest

from app.synthesis.body import Body
from app.synthesis.grade.inconsistency import Agreement, crossing_levels, direction_levels, judge_inconsistency, matrix_levels
from app.vocabulary import Better
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled, pooled_body, ratio_body


def agreement(i2: float, *, one_side: bool = True, overlap: bool = True, q_p: float = 0.01) -> Agreement:
    return Agreement(i2, q_p, one_side, overlap)


def two(first: float, second: float, *, se: float = 2.0, q: float, q_p: float = 0.01) -> Body:
    pool = pooled((first + second) / 2, -15.0, -5.0, k=2, q=q, q_df=1, q_p=q_p)
    return body(entry("a", first, se), entry("b", second, se), effect=pool)


class TestMatrixLevels:
    @pytest.mark.parametrize(
        ("given", "levels"),
        [
            (agreement(39.99, one_side=False, overlap=False), 0),
            (agreement(40.0), 0),
            (agreement(40.0, one_side=False), 1),
            (agreement(40.0, overlap=False), 1),
            (agreement(74.99), 0),
            (agreement(74.99, overlap=False), 1),
            (agreement(75.0), 1),
            (agreement(75.0, one_side=False), 2),
            (agreement(75.0, one_side=False, q_p=0.0999), 2),
            (agreement(75.0, one_side=False, q_p=0.10), 1),
        ],
    )
    def test_boundaries(self, given: Agreement, levels: int) -> None:
        assert matrix_levels(given)[0] == levels


class TestCrossingLevels:
    @pytest.mark.parametrize(
        ("excess", "matrix", "k", "levels"),
        [(0, 2, 10, 0), (1, 0, 10, 1), (2, 0, 5, 2), (2, 0, 4, 1), (2, 1, 3, 1), (2, 2, 4, 2), (1, 2, 3, 1), (0, 2, 3, 0)],
    )
    def test_three_or_four_studies_take_one_level_unless_the_matrix_says_two(self, excess: int, matrix: int, k: int, levels: int) -> None:
        assert crossing_levels(excess, matrix, k=k, mid_known=True)[0] == levels

    @pytest.mark.parametrize(("excess", "matrix", "levels"), [(0, 2, 2), (1, 2, 2), (0, 1, 0), (1, 1, 1)])
    def test_without_a_mid_a_matrix_of_two_is_believed(self, excess: int, matrix: int, levels: int) -> None:
        assert crossing_levels(excess, matrix, k=8, mid_known=False)[0] == levels


class TestDirectionLevels:
    @pytest.mark.parametrize(("share", "levels"), [(1.0, 0), (0.80, 0), (0.7999, 1), (0.60, 1), (0.5999, 2), (0.34, 2)])
    def test_boundaries(self, share: float, levels: int) -> None:
        assert direction_levels(share)[0] == levels


class TestJudgeInconsistency:
    def test_one_study_is_flagged_and_takes_nothing(self) -> None:
        judgement = judge_inconsistency(pooled_body(-10.0, -15.0, -5.0))
        assert (judgement.levels, judgement.rule, judgement.inputs["flags"]) == (0, "inconsistency/single-study", ["single-study"])

    def test_two_studies_that_differ_on_one_side(self) -> None:
        judgement = judge_inconsistency(two(-5.0, -15.0, q=12.5))
        assert judgement.inputs["i2"] == 92.0
        assert (judgement.levels, judgement.rule) == (1, "inconsistency/matrix-high-i2-one-side")

    def test_two_studies_on_different_sides(self) -> None:
        assert judge_inconsistency(two(5.0, -15.0, q=50.0)).levels == 2

    def test_an_effect_of_exactly_null_lies_on_no_side(self) -> None:
        assert judge_inconsistency(two(0.0, -15.0, q=28.0)).levels == 2

    def test_i2_comes_from_q(self) -> None:
        assert judge_inconsistency(two(-8.0, -10.0, q=0.5, q_p=0.48)).inputs["i2"] == 0.0
        assert judge_inconsistency(two(-5.0, -11.0, q=2.5, q_p=0.11)).inputs["i2"] == 60.0

    def test_intervals_that_touch_do_not_overlap(self) -> None:
        first, second = entry("a", -5.0, 1.0, ci_low=-8.0, ci_high=-2.0), entry("b", -11.0, 1.0, ci_low=-14.0, ci_high=-8.0)
        pool = pooled(k=2, q=2.5, q_df=1, q_p=0.11)
        assert judge_inconsistency(body(first, second, effect=pool)).levels == 1

    @pytest.mark.parametrize(
        ("estimate", "ci", "pi", "levels"),
        [(1.12, (0.90, 1.39), (0.74, 1.70), 1), (0.96, (0.82, 1.13), (0.65, 1.42), 2), (1.01, (0.75, 1.32), (0.5, 2.0), 0)],
    )
    def test_published_prediction_intervals(self, estimate: float, ci: tuple[float, float], pi: tuple[float, float], levels: int) -> None:
        judgement = judge_inconsistency(ratio_body(estimate, *ci, pi=pi, k=8, pool={"q": 7.0, "q_df": 7, "q_p": 0.43}))
        assert judgement.levels == levels
        assert judgement.inputs["matrix_levels"] == 0

    def test_the_mid_on_the_side_of_the_estimate_is_not_counted(self) -> None:
        judgement = judge_inconsistency(
            pooled_body(15.0, 11.0, 19.0, k=6, better=Better.HIGHER, pool={"pi_low": 5.0, "pi_high": 25.0, "q": 5.0, "q_df": 5, "q_p": 0.4})
        )
        assert judgement.levels == 0

    def test_directions_by_participants(self) -> None:
        judgement = judge_inconsistency(body(direction_entry("a", 1, n=80), direction_entry("b", -1, n=20)))
        assert (judgement.levels, judgement.inputs["commonest_share"]) == (0, 0.8)
        assert judge_inconsistency(body(direction_entry("a", 1, n=79), direction_entry("b", 0, n=21))).levels == 1
        assert judge_inconsistency(body(*(direction_entry(str(d), d, n=10) for d in (1, 0, -1)))).levels == 2

    def test_one_direction_alone_is_flagged(self) -> None:
        assert judge_inconsistency(body(direction_entry())).rule == "inconsistency/single-study"
