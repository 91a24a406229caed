import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.synthesis.body import InstrumentInput, OutcomeInput, PairInput, RegistrationInput, ResultInput
from app.synthesis.rating import METHOD_VERSION, PairRating, body_to_json, inputs_hash, rate_one_body, rate_pair, to_json
from app.synthesis.statement import NO_EVIDENCE
from app.vocabulary import (
    Better,
    Certainty,
    Comparator,
    ComparatorGroup,
    Design,
    Finding,
    Importance,
    PublicationStatus,
    ResultDirection,
    RiskOfBiasJudgement,
    RiskOfBiasTool,
)
from tests.synthesis.factories import (
    PAIN,
    QUALITY_OF_LIFE,
    VAS,
    direction_only,
    estimate,
    judgement,
    pair,
    result,
    study,
    with_estimate,
    with_events,
    with_means,
    within_group,
)

AGAINST, UNCLEAR = ResultDirection.FAVOURS_COMPARATOR, ResultDirection.UNCLEAR
DISABILITY = OutcomeInput(
    "disability", "Disability", Better.LOWER, Importance.CRITICAL, (InstrumentInput("odi", "ODI", "points", mid=5.0),)
)
SLEEP = OutcomeInput("sleep", "Sleep", Better.LOWER, Importance.LIMITED, (InstrumentInput("psqi", "PSQI", "points"),))


def big(value: float = -20.0, low: float = -25.0, high: float = -15.0, n: int = 300, **members: Any) -> ResultInput:
    """A row of a large trial: an estimate with limits, and arms that give the SD."""
    row = with_means(0.0, 20.0, n, -value, 20.0, n, **members)
    return replace(row, estimate=with_estimate(value, low, high).estimate)


def on(outcome: OutcomeInput, **members: Any) -> dict[str, Any]:
    return {"outcome": outcome.slug, "instrument": outcome.instruments[0].slug, **members}


def rated(
    *rows: ResultInput, outcomes: tuple[OutcomeInput, ...] = (PAIN, DISABILITY, QUALITY_OF_LIFE, SLEEP), **members: Any
) -> PairRating:
    """A rating of studies at low risk of bias, one row each."""
    studies = [study(row, key=f"study-{i}", risk_of_bias=(judgement(),)) for i, row in enumerate(rows)]
    return rate_pair(pair(*studies, outcomes=outcomes, **members))


class TestRatePair:
    def test_haller_2016(self) -> None:
        row = replace(with_estimate(-21.0, -32.6, -9.4, treatment=replace(with_means().treatment, n=27, mean=None, sd=None),
                                    control=replace(with_means().control, n=27, mean=None, sd=None)))  # fmt: skip
        low = judgement(RiskOfBiasJudgement.LOW, RiskOfBiasTool.COCHRANE_2011)
        rating = rate_pair(pair(study(row, key="haller-2016", n_randomised=54, risk_of_bias=(low,))))
        assert (rating.certainty, rating.direction) == (Certainty.LOW, Finding.FAVOURS_INTERVENTION)
        assert (rating.headline_comparator, rating.tier) == (ComparatorGroup.SHAM, Importance.CRITICAL)
        assert rating.sentence.startswith(
            "Neck pain: compared with sham treatment, craniosacral therapy may lead to a moderate difference in pain intensity "
            "in favour of the treatment (1 study, 54 people)."
        )
        assert rating.bodies[0].certainty.judgements[3].inputs["fraction"] == 0.135

    def test_no_eligible_study_is_no_evidence(self) -> None:
        rating = rate_pair(pair())
        assert (rating.certainty, rating.direction, rating.sentence) == (Certainty.NO_EVIDENCE, None, NO_EVIDENCE)
        assert (rating.bodies, rating.eligible_k, rating.tier, rating.headline_comparator) == ((), 0, None, None)

    def test_a_retracted_study_is_no_evidence(self) -> None:
        rating = rate_pair(pair(study(big(), publication_status=PublicationStatus.RETRACTED)))
        assert rating.certainty is Certainty.NO_EVIDENCE
        assert [row.rule for row in rating.ineligible] == ["retracted"]

    def test_eligible_studies_without_a_usable_result(self) -> None:
        rating = rate_pair(pair(study(direction_only(UNCLEAR), n_randomised=40)))
        assert (rating.certainty, rating.direction, rating.eligible_k, rating.eligible_n) == (Certainty.VERY_LOW, Finding.UNCLEAR, 1, 40)
        assert rating.sentence.startswith("Neck pain: 1 study (40 people) was found, but without a result that can be used")
        assert [(row.study, row.position) for row in rating.not_usable] == [("first-2020", 0)]

    def test_limited_outcomes_alone_are_very_low_and_unclear(self) -> None:
        rating = rated(big(**on(SLEEP)))
        assert rating.bodies[0].finding is Finding.FAVOURS_INTERVENTION
        assert (rating.certainty, rating.direction, rating.tier) == (Certainty.VERY_LOW, Finding.UNCLEAR, Importance.LIMITED)

    def test_nothing_to_take_is_high(self) -> None:
        rating = rated(big())
        assert (rating.certainty, rating.direction) == (Certainty.HIGH, Finding.FAVOURS_INTERVENTION)
        assert "craniosacral therapy leads to a small difference" in rating.sentence


class TestTierAndComparator:
    def test_critical_outcomes_go_before_important_ones(self) -> None:
        rating = rated(direction_only(), big(**on(QUALITY_OF_LIFE)))
        assert (rating.tier, [row.body.outcome.slug for row in rating.bodies if row.in_headline]) == (
            Importance.CRITICAL,
            ["pain-intensity"],
        )

    def test_important_outcomes_decide_where_nothing_critical_was_measured(self) -> None:
        assert rated(big(**on(QUALITY_OF_LIFE)), big(**on(SLEEP))).tier is Importance.IMPORTANT

    @pytest.mark.parametrize(
        ("comparators", "group"),
        [
            ((Comparator.ACTIVE, Comparator.USUAL_CARE, Comparator.SHAM), ComparatorGroup.SHAM),
            ((Comparator.ACTIVE, Comparator.WAIT_LIST), ComparatorGroup.INACTIVE),
            ((Comparator.ACTIVE,), ComparatorGroup.ACTIVE),
        ],
    )
    def test_sham_then_inactive_then_active(self, comparators: tuple[Comparator, ...], group: ComparatorGroup) -> None:
        assert rated(*(big(comparator=comparator) for comparator in comparators)).headline_comparator is group

    def test_uncontrolled_bodies_come_last(self) -> None:
        alone = rated(within_group())
        assert (alone.headline_comparator, alone.certainty) == (ComparatorGroup.NONE, Certainty.VERY_LOW)
        assert rated(within_group(), direction_only(comparator=Comparator.ACTIVE)).headline_comparator is ComparatorGroup.ACTIVE

    def test_sham_on_one_outcome_leaves_the_other_outcome_out(self) -> None:
        rating = rated(big(), big(comparator=Comparator.ACTIVE, **on(DISABILITY)))
        assert [row.body.outcome.slug for row in rating.bodies if row.in_headline] == ["pain-intensity"]


class TestCertaintyOfARating:
    def test_lowest_of_the_pooled_bodies(self) -> None:
        rating = rated(big(), big(-6.0, -9.0, -3.0, n=60, **on(DISABILITY)))
        levels = {row.body.outcome.slug: row.certainty.certainty for row in rating.bodies}
        assert levels == {"pain-intensity": Certainty.HIGH, "disability": Certainty.LOW}
        assert rating.certainty is Certainty.LOW

    def test_direction_only_bodies_do_not_lower_a_pooled_one(self) -> None:
        rating = rated(big(), direction_only(**on(DISABILITY)))
        assert (rating.certainty, rating.direction) == (Certainty.HIGH, Finding.FAVOURS_INTERVENTION)
        assert [row.body.outcome.slug for row in rating.bodies if row.in_headline] == ["pain-intensity"]

    def test_direction_only_bodies_decide_where_nothing_is_pooled(self) -> None:
        rating = rated(direction_only(), direction_only(AGAINST, **on(DISABILITY)))
        assert (rating.certainty, rating.direction) == (Certainty.LOW, Finding.UNCLEAR)
        assert "rating/direction-only" in [reason.rule for reason in rating.reasons]

    def test_end_of_treatment_goes_before_follow_up(self) -> None:
        rating = rated(big(), big(-2.0, -30.0, 26.0, since_end_of_treatment_weeks=26.0))
        assert {row.body.horizon.value: row.in_headline for row in rating.bodies} == {"post-treatment": True, "follow-up": False}
        assert rating.certainty is Certainty.HIGH

    def test_a_pooled_follow_up_goes_before_a_direction_at_the_end(self) -> None:
        rating = rated(direction_only(), big(since_end_of_treatment_weeks=26.0))
        assert {row.body.horizon.value: row.in_headline for row in rating.bodies} == {"post-treatment": False, "follow-up": True}

    def test_reasons_name_rules_and_bodies(self) -> None:
        rating = rated(big(), big(-6.0, -9.0, -3.0, n=60, **on(DISABILITY)))
        assert [reason.rule for reason in rating.reasons] == [
            "rating/tier",
            "rating/comparator",
            "rating/pooled-bodies",
            "rating/lowest-certainty",
        ]
        assert rating.reasons[-1].bodies == (next(row.body.id for row in rating.bodies if row.body.outcome.slug == "disability"),)


class TestDirectionOfARating:
    NULL = (-1.0, -4.0, 2.0)
    OPEN = (-1.0, -14.0, 12.0)
    WORSE = (20.0, 15.0, 25.0)

    @pytest.mark.parametrize(
        ("pain", "disability", "direction"),
        [
            ((-20.0, -25.0, -15.0), (-20.0, -25.0, -15.0), Finding.FAVOURS_INTERVENTION),
            (WORSE, WORSE, Finding.FAVOURS_COMPARATOR),
            (NULL, NULL, Finding.NO_IMPORTANT_DIFFERENCE),
            ((-20.0, -25.0, -15.0), NULL, Finding.MIXED),
            ((-20.0, -25.0, -15.0), OPEN, Finding.MIXED),
            (WORSE, OPEN, Finding.MIXED),
            ((-20.0, -25.0, -15.0), WORSE, Finding.CONFLICTING),
            (OPEN, NULL, Finding.UNCLEAR),
            (OPEN, OPEN, Finding.UNCLEAR),
        ],
    )
    def test_from_the_findings_of_the_bodies(
        self, pain: tuple[float, float, float], disability: tuple[float, float, float], direction: Finding
    ) -> None:
        assert rated(big(*pain), big(*disability, **on(DISABILITY))).direction is direction

    def test_direction_only_participants_the_other_way_make_it_mixed(self) -> None:
        rating = rated(big(), direction_only(AGAINST, **on(DISABILITY)))
        assert rating.direction is Finding.MIXED
        assert "Studies that give only a direction point the other way for disability." in rating.sentence
        assert rating.reasons[-1].rule == "rating/directions-beside"

    def test_half_of_the_participants_is_not_most(self) -> None:
        rating = rated(big(), direction_only(AGAINST, **on(DISABILITY)), direction_only(**on(DISABILITY)))
        assert rating.direction is Finding.FAVOURS_INTERVENTION

    def test_a_direction_at_follow_up_does_not_count_beside_a_body_at_the_end(self) -> None:
        rating = rated(big(), direction_only(AGAINST, since_end_of_treatment_weeks=26.0))
        assert rating.direction is Finding.FAVOURS_INTERVENTION


class TestCountsAndHarms:
    def test_people_are_counted_once(self) -> None:
        studies = [
            study(big(), key="a", n_randomised=60, harms_reported=True, serious_adverse_events=1),
            study(big(**on(DISABILITY)), key="b", n_randomised=50, serious_adverse_events=0),
            study(big(), key="c", n_randomised=40),
        ]
        rating = rate_pair(pair(*studies, shared_participants=(("a", "b"),), outcomes=(PAIN, DISABILITY)))
        assert (rating.eligible_k, rating.eligible_n) == (2, 100)
        assert (rating.harms.studies_reporting, rating.harms.studies_silent) == (1, 1)
        assert (rating.harms.serious_adverse_events, rating.harms.studies_counting_serious) == (1, 1)

    def test_nobody_counted_serious_events(self) -> None:
        assert rated(big()).harms.serious_adverse_events is None

    def test_harms_never_move_the_rating(self) -> None:
        with_harm = rate_pair(pair(study(big(), risk_of_bias=(judgement(),), harms_reported=True, serious_adverse_events=5)))
        assert with_harm.certainty is Certainty.HIGH


class TestOverdueRegistrations:
    def registered(self, n: int, *rows: ResultInput) -> PairRating:
        return rated(*rows, registrations=(RegistrationInput("nct1", "NCT1", "2020-01", n),))

    @pytest.mark.parametrize(("n", "levels"), [(240, 1), (239, 0)])
    def test_a_fifth_of_the_participants_lowers_every_body(self, n: int, levels: int) -> None:
        rating = self.registered(n, big(), big(**on(QUALITY_OF_LIFE)))
        assert [row.certainty.judgements[4].levels for row in rating.bodies] == [levels, levels]
        assert rating.bodies[0].certainty.judgements[4].inputs["controlled_n"] == 1200
        assert [row.key for row in rating.overdue_registrations] == ["nct1"]

    def test_papers_about_the_same_people_count_once(self) -> None:
        studies = [study(big(), key="a"), study(big(**on(QUALITY_OF_LIFE)), key="b")]
        rating = rate_pair(pair(*studies, shared_participants=(("a", "b"),), registrations=(RegistrationInput("r", None, "2020-01", 120),)))
        assert rating.bodies[0].certainty.judgements[4].inputs["controlled_n"] == 600

    def test_results_that_are_not_usable_do_not_stand_against_them(self) -> None:
        rating = self.registered(10, within_group(), direction_only(UNCLEAR))
        assert rating.bodies[0].certainty.judgements[4].inputs["controlled_n"] == 0

    def test_uncontrolled_results_do_not_stand_against_them(self) -> None:
        rating = self.registered(10, within_group())
        assert rating.bodies[0].certainty.judgements[4].inputs["controlled_n"] == 0
        assert rating.bodies[0].certainty.judgements[4].levels == 1


class TestExpressionsOfConcern:
    def test_are_named_where_there_is_one_and_the_study_counts(self) -> None:
        marked = study(big(), key="a", label="Doubted 2020", publication_status=PublicationStatus.EXPRESSION_OF_CONCERN)
        content = to_json(rate_pair(pair(marked, study(big(), key="b"))))
        assert content["concerns"] == [{"study": "a", "label": "Doubted 2020"}]
        assert content["eligible_studies"] == 2

    def test_without_one_a_rating_reads_as_it_always_did(self) -> None:
        assert "concerns" not in to_json(rated(big()))


class TestInputsHash:
    def two(self) -> tuple[PairInput, PairInput]:
        first, second = study(big(), with_estimate(**on(DISABILITY)), key="a"), study(big(), key="b", conditions=("neck-pain", "migraine"))
        other = replace(first, results=tuple(reversed(first.results)))
        return pair(first, second), pair(replace(second, conditions=("migraine", "neck-pain")), other)

    def test_order_does_not_matter(self) -> None:
        one, other = self.two()
        assert inputs_hash(one) == inputs_hash(other)
        assert len(inputs_hash(one)) == 64

    def test_any_change_shows(self) -> None:
        base = pair(study(big()))
        others = [
            pair(study(big(-20.1))),
            replace(base, as_of=date(2026, 11, 23)),
            pair(study(big(), key="other")),
            pair(study(big(), design=Design.RANDOMISED_CROSSOVER)),
            pair(study(big()), outcomes=(QUALITY_OF_LIFE,)),
            pair(study(big()), outcomes=(replace(PAIN, instruments=tuple(reversed(PAIN.instruments))), QUALITY_OF_LIFE)),
        ]
        assert len({inputs_hash(each) for each in [base, *others]}) == 1 + len(others)

    def test_ten_is_ten(self) -> None:
        assert inputs_hash(pair(study(with_estimate(-10, -15, -5)))) == inputs_hash(pair(study(with_estimate(-10.0, -15.0, -5.0))))


class TestToJson:
    def example(self) -> PairRating:
        rows = [big(), big(-18.0, -23.0, -13.0), big(-22.0, -28.0, -16.0), with_events(comparator=Comparator.ACTIVE)]
        return rated(*rows, direction_only(AGAINST), direction_only(UNCLEAR, **on(DISABILITY)), big(**on(QUALITY_OF_LIFE)))

    def test_members_are_those_of_the_contract(self) -> None:
        document = to_json(self.example())
        assert list(document) == [
            "method", "as_of", "inputs_hash", "condition", "intervention", "certainty", "direction", "sentence", "headline_comparator",
            "tier", "reasons", "eligible_studies", "eligible_participants", "harms", "overdue_registrations", "measured_not_usable",
            "ineligible", "outcomes",
        ]  # fmt: skip
        assert (document["method"], document["as_of"]) == (METHOD_VERSION, "2026-11-22")

    def test_everything_is_json_without_nan(self) -> None:
        rating = self.example()
        whole = {"rating": to_json(rating), "bodies": [body_to_json(row) for row in rating.bodies]}
        assert json.loads(json.dumps(whole, allow_nan=False)) == whole

    def test_a_pool_with_an_effect_from_p_is_json_too(self) -> None:
        from_p = study(result(estimate=estimate(-8.0, p=0.0001)), key="b")
        rating = rate_pair(pair(study(with_estimate(), key="a"), from_p))
        whole = [body_to_json(row) for row in rating.bodies]
        assert json.loads(json.dumps(whole, allow_nan=False)) == whole

    def test_headline_rows_come_first(self) -> None:
        rows = to_json(self.example())["outcomes"]
        assert isinstance(rows, list)
        assert [(row["outcome"], row["comparator_group"], row["in_headline"]) for row in rows] == [
            ("pain-intensity", "sham", True),
            ("pain-intensity", "active", False),
            ("quality-of-life", "sham", False),
        ]

    def test_a_row_shows_the_natural_direction_and_whom_it_favours(self) -> None:
        row = body_to_json(self.example().bodies[0])
        assert row["effect"] is not None
        effect = dict(row["effect"])  # type: ignore[call-overload]
        assert (effect["favours"], effect["unit"], effect["estimate"]) == ("intervention", "mm", -19.8)
        assert row["directions"] == {"favours_intervention": 3, "favours_comparator": 1, "null": 0}
        assert (row["k"], row["measure"], row["instrument"]) == (4, "MD", VAS.slug)

    def test_a_ratio_is_exponentiated_and_the_analysis_scale_kept(self) -> None:
        row = body_to_json(next(each for each in self.example().bodies if each.body.comparator_group is ComparatorGroup.ACTIVE))
        effect, pooled = dict(row["effect"]), dict(row["pooled"])  # type: ignore[call-overload]
        assert (effect["estimate"], effect["unit"]) == (0.5, "ratio")
        assert pooled["estimate"] == pytest.approx(-0.6931471805599453)

    def test_studies_carry_weights_and_judgements(self) -> None:
        studies = body_to_json(self.example().bodies[0])["studies"]
        assert isinstance(studies, list)
        assert [row["weight"] is None for row in studies] == [False, False, False, True]
        assert sum(row["weight"] or 0 for row in studies) == pytest.approx(1.0)
        assert studies[0]["risk_of_bias"] == {
            "level": "low",
            "tool": "rob-2",
            "assessed": True,
            "converted": False,
            "reason": "RoB 2: low.",
        }
        assert studies[3]["display"] is None

    def test_domains_in_full_hold_rule_and_inputs(self) -> None:
        domains = dict(body_to_json(self.example().bodies[0])["domains"])  # type: ignore[call-overload]
        assert list(domains) == ["risk-of-bias", "inconsistency", "indirectness", "imprecision", "publication-bias"]
        assert set(domains["imprecision"]) == {"levels", "concern", "rule", "reason", "inputs", "studies"}


class TestRateOneBody:
    def test_is_the_body_as_it_is_rated_among_all(self) -> None:
        given = pair(study(with_estimate(), with_estimate(-4, -9, 1, outcome="disability", position=1)), outcomes=(PAIN, DISABILITY))
        for row in rate_pair(given).bodies:
            found = rate_one_body(given, row.body.id)
            assert found is not None
            assert replace(found[0], in_headline=row.in_headline) == row

    def test_of_an_unknown_body_there_is_none(self) -> None:
        assert rate_one_body(pair(study(with_estimate())), "nothing") is None
