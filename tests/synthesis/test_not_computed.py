import math

import pytest

from app.synthesis.not_computed import all_finite


class TestAllFinite:
    def test_what_is_not_there_does_not_count(self) -> None:
        assert all_finite((1.0, None, -1e308, 0.0))
        assert all_finite(())

    @pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
    def test_infinity_and_nan_do(self, number: float) -> None:
        assert not all_finite((1.0, number))
