"""A table of contradictions: what the document says, and the members that are pointed at."""

from typing import Any

import pytest

from app.actions.consistency import find_contradictions, find_doubts
from app.actions.projection import usable_results
from app.queries.vocabulary_check import KnownSlugs
from app.schemas.study import StudyDocument
from tests.factories import CONDITIONS, INSTRUMENTS, OUTCOMES, a_body, a_result, a_study, the_least
from tests.schemas.test_study_risk_of_bias import ALL_LOW, MODERATE, SIGNED

KNOWN = KnownSlugs(
    conditions=frozenset(CONDITIONS),
    outcomes={str(outcome["slug"]): str(outcome["better"]) for outcome in OUTCOMES} | {"well-being": "higher"},
    instruments={slug: outcome for slug, outcome, _ in INSTRUMENTS},
    ranges={slug: (0.0, 100.0) for slug, _, _ in INSTRUMENTS},
    fidelities={"craniosacral-therapy": frozenset({"craniosacral-therapy"})},
    mids={slug: 10.0 for slug, _, _ in INSTRUMENTS},
)
NOBODY = {"n": None, "mean": None, "sd": None}


def pointers(body: dict[str, Any]) -> list[str]:
    return [problem.pointer for problem in find_contradictions(StudyDocument.model_validate(body), KNOWN)]


def with_result(**overrides: Any) -> dict[str, Any]:
    return a_body(results=[a_result(**overrides)])


def with_estimate(direction: str, **overrides: Any) -> dict[str, Any]:
    estimate = {"measure": "MD", "value": -10, "ci_low": -15, "ci_high": -5} | overrides
    return with_result(estimate=estimate, direction=direction, treatment=NOBODY, control=NOBODY)


CONTRADICTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    # judgements on risk of bias
    "answers to RoB 2 in a study that does not randomise": (
        a_body(design="cohort", risk_of_bias=[SIGNED | {"answers": ALL_LOW}]),
        ["/risk_of_bias/0/tool"],
    ),
    "a judgement by RoB 2 without answers in a study that does not randomise": (
        a_body(design="cohort", risk_of_bias=[SIGNED | {"overall": "low"}]),
        ["/risk_of_bias/0/tool"],
    ),
    "answers to ROBINS-I in a randomised trial": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low"}, SIGNED | {"tool": "robins-i", "answers": MODERATE}]),
        ["/risk_of_bias/1/tool"],
    ),
    "a judgement of an outcome without a result": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low", "outcome": "disability"}]),
        ["/risk_of_bias/0/outcome"],
    ),
    "a judgement better than its worst domain": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low", "domains": {"randomisation-process": "high", "missing-outcome-data": "low"}}]),
        ["/risk_of_bias/0/overall"],
    ),
    "a judgement better than a domain in other letters": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low", "domains": {"D2": "Some concerns"}}]),
        ["/risk_of_bias/0/overall"],
    ),
    "a judgement by ROBINS-I better than a domain": (
        a_body(
            design="cohort",
            risk_of_bias=[SIGNED | {"tool": "robins-i", "overall": "moderate", "domains": {"confounding": "serious"}}],
        ),
        ["/risk_of_bias/0/overall"],
    ),
    "one judgement twice": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low"}, SIGNED | {"overall": "high"}]),
        ["/risk_of_bias/1"],
    ),
    # the study as a whole
    "a registration that is published": (the_least() | {"kind": "registration"}, ["/publication_status"]),
    "a primary study that is registered only": (a_body(publication_status="registered"), ["/publication_status"]),
    "a registration with results": (a_body(kind="registration", publication_status="registered"), ["/results"]),
    "serious events without a report of harms": (a_body(adverse_events={"serious": 1}), ["/adverse_events/reported"]),
    "a published review without its synthesis": (
        the_least() | {"kind": "synthesis", "design": "systematic-review"},
        ["/synthesis"],
    ),
    "a comparator that nothing is compared with": (
        a_body(comparators=[{"kind": "sham", "label": "light touch"}, {"kind": "wait-list", "label": "waiting"}]),
        ["/comparators/1"],
    ),
    # a result within its study
    "a score off its scale": (
        with_result(analysis="post-score", treatment={"n": 30, "mean": 500, "sd": 20}, control={"n": 30, "mean": 510, "sd": 20}),
        ["/results/0/treatment/mean", "/results/0/control/mean"],
    ),
    "a negative score where scores begin at 0": (
        with_result(analysis="post-score", treatment={"n": 30, "mean": -3, "sd": 20}, control={"n": 30, "mean": 10, "sd": 20}),
        ["/results/0/treatment/mean"],
    ),
    "a change greater than the scale is wide": (
        with_result(analysis="change-score", treatment={"n": 30, "mean": -130, "sd": 20}, control={"n": 30, "mean": -10, "sd": 20}),
        ["/results/0/treatment/mean"],
    ),
    "a median, a quarter and an extreme off the scale": (
        with_result(treatment={"n": 60, "median": 300, "q3": 310}, control={"n": 60, "median": 40, "minimum": -120}),
        ["/results/0/treatment/median", "/results/0/treatment/q3", "/results/0/control/minimum"],
    ),
    "a difference greater than the scale is wide": (
        with_estimate("favours-intervention", value=-150, ci_low=-155, ci_high=-145),
        ["/results/0/estimate/value"],
    ),
    "a standard error of a difference wider than the scale": (
        with_result(estimate={"measure": "MD", "value": -20, "se": 101}),
        ["/results/0/estimate/se"],
    ),
    "a standard deviation that scores cannot have": (
        with_result(analysis="post-score", treatment={"n": 60, "mean": 30, "sd": 60}),
        ["/results/0/treatment/sd"],
    ),
    "a standard deviation that not even changes can have": (
        with_result(treatment={"n": 60, "mean": 30, "sd": 120}, control={"n": 60, "mean": 50, "sd": 20}),
        ["/results/0/treatment/sd"],
    ),
    # figures of one result against each other
    "one person with a standard deviation": (with_result(treatment={"n": 1, "mean": 30, "sd": 20}), ["/results/0/treatment/sd"]),
    "figures of nobody": (with_result(treatment={"n": 0, "mean": 30, "sd": 20}), ["/results/0/treatment/n"]),
    "a standard deviation entered as standard error too": (
        with_result(treatment={"n": 60, "mean": 30, "sd": 20, "se": 20}),
        ["/results/0/treatment/se"],
    ),
    "quarters in the wrong order": (
        with_result(treatment={"n": 60, "q1": 40, "q3": 20}, control=NOBODY),
        ["/results/0/treatment/q3"],
    ),
    "a mean outside its extremes": (
        with_result(treatment={"n": 60, "mean": 30, "minimum": 40, "maximum": 60}),
        ["/results/0/treatment/mean"],
    ),
    "an error that is none of its limits": (with_estimate("favours-intervention", se=25), ["/results/0/estimate/se"]),
    "limits many errors away in a trial of many": (
        with_result(estimate={"measure": "MD", "value": -20, "ci_low": -30, "ci_high": -10, "se": 1.25}),
        ["/results/0/estimate/se"],
    ),
    "one row twice": (a_body(results=[a_result(), a_result()]), ["/results/1"]),
    "a result on a condition that is not the study's": (with_result(condition="migraine"), ["/results/0/condition"]),
    "a comparator that the study does not have": (with_result(comparator="active"), ["/comparators/0", "/results/0/comparator"]),
    "one arm above all randomised": (a_body(n_randomised=50, n_analysed=50), ["/results/0/treatment/n", "/results/0/control/n"]),
    "both arms together above all randomised": (a_body(n_randomised=100, n_analysed=100), ["/results/0/control/n"]),
    "one arm above all analysed where randomised is unknown": (
        a_body(n_randomised=None, n_analysed=59),
        ["/results/0/treatment/n", "/results/0/control/n"],
    ),
    "a change within one group against a comparator": (with_result(within_group=True), ["/results/0/comparator"]),
    "comparator none between groups": (with_result(comparator="none"), ["/comparators/0", "/results/0/comparator"]),
    "a change within one group with a control arm": (
        a_body(comparators=[], results=[a_result(comparator="none", within_group=True)]),
        ["/results/0/control"],
    ),
    # the direction against the figures
    "arms that say the opposite": (with_result(direction="favours-comparator"), ["/results/0/direction"]),
    "arms that say the opposite where higher is better": (
        with_result(outcome="well-being", direction="favours-intervention"),
        ["/results/0/direction"],
    ),
    "events that say the opposite": (
        with_result(treatment={"n": 60, "events": 40}, control={"n": 60, "events": 10}, direction="favours-intervention"),
        ["/results/0/direction"],
    ),
    "an interval on one side, no difference claimed": (with_estimate("no-difference"), ["/results/0/direction"]),
    "an interval on the other side": (with_estimate("favours-comparator"), ["/results/0/direction"]),
    "an interval with no difference in it, a difference claimed": (
        with_estimate("favours-intervention", ci_high=5),
        ["/results/0/direction"],
    ),
    "an interval that touches no difference from the other side": (
        with_estimate("favours-comparator", ci_high=0),
        ["/results/0/direction"],
    ),
    "a difference that reaches what matters called none": (
        with_estimate("no-difference", value=-6, ci_low=-11, ci_high=-1),
        ["/results/0/direction"],
    ),
    "a difference farther off than the decimals of its means allow": (
        with_result(
            estimate={"measure": "MD", "value": -2.6},
            treatment={"n": 60, "mean": 20.1, "sd": 5},
            control={"n": 60, "mean": 23, "sd": 5},
        ),
        ["/results/0/estimate/value"],
    ),
    "a ratio's interval that holds 1": (
        with_estimate("favours-intervention", measure="RR", value=0.8, ci_low=0.5, ci_high=1.2),
        ["/results/0/direction"],
    ),
    "a difference that is not that of the means": (with_result(estimate={"measure": "MD", "value": -12.0}), ["/results/0/estimate/value"]),
}
DOUBTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two judgements by one tool": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low"}, SIGNED | {"overall": "high", "judged_by": "another review"}]),
        ["/risk_of_bias/1"],
    ),
    "a worse remark that is no domain": (
        a_body(risk_of_bias=[SIGNED | {"overall": "low", "domains": {"Funding": "high"}}]),
        ["/risk_of_bias/0/domains"],
    ),
    "a standard deviation that only changes can have": (
        with_result(treatment={"n": 60, "mean": 30, "sd": 60}, control={"n": 60, "mean": 50, "sd": 20}),
        ["/results/0/treatment/sd"],
    ),
    "limits beyond the scale": (with_estimate("unclear", value=-10, ci_low=-120, ci_high=100), ["/results/0/estimate/ci_low"]),
    "a standard error like a deviation": (
        with_result(treatment={"n": 60, "mean": 30, "se": 20}),
        ["/results/0/treatment/se"],
    ),
    "a standard error of a model": (
        with_result(treatment={"n": 60, "mean": 30, "sd": 20, "se": 1.4}),
        ["/results/0/treatment/se"],
    ),
    "limits of another level": (with_estimate("favours-intervention", se=3.4), ["/results/0/estimate/se"]),
    "a p that its interval does not give": (with_estimate("favours-intervention", p=0.6), ["/results/0/estimate/p"]),
    "a p far smaller than its interval gives": (
        with_estimate("no-difference", value=-1, ci_low=-6, ci_high=4, p=0.001),
        ["/results/0/estimate/p"],
    ),
    "a difference that is adjusted": (
        with_result(estimate={"measure": "MD", "value": -17, "ci_low": -25, "ci_high": -9}),
        ["/results/0/estimate/value"],
    ),
    "a risk ratio that is adjusted": (
        with_result(
            treatment={"n": 60, "events": 10},
            control={"n": 60, "events": 20},
            estimate={"measure": "RR", "value": 0.6, "ci_low": 0.4, "ci_high": 0.9},
        ),
        ["/results/0/estimate/value"],
    ),
    "two rows of one question": (
        a_body(results=[a_result(), a_result(locator="table 3", treatment={"n": 58, "mean": 32, "sd": 20})]),
        ["/results/1"],
    ),
    "an arm of nobody": (with_result(treatment={"n": 0}, control={"n": 60}), ["/results/0/treatment/n"]),
}
SURE: dict[str, dict[str, Any]] = {
    "a complete trial": a_body(),
    "a p of an upper bound": with_estimate("favours-intervention", p=0.05, p_is_upper_bound=True),
    "a p of the same interval": with_estimate("favours-intervention", p=0.0001),
    "a standard error as it follows, rounded": with_result(treatment={"n": 60, "mean": 30, "sd": 20, "se": 2.6}),
    "an error and its limits, rounded": with_estimate("favours-intervention", se=2.6),
    "another time": a_body(results=[a_result(), a_result(timepoint_weeks=12, since_end_of_treatment_weeks=4)]),
    "a second row without figures": a_body(results=[a_result(), a_result(treatment=NOBODY, control=NOBODY)]),
}
AGREEMENTS: dict[str, dict[str, Any]] = {
    "a complete trial": a_body(),
    "the least": the_least(),
    "answers to RoB 2 in a randomised trial": a_body(risk_of_bias=[SIGNED | {"answers": ALL_LOW, "outcome": "pain-intensity"}]),
    "answers to ROBINS-I in a cohort": a_body(design="cohort", risk_of_bias=[SIGNED | {"tool": "robins-i", "answers": MODERATE}]),
    "a judgement of harms that stand in the study's own account": a_body(
        adverse_events={"reported": True}, risk_of_bias=[SIGNED | {"overall": "low", "outcome": "adverse-events"}]
    ),
    "a crossover, whose people are in both arms": a_body(n_randomised=60, n_analysed=60, design="randomised-crossover"),
    "a change within one group": a_body(comparators=[], results=[a_result(comparator="none", within_group=True, control={})]),
    "a comparator with its reason": a_body(
        comparators=[{"kind": "sham", "label": "s"}, {"kind": "wait-list", "label": "w", "without_results": "not reported"}]
    ),
    "a mixed comparator stands for all": a_body(
        comparators=[{"kind": "sham", "label": "s"}, {"kind": "active", "label": "a"}], results=[a_result(comparator="mixed")]
    ),
    "an interval that touches no difference": with_estimate("no-difference", ci_high=0),
    "an interval that touches no difference, perhaps by rounding alone": with_estimate(
        "favours-intervention", value=-4, ci_low=-8, ci_high=0
    ),
    "a ratio's interval that touches 1": with_estimate("favours-intervention", measure="RR", value=0.8, ci_low=0.6, ci_high=1),
    "a difference too small to matter called none": with_estimate("no-difference", value=-4, ci_low=-7, ci_high=-1),
    "a risk ratio too small to matter called none": with_estimate("no-difference", measure="RR", value=0.9, ci_low=0.85, ci_high=0.95),
    "a difference beside means printed as whole numbers": with_result(
        estimate={"measure": "MD", "value": -2.6}, treatment={"n": 60, "mean": 20, "sd": 5}, control={"n": 60, "mean": 23, "sd": 5}
    ),
    "an adjusted difference, with its standard error": with_result(estimate={"measure": "MD", "value": -17, "se": 4}),
    "a difference as printed, one decimal off": with_result(estimate={"measure": "MD", "value": -20.05}),
    "an adjusted difference, with its interval": with_result(estimate={"measure": "MD", "value": -17, "ci_low": -25, "ci_high": -9}),
    "arms that differ by nothing": with_result(treatment={"n": 60, "mean": 50, "sd": 20}, direction="unclear"),
    "a published review, whose rows are not judged": a_body(
        kind="synthesis", design="meta-analysis", synthesis={}, results=[a_result(condition="migraine", comparator="active")]
    ),
}


class TestFindContradictions:
    @pytest.mark.parametrize(("body", "expected"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
    def test_points_at_the_member_that_does_not_fit(self, body: dict[str, Any], expected: list[str]) -> None:
        assert pointers(body) == expected

    @pytest.mark.parametrize("body", AGREEMENTS.values(), ids=AGREEMENTS.keys())
    def test_leaves_what_fits_alone(self, body: dict[str, Any]) -> None:
        assert pointers(body) == []

    @pytest.mark.parametrize(("body", "expected"), DOUBTS.values(), ids=DOUBTS.keys())
    def test_what_may_yet_be_right_is_a_doubt_and_no_contradiction(self, body: dict[str, Any], expected: list[str]) -> None:
        doubts = find_doubts(StudyDocument.model_validate(body), KNOWN)
        assert ([doubt.pointer for doubt in doubts], pointers(body)) == (expected, [])

    @pytest.mark.parametrize("body", SURE.values(), ids=SURE.keys())
    def test_nothing_is_doubted_without_a_reason(self, body: dict[str, Any]) -> None:
        assert find_doubts(StudyDocument.model_validate(body), KNOWN) == []

    def test_a_better_judgement_than_its_domains_with_its_reason_fits(self) -> None:
        judged = SIGNED | {"overall": "low", "domains": {"randomisation-process": "high"}, "override_reason": "It cannot matter here."}
        assert pointers(a_body(risk_of_bias=[judged])) == []

    def test_says_what_would_fit(self) -> None:
        problem = find_contradictions(a_study(results=[a_result(comparator="active")]), KNOWN)[-1]
        assert problem.allowed == ["sham"]
        assert problem.detail == "active is not among the study's comparators"

    @pytest.mark.parametrize(
        "body",
        [
            a_body(n_randomised=60, n_analysed=60, results=[a_result(treatment={"n": 70}, control={"n": 50})]),  # eyes
            a_body(n_randomised=100, n_analysed=100, results=[a_result(treatment={"n": 100}, control={"n": 50})]),  # treated at last
        ],
    )
    def test_people_counted_twice_are_refused_with_what_to_do(self, body: dict[str, Any]) -> None:
        found = find_contradictions(StudyDocument.model_validate(body), KNOWN)
        said = [problem.detail for problem in found if problem.pointer.endswith("/n")]
        assert said
        assert all("counts eyes, ears or sides" in one and "a group that was treated later" in one for one in said)

    def test_what_the_refusal_advises_fits_and_is_used(self) -> None:
        allowing = {"measure": "MD", "value": -10, "ci_low": -15, "ci_high": -5, "adjusted_for_design": True}
        eyes = a_result(treatment=NOBODY, control=NOBODY, estimate=allowing, note="40 eyes in each arm.")
        alone = a_result(treatment=NOBODY, control=NOBODY)
        before = a_result(comparator="wait-list")
        over = a_result(comparator="none", within_group=True, treatment={"n": 120, "mean": 30, "sd": 20}, control=NOBODY)
        for rows in ([eyes], [alone]):
            document = StudyDocument.model_validate(a_body(n_randomised=60, n_analysed=60, results=rows))
            assert (find_contradictions(document, KNOWN), usable_results(document)) == ([], [True])
        waited = [{"kind": "wait-list", "label": "treated twelve weeks later"}]
        document = StudyDocument.model_validate(a_body(comparators=waited, results=[before, over]))
        assert (find_contradictions(document, KNOWN), usable_results(document)[0]) == ([], True)
