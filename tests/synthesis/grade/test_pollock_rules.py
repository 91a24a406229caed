import pytest

from app.synthesis.body import Body
from app.synthesis.grade.alternatives import Alternative
from app.synthesis.grade.pollock_rules import rate_by_pollock
from app.synthesis.grade.risk_of_bias import share_bias
from app.vocabulary import DesignLevel
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body


def rate(of: Body, amstar_yes: int | None = 4) -> Alternative:
    return rate_by_pollock(of, share_bias(of), amstar_yes)


def two(n: int, second_risk: str = "low", *, q: float = 1.0) -> Body:
    studies = (entry("a-2020", n=n), entry("b-2020", n=n, risk=second_risk))
    return pooled_body(-10, -15, -5, k=2, studies=studies, pool={"q": q, "q_df": 1, "q_p": 0.3})


class TestRateByPollock:
    @pytest.mark.parametrize(("n", "level"), [(100, "high"), (99, "moderate"), (50, "moderate"), (49, "moderate")])
    def test_participants(self, n: int, level: str) -> None:
        assert rate(two(n)).level == level

    @pytest.mark.parametrize(("n", "taken"), [(100, 0), (99, 1), (50, 1), (49, 2)])
    def test_participants_take(self, n: int, taken: int) -> None:
        assert rate(two(n)).domains[0].most == taken

    def test_trials_not_known_to_be_at_low_risk(self) -> None:
        found = rate(two(100, "some-concerns"))
        assert (found.domains[1].most, found.level) == (1, "moderate")

    @pytest.mark.parametrize(("q", "taken"), [(4.0, 0), (4.1, 1)])  # I2 = (Q - 1)/Q: 75 % exactly, and more
    def test_heterogeneity_above_75(self, q: float, taken: int) -> None:
        assert rate(two(100, q=q)).domains[2].most == taken

    def test_one_trial_has_no_heterogeneity(self) -> None:
        assert rate(pooled_body(-10, -15, -5, n=500)).domains[2].most == 0

    @pytest.mark.parametrize(("yes", "taken", "level"), [(4, 0, "high"), (3, 1, "moderate"), (2, 2, "moderate"), (0, 2, "moderate")])
    def test_quality_of_the_review(self, yes: int, taken: int, level: str) -> None:
        found = rate(two(100), yes)
        assert (found.domains[3].most, found.level) == (taken, level)

    @pytest.mark.parametrize(
        ("of", "yes", "level"),
        [
            (two(49, "high"), 4, "low"),
            (two(49, "high"), 3, "low"),
            (two(49, "high"), 2, "very-low"),
            (two(49, "high", q=9.0), 0, "very-low"),
        ],
    )
    def test_sums_of_downgrades(self, of: Body, yes: int, level: str) -> None:
        assert rate(of, yes).level == level

    def test_without_answers_about_the_review_a_range(self) -> None:
        found = rate(two(100), None)
        assert (found.level, found.could_be) == ("not-applicable", ("high", "moderate"))
        assert "AMSTAR" in found.reasons[0]

    def test_the_range_moves_with_the_other_downgrades(self) -> None:
        assert rate(two(99), None).could_be == ("moderate", "low")

    @pytest.mark.parametrize(
        "of",
        [
            body(direction_entry()),
            pooled_body(-10, -15, -5, design_level=DesignLevel.NON_RANDOMISED_CONTROLLED),
            pooled_body(-10, -15, -5, n=0),
        ],
    )
    def test_does_not_apply(self, of: Body) -> None:
        found = rate(of)
        assert (found.level, found.could_be) == ("not-applicable", None)
