import pytest

from app.synthesis.body import Body
from app.synthesis.grade.alternatives import Alternative
from app.synthesis.grade.pollock_rules import rate_by_pollock
from app.synthesis.grade.risk_of_bias import share_bias
from app.vocabulary import DesignLevel
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body


def rate(of: Body, amstar_yes: int | None = 4) -> Alternative:
    return rate_by_pollock(of, share_bias(of), amstar_yes)


def taken(found: Alternative) -> list[tuple[int, int]]:
    return [(domain.least, domain.most) for domain in found.domains]


def two(n: int, second_risk: str = "low", *, q: float = 1.0) -> Body:
    studies = (entry("a-2020", n=n), entry("b-2020", n=n, risk=second_risk))
    return pooled_body(-10, -15, -5, k=2, studies=studies, pool={"q": q, "q_df": 1, "q_p": 0.3})


class TestRateByPollock:
    @pytest.mark.parametrize(("n", "levels"), [(100, 0), (99, 1), (50, 1), (49, 2)])
    def test_participants_take(self, n: int, levels: int) -> None:
        assert taken(rate(two(n))) == [(levels, levels), (0, 0), (0, 0), (0, 0)]

    def test_trials_not_known_to_be_at_low_risk(self) -> None:
        assert taken(rate(two(100, "some-concerns")))[1] == (1, 1)

    @pytest.mark.parametrize(("risks", "levels"), [(("low", "low", "low", "high"), 0), (("low", "low", "high"), 1)])
    def test_three_quarters_of_the_participants_at_low_risk_are_enough(self, risks: tuple[str, ...], levels: int) -> None:
        studies = tuple(entry(f"s{i}-2020", n=100, risk=risk) for i, risk in enumerate(risks))
        of = pooled_body(-10, -15, -5, k=len(risks), studies=studies)
        assert taken(rate(of))[1] == (levels, levels)

    @pytest.mark.parametrize(("q", "levels"), [(4.0, 0), (4.1, 1)])  # I2 = (Q - 1)/Q: 75 % exactly, and more
    def test_heterogeneity_above_75(self, q: float, levels: int) -> None:
        assert taken(rate(two(100, q=q)))[2] == (levels, levels)

    def test_one_trial_has_no_heterogeneity(self) -> None:
        assert taken(rate(pooled_body(-10, -15, -5, n=500)))[2] == (0, 0)

    @pytest.mark.parametrize(("yes", "levels"), [(4, 0), (3, 1), (2, 2), (0, 2)])
    def test_quality_of_the_review(self, yes: int, levels: int) -> None:
        assert taken(rate(two(100), yes))[3] == (levels, levels)

    def test_without_answers_about_the_review_a_range(self) -> None:
        found = rate(two(100), None)
        assert taken(found)[3] == (0, 2)
        assert "AMSTAR" in found.reasons[-1]

    @pytest.mark.parametrize(
        ("of", "yes", "downgrades"),
        [(two(100), 4, "0"), (two(49, "high", q=9.0), 0, "6"), (two(99), None, "1 to 3"), (two(49, "high"), 3, "4")],
    )
    def test_tells_the_downgrades_and_why_there_is_no_level(self, of: Body, yes: int | None, downgrades: str) -> None:
        found = rate(of, yes)
        assert (found.level, found.could_be) == ("not-applicable", None)
        assert "has not been checked" in found.reasons[0]
        assert found.reasons[0].endswith(f"downgrades: {downgrades}.")
        assert found.reasons[1:] == tuple(domain.reason for domain in found.domains)

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
        assert (found.level, found.could_be, found.domains) == ("not-applicable", None, ())
