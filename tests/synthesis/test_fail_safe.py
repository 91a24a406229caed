"""Fail-safe numbers against metafor 3.8 `fsn`. Known deviation: none (newer metafor weights Orwin's mean; here it is unweighted)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.fail_safe import FailSafe, orwin, rosenberg, rosenthal
from app.synthesis.not_computed import NotComputed
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements

METHODS = {"Rosenthal": rosenthal, "Orwin": orwin, "Rosenberg": rosenberg}
CASES = [(analysis, method) for analysis in analyses() for method in METHODS if "fsn" in analysis.block.get("diagnostics", {})]
IDS = [f"{analysis.name}-{method}" for analysis, method in CASES]


def number(result: FailSafe | NotComputed) -> FailSafe:
    assert isinstance(result, FailSafe), result
    return result


def compared(analysis: Analysis, method: str) -> list[Compared]:
    ours, reference = number(METHODS[method](analysis.effects, analysis.variances)), analysis.block["diagnostics"]["fsn"][method]
    members = {"p": (ours.p, reference["pval"]), "mean": (ours.mean, reference["meanes"]), "target": (ours.target, reference["target"])}
    assert {name for name, (mine, _) in members.items() if mine is None} == {
        name for name, (_, theirs) in members.items() if theirs is None
    }
    scale = math.sqrt(analysis.mean_variance)
    numbers = [
        Compared(name, mine, theirs, 0.0 if name == "p" else scale) for name, (mine, theirs) in members.items() if theirs is not None
    ]
    return [Compared("count", float(ours.count), reference["fsnum"]), *numbers]


class TestAgainstMetafor:
    @pytest.mark.parametrize(("analysis", "method"), CASES, ids=IDS)
    def test_every_number_agrees(self, analysis: Analysis, method: str) -> None:
        assert disagreements(compared(analysis, method)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 81
        assert sum(len(compared(*case)) for case in CASES) == 27 * (2 + 3 + 3)


class TestWhatCannotBeComputed:
    @pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([], [], "no study"),
            ([0.1], [0.0], "above zero"),
            ([math.nan], [1.0], "finite"),
            ([1e300, 1.0], [1e-300, 1.0], "floating-point"),
        ],
    )
    def test_says_why(self, method: object, effects: list[float], variances: list[float], reason: str) -> None:
        result = method(effects, variances)  # type: ignore[operator]
        assert isinstance(result, NotComputed)
        assert reason in result.reason

    @pytest.mark.parametrize("method", [rosenthal, rosenberg], ids=["Rosenthal", "Rosenberg"])
    def test_a_count_too_large_to_write_is_none(self, method: object) -> None:
        assert isinstance(method([1e250], [1e-300]), NotComputed)  # type: ignore[operator]

    def test_no_mean_effect_has_no_target(self) -> None:
        assert isinstance(orwin([0.5, -0.5], [0.1, 0.1]), NotComputed)

    @pytest.mark.parametrize("target", [0.0, math.nan, math.inf])
    def test_a_target_that_is_never_reached(self, target: float) -> None:
        assert isinstance(orwin([0.5, 0.7], [0.1, 0.1], target=target), NotComputed)


class TestFailSafe:
    EFFECTS, VARIANCES = [0.4, 0.5, 0.2, 0.9], [0.01, 0.09, 0.04, 0.2]

    def test_a_result_that_is_not_significant_needs_no_study(self) -> None:
        assert number(rosenthal([0.1, -0.1], [1.0, 1.0])).count == 0
        assert number(rosenberg([0.1, -0.2], [1.0, 1.0])).count == 0

    def test_orwin_with_half_the_mean_needs_as_many_as_there_are(self) -> None:
        assert number(orwin(self.EFFECTS, self.VARIANCES)).count == 4

    def test_orwin_takes_the_sign_of_the_mean(self) -> None:
        assert orwin([-0.4, -0.6], [0.1, 0.1], target=0.1) == FailSafe(8, mean=-0.5, target=-0.1)

    def test_orwin_beyond_the_mean_needs_none(self) -> None:
        assert number(orwin([0.4, 0.6], [0.1, 0.1], target=0.7)).count == 0

    def test_with_so_many_null_studies_rosenthals_test_is_at_its_limit(self) -> None:
        z, count = np.array(self.EFFECTS) / np.sqrt(self.VARIANCES), number(rosenthal(self.EFFECTS, self.VARIANCES)).count
        assert z.sum() / math.sqrt(4 + count) <= 1.6448536269514722 < z.sum() / math.sqrt(4 + count - 1)

    @given(st.sampled_from([1e-140, 1e-3, 7.0, 1e140]), st.permutations(range(4)), st.sampled_from([1.0, -1.0]))
    def test_units_order_and_sign_do_not_matter(self, factor: float, order: list[int], sign: float) -> None:
        y, v = sign * factor * np.array(self.EFFECTS)[order], factor * factor * np.array(self.VARIANCES)[order]
        for method in METHODS.values():
            plain, other = number(method(self.EFFECTS, self.VARIANCES)), number(method(y, v))
            assert other.count == plain.count
            assert (other.p or 0.0) == pytest.approx(plain.p or 0.0, rel=1e-9)
