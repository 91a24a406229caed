"""`POST /v1/synthesis`: the reference values through the wire, the contract, and what becomes of impossible numbers."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.synthesis import EXAMPLE
from app.schemas.synthesis import MAX_STUDIES, SynthesisAnswer
from tests.api.acting import assert_problem
from tests.conftest import settings_for
from tests.synthesis.reference_values import Analysis, Compared, analyses, disagreements, load

MEASURES = {
    "MD": ("MD", {}),
    "SMD": ("SMD", {}),
    "SMD_UB": ("SMD", {"smd_variance": "UB"}),
    "SMDH": ("SMDH", {}),
    "ROM": ("ROM", {}),
    "RR": ("RR", {}),
    "OR": ("OR", {}),
    "RD": ("RD", {}),
    "PETO_none": ("PETO", {}),
}
"""Names in the reference files to what is sent; every other measure goes as effects with variances (GEN)."""
INTERVALS: dict[str, dict[str, Any]] = {
    "z": {"ci": "z"},
    "knha": {"ci": "hartung-knapp", "guard": False},
    "adhoc": {"ci": "hartung-knapp", "guard": True},
}
CASES = [
    *((model, test) for model in ("REML", "DL") for test in INTERVALS),
    *((model, "z") for model in ("HE", "SJ", "PM", "EB", "ML", "EE")),
]
"""Every estimator and every interval once; their whole grid is compared in `tests/synthesis/test_pooling.py`."""
LEFT_OUT = {"EE": ("EE", "z"), "DL": ("DL", "z"), "REML": ("REML", "z"), "REML_knha": ("REML", "knha")}
NO_WIDTH = {("syn_identical_effects", "knha")}  # metafor prints an interval without width; here it is not pooled


@pytest.fixture(scope="module")
def stateless(databases: Any) -> Iterator[TestClient]:
    """A service with an empty database: the route never looks into it, so that one engine stands for both."""
    from app.main import create_app

    with databases.on("sqlite").copy("empty") as url, TestClient(create_app(settings_for(url))) as client:
        yield client


def synthesise(client: TestClient, studies: list[dict[str, Any]], **asked: Any) -> dict[str, Any]:
    answer = client.post("/v1/synthesis", json={"measure": "SMD", "better": "lower", "studies": studies} | asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    SynthesisAnswer.model_validate(body)
    return body


def has_double_zero(study: dict[str, Any]) -> bool:
    events = study["treatment"]["events"] + study["control"]["events"]
    return events in (0, study["treatment"]["n"] + study["control"]["n"])


def as_arms(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    rows, studies = dataset["inputs"], []
    for row in range(dataset["k"]):
        value = {name: column[row] for name, column in rows.items()}
        if dataset["family"] == "binary":
            treatment = {"n": value["ai"] + value["bi"], "events": value["ai"]}
            control = {"n": value["ci"] + value["di"], "events": value["ci"]}
        else:
            treatment = {"n": value["n1i"], "mean": value["m1i"], "sd": value["sd1i"]}
            control = {"n": value["n2i"], "mean": value["m2i"], "sd": value["sd2i"]}
        studies.append({"label": f"{row + 1} {value['study']}", "treatment": treatment, "control": control})
    return studies


def request_of(analysis: Analysis) -> dict[str, Any]:
    """The arms where the measure is computed from them here, else effects with variances.

    A set with a study without events in both arms goes as effects: metafor pools such a study for ratios, the method does not.
    """
    dataset = load(analysis.dataset)
    if dataset["family"] in ("binary", "continuous") and analysis.measure in MEASURES:
        measure, options = MEASURES[analysis.measure]
        studies = as_arms(dataset)
        complete = analysis.block["rows"] == list(range(1, dataset["k"] + 1))
        if complete and not (dataset["family"] == "binary" and measure != "RD" and any(map(has_double_zero, studies))):
            return {"measure": measure, "model": options, "studies": studies}
    studies = [
        {"label": str(row), "effect": float(effect), "variance": float(variance)}
        for row, effect, variance in zip(analysis.block["rows"], analysis.effects, analysis.variances, strict=True)
    ]
    return {"measure": "GEN", "model": {}, "studies": studies}


def numbers_compared(ours: dict[str, Any], reference: dict[str, Any]) -> list[Compared]:
    """The members of one fit in our names against metafor's."""
    se = reference["se"]
    names = {"estimate": "beta", "se": "se", "ci_low": "ci_lb", "ci_high": "ci_ub"}
    return [Compared(name, ours[name], reference[theirs], se) for name, theirs in names.items()] + [
        Compared("p", ours["p"], reference["pval"])
    ]


def compare_answer(answer: dict[str, Any], analysis: Analysis, model: str, test: str) -> list[Compared]:
    block, spread = analysis.block["models"][model], analysis.mean_variance
    reference = block["tests"][test]
    compared = numbers_compared(answer, reference)
    compared += [Compared("effect", s["effect"], y, math.sqrt(spread)) for s, y in zip(answer["studies"], analysis.effects, strict=True)]
    compared += [Compared("variance", s["variance"], v, spread) for s, v in zip(answer["studies"], analysis.variances, strict=True)]
    if "weights_pct" in block:
        weights = zip(answer["studies"], block["weights_pct"], strict=True)
        compared += [Compared("weight", 100 * study["weight"], weight) for study, weight in weights]
    if analysis.k == 1:
        return compared
    scales = {"q": ("QE", analysis.k - 1.0), "q_p": ("QEp", 0.0), "i2": ("I2", 100.0), "h2": ("H2", 1.0)}
    compared += [Compared(name, answer[name], block[theirs], scale) for name, (theirs, scale) in scales.items()]
    if model != "EE":
        low, high = analysis.block["tau2_ci"]["QP"]["tau2"]
        compared += [
            Compared("tau2", answer["tau2"], block["tau2"], spread),
            Compared("tau2_se", answer["tau2_se"], block["se_tau2"], spread),
        ]
        compared += [
            Compared("tau2_ci_low", answer["tau2_ci_low"], low, spread),
            Compared("tau2_ci_high", answer["tau2_ci_high"], high, spread),
        ]
        if analysis.k > 2:
            low, high = reference["pi"]["t"]
            compared += [
                Compared("pi_low", answer["pi_low"], low, reference["se"]),
                Compared("pi_high", answer["pi_high"], high, reference["se"]),
            ]
    return compared


class TestReferenceValues:
    @pytest.mark.parametrize("analysis", analyses(), ids=lambda analysis: analysis.name)
    def test_every_estimator_and_interval_agrees_with_metafor(self, stateless: TestClient, analysis: Analysis) -> None:
        asked, compared = request_of(analysis), []
        for model, test in CASES:
            if (analysis.dataset, test) not in NO_WIDTH:
                chosen = {"model": asked["model"] | {"tau2": model} | INTERVALS[test]}
                compared += compare_answer(synthesise(stateless, **asked | chosen), analysis, model, test)
        assert disagreements(compared) == []
        assert len(compared) > len(CASES) * 4

    def test_the_grid_has_not_shrunk(self) -> None:
        from_arms = [request_of(analysis)["measure"] != "GEN" for analysis in analyses()]
        assert (len(from_arms), sum(from_arms), len(CASES)) == (77, 53, 12)

    @pytest.mark.parametrize(
        "analysis", [one for one in analyses() if "leave1out" in one.block.get("diagnostics", {})], ids=lambda one: one.name
    )
    def test_leaving_one_out_agrees_with_metafor(self, stateless: TestClient, analysis: Analysis) -> None:
        asked, compared = request_of(analysis), []
        for name, (model, test) in LEFT_OUT.items():
            block = analysis.block["diagnostics"]["leave1out"].get(name)
            if block is None or (analysis.dataset, test) in NO_WIDTH:
                continue
            answer = synthesise(stateless, **asked | {"model": asked["model"] | {"tau2": model} | INTERVALS[test]})
            for row, rest in enumerate(answer["leave_one_out"]):
                reference = {key: values[row] for key, values in block.items() if isinstance(values, list)}
                if reference["se"] < 1e-12 * math.sqrt(analysis.mean_variance):  # what remains has no width
                    assert rest["not_pooled"]
                    continue
                compared += numbers_compared(rest, reference)
                if model != "EE" and rest["k"] > 1:
                    compared.append(Compared("tau2", rest["tau2"], reference["tau2"], analysis.mean_variance))
        assert disagreements(compared) == []
        assert compared

    @pytest.mark.parametrize(
        "analysis", [one for one in analyses() if "regtest" in one.block.get("diagnostics", {})], ids=lambda one: one.name
    )
    def test_eggers_test_agrees_with_metafor(self, stateless: TestClient, analysis: Analysis) -> None:
        block = analysis.block["diagnostics"]["regtest"]["lm_sei"]
        ours = synthesise(stateless, **request_of(analysis))["egger"]
        if block.get("pval") is None or ours["not_computed"]:
            assert ours["not_computed"]
            assert block.get("pval") is None or analysis.dataset == "syn_identical_effects"
            return
        compared = [
            Compared("statistic", ours["statistic"], block["stat"], 1.0),
            Compared("p", ours["p"], block["pval"], 1e-3),
            Compared("intercept", ours["intercept"], block["limit_est"], abs(block["limit_est"])),
        ]
        assert disagreements(compared) == []
        assert ours["df"] == block["df"]


class TestContract:
    def test_the_example_of_the_documentation_is_answered(self, stateless: TestClient) -> None:
        document = stateless.get("/openapi.json").json()
        example = document["paths"]["/v1/synthesis"]["post"]["requestBody"]["content"]["application/json"]["example"]
        answer = stateless.post("/v1/synthesis", json=example)
        assert answer.status_code == 200
        assert (answer.json()["k"], answer.json()["certainty"]) == (3, "very-low")

    def test_the_members_that_were_promised_are_there(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, EXAMPLE["studies"], mid=0.2, model=EXAMPLE["model"])
        promised = (
            "k estimate se ci_low ci_high p tau2 tau2_ci_low tau2_ci_high i2 h2 q q_p pi_low pi_high "
            "studies leave_one_out egger domains certainty sentence warnings display"
        )
        assert set(promised.split()) <= answer.keys()
        assert set(answer["domains"]) == {"risk-of-bias", "inconsistency", "indirectness", "imprecision", "publication-bias"}
        assert [study["label"] for study in answer["leave_one_out"]] == ["A 2016", "B 2018", "C 2021"]
        assert sum(study["weight"] for study in answer["studies"]) == pytest.approx(1)

    def test_ratios_are_on_the_log_scale_and_shown_as_ratios(self, stateless: TestClient) -> None:
        study = {"label": "B", "treatment": {"n": 60, "events": 5}, "control": {"n": 60, "events": 10}}
        answer = synthesise(stateless, [study], measure="RR")
        assert answer["estimate"] == pytest.approx(math.log(0.5))
        assert (answer["display"]["estimate"], answer["display"]["unit"], answer["display"]["favours"]) == (0.5, "ratio", "intervention")
        assert answer["studies"][0]["display"]["estimate"] == 0.5

    def test_better_turns_whom_the_effect_favours_and_nothing_else(self, stateless: TestClient) -> None:
        lower, higher = (synthesise(stateless, EXAMPLE["studies"], better=better) for better in ("lower", "higher"))
        assert (lower["display"]["favours"], higher["display"]["favours"]) == ("intervention", "comparator")
        assert lower["estimate"] == higher["estimate"]
        assert lower["certainty"] == higher["certainty"]

    def test_without_a_model_it_is_the_ratings_own(self, stateless: TestClient) -> None:
        three, two = synthesise(stateless, EXAMPLE["studies"]), synthesise(stateless, EXAMPLE["studies"][:2])
        assert (three["model"]["tau2_used"], three["model"]["ci_used"]) == ("REML", "hartung-knapp")
        assert two["model"]["ci_used"] == "wald"

    def test_another_model_is_followed_and_named_in_a_warning(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, EXAMPLE["studies"], model={"tau2": "DL", "ci": "z"})
        assert (answer["model"]["tau2_used"], answer["model"]["ci_used"]) == ("DL", "wald")
        assert any("the rules are made for REML" in warning for warning in answer["warnings"])

    def test_fe_is_another_name_of_ee(self, stateless: TestClient) -> None:
        fixed, equal = (synthesise(stateless, EXAMPLE["studies"], model={"tau2": name}) for name in ("FE", "EE"))
        assert fixed == equal
        assert fixed["tau2"] is None

    def test_the_mid_moves_the_judgement(self, stateless: TestClient) -> None:
        studies = [{"effect": -0.3, "variance": 0.01, "n": 400, "risk_of_bias": "low"}] * 3
        small, large = (synthesise(stateless, studies, mid=mid) for mid in (0.1, 1.0))
        assert (small["finding"], large["finding"]) == ("favours-intervention", "no-important-difference")
        assert (small["mid"]["value"], small["mid"]["source"]) == (0.1, "as given in the request")

    @pytest.mark.parametrize("mid", [1.25, math.log(1.25)])
    def test_the_mid_of_a_ratio_is_a_ratio_or_its_logarithm(self, stateless: TestClient, mid: float) -> None:
        answer = synthesise(stateless, [{"effect": -0.3, "variance": 0.01}], measure="RR", mid=mid)
        assert answer["mid"]["value"] == pytest.approx(math.log(1.25))
        assert [warning for warning in answer["warnings"] if warning.startswith("mid: ")] == [
            "mid: 1.25 is read as a ratio; its logarithm is 0.223."
            if mid > 1
            else "mid: 0.223144 is read as the logarithm of a ratio, which is 1.25."
        ]

    def test_the_mid_of_a_ratio_that_could_be_either_is_refused(self, stateless: TestClient) -> None:
        answer = stateless.post("/v1/synthesis", json=EXAMPLE | {"measure": "RR", "mid": 0.8})
        assert_problem(answer, 422, "invalid-body", "/mid")

    def test_risk_of_bias_and_design_move_the_certainty(self, stateless: TestClient) -> None:
        studies = [{"effect": -0.5, "variance": 0.01, "n": 400}] * 3
        unknown = synthesise(stateless, studies, design="randomised")
        low = synthesise(stateless, [study | {"risk_of_bias": "low"} for study in studies], design="randomised")
        observed = synthesise(stateless, [study | {"risk_of_bias": "low"} for study in studies], design="non-randomised-controlled")
        assert [answer["certainty"] for answer in (unknown, low, observed)] == ["moderate", "high", "low"]
        assert low["warnings"] == []
        assert "risk of bias is not given for 3 of 3 studies" in " ".join(unknown["warnings"])

    def test_the_words_for_treatment_outcome_and_comparator_are_used(self, stateless: TestClient) -> None:
        studies = [{"effect": -0.5, "variance": 0.01, "n": 400, "risk_of_bias": "low"}] * 3
        answer = synthesise(stateless, studies, intervention="Massage", outcome="Pain", comparator="sham")
        assert answer["sentence"].startswith("Compared with sham treatment, massage leads to a small difference in pain")

    def test_years_give_the_cumulative_synthesis(self, stateless: TestClient) -> None:
        studies = [study | {"year": year} for study, year in zip(EXAMPLE["studies"], (2021, 2016, 2018), strict=True)]
        answer = synthesise(stateless, studies)
        assert [(part["year"], part["k"]) for part in answer["cumulative"]] == [(2016, 1), (2018, 2), (2021, 3)]
        assert answer["cumulative"][-1]["estimate"] == pytest.approx(answer["estimate"], rel=1e-12)

    def test_conversions_are_named(self, stateless: TestClient) -> None:
        arms = {"treatment": {"n": 25, "mean": 10.0, "se": 1.0}, "control": {"n": 25, "median": 12.0, "q1": 10.0, "q3": 14.0}}
        from_ci = {"effect": -2.0, "ci_low": -4.0, "ci_high": 0.0}
        from_p = {"effect": -2.0, "p": 0.05, "treatment": {"n": 20}, "control": {"n": 20}}
        answer = synthesise(stateless, [arms, from_ci, from_p], measure="MD")
        assert [bool(study["converted"]) for study in answer["studies"]] == [True, True, True]
        assert answer["studies"][1]["variance"] == pytest.approx((4 / (2 * 1.959963984540054)) ** 2)
        assert [study["basis"] for study in answer["studies"]] == ["arms", "estimate", "p"]

    def test_two_studies_of_one_name_are_told_apart(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, [{"label": "A", "effect": 0.1, "variance": 0.1}, {"label": "A", "effect": 0.2, "variance": 0.1}])
        assert [study["key"] for study in answer["studies"]] == ["A", "A (2)"]

    def test_it_is_explained_as_a_stored_body_is(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, EXAMPLE["studies"])
        assert [row["rule_set"] for row in answer["explanation"]["alternatives"]] == [
            "CINeMA-style",
            "metaumbrella GRADE-like",
            "Ioannidis classes",
            "Pollock 2016",
        ]
        assert sum(answer["explanation"]["stability"]["shares"].values()) == pytest.approx(1)
        assert answer["explanation"]["smallest_change"]["levels_taken"].keys() == answer["domains"].keys()
        assert [row["study"] for row in answer["diagnostics"]["influence"]] == ["A 2016", "B 2018", "C 2021"]
        assert {row["tau2_method"] for row in answer["diagnostics"]["estimators"]} == {"DL", "HE", "SJ", "PM", "EB", "ML", "REML", "EE"}

    def test_a_very_large_synthesis_is_pooled_and_rated_without_explanation(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, [{"effect": 0.1 * (place % 7), "variance": 0.1, "n": 50} for place in range(201)])
        assert (answer["k"], len(answer["leave_one_out"])) == (201, 201)
        assert answer["certainty"] is not None
        assert answer["explanation"] == answer["diagnostics"] == {"not_computed": "more than 200 studies"}

    def test_nothing_is_kept(self, stateless: TestClient) -> None:
        first = stateless.post("/v1/synthesis", json=EXAMPLE)
        assert first.headers["Cache-Control"] == "no-store"
        assert stateless.get("/v1/changes").json()["items"] == []


class TestWhatCannotBePooled:
    def test_no_study_is_no_evidence(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, [])
        assert (answer["k"], answer["estimate"], answer["certainty"], answer["domains"]) == (0, None, "no-evidence", None)
        assert answer["warnings"] == ["not-pooled: no study is given"]

    def test_one_study_is_itself(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, [{"label": "A", "effect": -0.4, "variance": 0.05}])
        assert (answer["k"], answer["estimate"], answer["se"], answer["tau2"]) == (1, -0.4, math.sqrt(0.05), None)
        assert (answer["leave_one_out"], answer["egger"]["p"]) == ([], None)

    def test_identical_effects_have_no_heterogeneity(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, [{"effect": -0.4, "variance": 0.05}] * 4)
        assert (answer["tau2"], answer["q"], answer["i2"]) == (0, 0, 0)
        assert answer["egger"]["not_computed"] is not None

    def test_identical_effects_without_the_guard_have_no_interval_and_say_so(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, [{"effect": -0.4, "variance": 0.05}] * 4, model={"ci": "hartung-knapp", "guard": False})
        assert answer["estimate"] is None
        assert answer["warnings"][0].startswith("not-pooled: the effects are identical")

    @pytest.mark.parametrize("step", [1e-17, 5e-17])
    def test_effects_identical_but_for_rounding_are_identical(self, stateless: TestClient, step: float) -> None:
        studies = [{"effect": 0.3 + place * step, "variance": 0.1} for place in range(4)]
        answer = synthesise(stateless, studies, measure="GEN", model={"ci": "hartung-knapp", "guard": False})
        assert (answer["k"], answer["certainty"]) == (0, "very-low")
        assert answer["warnings"][0].startswith("not-pooled: the effects are identical")

    @pytest.mark.parametrize(("measure", "better"), [("ROM", "lower"), ("RD", "lower"), ("HR", "lower"), ("MD", None)])
    def test_what_cannot_be_rated_is_not_rated_without_a_pool_either(self, stateless: TestClient, measure: str, better: str | None) -> None:
        answer = synthesise(stateless, [{"label": "a"}], measure=measure, better=better)
        assert (answer["certainty"], answer["finding"], answer["sentence"]) == (None, None, None)

    @pytest.mark.parametrize(
        ("study", "measure", "reason"),
        [
            ({"treatment": {"n": 9, "mean": 1e300, "sd": 10}, "control": {"n": 9, "mean": 2, "sd": 1}}, "MD", "too large or too small"),
            ({"effect": 0.1, "variance": 0}, "SMD", "variance is not above zero"),
            ({"effect": 0.1, "se": 0}, "SMD", "variance is not above zero"),
            ({"effect": 0.1}, "SMD", "without a variance"),
            ({"effect": 0.1, "ci_low": 0.2, "ci_high": 0.4}, "SMD", "limits do not hold the effect"),
            ({"effect": 0.1, "p": 0.04}, "SMD", "needs n of both arms"),
            ({"label": "nothing"}, "MD", "neither an effect"),
            ({"treatment": {"n": 10, "events": 0}, "control": {"n": 10, "events": 0}}, "RR", "no event in either arm"),
            ({"treatment": {"n": 10, "events": 10}, "control": {"n": 10, "events": 10}}, "OR", "nothing but events"),
            ({"treatment": {"n": 0, "events": 0}, "control": {"n": 0, "events": 0}}, "OR", "arms"),
            ({"treatment": {"n": 1, "mean": 1, "sd": 1}, "control": {"n": 1, "mean": 2, "sd": 1}}, "SMD", "arms too small"),
            ({"treatment": {"n": 9, "mean": 1, "sd": 0}, "control": {"n": 9, "mean": 2, "sd": 0}}, "MD", "no spread"),
            ({"treatment": {"n": 9, "mean": -1, "sd": 1}, "control": {"n": 9, "mean": 2, "sd": 1}}, "ROM", "arms"),
            ({"treatment": {"n": 9, "mean": 1, "sd": 1}, "control": {"n": 9, "mean": 2, "sd": 1}}, "RR", "needs n and events"),
            ({"treatment": {"n": 9, "events": 1}, "control": {"n": 9, "events": 2}}, "SMD", "needs n, mean and SD"),
            ({"treatment": {"n": 9, "events": 1}, "control": {"n": 9, "events": 2}}, "HR", "not computed from arms"),
            ({"effect": 1e300, "variance": 1e-300}, "SMD", ""),
        ],
    )
    def test_a_study_without_an_effect_says_why_and_the_others_are_pooled(
        self, stateless: TestClient, study: dict[str, Any], measure: str, reason: str
    ) -> None:
        others = [{"label": "x", "effect": 0.1, "variance": 0.2}, {"label": "y", "effect": 0.3, "variance": 0.1}]
        answer = synthesise(stateless, [study, *others], measure=measure)
        if reason:
            assert (answer["k"], answer["studies"][0]["weight"]) == (2, None)
            assert reason in answer["studies"][0]["not_pooled"]
            assert answer["studies"][0]["not_pooled"].startswith("not-pooled: ")
        assert answer["warnings"][0].startswith("not-pooled: ")

    def test_arms_of_one_person_still_have_a_mean_difference(self, stateless: TestClient) -> None:
        study = {"treatment": {"n": 1, "mean": 1.0, "sd": 1.0}, "control": {"n": 1, "mean": 2.0, "sd": 1.0}}
        assert synthesise(stateless, [study], measure="MD")["studies"][0]["variance"] == 2

    def test_a_double_zero_study_counts_for_a_risk_difference(self, stateless: TestClient) -> None:
        study = {"treatment": {"n": 10, "events": 0}, "control": {"n": 10, "events": 0}}
        assert synthesise(stateless, [study], measure="RD")["k"] == 1

    @pytest.mark.parametrize("measure", ["RD", "HR", "ROM"])
    def test_measures_without_a_rule_are_pooled_and_not_rated(self, stateless: TestClient, measure: str) -> None:
        answer = synthesise(stateless, [{"effect": 0.1, "variance": 0.2}] * 3, measure=measure)
        assert (answer["k"], answer["certainty"], answer["domains"]) == (3, None, None)
        assert f"not-rated: the method has no rule for {measure}." in answer["warnings"]

    def test_without_better_nothing_is_rated(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, EXAMPLE["studies"], better=None)
        assert (answer["certainty"], answer["sentence"], answer["display"]["favours"]) == (None, None, None)
        assert answer["estimate"] is not None


MAGNITUDES = st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-300, -1e-300, 1e300, -1e300, 1e150, 1e-150, 1e99, 1.7e308, 5e-324])
COUNTS = st.sampled_from([0, 1, 2, 3, 10, 60, 1000, 2_000_000_000])
ARMS = st.fixed_dictionaries({"n": COUNTS, "mean": MAGNITUDES, "sd": MAGNITUDES.map(abs)})
EVENTS = st.tuples(COUNTS, COUNTS).map(lambda pair: {"n": max(pair), "events": min(pair)})
STUDIES = st.one_of(
    st.fixed_dictionaries({"effect": MAGNITUDES, "variance": MAGNITUDES.map(abs)}),
    st.fixed_dictionaries({"effect": MAGNITUDES, "se": MAGNITUDES.map(abs)}),
    st.fixed_dictionaries({"effect": MAGNITUDES, "ci_low": MAGNITUDES, "ci_high": MAGNITUDES}),
    st.fixed_dictionaries({"treatment": ARMS, "control": ARMS}),
    st.fixed_dictionaries({"treatment": EVENTS, "control": EVENTS}),
    st.fixed_dictionaries({"treatment": ARMS, "control": EVENTS, "effect": MAGNITUDES, "p": st.sampled_from([0.0, 1.0, 0.05, 1e-300])}),
)


class TestAnyNumbers:
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        studies=st.lists(STUDIES, max_size=6),
        measure=st.sampled_from(["MD", "SMD", "SMDH", "ROM", "RR", "OR", "PETO", "RD", "HR", "GEN"]),
        mid=st.one_of(st.none(), st.sampled_from([1e-300, 0.2, 2.0, 1e300])),
        model=st.sampled_from([*CASES, ("FE", "adhoc")]),
    )
    def test_give_an_answer_of_finite_numbers(
        self, stateless: TestClient, studies: list[dict[str, Any]], measure: str, mid: float | None, model: tuple[str, str]
    ) -> None:
        asked = {"measure": measure, "better": "higher", "mid": mid, "studies": studies, "model": {"tau2": model[0]} | INTERVALS[model[1]]}
        answer = stateless.post("/v1/synthesis", content=json.dumps(asked), headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        body = json.loads(answer.text, parse_constant=lambda constant: pytest.fail(f"{constant} in the answer"))
        SynthesisAnswer.model_validate(body)
        assert body["estimate"] is not None or any(warning.startswith("not-pooled: ") for warning in body["warnings"])


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"measure": "XYZ"}, "/measure"),
            ({"better": "up"}, "/better"),
            ({"mid": 0}, "/mid"),
            ({"mid": -1}, "/mid"),
            ({"model": {"tau2": "XX"}}, "/model/tau2"),
            ({"model": {"ci": "bayes"}}, "/model/ci"),
            ({"studies": None}, "/studies"),
            ({"studies": [{"effect": "x"}]}, "/studies/0/effect"),
            ({"studies": [{"effect": 1, "variance": -1}]}, "/studies/0/variance"),
            ({"studies": [{"variance": 1}]}, "/studies/0"),
            ({"studies": [{"effect": 1, "variance": 1, "se": 1}]}, "/studies/0"),
            ({"studies": [{"effect": 1, "ci_low": 1}]}, "/studies/0"),
            ({"studies": [{"effect": 1, "p": 2}]}, "/studies/0/p"),
            ({"studies": [{"treatment": {"n": 5, "events": 9}}]}, "/studies/0/treatment"),
            ({"studies": [{"treatment": {"n": -5}}]}, "/studies/0/treatment/n"),
            ({"studies": [{"treatment": {"n": 2.5}}]}, "/studies/0/treatment/n"),
            ({"studies": [{"effects": 1}]}, "/studies/0/effects"),
            ({"studies": [{}] * (MAX_STUDIES + 1)}, "/studies"),
        ],
    )
    def test_a_wrong_member_is_named(self, stateless: TestClient, change: dict[str, Any], pointer: str) -> None:
        answer = stateless.post("/v1/synthesis", json=EXAMPLE | change)
        assert_problem(answer, 422, "invalid-body")
        assert answer.json()["errors"][0]["pointer"] == pointer

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_what_is_no_number_is_malformed(self, stateless: TestClient, number: str) -> None:
        text = '{"measure": "MD", "better": "lower", "studies": [{"effect": NUMBER, "variance": 1}]}'.replace("NUMBER", number)
        answer = stateless.post("/v1/synthesis", content=text, headers={"Content-Type": "application/json"})
        assert_problem(answer, 400, "malformed-json")
        assert answer.json()["errors"][0]["pointer"] == "/studies/0/effect"

    def test_counts_sent_as_floating_point_numbers_are_counts(self, stateless: TestClient) -> None:
        study = {"treatment": {"n": 60.0, "events": 5.0}, "control": {"n": 60.0, "events": 9.0}}
        assert synthesise(stateless, [study], measure="RR")["studies"][0]["n"] == 120

    def test_years_sent_as_floating_point_numbers_are_years(self, stateless: TestClient) -> None:
        assert synthesise(stateless, [{"effect": 0.1, "variance": 1, "year": 2001.0}])["studies"][0]["year"] == 2001

    def test_estimators_are_known_in_any_case(self, stateless: TestClient) -> None:
        assert synthesise(stateless, EXAMPLE["studies"], model={"tau2": "reml"})["model"]["tau2"] == "REML"

    def test_ratios_that_were_not_logged_are_pointed_out(self, stateless: TestClient) -> None:
        hazard_ratio, its_logarithm = {"effect": 0.8, "ci_low": 0.6, "ci_high": 1.07}, {"effect": -0.22, "ci_low": -0.51, "ci_high": 0.07}
        told = [
            any("not yet logged" in text for text in synthesise(stateless, [one], measure="HR")["warnings"])
            for one in (hazard_ratio, its_logarithm)
        ]
        assert told == [True, False]

    def test_a_common_effect_model_says_that_its_interval_is_walds(self, stateless: TestClient) -> None:
        answer = synthesise(stateless, EXAMPLE["studies"], model={"tau2": "EE", "ci": "hartung-knapp"})
        assert answer["model"]["ci_used"] == "wald"
        assert "model: the interval of the common-effect model is Wald's." in answer["warnings"]

    def test_measures_are_known_in_any_case(self, stateless: TestClient) -> None:
        assert [synthesise(stateless, [], measure=name)["measure"] for name in ("smd", "Peto", "generic")] == ["SMD", "PETO", "GEN"]
