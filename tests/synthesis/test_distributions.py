import math
import subprocess
import sys

import numpy as np
import pytest

from app.synthesis.distributions import (
    Z_975,
    binomial_two_sided_p,
    chi2_quantile,
    chi2_survival,
    log_gamma,
    normal_cdf,
    normal_quantile,
    normal_two_sided_p,
    t_quantile,
    t_two_sided_p,
)
from tests.synthesis.reference_values import load

CLOSE = 1e-12


class TestNormal:
    def test_quantile_of_0_975_is_the_constant(self) -> None:
        assert normal_quantile(0.975) == pytest.approx(Z_975, rel=1e-15)

    def test_quantiles_agree_with_r(self) -> None:
        item = load("conversions")["items"]["se_from_p"]
        ours = [-normal_quantile(p / 2) for p in item["inputs"]["p"]]
        assert ours == pytest.approx(item["outputs"]["z"], rel=CLOSE)

    def test_two_sided_p_agrees_with_r(self) -> None:
        item = load("conversions")["items"]["wald_summary"]["outputs"]
        ours = [normal_two_sided_p(z) for z in item["z"]]
        assert ours == pytest.approx(item["p"], rel=CLOSE)

    def test_two_sided_p_keeps_its_digits_far_in_the_tail(self) -> None:
        # Mills' ratio: P(Z > 30) = phi(30) / 30 (1 - 1/30^2 + 3/30^4 - 15/30^6 + 105/30^8 ...).
        density = math.exp(-450) / math.sqrt(2 * math.pi)
        tail = density / 30 * (1 - 30**-2 + 3 * 30**-4 - 15 * 30**-6 + 105 * 30**-8)
        assert normal_two_sided_p(-30.0) == pytest.approx(2 * tail, rel=1e-11)

    def test_cdf_undoes_the_quantile(self) -> None:
        p = np.array([1e-10, 0.025, 0.3, 0.5, 0.9])
        assert normal_cdf(normal_quantile(p)) == pytest.approx(p, rel=CLOSE)


class TestT:
    def test_quantiles_agree_with_r(self) -> None:
        item = load("conversions")["items"]["se_from_p_t"]
        rows = zip(item["inputs"]["p"], item["inputs"]["n1"], item["inputs"]["n2"], strict=True)
        ours = [-t_quantile(p / 2, n1 + n2 - 2) for p, n1, n2 in rows]
        assert ours == pytest.approx(item["outputs"]["t"], rel=CLOSE)

    @pytest.mark.parametrize("p", [0.001, 0.025, 0.4, 0.5, 0.9, 0.975, 0.9999])
    def test_one_and_two_degrees_of_freedom_have_closed_forms(self, p: float) -> None:
        assert t_quantile(p, 1.0) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=CLOSE, abs=1e-15)
        assert t_quantile(p, 2.0) == pytest.approx((2 * p - 1) / math.sqrt(2 * p * (1 - p)), rel=CLOSE, abs=1e-15)

    def test_two_sided_p_undoes_the_quantile(self) -> None:
        for df in (1.0, 2.0, 5.0, 12.0, 64.0, 1e4):
            assert t_two_sided_p(t_quantile(0.975, df), df) == pytest.approx(0.05, rel=1e-11)

    def test_two_sided_p_keeps_its_digits_far_in_the_tail(self) -> None:
        # df 2: P(|T| > t) = 1 - t / sqrt(2 + t^2) -> 1 / t^2.
        assert t_two_sided_p(1e8, 2.0) == pytest.approx(1e-16, rel=1e-11)

    def test_a_statistic_too_large_to_square_gives_zero(self) -> None:
        assert t_two_sided_p(1e300, 5.0) == 0.0

    def test_zero_gives_one(self) -> None:
        assert t_two_sided_p(0.0, 5.0) == 1.0


class TestChiSquare:
    @pytest.mark.parametrize("x", [1e-6, 0.5, 3.0, 80.0, 600.0])
    def test_two_and_four_degrees_of_freedom_have_closed_forms(self, x: float) -> None:
        assert chi2_survival(x, 2.0) == pytest.approx(math.exp(-x / 2), rel=CLOSE)
        assert chi2_survival(x, 4.0) == pytest.approx(math.exp(-x / 2) * (1 + x / 2), rel=CLOSE)

    def test_survival_agrees_with_r(self) -> None:
        fisher = load("worked-examples")["examples"]["combine_p_values"]["computed"]
        assert chi2_survival(fisher["fisher_chi2"], fisher["df"]) == pytest.approx(fisher["fisher_p"], rel=CLOSE)

    @pytest.mark.parametrize("p", [0.025, 0.5, 0.975])
    def test_quantile_undoes_the_survival_function(self, p: float) -> None:
        for df in (1.0, 2.0, 12.0, 64.0):
            assert chi2_survival(chi2_quantile(p, df), df) == pytest.approx(1 - p, rel=1e-11)


class TestLogGamma:
    def test_of_whole_numbers_is_the_factorial(self) -> None:
        assert log_gamma(11.0) == pytest.approx(math.log(math.factorial(10)), rel=1e-14)


class TestBinomialTwoSidedP:
    def test_agrees_with_r(self) -> None:
        example = load("worked-examples")["examples"]["vote_counting_sign_test"]
        ours = [binomial_two_sided_p(s, n) for s, n in zip(example["given"]["favours"], example["given"]["total"], strict=True)]
        assert ours == pytest.approx(example["computed"]["p_two_sided"], rel=CLOSE)

    def test_both_sides_give_the_same(self) -> None:
        assert all(binomial_two_sided_p(s, 17) == binomial_two_sided_p(17 - s, 17) for s in range(18))

    def test_no_trials_give_one(self) -> None:
        assert binomial_two_sided_p(0, 0) == 1.0


class TestStartUp:
    def test_scipy_is_not_loaded_until_a_quantile_is_needed(self) -> None:
        code = "import sys, app.synthesis.pooling, app.synthesis.conversions, app.synthesis.direction; print('scipy' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "False"
