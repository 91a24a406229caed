import pytest

from app.synthesis.body import Body, DirectnessInput
from app.synthesis.grade.alternatives import Alternative
from app.synthesis.grade.cinema_rules import rate_by_cinema
from app.synthesis.grade.risk_of_bias import share_bias
from app.vocabulary import Directness
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body


def rate(of: Body, start: int = 4, publication_bias: int = 0) -> Alternative:
    return rate_by_cinema(of, start, share_bias(of), publication_bias)


def levels(found: Alternative) -> dict[str, int]:
    return {domain.name: domain.most for domain in found.domains}


class TestRateByCinema:
    # Lower is better and the MID is 10: benefit-oriented the CI is (low, high) and the limits are 0 and -10.
    @pytest.mark.parametrize(
        ("ci", "pi", "imprecision", "heterogeneity"),
        [
            ((2, 22), (1, 23), 0, 0),
            ((2, 22), (-3, 27), 0, 1),
            ((2, 22), (-12, 36), 0, 2),
            ((-3, 27), (-4, 28), 1, 0),
            ((-3, 27), (-12, 36), 1, 1),
            ((-12, 36), (-30, 54), 2, 0),
        ],
    )
    def test_counts_crossings_of_both_intervals(
        self, ci: tuple[float, float], pi: tuple[float, float], imprecision: int, heterogeneity: int
    ) -> None:
        found = rate(pooled_body(-12, -ci[1], -ci[0], k=5, pool={"pi_low": -pi[1], "pi_high": -pi[0]}))
        assert (levels(found)["imprecision"], levels(found)["heterogeneity"]) == (imprecision, heterogeneity)
        assert found.level == ["high", "moderate", "low"][imprecision + heterogeneity]

    def test_an_interval_of_little_difference_that_holds_null_counts_one_as_in_the_software(self) -> None:
        found = rate(pooled_body(-1, -5, 3, k=5, pool={"pi_low": -6, "pi_high": 4}))
        assert (levels(found)["imprecision"], levels(found)["heterogeneity"]) == (1, 0)

    @pytest.mark.parametrize(
        ("risks", "taken"),
        [
            (("low", "low"), 0),
            (("low", "some-concerns"), 1),  # 1.5, rounded up
            (("low", "high"), 1),
            (("some-concerns", "high"), 2),  # 2.5, rounded up
            (("high", "high"), 2),
        ],
    )
    def test_within_study_bias_by_the_mean_score(self, risks: tuple[str, str], taken: int) -> None:
        studies = tuple(entry(f"s{i}-2020", -12, 2.0, risk=risk) for i, risk in enumerate(risks))
        found = rate(pooled_body(-12, -16, -8, k=2, studies=studies))
        assert levels(found)["within-study bias"] == taken

    def test_indirectness_and_reporting_bias(self) -> None:
        indirect = DirectnessInput(population=Directness.INDIRECT)
        found = rate(pooled_body(-12, -16, -8, studies=(entry(directness=indirect),)), publication_bias=1)
        assert (levels(found)["indirectness"], levels(found)["reporting bias"]) == (1, 1)
        assert found.level == "low"

    def test_starts_where_the_design_starts(self) -> None:
        assert rate(pooled_body(-12, -16, -8), start=2).level == "low"

    def test_two_studies_leave_heterogeneity_open(self) -> None:
        found = rate(pooled_body(-12, -16, -8, k=2))
        assert (found.level, found.could_be) == ("not-applicable", ("high", "low"))
        assert "prediction interval" in found.reasons[0]

    def test_two_studies_whose_interval_crosses_both_limits_leave_nothing_open(self) -> None:
        assert rate(pooled_body(-12, -36, 12, k=2)).level == "low"

    def test_one_study_has_nothing_to_differ_from(self) -> None:
        assert levels(rate(pooled_body(-12, -16, -8)))["heterogeneity"] == 0

    @pytest.mark.parametrize("of", [body(direction_entry()), pooled_body(-12, -16, -8, mid=None)])
    def test_needs_a_pool_and_a_mid(self, of: Body) -> None:
        found = rate(of)
        assert found.level == "not-applicable"
        assert found.could_be is None
