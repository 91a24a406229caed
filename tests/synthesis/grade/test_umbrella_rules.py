import math

import pytest

from app.synthesis.body import Body, BodyStudy
from app.synthesis.grade.alternatives import Alternative
from app.synthesis.grade.risk_of_bias import share_bias
from app.synthesis.grade.umbrella_rules import classify, count_cases, excess_significance_p, largest_study, rate_grade_like
from app.vocabulary import Measure
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled_body

# Five studies whose effects do not follow their standard errors.
EFFECTS, ERRORS = (-12.0, -9.0, -11.0, -10.0, -8.0), (2.0, 2.5, 3.0, 3.5, 4.0)
# Five whose effects grow with their standard errors, with a little noise.
SLANTED = (-6.0, -8.1, -9.9, -12.1, -13.9)


def five(effects: tuple[float, ...] = EFFECTS, n: int = 200, risks: str = "LLLLL", **members: object) -> tuple[BodyStudy, ...]:
    words = {"L": "low", "S": "some-concerns", "H": "high", "N": None}
    return tuple(
        entry(f"s{i}-2020", effect, se, n=n, risk=words[risk], **members)  # type: ignore[arg-type]
        for i, (effect, se, risk) in enumerate(zip(effects, ERRORS, risks, strict=True))
    )


def pooled_five(studies: tuple[BodyStudy, ...], *, i2: float = 0.0, p: float = 1e-9, **pool: object) -> Body:
    prediction = {"pi_low": -14.0, "pi_high": -6.0}
    return pooled_body(-10, -13, -7, k=5, studies=studies, pool={"i2": i2, "p": p, **prediction, **pool})


def rate(of: Body) -> Alternative:
    return rate_grade_like(of, share_bias(of))


def taken(found: Alternative) -> list[int]:
    return [domain.most for domain in found.domains]


class TestRateGradeLike:
    def test_nothing_taken_is_high(self) -> None:
        found = rate(pooled_five(five()))
        assert (found.level, taken(found)) == ("high", [0, 0, 0, 0])

    @pytest.mark.parametrize(("n", "levels"), [(158, 0), (157, 1), (26, 1), (25, 2)])  # 790, 785, 130, 125 people
    def test_imprecision_by_power(self, n: int, levels: int) -> None:
        assert taken(rate(pooled_five(five(n=n))))[0] == levels

    @pytest.mark.parametrize(("risks", "levels"), [("LLLLH", 0), ("LLLSS", 1), ("LLSSS", 2)])
    def test_limitations_by_participants_at_low_risk(self, risks: str, levels: int) -> None:
        assert taken(rate(pooled_five(five(risks=risks))))[1] == levels

    def test_publication_bias_by_egger(self) -> None:
        assert taken(rate(pooled_five(five(SLANTED))))[2] == 1

    @pytest.mark.parametrize(("i2", "levels"), [(49.9, 0), (50.0, 1)])
    def test_inconsistency(self, i2: float, levels: int) -> None:
        assert taken(rate(pooled_five(five(), i2=i2)))[3] == levels

    def test_three_levels_and_more_are_very_low(self) -> None:
        assert rate(pooled_five(five(risks="HHHHH", n=100), i2=60.0)).level == "very-low"

    def test_too_few_studies_for_egger_take_a_level(self) -> None:
        found = rate(pooled_body(-10, -13, -7, k=2, n=500, pool={"i2": 0.0}))
        assert (found.level, found.could_be, taken(found)) == ("moderate", None, [0, 0, 1, 0])
        assert "cannot be done" in found.reasons[2]

    def test_one_study_has_no_i2_and_no_egger_and_takes_a_level_for_each(self) -> None:
        found = rate(pooled_body(-10, -13, -7, n=800))
        assert (found.level, taken(found)) == ("low", [0, 0, 1, 1])

    def test_no_risk_of_bias_known_takes_two_levels(self) -> None:
        assert taken(rate(pooled_five(five(risks="NNNNN"))))[1] == 2

    @pytest.mark.parametrize("of", [body(direction_entry()), pooled_five(five(n=0))])
    def test_does_not_apply(self, of: Body) -> None:
        assert rate(of).could_be is None
        assert rate(of).level == "not-applicable"


class TestClassify:
    def test_convincing(self) -> None:
        assert classify(pooled_five(five(n_treatment=300))).level == "class-i"

    @pytest.mark.parametrize(
        ("members", "level"),
        [
            ({"i2": 50.0}, "class-ii"),
            ({"pi_low": -21.0, "pi_high": 1.0}, "class-ii"),
            ({"pi_low": None, "pi_high": None}, "class-ii"),
            ({"p": 1e-6}, "class-iii"),
            ({"p": 1e-3}, "class-iv"),
            ({"p": 0.05}, "class-ns"),
        ],
    )
    def test_each_step_down(self, members: dict[str, float], level: str) -> None:
        assert classify(pooled_five(five(n_treatment=300), **members)).level == level

    def test_asymmetry_is_not_convincing(self) -> None:
        assert classify(pooled_five(five(SLANTED, n_treatment=300))).level == "class-ii"

    # The largest has most participants, not the narrowest interval: lowest is better, so -14 favours the intervention.
    @pytest.mark.parametrize(
        ("effect_of_largest", "level"), [(-14.0, "class-ii"), (-2.0, "class-iii"), (14.0, "class-iii")], ids=["same", "null", "other"]
    )
    def test_the_largest_study_alone_must_favour_the_same_side(self, effect_of_largest: float, level: str) -> None:
        largest = entry("largest-2020", effect_of_largest, 3.0, n=1800, n_treatment=900)
        most_precise = entry("precise-2020", -2.0 if level == "class-ii" else -14.0, 2.0, n=600, n_treatment=300)
        of = pooled_body(-8, -11, -5, k=2, studies=(most_precise, largest), pool={"i2": 90.0, "p": 1e-8})
        assert classify(of).level == level

    def test_without_the_sizes_the_largest_is_not_guessed(self) -> None:
        found = classify(pooled_five(five(n=0, n_treatment=300)))
        assert (found.level, found.could_be) == ("not-applicable", ("class-i", "class-iii"))
        assert found.reasons == ("The participants of a study are not known, and these rules look at the largest.",)

    def test_sizes_and_cases_unknown_are_both_told(self) -> None:
        found = classify(pooled_five(five(n=0)))
        assert (found.could_be, len(found.reasons)) == (("class-i", "class-iv"), 2)

    def test_sizes_do_not_matter_where_no_rule_looks_at_them(self) -> None:
        assert classify(pooled_five(five(n=0, n_treatment=300), p=1e-6)).level == "class-iii"

    def test_few_cases_are_class_four(self) -> None:
        assert classify(pooled_five(five(n_treatment=200))).level == "class-iv"  # 1000 is not more than 1000

    def test_unknown_cases_are_not_guessed(self) -> None:
        found = classify(pooled_five(five()))
        assert (found.level, found.could_be) == ("not-applicable", ("class-i", "class-iv"))

    def test_unknown_cases_do_not_matter_above_one_in_a_thousand(self) -> None:
        assert classify(pooled_five(five(), p=0.01)).level == "class-iv"

    def test_nothing_pooled(self) -> None:
        assert classify(body(direction_entry())).level == "not-applicable"


class TestCountCases:
    def test_people_of_the_intervention_groups(self) -> None:
        assert count_cases(pooled_five(five(n_treatment=30))) == (150.0, "people in the intervention groups")

    def test_events_of_a_ratio(self) -> None:
        studies = five(events_treatment=10.0, events_control=20.0)
        assert count_cases(pooled_body(-1, -2, -0.5, k=5, studies=studies, measure=Measure.RR)) == (150.0, "events")


class TestLargestStudy:
    def test_has_most_participants_and_of_several_the_smallest_effect(self) -> None:
        small, wide, narrow = entry("a-2020", -1.0, 1.0, n=20), entry("b-2020", -9.0, 1.0, n=90), entry("c-2020", 8.0, 4.0, n=90)
        assert largest_study((small, wide, narrow)) is narrow
        assert largest_study((small, wide)) is wide


class TestExcessSignificanceP:
    def test_by_hand(self) -> None:
        # The largest study (as many people, the smaller effect) has effect/se = 1.96 and power 1/2 (the other tail is 4e-5); the
        # other has se twice that and |effect|/se = 0.98: power Phi(-0.98) + Phi(-2.94) = 0.1635 + 0.0016. Both found something:
        # P(X >= 2) = mean power squared.
        z = 1.959963984540054
        studies = (entry("a-2020", -1.001 * z, 1.0), entry("b-2020", -3 * z, 2.0))
        mean = (0.5008 + 0.1655) / 2
        assert excess_significance_p(studies) == pytest.approx(mean**2, rel=5e-3)

    def test_none_significant_is_no_excess(self) -> None:
        assert excess_significance_p((entry("a-2020", -1.0, 1.0), entry("b-2020", 1.0, 1.0))) == pytest.approx(1.0)
        assert math.isclose(excess_significance_p((entry("a-2020", 0.0, 1.0),)), 1.0)
