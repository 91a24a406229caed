import math

import pytest
from scipy.special import betainc

from app.synthesis.distributions import t_two_sided_p
from app.synthesis.f_distribution import f_survival


class TestFSurvival:
    @pytest.mark.parametrize("df1", [1, 2, 3, 4, 7, 12, 31])
    @pytest.mark.parametrize("df2", [1, 2, 5, 10, 200])
    def test_is_the_incomplete_beta_function(self, df1: int, df2: int) -> None:
        for x in (1e-6, 0.3, 1.0, 2.5, 40.0, 1e6):
            reference = float(betainc(df2 / 2, df1 / 2, df2 / (df2 + df1 * x)))
            assert f_survival(x, df1, df2) == pytest.approx(reference, rel=1e-11)

    def test_with_one_degree_it_is_the_two_sided_t(self) -> None:
        assert f_survival(2.5**2, 1, 11) == t_two_sided_p(2.5, 11.0)

    def test_begins_at_one_and_ends_at_zero(self) -> None:
        assert (f_survival(0.0, 3, 7), f_survival(math.inf, 3, 7), f_survival(1e300, 4, 7)) == (1.0, 0.0, 0.0)
