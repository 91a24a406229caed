import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.synthesis.body import DirectnessInput, RiskOfBiasInput
from app.synthesis.grade.certainty import LEVEL_OF_CERTAINTY, levels_taken, rate_body, start_level
from app.synthesis.grade.judgement import DomainJudgement
from app.synthesis.grade.publication_bias import OverdueRegistration, PairContext
from app.vocabulary import Certainty, DesignLevel, Directness, Domain, RiskOfBiasJudgement, RiskOfBiasTool
from tests.synthesis.factories import study
from tests.synthesis.grade.bodies import body, direction_entry, entry, pooled, pooled_body, ratio_body

CONTEXT = PairContext((), 1000)
NON_RANDOMISED = DesignLevel.NON_RANDOMISED_CONTROLLED
WORSE = ["low", "moderate", "serious", "critical"]


def robins_i(overall: str, outcome: str | None = None) -> tuple[RiskOfBiasInput, ...]:
    return (RiskOfBiasInput(RiskOfBiasTool.ROBINS_I, RiskOfBiasJudgement(overall), outcome=outcome),)


def level_judged(words: Sequence[str | None]) -> int:
    """The level of a body without randomisation whose studies ROBINS-I judged so."""
    judged = [
        entry(f"s{i}", n=2000, study=study(key=f"s{i}", risk_of_bias=() if word is None else robins_i(word)))
        for i, word in enumerate(words)
    ]
    of_them = body(*judged, effect=pooled(-20, -22, -18, k=len(judged)), design_level=NON_RANDOMISED)
    return LEVEL_OF_CERTAINTY[rate_body(of_them, CONTEXT).certainty]


def judgements(**levels: int) -> tuple[DomainJudgement, ...]:
    return tuple(DomainJudgement(Domain(name.replace("_", "-")), taken, "rule", "reason") for name, taken in levels.items())


class TestStartLevel:
    @pytest.mark.parametrize(
        ("design", "level", "certainty"),
        [
            (DesignLevel.RANDOMISED, 4, Certainty.HIGH),
            (NON_RANDOMISED, 2, Certainty.LOW),
            (DesignLevel.UNCONTROLLED, 1, Certainty.VERY_LOW),
        ],
    )
    def test_by_design(self, design: DesignLevel, level: int, certainty: Certainty) -> None:
        start = start_level(body(entry(risk=None), design_level=design))
        assert (start.level, start.certainty) == (level, certainty)

    def test_robins_i_of_every_study_starts_high(self) -> None:
        judged = entry(study=study(risk_of_bias=robins_i("moderate")))
        assert start_level(body(judged, judged, design_level=NON_RANDOMISED)).level == 4
        assert start_level(body(judged, entry(risk="low"), design_level=NON_RANDOMISED)).level == 2

    @pytest.mark.parametrize("rows", [robins_i("no-information"), robins_i("low", outcome="disability")])
    def test_a_judgement_that_says_nothing_here_does_not(self, rows: tuple[RiskOfBiasInput, ...]) -> None:
        assert start_level(body(entry(study=study(risk_of_bias=rows)), design_level=NON_RANDOMISED)).level == 2

    @pytest.mark.parametrize("tool_overall", ["low", "some-concerns"])
    def test_rob_2_beside_robins_i_decides_alone_and_so_the_body_starts_low(self, tool_overall: str) -> None:
        both = (*robins_i("critical"), RiskOfBiasInput(RiskOfBiasTool.ROB_2, RiskOfBiasJudgement(tool_overall)))
        rated = rate_body(body(entry(study=study(risk_of_bias=both)), design_level=NON_RANDOMISED), CONTEXT)
        assert (rated.start.level, rated.start.rule) == (2, "start/non-randomised")

    def test_one_study_judged_critical_keeps_the_body_from_starting_high(self) -> None:
        studies = [entry(word, study=study(key=word, risk_of_bias=robins_i(word))) for word in ("low", "critical")]
        assert start_level(body(*studies, design_level=NON_RANDOMISED)).level == 2
        twice = study(risk_of_bias=(*robins_i("low"), *robins_i("critical")))
        assert start_level(body(entry(study=twice), design_level=NON_RANDOMISED)).level == 2

    @given(words=st.lists(st.sampled_from(WORSE), min_size=1, max_size=5), place=st.integers(0, 4), worse=st.sampled_from(WORSE))
    def test_a_worse_judgement_by_robins_i_never_raises_the_level(self, words: list[str], place: int, worse: str) -> None:
        place %= len(words)
        assume(WORSE.index(worse) >= WORSE.index(words[place]))
        assert level_judged([*words[:place], worse, *words[place + 1 :]]) <= level_judged(words)

    @given(words=st.lists(st.sampled_from([*WORSE, None]), min_size=1, max_size=5), place=st.integers(0, 4))
    def test_critical_is_never_above_no_judgement(self, words: list[str | None], place: int) -> None:
        place %= len(words)
        assert level_judged([*words[:place], "critical", *words[place + 1 :]]) <= level_judged([*words[:place], None, *words[place + 1 :]])


class TestLevelsTaken:
    @pytest.mark.parametrize(("inconsistency", "imprecision", "taken"), [(2, 2, 3), (2, 3, 3), (0, 3, 3), (1, 2, 3), (1, 1, 2)])
    def test_inconsistency_and_imprecision_take_at_most_three(self, inconsistency: int, imprecision: int, taken: int) -> None:
        assert levels_taken(judgements(inconsistency=inconsistency, imprecision=imprecision)) == taken

    def test_the_other_domains_add_to_it(self) -> None:
        assert levels_taken(judgements(inconsistency=2, imprecision=2, risk_of_bias=2, indirectness=1, publication_bias=1)) == 7


class TestRateBody:
    def test_haller_2016_is_low(self) -> None:
        haller = entry("haller", -21.0, 5.92, n=54, sd=21.75, study=study(key="haller", risk_of_bias=(
            RiskOfBiasInput(RiskOfBiasTool.COCHRANE_2011, RiskOfBiasJudgement.LOW),)))  # fmt: skip
        rated = rate_body(pooled_body(-21.0, -32.6, -9.4, studies=(haller,)), CONTEXT)
        assert {row.domain: row.levels for row in rated.judgements} == {
            Domain.RISK_OF_BIAS: 0,
            Domain.INCONSISTENCY: 0,
            Domain.INDIRECTNESS: 0,
            Domain.IMPRECISION: 2,
            Domain.PUBLICATION_BIAS: 0,
        }
        assert rated.certainty is Certainty.LOW

    def test_nothing_to_take_leaves_high(self) -> None:
        large = entry("a", -10.0, 1.0, n=900, sd=20.0)
        assert rate_body(pooled_body(-10.0, -12.0, -8.0, studies=(large,)), CONTEXT).certainty is Certainty.HIGH

    def test_never_below_very_low(self) -> None:
        poor = entry("a", -10.0, 9.0, n=10, risk="high", directness=DirectnessInput(Directness.INDIRECT, Directness.INDIRECT))
        rated = rate_body(pooled_body(-10.0, -28.0, 28.0, studies=(poor,)), PairContext((OverdueRegistration("a", None, "2009", 70),), 10))
        assert (rated.levels_taken, rated.certainty) == (8, Certainty.VERY_LOW)

    def test_uncontrolled_studies_stay_very_low_and_show_their_domains(self) -> None:
        rated = rate_body(body(direction_entry(n=5000), design_level=DesignLevel.UNCONTROLLED), CONTEXT)
        assert (rated.certainty, len(rated.judgements)) == (Certainty.VERY_LOW, 5)

    def test_nothing_pooled_is_at_most_low(self) -> None:
        rated = rate_body(body(direction_entry("a", n=500), direction_entry("b", n=500)), CONTEXT)
        assert (rated.levels_taken, rated.certainty, rated.limits) == (1, Certainty.LOW, ("certainty/not-pooled-at-most-low",))

    def test_nothing_pooled_may_be_very_low(self) -> None:
        assert rate_body(body(direction_entry(n=30, risk="high")), CONTEXT).certainty is Certainty.VERY_LOW

    def test_joint_cap_is_named(self) -> None:
        studies = (entry("a", 8.0, 3.0, n=20), entry("b", -16.0, 3.0, n=20))
        rated = rate_body(body(*studies, effect=pooled(-4.0, -30.0, 30.0, k=2, q=32.0, q_df=1, q_p=1e-8)), CONTEXT)
        assert (rated.levels_taken, rated.limits) == (3, ("certainty/joint-cap",))
        assert rated.certainty is Certainty.VERY_LOW

    def test_a_very_large_effect_rates_up(self) -> None:
        studies = tuple(
            entry(f"s{i}", math.log(7), 0.1, n=900, directness=DirectnessInput(), events_treatment=400.0, events_control=200.0,
                  n_treatment=450, n_control=450, study=study(key=f"s{i}", risk_of_bias=robins_i("low", "other"))) for i in range(2)
        )  # fmt: skip
        low_risk = tuple(
            replace(row, study=replace(row.study, risk_of_bias=(RiskOfBiasInput(RiskOfBiasTool.ROB_2, RiskOfBiasJudgement.LOW),)))
            for row in studies
        )
        evidence = ratio_body(7.0, 6.0, 8.0, k=2, studies=low_risk, design_level=NON_RANDOMISED, pool={"q": 0.0, "q_df": 1, "q_p": 1.0})
        rated = rate_body(evidence, CONTEXT)
        assert (rated.start.level, rated.levels_taken, [upgrade.levels for upgrade in rated.upgrades]) == (2, 0, [2])
        assert rated.certainty is Certainty.HIGH
