import pytest

from app.synthesis.body import Body
from app.synthesis.grade.level_parts import LevelParts, level_of, removable_studies, take_apart, without_study
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.grade.stability import LOW_SHARE_CUTS, MID_FACTORS, Cell, Stability, lowest_of, measure_stability, summarise
from app.vocabulary import Certainty, Measure, MidStanding
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body
from tests.synthesis.grade.random_bodies import random_body

CONTEXT = PairContext((), 1000)
GRID = len(MID_FACTORS) * len(LOW_SHARE_CUTS)


def stability(of: Body, context: PairContext = CONTEXT) -> Stability:
    whole = take_apart(of, context)
    left_out: dict[str, LevelParts] = {}
    for key in removable_studies(of):
        parts = without_study(whole, key, context)
        assert parts is not None
        left_out[key] = parts
    return measure_stability(whole, left_out)


class TestMeasureStability:
    @pytest.mark.parametrize("seed", range(30))
    def test_shares_sum_to_one_and_the_centre_is_the_level(self, seed: int) -> None:
        random, context = random_body(seed)
        found = stability(random, context)
        assert sum(found.shares.values()) == pytest.approx(1.0, abs=1e-12)
        assert len(found.cells) == GRID * (1 + len(removable_studies(random)))
        centre = next(cell for cell in found.cells if (cell.mid_factor, cell.left_out, cell.low_share_enough) == (1.0, None, 0.75))
        assert centre.level == found.computed == level_of(take_apart(random, context))
        assert found.same > 0

    def test_a_single_study_has_nothing_to_leave_out(self) -> None:
        found = stability(pooled_body(-10, -15, -5))
        assert len(found.cells) == GRID
        assert {cell.left_out for cell in found.cells} == {None}

    def test_a_body_that_is_not_pooled_does_not_hang_on_the_mid(self) -> None:
        found = stability(body(direction_entry("a-2020", n=300), direction_entry("b-2020", n=300)))
        assert len(found.cells) == GRID * 3
        for cut in LOW_SHARE_CUTS:
            levels = {cell.level for cell in found.cells if cell.left_out is None and cell.low_share_enough == cut}
            assert len(levels) == 1

    def test_a_cut_between_two_values_shows(self) -> None:
        studies = (*(entry(f"s{i}-2020", n=2000) for i in range(7)), *(entry(f"t{i}-2020", n=2000, risk="some-concerns") for i in range(3)))
        found = stability(pooled_body(-12, -14, -11, k=10, studies=studies, pool={"pi_low": -15.0, "pi_high": -10.5}))
        whole = {cell.low_share_enough: cell.level for cell in found.cells if cell.left_out is None and cell.mid_factor == 1.0}
        assert whole == {0.65: 4, 0.75: 3, 0.85: 3}

    def test_a_smaller_mid_shows(self) -> None:
        found = stability(pooled_body(-10, -18, 6, n=5000))
        whole = {cell.mid_factor: cell.level for cell in found.cells if cell.left_out is None and cell.low_share_enough == 0.75}
        assert whole == {0.5: 2, 1.0: 3, 1.5: 3}

    def test_a_conventional_mid_moves_the_information_size(self) -> None:
        smd = pooled_body(-0.5, -0.7, -0.3, n=500, mid=0.2, standing=MidStanding.CONVENTION, measure=Measure.SMD, instrument=None)
        found = stability(smd)
        whole = {cell.mid_factor: cell.level for cell in found.cells if cell.low_share_enough == 0.75}
        assert whole == {0.5: 2, 1.0: 4, 1.5: 4}


class TestSummarise:
    def test_counts_cells(self) -> None:
        cells = [Cell(1.0, None, cut, level) for cut, level in ((0.65, 3), (0.75, 2), (0.85, 2), (0.95, 1))]
        found = summarise(2, cells)
        assert found.shares == {Certainty.HIGH: 0.0, Certainty.MODERATE: 0.25, Certainty.LOW: 0.5, Certainty.VERY_LOW: 0.25}
        assert found.same == 0.5


class TestLowestOf:
    def test_takes_the_lowest_body_in_each_cell(self) -> None:
        first = summarise(3, [Cell(1.0, None, 0.75, 3), Cell(1.0, "a-2020", 0.75, 1)])
        second = summarise(2, [Cell(1.0, None, 0.75, 2), Cell(1.0, "b-2020", 0.75, 4)])
        found = lowest_of([first, second])
        assert found.computed == 2
        assert {cell.left_out: cell.level for cell in found.cells} == {None: 2, "a-2020": 1, "b-2020": 3}
        assert sum(found.shares.values()) == pytest.approx(1.0)
