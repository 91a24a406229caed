import pytest

from app.synthesis.findings import contradicting_directions, find_body_finding, majority_direction
from app.vocabulary import Better, Finding
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled, pooled_body

FOR, AGAINST, SMALL, UNCLEAR = (
    Finding.FAVOURS_INTERVENTION,
    Finding.FAVOURS_COMPARATOR,
    Finding.NO_IMPORTANT_DIFFERENCE,
    Finding.UNCLEAR,
)


class TestFindBodyFinding:
    @pytest.mark.parametrize(
        ("ci", "finding"),
        [
            ((-9.9, 9.9), SMALL),
            ((1.0, 9.9), SMALL),
            ((1.0, 10.0), FOR),
            ((0.1, 30.0), FOR),
            ((0.0, 30.0), UNCLEAR),
            ((-0.1, 30.0), UNCLEAR),
            ((-30.0, 0.0), UNCLEAR),
            ((-30.0, -0.1), AGAINST),
            ((-10.0, -1.0), AGAINST),
            ((-10.0, 9.0), UNCLEAR),
        ],
    )
    def test_pooled_by_the_interval_first_that_fits(self, ci: tuple[float, float], finding: Finding) -> None:
        assert find_body_finding(pooled_body(sum(ci) / 2, *ci, better=Better.HIGHER)) is finding
        assert find_body_finding(pooled_body(-sum(ci) / 2, -ci[1], -ci[0], better=Better.LOWER)) is finding

    @pytest.mark.parametrize(("ci", "finding"), [((-0.1, 0.1), UNCLEAR), ((0.01, 0.1), FOR)])
    def test_without_a_mid_never_no_important_difference(self, ci: tuple[float, float], finding: Finding) -> None:
        assert find_body_finding(pooled_body(0.05, *ci, better=Better.HIGHER, mid=None)) is finding

    @pytest.mark.parametrize(
        ("favouring", "against", "null", "finding"),
        [
            (6, 0, 0, FOR),
            (6, 0, 9, FOR),
            (5, 0, 0, UNCLEAR),
            (3, 0, 0, UNCLEAR),
            (0, 6, 0, AGAINST),
            (6, 1, 0, UNCLEAR),
            (8, 1, 0, FOR),
            (0, 0, 3, UNCLEAR),
        ],
    )
    def test_not_pooled_by_the_sign_test(self, favouring: int, against: int, null: int, finding: Finding) -> None:
        directions = [1] * favouring + [-1] * against + [0] * null
        assert find_body_finding(body(*(direction_entry(f"s{i}", d) for i, d in enumerate(directions)))) is finding


class TestMajorityDirection:
    @pytest.mark.parametrize(
        ("studies", "expected"),
        [
            ([(1, 51), (-1, 49)], 1),
            ([(1, 50), (-1, 50)], 0),
            ([(-1, 60), (0, 40)], -1),
            ([(1, 40), (0, 60)], 0),
            ([(1, 30), (-1, 0), (-1, 0)], -1),
        ],
    )
    def test_more_than_half_of_the_participants(self, studies: list[tuple[int, int]], expected: int) -> None:
        assert majority_direction([direction_entry(f"s{i}", direction, n=n) for i, (direction, n) in enumerate(studies)]) == expected


class TestContradictingDirections:
    def test_participants_that_point_the_other_way(self) -> None:
        rest = [direction_entry("b", -1, n=60), direction_entry("c", 1, n=40)]
        found = contradicting_directions(body(entry("a"), *rest, effect=pooled()))
        assert [row.study.key for row in found] == ["b", "c"]

    @pytest.mark.parametrize("direction", [1, 0])
    def test_nothing_else_contradicts(self, direction: int) -> None:
        assert contradicting_directions(body(entry("a"), direction_entry("b", direction, n=60), effect=pooled())) == ()

    def test_an_effect_of_null_has_no_other_way(self) -> None:
        assert contradicting_directions(body(entry("a", 0.0), direction_entry("b", -1), effect=pooled(0.0, -5.0, 5.0))) == ()

    def test_nothing_pooled_has_none(self) -> None:
        assert contradicting_directions(body(direction_entry("b", -1))) == ()
