import itertools
import math
import re
from typing import Any

import pytest

from app.synthesis.body import Body
from app.synthesis.findings import find_body_finding
from app.synthesis.grade.crossings import benefit_view
from app.synthesis.statement import (
    NO_EVIDENCE,
    EvidenceCount,
    amount_in_words,
    body_sentence,
    headline_sentence,
    limited_only_sentence,
    mid_sentence,
    not_usable_sentence,
    size_in_words,
)
from app.vocabulary import Better, Certainty, Comparator, ComparatorGroup, Finding, Horizon, Measure, MidStanding
from tests.synthesis.grade.bodies import (
    COMPARATOR_OF_GROUP,
    body,
    direction_entry,
    entry,
    outcome,
    pooled,
    pooled_body,
    ratio_body,
)

HIGH, MODERATE, LOW, VERY_LOW = Certainty.HIGH, Certainty.MODERATE, Certainty.LOW, Certainty.VERY_LOW
TREATMENT = "Craniosacral therapy"
FORBIDDEN = re.compile(r"no effect|proven|\bworks?\b|significant", re.IGNORECASE)
DIRECTED = re.compile(r"favour|lower|higher|better|worse|large|moderate|small difference|point", re.IGNORECASE)
NAMES: dict[str, Any] = {"intervention_name": TREATMENT, "condition_name": "Neck pain"}

INTERVALS = [
    (0.5, 1.5),
    (12.0, 25.0),
    (21.0, 28.0),
    (31.0, 60.0),
    (2.0, 30.0),
    (-30.0, -2.0),
    (-40.0, 50.0),
    (-5.0, 60.0),
    (-2.0, 2.0),
    (0.0, 0.0),
]


def sentence(given: Body, certainty: Certainty = LOW) -> str:
    return body_sentence(given, certainty, find_body_finding(given), TREATMENT)


def continuous_bodies() -> list[Body]:
    found = []
    for (low, high), mid, group, horizon in itertools.product(INTERVALS, (10.0, None), ComparatorGroup, Horizon):
        row = entry("a", (low + high) / 2, 3.0, comparator=COMPARATOR_OF_GROUP[group], n_estimated=mid is None)
        for measure, standing in ((Measure.MD, MidStanding.PROVISIONAL), (Measure.SMD, MidStanding.CONVENTION)):
            found.append(
                pooled_body((low + high) / 2, low, high, studies=(row, direction_entry("b", -1, n=0)), mid=mid, standing=standing,
                            measure=measure, comparator_group=group, horizon=horizon, better=Better.HIGHER)
            )  # fmt: skip
    return found


def other_bodies() -> list[Body]:
    ratios = [ratio_body(math.sqrt(low * high), low, high) for low, high in [(0.3, 0.5), (0.9, 1.1), (0.5, 2.0), (2.0, 5.0), (1.05, 1.2)]]
    directions = [[1] * 6, [-1] * 6, [1, 1, -1], [0, 0], [1], [-1], [1] * 5 + [-1] * 4, [-1, -1]]
    unpooled = [
        body(*(direction_entry(f"s{i}", d, comparator=COMPARATOR_OF_GROUP[group]) for i, d in enumerate(row)), comparator_group=group)
        for row, group in itertools.product(directions, ComparatorGroup)
    ]
    return ratios + unpooled


class TestForbiddenWords:
    @pytest.mark.parametrize("certainty", [HIGH, MODERATE, LOW, VERY_LOW])
    def test_no_sentence_over_a_broad_grid_has_one(self, certainty: Certainty) -> None:
        bodies = continuous_bodies() + other_bodies()
        assert len(bodies) > 350
        for one in bodies:
            finding = find_body_finding(one)
            evidence = EvidenceCount(2, 80, estimated=True)
            texts = [
                body_sentence(one, certainty, finding, TREATMENT),
                headline_sentence([one, one], [finding, finding], certainty, evidence, contradicted=[one], **NAMES),
                limited_only_sentence([one], evidence, **NAMES),
            ]
            for text in texts:
                assert not FORBIDDEN.search(text), text
                assert "  " not in text
                assert text.endswith(".")
                assert ".." not in text

    def test_fixed_texts_have_none(self) -> None:
        for text in (NO_EVIDENCE, not_usable_sentence(EvidenceCount(2, 0, unknown=2), **NAMES)):
            assert not FORBIDDEN.search(text)


class TestVeryLow:
    def test_names_no_direction_and_no_size(self) -> None:
        for one in continuous_bodies() + other_bodies():
            text = body_sentence(one, VERY_LOW, find_body_finding(one), TREATMENT).partition("(")[0]
            assert text.startswith("It is very uncertain whether craniosacral therapy makes a difference to pain intensity")
            assert not DIRECTED.search(text), text

    def test_headline_names_none_either(self) -> None:
        one = pooled_body(-21.0, -32.6, -9.4, standing=MidStanding.ESTABLISHED)
        text = headline_sentence([one], [Finding.FAVOURS_INTERVENTION], VERY_LOW, EvidenceCount(1, 54), **NAMES)
        assert text == (
            "Neck pain: it is very uncertain whether craniosacral therapy makes a difference to pain intensity "
            "compared with sham treatment (1 study, 54 people)."
        )

    def test_uncontrolled_evidence_says_so(self) -> None:
        one = body(direction_entry(comparator=Comparator.NONE), comparator_group=ComparatorGroup.NONE)
        assert "because there was no comparison group (1 study, 50 people)" in sentence(one, VERY_LOW)


class TestBodySentence:
    def test_haller_2016(self) -> None:
        haller = pooled_body(-21.0, -32.6, -9.4, n=54)
        assert sentence(haller) == (
            "Compared with sham treatment, craniosacral therapy may lead to a moderate difference in pain intensity in favour of "
            "the treatment, about 21 mm lower on average (Pain VAS 0-100) (1 study, 54 people). "
            "The smallest difference that matters (10 mm for pain intensity) is a provisional value."
        )

    @pytest.mark.parametrize(("certainty", "verb"), [(HIGH, " leads to a"), (MODERATE, " probably leads to a"), (LOW, " may lead to a")])
    def test_verb_tells_the_certainty(self, certainty: Certainty, verb: str) -> None:
        assert f"craniosacral therapy{verb} moderate difference" in sentence(pooled_body(-21.0, -32.6, -9.4), certainty)

    def test_no_important_difference(self) -> None:
        assert "probably makes little or no difference to pain intensity" in sentence(pooled_body(-1.0, -5.0, 3.0), MODERATE)

    def test_favours_the_comparator(self) -> None:
        assert "a small difference in pain intensity in favour of sham treatment" in sentence(pooled_body(15.0, 5.0, 25.0))

    def test_an_active_comparator_is_the_other_treatment(self) -> None:
        row = entry("a", 15.0, comparator=Comparator.ACTIVE)
        text = sentence(pooled_body(15.0, 5.0, 25.0, studies=(row,), comparator_group=ComparatorGroup.ACTIVE))
        assert text.startswith("Compared with another treatment, ")
        assert "in favour of the other treatment" in text

    def test_unclear_rules_nothing_out(self) -> None:
        assert "but no difference, or one the other way, cannot be ruled out" in sentence(pooled_body(-15.0, -35.0, 5.0))
        assert "little or no difference to pain intensity, about 5 mm lower" in sentence(pooled_body(-5.0, -35.0, 25.0))
        assert "but a difference that matters cannot be ruled out" in sentence(pooled_body(-5.0, -35.0, 25.0))

    def test_a_small_effect_that_excludes_null_says_what_was_seen(self) -> None:
        assert "what was seen is in favour of the treatment, but smaller than what matters" in sentence(pooled_body(-7.0, -13.0, -1.0))

    def test_without_a_mid_the_size_is_not_judged(self) -> None:
        text = sentence(pooled_body(-7.0, -13.0, -1.0, mid=None, standing=MidStanding.NONE))
        assert "may lead to a difference in pain intensity in favour of the treatment, about 7 mm lower" in text
        assert "of a size that could not be judged" in text

    def test_a_ratio_is_shown_on_its_natural_scale(self) -> None:
        assert "risk ratio about 0.72" in sentence(ratio_body(0.72, 0.48, 1.1))

    def test_a_standardised_difference_has_no_unit_to_show(self) -> None:
        text = sentence(pooled_body(-0.6, -1.0, -0.2, measure=Measure.SMD, mid=0.2, standing=MidStanding.CONVENTION))
        assert "a moderate difference in pain intensity in favour of the treatment (1 study, 50 people)." in text

    def test_a_provisional_mid_is_said_and_an_established_one_is_not(self) -> None:
        assert "provisional" in sentence(pooled_body(-21.0, -32.6, -9.4), VERY_LOW)
        assert "provisional" not in sentence(pooled_body(-21.0, -32.6, -9.4, standing=MidStanding.ESTABLISHED))

    def test_follow_up_is_said(self) -> None:
        later = pooled_body(-21.0, -32.6, -9.4, horizon=Horizon.FOLLOW_UP)
        assert sentence(later).startswith("Compared with sham treatment, more than 4 weeks after the end of treatment, craniosacral")
        assert "compared with sham treatment more than 4 weeks after the end of treatment" in sentence(later, VERY_LOW)

    def test_inactive_comparators_are_named_when_alike(self) -> None:
        alike = [entry(key, comparator=Comparator.WAIT_LIST) for key in "ab"]
        unlike = [entry("a", comparator=Comparator.WAIT_LIST), entry("b", comparator=Comparator.NO_TREATMENT)]
        members: dict[str, Any] = {"effect": pooled(k=2), "comparator_group": ComparatorGroup.INACTIVE}
        assert sentence(body(*alike, **members)).startswith("Compared with a waiting list, ")
        assert sentence(body(*unlike, **members)).startswith("Compared with usual care or no treatment, ")

    def test_studies_with_a_direction_only_stand_beside(self) -> None:
        text = sentence(body(entry("a"), direction_entry("b", -1, n=60), direction_entry("c", 1, n=20), effect=pooled()))
        assert "(1 study, 50 people; 2 studies more, 80 people, give a direction only)" in text
        assert "By participants, the studies that give a direction only point the other way." in text

    def test_unpooled_directions(self) -> None:
        favourable = body(*(direction_entry(f"s{i}", 1) for i in range(6)))
        assert "in favour of the treatment, of unknown size: 6 of 6 studies with a direction point that way" in sentence(favourable)
        few = body(direction_entry("a", 1), direction_entry("b", 1), direction_entry("c", -1))
        assert (
            "may or may not make a difference to pain intensity: 2 of 3 studies with a direction favour the treatment, too few"
            in sentence(few)
        )
        divided = body(*(direction_entry(f"s{i}", 1 if i < 4 else -1) for i in range(7)))
        assert "4 of 7 studies with a direction favour the treatment, chance alone could do that" in sentence(divided)
        assert "the only study with a direction favours sham treatment" in sentence(body(direction_entry("a", -1)))
        assert "no study reports a difference either way" in sentence(body(direction_entry("a", 0)))

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ([entry("a", n=0)], "number of people not known"),
            ([entry("a", n=50), entry("b", n=0)], "at least 50 people"),
            ([entry("a", n=50, n_estimated=True)], "about 50 people"),
        ],
    )
    def test_how_well_people_are_counted(self, rows: list[object], words: str) -> None:
        assert words in sentence(body(*rows, effect=pooled(k=len(rows))))  # type: ignore[arg-type]


class TestSizeInWords:
    def size(self, estimate: float, **members: Any) -> str:
        given = pooled_body(estimate, estimate - 1, estimate + 1, better=Better.HIGHER, **members)
        view = benefit_view(given)
        assert view is not None
        return size_in_words(view, given)

    @pytest.mark.parametrize(
        ("estimate", "words"),
        [
            (9.99, "little"),
            (10.0, "a small"),
            (20.0, "a small"),
            (20.01, "a moderate"),
            (30.0, "a moderate"),
            (30.01, "a large"),
            (-35.0, "a large"),
        ],
    )
    def test_in_minimal_important_differences(self, estimate: float, words: str) -> None:
        assert self.size(estimate) == words

    @pytest.mark.parametrize(
        ("estimate", "words"),
        [(0.19, "little"), (0.2, "a small"), (0.5, "a small"), (0.51, "a moderate"), (0.8, "a moderate"), (0.81, "a large")],
    )
    def test_by_convention_in_standard_deviations(self, estimate: float, words: str) -> None:
        assert self.size(estimate, mid=0.2, standing=MidStanding.CONVENTION, measure=Measure.SMD) == words

    def test_ratios_go_by_multiples_of_a_quarter(self) -> None:
        sizes = []
        for ratio in (1.24, 1.26, 1.57, 1.96):
            given = ratio_body(ratio, ratio - 0.1, ratio + 0.1)
            view = benefit_view(given)
            assert view is not None
            sizes.append(size_in_words(view, given))
        assert sizes == ["little", "a small", "a moderate", "a large"]


class TestHeadlineSentence:
    def test_several_outcomes_at_the_certainty_of_the_rating(self) -> None:
        pain = pooled_body(-21.0, -32.6, -9.4, standing=MidStanding.ESTABLISHED)
        function = pooled_body(-1.0, -5.0, 3.0, outcome=outcome(slug="disability", name="Disability"), standing=MidStanding.ESTABLISHED)
        findings = [find_body_finding(pain), find_body_finding(function)]
        assert headline_sentence([pain, function], findings, LOW, EvidenceCount(2, 120), **NAMES) == (
            "Neck pain: compared with sham treatment, craniosacral therapy may lead to a moderate difference in pain intensity in favour "
            "of the treatment; it may make little or no difference to disability (2 studies, 120 people)."
        )

    def test_contradicting_directions_are_said(self) -> None:
        pain, other = pooled_body(-21.0, -32.6, -9.4), body(direction_entry(direction=-1), outcome=outcome(slug="x", name="Disability"))
        text = headline_sentence([pain], [Finding.FAVOURS_INTERVENTION], LOW, EvidenceCount(1, 54), contradicted=[other], **NAMES)
        assert "Studies that give only a direction point the other way for disability." in text


class TestFixedTexts:
    def test_no_evidence_is_the_text_of_the_method(self) -> None:
        assert NO_EVIDENCE == "No eligible study was found; this does not mean that the treatment has been shown to fail."

    def test_eligible_studies_without_a_usable_result(self) -> None:
        assert not_usable_sentence(EvidenceCount(2, 118), **NAMES) == (
            "Neck pain: 2 studies (118 people) were found, but without a result that can be used, "
            "so it is very uncertain whether craniosacral therapy makes a difference."
        )

    def test_limited_outcomes_alone(self) -> None:
        text = limited_only_sentence([body(direction_entry())], EvidenceCount(1, 57), **NAMES)
        assert "only outcomes of limited importance were studied: pain intensity (1 study, 57 people)" in text


class TestWords:
    @pytest.mark.parametrize(
        ("value", "unit", "words"),
        [
            (21.0, "mm", "21 mm"),
            (1.0, "points", "1 point"),
            (1.5, "points", "1.5 points"),
            (1.0, "hours a day", "1 hour a day"),
            (3.0, "hours a day", "3 hours a day"),
            (1.0, "percentage points", "1 percentage points"),
            (2.0, None, "2"),
        ],
    )
    def test_amounts(self, value: float, unit: str | None, words: str) -> None:
        assert amount_in_words(value, unit) == words

    @pytest.mark.parametrize(
        ("name", "inside"),
        [("Pain intensity", "pain intensity"), ("IBS severity", "IBS severity"), ("SF-36", "SF-36"), ("X", "x"), ("T-score", "T-score")],
    )
    def test_names_inside_a_sentence(self, name: str, inside: str) -> None:
        assert mid_sentence(name) == inside
