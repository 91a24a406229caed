"""Two extractions side by side: the order of the two does not matter, and nothing is invented by matching."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.adjudicated_extraction import NotOneExtraction, adjudicate, taken_value
from app.formats.extraction_comparison import Comparison, Entry, Member, compare_extractions, count_agreement, judgement_pairs
from app.schemas.extraction import Extraction
from app.synthesis.agreement import Kappa, NoKappa
from app.vocabulary import AdjudicatedChoice, Extracted, ExtractedKind
from tests.factories import a_result

ROB = {"tool": "rob-2", "overall": "low", "judged_by": "Anna", "source": "full text"}
MIRRORED = {
    Extracted.AGREE: Extracted.AGREE,
    Extracted.DIFFER: Extracted.DIFFER,
    Extracted.ONLY_IN_FIRST: Extracted.ONLY_IN_SECOND,
    Extracted.ONLY_IN_SECOND: Extracted.ONLY_IN_FIRST,
}


def an_extraction(**members: Any) -> Extraction:
    return Extraction.model_validate({"n_randomised": 120, "results": [a_result()], "risk_of_bias": [ROB]} | members)


def differences(first: Extraction, second: Extraction) -> dict[str, Member]:
    return {member.pointer: member for member in compare_extractions(first, second).differences()}


NUMBERS = st.sampled_from([None, 1.0, 1.2, 1.25, 20.0, 0.0, -3.0])
ARMS = st.fixed_dictionaries(
    {
        "n": st.sampled_from([None, 10, 12]),
        "mean": NUMBERS,
        "sd": st.sampled_from([None, 2.0, 20.0]),
        "events": st.sampled_from([None, 1, 9]),
    }
)
ESTIMATES = st.none() | st.fixed_dictionaries(
    {"measure": st.sampled_from(["MD", "SMD"]), "value": st.sampled_from([1.0, 2.0]), "p": st.sampled_from([None, 0.04])}
)
ROWS = st.builds(
    a_result,
    outcome=st.sampled_from(["pain-intensity", "disability"]),
    timepoint_weeks=st.sampled_from([None, 8, 12]),
    treatment_arm=st.sampled_from([None, "CST", "cst ", "Other"]),
    analysis=st.sampled_from(["unknown", "post-score", "change-score"]),
    intention_to_treat=st.sampled_from([None, True]),
    within_group=st.booleans(),
    treatment=ARMS,
    control=ARMS,
    estimate=ESTIMATES,
    direction=st.sampled_from(["unclear", "favours-intervention"]),
    note=st.sampled_from([None, "read twice"]),
)
JUDGEMENTS = st.fixed_dictionaries(
    {
        "tool": st.sampled_from(["rob-2", "cochrane-2011"]),
        "overall": st.sampled_from(["low", "high"]),
        "outcome": st.sampled_from([None, "pain-intensity"]),
        "domains": st.dictionaries(st.sampled_from(["randomisation", "a/b", "funding~"]), st.sampled_from(["low", "high"])),
        "judged_by": st.just("somebody"),
        "source": st.sampled_from(["full text", "abstract"]),
    }
)
EXTRACTIONS = st.builds(
    lambda **members: Extraction.model_validate(members),
    n_randomised=st.sampled_from([None, 40, 41]),
    cluster_size=st.sampled_from([None, 2.5]),
    comparators=st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from(["sham", "active"]), "label": st.sampled_from(["A", "b"])}), max_size=3
    ),
    results=st.lists(ROWS, max_size=4),
    risk_of_bias=st.lists(JUDGEMENTS, max_size=3),
    adverse_events=st.fixed_dictionaries({"reported": st.booleans(), "text": st.sampled_from([None, "none seen"])}),
)


def mirrored_member(member: Member) -> tuple[Any, ...]:
    return member.pointer, MIRRORED[member.status], member.kind, member.second, member.first, member.difference


def as_is(member: Member) -> tuple[Any, ...]:
    return member.pointer, member.status, member.kind, member.first, member.second, member.difference


def entries(comparison: Comparison) -> list[Entry]:
    return [entry for group in comparison.entries.values() for entry in group]


class TestProperties:
    @given(EXTRACTIONS, EXTRACTIONS)
    def test_it_does_not_matter_who_comes_first(self, first: Extraction, second: Extraction) -> None:
        there, back = compare_extractions(first, second), compare_extractions(second, first)
        assert [as_is(member) for member, _ in there.everything()] == [mirrored_member(member) for member, _ in back.everything()]
        assert [(entry.pointer, entry.about, entry.first, entry.second) for entry in entries(there)] == [
            (entry.pointer, entry.about, entry.second, entry.first) for entry in entries(back)
        ]
        one, other = count_agreement(there, first, second), count_agreement(back, second, first)
        assert (one.percent, one.risk_of_bias, one.only_in_first) == (other.percent, other.risk_of_bias, other.only_in_second)

    @given(EXTRACTIONS)
    def test_an_extraction_agrees_with_itself_wholly(self, one: Extraction) -> None:
        comparison = compare_extractions(one, one)
        assert comparison.differences() == []
        counts = count_agreement(comparison, one, one)
        assert counts.agree == counts.members
        assert counts.percent in (100.0, None)

    @given(EXTRACTIONS, EXTRACTIONS)
    def test_taking_the_first_throughout_gives_the_first(self, first: Extraction, second: Extraction) -> None:
        comparison = compare_extractions(first, second)
        taken = {member.pointer: member.first for member in comparison.differences()}
        assert adjudicate(first, second, comparison, taken) == first

    @given(EXTRACTIONS, EXTRACTIONS)
    def test_taking_the_second_throughout_gives_what_the_second_says(self, first: Extraction, second: Extraction) -> None:
        comparison = compare_extractions(first, second)
        made = adjudicate(first, second, comparison, {member.pointer: member.second for member in comparison.differences()})
        assert isinstance(made, Extraction)
        assert compare_extractions(made, second).differences() == []

    @given(EXTRACTIONS, EXTRACTIONS)
    def test_every_entry_of_both_stands_in_it_once(self, first: Extraction, second: Extraction) -> None:
        comparison = compare_extractions(first, second)
        for name, group in comparison.entries.items():
            assert sorted(entry.first for entry in group if entry.first is not None) == list(range(len(getattr(first, name))))
            assert sorted(entry.second for entry in group if entry.second is not None) == list(range(len(getattr(second, name))))


class TestMatching:
    def test_results_are_matched_by_what_they_are_about_and_not_by_their_place(self) -> None:
        one, other = a_result(), a_result(outcome="disability", instrument="neck-disability-index")
        assert differences(an_extraction(results=[one, other]), an_extraction(results=[other, one])) == {}

    def test_a_missed_timepoint_is_an_entry_that_only_one_has(self) -> None:
        found = differences(an_extraction(results=[a_result(), a_result(timepoint_weeks=24)]), an_extraction())
        assert [(member.status, member.kind) for member in found.values()] == [(Extracted.ONLY_IN_FIRST, ExtractedKind.ENTRY)]

    def test_different_timepoints_are_never_put_together(self) -> None:
        found = differences(an_extraction(), an_extraction(results=[a_result(timepoint_weeks=12)]))
        assert [member.status for member in found.values()] == [Extracted.ONLY_IN_FIRST, Extracted.ONLY_IN_SECOND]

    def test_arms_that_only_one_named_are_matched_where_there_is_one_result_of_the_kind(self) -> None:
        found = differences(an_extraction(), an_extraction(results=[a_result(treatment_arm="CST")]))
        assert [(member.pointer, member.status) for member in found.values()] == [("/results/0/treatment_arm", Extracted.ONLY_IN_SECOND)]

    def test_of_several_arms_those_of_another_name_stay_apart(self) -> None:
        first = an_extraction(results=[a_result(treatment_arm="once a week"), a_result(treatment_arm="twice a week")])
        second = an_extraction(results=[a_result(treatment_arm="Once a  week"), a_result(treatment_arm="daily")])
        found = differences(first, second)
        assert sorted((member.kind, member.status) for member in found.values()) == [
            (ExtractedKind.CATEGORY, Extracted.DIFFER),
            (ExtractedKind.ENTRY, Extracted.ONLY_IN_FIRST),
            (ExtractedKind.ENTRY, Extracted.ONLY_IN_SECOND),
        ]

    def test_two_judgements_of_one_tool_are_told_apart_by_their_outcome(self) -> None:
        first = an_extraction(risk_of_bias=[ROB, ROB | {"outcome": "disability", "overall": "high"}])
        second = an_extraction(risk_of_bias=[ROB | {"outcome": "disability", "overall": "high"}, ROB])
        assert differences(first, second) == {}


class TestMembers:
    def test_a_transposed_number_shows_both_values_and_how_far_they_are_apart(self) -> None:
        second = an_extraction(results=[a_result(treatment={"n": 60, "mean": 30, "sd": 2})])
        [member] = differences(an_extraction(), second).values()
        assert (member.pointer, member.kind) == ("/results/0/treatment/sd", ExtractedKind.NUMBER)
        assert (member.first, member.second) == (20.0, 2.0)
        assert member.difference is not None
        assert (member.difference.absolute, member.difference.relative) == (18.0, 0.9)

    def test_people_are_counted_and_never_rounded(self) -> None:
        [member] = differences(an_extraction(), an_extraction(n_randomised=121)).values()
        assert member.kind is ExtractedKind.COUNT
        assert member.difference is not None
        assert not member.difference.within_rounding

    def test_what_neither_filled_in_is_no_agreement(self) -> None:
        counts = count_agreement(compare_extractions(Extraction(), Extraction()), Extraction(), Extraction())
        assert (counts.members, counts.percent) == (0, None)
        assert isinstance(counts.risk_of_bias, NoKappa)

    def test_an_estimate_that_only_one_has_is_one_difference(self) -> None:
        second = an_extraction(results=[a_result(estimate={"measure": "MD", "value": -20.0, "p": 0.01})])
        [member] = differences(an_extraction(), second).values()
        assert (member.pointer, member.status, member.kind) == ("/results/0/estimate", Extracted.ONLY_IN_SECOND, ExtractedKind.ENTRY)

    def test_a_domain_with_a_slash_in_its_name_has_a_pointer(self) -> None:
        second = an_extraction(risk_of_bias=[ROB | {"domains": {"funding/interests": "high"}}])
        assert list(differences(an_extraction(), second)) == ["/risk_of_bias/0/domains/funding~1interests"]


class TestAgreement:
    def test_kappa_counts_the_whole_and_every_domain_that_both_judged(self) -> None:
        first = ROB | {"domains": {"randomisation": "low", "deviations": "high", "only-mine": "low"}}
        second = ROB | {"domains": {"randomisation": "low", "deviations": "low"}, "overall": "high"}
        one, other = an_extraction(risk_of_bias=[first]), an_extraction(risk_of_bias=[second])
        kappa = count_agreement(compare_extractions(one, other), one, other).risk_of_bias
        assert isinstance(kappa, Kappa)
        # low-high, low-low, high-low: po = 1/3, pe = 2/3 x 2/3 + 1/3 x 1/3 = 5/9
        assert kappa.n == 3
        assert kappa.kappa == pytest.approx((1 / 3 - 5 / 9) / (4 / 9))

    def test_answers_to_signalling_questions_count_by_what_they_give(self) -> None:
        answered = ROB | {"answers": {"1.1": "yes", "1.2": "yes", "1.3": "no"}, "override_reason": "The rest is clear."}
        judged = ROB | {"domains": {"randomisation-process": "high"}}
        one, other = an_extraction(risk_of_bias=[answered]), an_extraction(risk_of_bias=[judged])
        pairs = judgement_pairs(compare_extractions(one, other), one, other)
        assert pairs == [("low", "low"), ("low", "high")]

    def test_numbers_equal_and_within_rounding(self) -> None:
        one = an_extraction(results=[a_result(treatment={"n": 60, "mean": 30.4, "sd": 20})])
        other = an_extraction(results=[a_result(treatment={"n": 60, "mean": 30.38, "sd": 21})])
        counts = count_agreement(compare_extractions(one, other), one, other)
        assert (counts.numbers - counts.numbers_equal, counts.numbers - counts.numbers_within_rounding) == (2, 1)


class TestAdjudicate:
    def test_values_that_make_no_extraction_together_are_named_by_their_place(self) -> None:
        first = an_extraction(results=[a_result(estimate={"measure": "MD", "value": -20.0, "ci_low": -25.0, "ci_high": -15.0})])
        second = an_extraction(results=[a_result(estimate={"measure": "MD", "value": -10.0, "ci_low": -14.0, "ci_high": -6.0})])
        comparison = compare_extractions(first, second)
        made = adjudicate(first, second, comparison, {"/results/0/estimate/value": -10.0})
        assert isinstance(made, NotOneExtraction)
        assert {pointer for pointer, _ in made.problems} == {"/results/0/estimate/ci_high"}

    def test_a_place_is_that_of_the_comparison_also_behind_an_entry_left_out(self) -> None:
        late = a_result(outcome="pain-intensity", timepoint_weeks=24)
        first = an_extraction(results=[late, a_result()])
        second = an_extraction(results=[a_result(treatment={"n": 60, "mean": 30, "sd": 2})])
        comparison = compare_extractions(first, second)
        whole, sd = next(m for m in comparison.differences() if m.kind is ExtractedKind.ENTRY), "/results/0/treatment/sd"
        made = adjudicate(first, second, comparison, {whole.pointer: None, sd: -1})
        assert isinstance(made, NotOneExtraction)
        assert [pointer for pointer, _ in made.problems] == [sd]

    def test_a_domain_that_was_left_out_goes(self) -> None:
        first = an_extraction(risk_of_bias=[ROB | {"domains": {"funding": "high"}}])
        comparison = compare_extractions(first, an_extraction())
        made = adjudicate(first, an_extraction(), comparison, {"/risk_of_bias/0/domains/funding": None})
        assert made == an_extraction()

    @pytest.mark.parametrize(("choice", "value"), [("first", 1), ("second", 2), ("other", 3)])
    def test_a_choice_takes_its_value(self, choice: str, value: int) -> None:
        assert taken_value(AdjudicatedChoice(choice), 1, 2, 3) == value
