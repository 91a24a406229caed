import json
import re
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import DirectnessInput, PairInput, RegistrationInput, StudyInput
from app.synthesis.explanation import (
    AT_THE_TOP,
    LIMITED_ONLY,
    NO_SINGLE_CHANGE,
    UNCONTROLLED,
    appraise_body,
    body_explanation_to_json,
    explain,
    explain_body,
    explain_rating,
)
from app.synthesis.grade.appraisal import Appraisal
from app.synthesis.rated_body import body_to_json
from app.synthesis.rating import METHOD_VERSION, pair_context, rate_pair
from app.vocabulary import Directness, Domain, Importance, ResultDirection, RiskOfBiasJudgement
from tests.synthesis.factories import (
    PAIN,
    QUALITY_OF_LIFE,
    arm,
    direction_only,
    judgement,
    pair,
    study,
    with_estimate,
    within_group,
)

PAIN_BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
HIGH, SOME, LOW = RiskOfBiasJudgement.HIGH, RiskOfBiasJudgement.SOME_CONCERNS, RiskOfBiasJudgement.LOW
NO_BIAS = Appraisal(Domain.RISK_OF_BIAS, 0, "The high judgement is of another outcome.", "A. Curator", date(2026, 3, 1))
BUDGET_SECONDS = 0.025
SLOWER_MACHINE = 6.0  # tests run beside others: the bound only has to catch work that grew out of hand
UNSAID = re.compile(r"no effect|proven|\bworks\b|significant", re.IGNORECASE)


def trials(count: int, *, n: int = 60, half: float = 8.0) -> list[StudyInput]:
    levels = (LOW, SOME, HIGH, LOW)
    return [
        study(
            with_estimate(-9 + i % 5, -9 + i % 5 - half, -9 + i % 5 + half, treatment=arm(n), control=arm(n)),
            key=f"s{i:02d}-2020",
            risk_of_bias=(judgement(levels[i % 4]),),
        )
        for i in range(count)
    ]


def explained(inputs: PairInput, body_id: str = PAIN_BODY) -> dict[str, Any]:
    found = explain_body(inputs, body_id)
    assert found is not None
    loaded: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return loaded


class TestExplainBody:
    def test_an_unknown_body_is_none(self) -> None:
        assert explain_body(pair(*trials(2)), "no-such-body") is None

    def test_holds_what_section_8_promises(self) -> None:
        found = explained(pair(*trials(6)))
        assert list(found) == [
            "method",
            "body",
            "certainty",
            "appraisal",
            "alternatives",
            "stability",
            "smallest_change",
            "participants_still_needed",
        ]
        assert found["method"] == METHOD_VERSION
        assert [row["rule_set"] for row in found["alternatives"]] == [
            "CINeMA-style",
            "metaumbrella GRADE-like",
            "Ioannidis classes",
            "Pollock 2016",
        ]
        assert all(row["version"] and "doi" in row["source"] and row["reasons"] for row in found["alternatives"])

    def test_the_level_is_that_of_the_rating(self) -> None:
        inputs = pair(*trials(6))
        rated = rate_pair(inputs).bodies[0]
        found = explained(inputs)
        assert found["certainty"] == found["stability"]["computed"] == rated.certainty.certainty.value
        assert found["smallest_change"]["levels_taken"] == {row.domain.value: row.levels for row in rated.certainty.judgements}
        assert found["participants_still_needed"] == body_to_json(rated)["participants_still_needed"]

    @pytest.mark.parametrize("count", [1, 2, 3, 8])
    def test_shares_sum_to_one(self, count: int) -> None:
        found = explained(pair(*trials(count)))["stability"]
        assert sum(found["shares"].values()) == pytest.approx(1.0, abs=1e-12)
        assert len(found["cells"]) == 9 * (count + 1 if count > 1 else 1)

    def test_a_body_of_directions(self) -> None:
        found = explained(pair(study(direction_only(ResultDirection.FAVOURS_INTERVENTION), risk_of_bias=(judgement(),))))
        assert {row["level"] for row in found["alternatives"]} == {"not-applicable"}
        assert found["participants_still_needed"] == {"f_0_5": None, "f_1_0": None}
        assert found["stability"]["share_as_computed"] == 1.0

    def test_an_uncontrolled_body_says_why_nothing_lifts_it(self) -> None:
        inputs = pair(study(within_group(), key="a-2020"), study(within_group(), key="b-2020"))
        found = explained(inputs, "neck-pain.craniosacral-therapy.pain-intensity.none.post-treatment")
        assert (found["certainty"], found["smallest_change"]["up"]) == ("very-low", [])
        assert found["smallest_change"]["why_not_up"] == UNCONTROLLED

    def test_a_body_at_the_top_says_so(self) -> None:
        rows = [
            study(
                with_estimate(-14 + i / 9, -15 + i / 9, -13 + i / 9, treatment=arm(400), control=arm(400)),
                key=f"s{i}-2020",
                risk_of_bias=(judgement(),),
            )
            for i in range(4)
        ]
        found = explained(pair(*rows))
        assert found["certainty"] == "high"
        assert found["smallest_change"]["why_not_up"] == AT_THE_TOP

    def test_more_than_one_thing_can_hold_it(self) -> None:
        elsewhere = DirectnessInput(population=Directness.INDIRECT, outcome=Directness.INDIRECT)
        found = explained(pair(study(with_estimate(-2, -30, 26, directness=elsewhere), risk_of_bias=(judgement(HIGH),))))
        assert found["smallest_change"]["up"] == []
        assert found["smallest_change"]["why_not_up"] == NO_SINGLE_CHANGE

    def test_an_overdue_trial_is_one_of_the_changes(self) -> None:
        overdue = RegistrationInput("r1", None, "2020-01", 500)
        rows = trials(3, n=300, half=3.0)
        found = explained(pair(*rows, registrations=(overdue,)))
        assert "registration-reported" in {row["kind"] for row in found["smallest_change"]["up"]}

    def test_an_appraisal_stands_beside_the_level(self) -> None:
        inputs = pair(*trials(6))
        found: Any = explain_body(inputs, PAIN_BODY, appraisals=[NO_BIAS])
        computed, plain = found["certainty"], explained(inputs)
        assert (found["appraisal"]["computed"], plain["appraisal"]["effective"]) == (computed, computed)
        assert found["appraisal"]["effective"] == "high" != computed
        assert found["appraisal"]["domains"]["risk-of-bias"]["override"]["author"] == "A. Curator"
        assert {**found, "appraisal": None} == {**plain, "appraisal": None}

    def test_the_order_of_studies_does_not_matter(self) -> None:
        rows = trials(7)
        assert explained(pair(*rows)) == explained(pair(*reversed(rows)))

    def test_no_text_says_more_than_was_seen(self) -> None:
        for count in (1, 2, 5, 12):
            text = json.dumps(explained(pair(*trials(count))))
            assert UNSAID.search(text) is None

    def test_twenty_studies_stay_in_their_budget(self) -> None:
        inputs = pair(*trials(20))
        assembly = assemble_bodies(inputs)
        context = pair_context(inputs, assembly)
        took = []
        for _ in range(5):
            start = time.process_time()
            body_explanation_to_json(explain(assembly.bodies[0], context), appraise_body(assembly.bodies[0], context, METHOD_VERSION, ()))
            took.append(time.process_time() - start)
        assert min(took) < BUDGET_SECONDS * SLOWER_MACHINE


class TestExplainRating:
    def test_no_evidence_has_nothing_to_explain(self) -> None:
        found = explain_rating(pair())
        assert (found["certainty"], found["bodies"], found["stability"], found["alternatives"]) == ("no-evidence", {}, None, [])
        assert found["smallest_change"] == {"up": [], "down": [], "why_not_up": "Nothing is rated."}

    def test_one_body_is_the_rating(self) -> None:
        inputs = pair(*trials(5))
        found, body = explain_rating(inputs), explained(inputs)
        assert found["bodies"] == {PAIN_BODY: body}
        assert found["limiting_bodies"] == [PAIN_BODY]
        assert found["stability"] == body["stability"]
        assert found["smallest_change"]["up"] == body["smallest_change"]["up"]  # type: ignore[index]
        assert found["inputs_hash"] == rate_pair(inputs).inputs_hash

    def test_appraisals_give_an_effective_level_beside_the_computed_one(self) -> None:
        inputs = pair(*trials(6))
        found: Any = explain_rating(inputs, appraisals={PAIN_BODY: [NO_BIAS]})
        plain: Any = explain_rating(inputs)
        assert plain["effective_certainty"] == plain["certainty"] == found["certainty"]
        assert found["effective_certainty"] == "high" != found["certainty"]

    def test_the_lowest_body_decides(self) -> None:
        inputs = self._two_outcomes()
        found: Any = explain_rating(inputs)
        assert len(found["bodies"]) == 2
        levels = {body_id: row["certainty"] for body_id, row in found["bodies"].items()}
        assert found["certainty"] == levels[found["limiting_bodies"][0]]
        assert sum(found["stability"]["shares"].values()) == pytest.approx(1.0)
        assert found["stability"]["computed"] == found["certainty"]
        cinema = found["alternatives"][0]
        assert set(cinema["by_body"]) == set(found["bodies"])

    def test_bodies_that_share_the_lowest_level_are_not_lifted_by_one_change(self) -> None:
        row = with_estimate(-2, -30, 26)
        other = with_estimate(-2, -30, 26, outcome="disability")
        disability = replace(PAIN, slug="disability", name="Disability")
        found: Any = explain_rating(pair(study(row, other, risk_of_bias=(judgement(HIGH),)), outcomes=(PAIN, disability)))
        assert len(found["limiting_bodies"]) == 2
        assert found["smallest_change"]["up"] == []
        assert found["smallest_change"]["why_not_up"].startswith("2 bodies share")

    def test_limited_outcomes_alone_stay_where_they_are(self) -> None:
        limited = replace(PAIN, importance=Importance.LIMITED)
        found: Any = explain_rating(pair(*trials(4), outcomes=(limited,)))
        assert (found["certainty"], found["stability"]) == ("very-low", None)
        assert found["smallest_change"]["why_not_up"] == LIMITED_ONLY

    def _two_outcomes(self) -> PairInput:
        disability = replace(PAIN, slug="disability", name="Disability")
        rows = [
            study(
                with_estimate(-14, -16, -12, treatment=arm(300), control=arm(300)),
                with_estimate(-4, -18, 10, treatment=arm(20), control=arm(20), outcome="disability"),
                key=f"s{i}-2020",
                risk_of_bias=(judgement(),),
            )
            for i in range(3)
        ]
        return pair(*rows, outcomes=(PAIN, disability, QUALITY_OF_LIFE))
