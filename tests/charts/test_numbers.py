import pytest

from app.charts.numbers import EffectFormat, effect_format, fixed, percent, plain_number


class TestFixed:
    @pytest.mark.parametrize(
        ("value", "decimals", "text"), [(-3.14159, 2, "−3.14"), (-0.001, 2, "0.00"), (2e7, 1, "2.0×10⁷"), (-1.5e300, 0, "−1.5×10³⁰⁰")]
    )
    def test_prints_a_true_minus_and_no_endless_digits(self, value: float, decimals: int, text: str) -> None:
        assert fixed(value, decimals) == text


class TestPlainNumber:
    @pytest.mark.parametrize(
        ("value", "step", "text"), [(2.5, 2.5, "2.5"), (20.0, 10.0, "20"), (0.25, 0.25, "0.25"), (3e-7, 1e-7, "3.0×10⁻⁷")]
    )
    def test_has_the_decimals_of_its_step(self, value: float, step: float, text: str) -> None:
        assert plain_number(value, step) == text


class TestEffectFormat:
    def test_a_column_has_the_same_decimals(self) -> None:
        form = effect_format([-21.0, -32.6, -9.4], ratio=False)
        assert [form.one(-21.0), form.interval(-32.6, -9.4)] == ["−21.0", "[−32.6, −9.4]"]

    def test_ratios_are_exponentiated(self) -> None:
        form = EffectFormat(ratio=True, decimals=2)
        assert [form.one(value) for value in (0.0, -0.3285, 3.0, 6.0, -7.0, 1e9)] == ["1.00", "0.72", "20.1", "403", "0.0009", "4.6×10²⁹⁹"]

    def test_thresholds_have_no_idle_zeros(self) -> None:
        assert effect_format([-3.29], ratio=False).bound(-0.5) == "−0.5"
        assert effect_format([-3.29], ratio=False).bound(10.0) == "10"


class TestPercent:
    def test_one_decimal(self) -> None:
        assert percent(0.12345) == "12.3 %"
