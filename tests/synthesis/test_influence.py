"""Influence diagnostics against metafor's `influence(rma(...))`. Known deviation: none; identical effects are compared as zeros."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.synthesis.influence import StudyInfluence, influence
from app.synthesis.not_computed import NotComputed
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements

CASES = [
    (analysis, model)
    for analysis in analyses()
    for model in ("DL", "REML")
    if model in analysis.block.get("diagnostics", {}).get("influence", {})
]
IDS = [f"{analysis.name}-{model}" for analysis, model in CASES]
WITHOUT_UNITS = ("hat", "rstudent", "cook_d", "dffits", "cov_r", "dfbs")


def studies(result: tuple[StudyInfluence, ...] | NotComputed) -> tuple[StudyInfluence, ...]:
    assert not isinstance(result, NotComputed), result
    return result


def compared(analysis: Analysis, model: str) -> list[Compared]:
    reference = analysis.block["diagnostics"]["influence"][model]
    numbers = []
    for i, ours in enumerate(studies(influence(analysis.effects, analysis.variances, tau2_method=model))):
        numbers += [Compared(f"{name} {i}", getattr(ours, name), reference[name][i], 1.0) for name in WITHOUT_UNITS]
        numbers += [
            Compared(f"tau2_del {i}", ours.tau2_del, reference["tau2_del"][i], analysis.mean_variance),
            Compared(f"q_del {i}", ours.q_del, reference["QE_del"][i], float(analysis.k)),
            Compared(f"weight {i}", 100 * ours.hat, reference["weight"][i], 100.0),
            Compared(f"influential {i}", float(ours.influential), float(reference["is_infl"][i])),
        ]
    return numbers


class TestAgainstMetafor:
    @pytest.mark.parametrize(("analysis", "model"), CASES, ids=IDS)
    def test_every_number_agrees(self, analysis: Analysis, model: str) -> None:
        assert disagreements(compared(analysis, model)) == []

    def test_the_grid_has_not_shrunk(self) -> None:
        assert len(CASES) == 54
        assert sum(len(compared(*case)) for case in CASES) == 8_640


class TestInfluence:
    EFFECTS, VARIANCES = [0.1, 0.5, 0.2, 2.9], [0.01, 0.09, 0.04, 0.2]

    @pytest.mark.parametrize(
        ("effects", "variances", "reason"),
        [
            ([], [], "no study"),
            ([0.1], [0.1], "one study"),
            ([0.1, 0.2], [0.1, 0.0], "above zero"),
            ([0.1, np.nan], [0.1, 0.2], "finite"),
            ([0.1, 1e300], [1e-300, 0.2], "floating-point"),
            ([1e160, -1e160, 3e159], [1e200, 1e200, 1e200], "floating-point"),
        ],
    )
    def test_what_cannot_be_computed_says_why(self, effects: list[float], variances: list[float], reason: str) -> None:
        result = influence(effects, variances)
        assert isinstance(result, NotComputed)
        assert reason in result.reason

    def test_an_unknown_estimator_is_named(self) -> None:
        result = influence(self.EFFECTS, self.VARIANCES, tau2_method="XX")
        assert isinstance(result, NotComputed)
        assert "XX" in result.reason

    def test_the_study_far_from_the_others_is_influential(self) -> None:
        assert [one.influential for one in studies(influence([0.1, 0.2, 0.15, 2.9], [0.01, 0.02, 0.03, 0.02]))] == [
            False,
            False,
            False,
            True,
        ]

    def test_identical_effects_have_no_influence(self) -> None:
        for one in studies(influence([0.3, 0.3, 0.3], [0.1, 0.2, 0.3])):
            assert (one.rstudent, one.cook_d, one.dffits, one.dfbs, one.tau2_del) == (0.0, 0.0, 0.0, 0.0, 0.0)

    @given(st.sampled_from([1e-140, 1e-3, 7.0, 1e140]), st.sampled_from(["DL", "REML"]))
    def test_units_do_not_matter(self, factor: float, model: str) -> None:
        y, v = factor * np.array(self.EFFECTS), factor * factor * np.array(self.VARIANCES)
        for plain, rescaled in zip(
            studies(influence(self.EFFECTS, self.VARIANCES, tau2_method=model)), studies(influence(y, v, tau2_method=model)), strict=True
        ):
            for name in WITHOUT_UNITS:
                assert getattr(rescaled, name) == pytest.approx(getattr(plain, name), rel=1e-9, abs=1e-12)

    @given(st.permutations(range(4)))
    def test_order_does_not_matter(self, order: list[int]) -> None:
        plain = studies(influence(self.EFFECTS, self.VARIANCES))
        moved = studies(influence(np.array(self.EFFECTS)[order], np.array(self.VARIANCES)[order]))
        for place, i in enumerate(order):
            assert astuple(moved[place]) == pytest.approx(astuple(plain[i]), rel=1e-9, abs=1e-12)

    def test_turning_every_sign_turns_the_signed_measures(self) -> None:
        plain, turned = studies(influence(self.EFFECTS, self.VARIANCES)), studies(influence(np.negative(self.EFFECTS), self.VARIANCES))
        for one, other in zip(plain, turned, strict=True):
            assert (other.rstudent, other.dffits, other.dfbs) == pytest.approx((-one.rstudent, -one.dffits, -one.dfbs), rel=1e-9)
            assert (other.hat, other.cook_d, other.cov_r) == pytest.approx((one.hat, one.cook_d, one.cov_r), rel=1e-9)
