"""Three versions into one: nobody's change is lost, and no figure is mixed without a person."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from app.formats.document_merge import Merge, Resolution, merge_documents
from app.schemas.study import StudyDocument
from app.vocabulary import Side
from tests.factories import a_result
from tests.formats.study_versions import changed, document, documents

Json = dict[str, Any]
BASE = document(
    results=[a_result(timepoint_weeks=4), a_result(timepoint_weeks=26)], authors=["Muster A", "Probe C"], conditions=["neck-pain"]
)


def merged(theirs: Callable[[Json], object], mine: Callable[[Json], object], **resolutions: Resolution) -> Merge:
    decided = {pointer.replace("__", "/"): resolution for pointer, resolution in resolutions.items()}
    return merge_documents(BASE, changed(BASE, theirs), changed(BASE, mine), decided)  # type: ignore[arg-type]


def conflicts(merge: Merge) -> list[tuple[str, Any, Any, Any]]:
    assert merge.document is None
    return [(one.pointer, one.base, one.theirs, one.mine) for one in merge.conflicts]


def whole(merge: Merge) -> StudyDocument:
    assert merge.conflicts == ()
    assert merge.document is not None
    return merge.document


class TestLaws:
    @given(base=documents(), mine=documents())
    def test_where_nothing_moved_the_draft_stays_as_it_is(self, base: StudyDocument, mine: StudyDocument) -> None:
        assert whole(merge_documents(base, base, mine)) == mine

    @given(base=documents(), theirs=documents())
    def test_a_draft_that_changes_nothing_takes_over_what_moved(self, base: StudyDocument, theirs: StudyDocument) -> None:
        assert whole(merge_documents(base, theirs, base)) == theirs

    @given(base=documents(), both=documents())
    def test_what_both_changed_alike_is_changed_once(self, base: StudyDocument, both: StudyDocument) -> None:
        assert whole(merge_documents(base, both, both)) == both

    @given(base=documents(), theirs=documents(), mine=documents())
    def test_it_says_the_same_whoever_is_called_mine(self, base: StudyDocument, theirs: StudyDocument, mine: StudyDocument) -> None:
        one, other = merge_documents(base, theirs, mine), merge_documents(base, mine, theirs)
        assert (one.document is None) == (other.document is None)
        assert len(one.conflicts) == len(other.conflicts)

    @given(base=documents(), theirs=documents(), mine=documents())
    def test_with_every_conflict_decided_for_one_side_there_is_a_document(
        self, base: StudyDocument, theirs: StudyDocument, mine: StudyDocument
    ) -> None:
        first = merge_documents(base, theirs, mine)
        for side in (Side.MINE, Side.THEIRS):
            decided = merge_documents(base, theirs, mine, {one.pointer: Resolution(side) for one in first.conflicts if first.fits})
            assert decided.unused == ()
            assert decided.document is not None or not decided.fits
            assert first.fits is False or decided.document is None or decided.conflicts == ()

    @given(base=documents(), theirs=documents(), mine=documents())
    def test_a_figure_of_a_result_is_one_that_one_side_has(self, base: StudyDocument, theirs: StudyDocument, mine: StudyDocument) -> None:
        document = merge_documents(base, theirs, mine).document
        if document is not None:
            known = [(row.treatment, row.control, row.estimate) for side in (base, theirs, mine) for row in side.results]
            assert all((row.treatment, row.control, row.estimate) in known for row in document.results)


class TestMergeDocuments:
    def test_different_fields_come_together(self) -> None:
        document = whole(merged(lambda d: d.update(year=2020), lambda d: d.update(country="Spain")))
        assert (document.year, document.country) == (2020, "Spain")

    def test_a_field_that_both_changed_is_a_conflict_with_its_three_values(self) -> None:
        assert conflicts(merged(lambda d: d.update(year=2020), lambda d: d.update(year=2021))) == [("/year", 2024, 2020, 2021)]

    def test_results_that_each_has_added_are_both_there(self) -> None:
        document = whole(
            merged(
                lambda d: d["results"].insert(0, a_result(timepoint_weeks=2)),
                lambda d: d["results"].append(a_result(timepoint_weeks=52, treatment={"n": 51, "mean": 44, "sd": 21})),
            )
        )
        assert [row.timepoint_weeks for row in document.results] == [2, 4, 26, 52]

    def test_the_same_result_added_by_both_with_other_figures_is_a_conflict(self) -> None:
        other = a_result(timepoint_weeks=12, treatment={"n": 60, "mean": 31, "sd": 20})
        merge = merged(lambda d: d["results"].append(a_result(timepoint_weeks=12)), lambda d: d["results"].append(other))
        [(pointer, base, theirs, mine)] = conflicts(merge)
        assert (pointer, base, theirs["treatment"]["mean"], mine["treatment"]["mean"]) == ("/results/2", None, 30, 31)

    def test_the_same_figures_added_by_both_under_another_timepoint_do_not_count_twice(self) -> None:
        unsaid = a_result(timepoint_weeks=None, treatment={"n": 51, "mean": 31, "sd": 20})
        merge = merged(lambda d: d["results"].append(unsaid | {"timepoint_weeks": 12.0}), lambda d: d["results"].append(unsaid))
        assert [pointer for pointer, *_ in conflicts(merge)] == ["/results/2"]

    def test_figures_of_one_result_are_never_mixed(self) -> None:
        merge = merged(
            lambda d: d["results"][0]["treatment"].update(mean=33.0),
            lambda d: d["results"][0]["treatment"].update(sd=11.0),
        )
        assert conflicts(merge) == [
            ("/results/0/treatment/mean", 30.0, 33.0, 30.0),
            ("/results/0/treatment/sd", 20.0, 20.0, 11.0),
        ]

    @pytest.mark.parametrize(
        ("member", "value"), [("intention_to_treat", True), ("locator", "Table 2, ITT column"), ("converted", "from the ITT column")]
    )
    def test_where_a_figure_was_read_goes_with_the_figure(self, member: str, value: object) -> None:
        merge = merged(
            lambda d: d["results"][0].update({member: value}),
            lambda d: d["results"][0]["treatment"].update(mean=33.0),
        )
        assert {pointer for pointer, *_ in conflicts(merge)} == {f"/results/0/{member}", "/results/0/treatment/mean"}

    def test_a_remark_beside_new_figures_is_no_conflict(self) -> None:
        document = whole(
            merged(lambda d: d["results"][0]["treatment"].update(mean=33.0), lambda d: d["results"][0].update(note="read twice"))
        )
        assert (document.results[0].treatment.mean, document.results[0].note) == (33, "read twice")

    def test_a_result_taken_out_by_one_and_changed_by_the_other_is_a_conflict(self) -> None:
        merge = merged(lambda d: d["results"][0]["treatment"].update(mean=33.0), lambda d: d["results"].pop(0))
        [(pointer, base, theirs, mine)] = conflicts(merge)
        assert (pointer, base["timepoint_weeks"], theirs["treatment"]["mean"], mine) == ("/results/0", 4, 33, None)
        assert merge.conflicts[0].detail == "the draft took it out, and the accepted revision changed it"

    def test_a_result_taken_out_by_one_side_alone_is_out(self) -> None:
        document = whole(merged(lambda d: d["results"].pop(0), lambda d: d.update(year=2020)))
        assert [row.timepoint_weeks for row in document.results] == [26]

    def test_one_author_corrected_in_two_ways_is_a_conflict_and_not_two_authors(self) -> None:
        merge = merged(lambda d: d.update(authors=["Muster A", "Prober C"]), lambda d: d.update(authors=["Muster A", "Probe CD"]))
        assert conflicts(merge) == [("/authors/1", "Probe C", "Prober C", "Probe CD")]

    def test_a_condition_that_both_added_is_there_once(self) -> None:
        both = lambda d: d["conditions"].append("migraine")  # noqa: E731
        assert whole(merged(both, both)).conditions == ["neck-pain", "migraine"]

    def test_authors_in_a_new_order_and_a_new_author_come_together(self) -> None:
        document = whole(merged(lambda d: d["authors"].reverse(), lambda d: d["authors"].append("Haller H")))
        assert document.authors == ["Probe C", "Haller H", "Muster A"]

    def test_a_retraction_is_never_undone_by_a_draft_from_before(self) -> None:
        document = whole(merged(lambda d: d.update(publication_status="retracted"), lambda d: d.update(year=2020)))
        assert (document.publication_status, document.year) == ("retracted", 2020)

    def test_what_does_not_fit_together_is_told_with_both_sides(self) -> None:
        merge = merged(lambda d: d.update(n_randomised=100, n_analysed=90), lambda d: d.update(n_analysed=119))
        assert [pointer for pointer, *_ in conflicts(merge)] == ["/n_analysed"]
        merge = merged(lambda d: d.update(n_randomised=120, n_analysed=None), lambda d: d.update(n_randomised=100, n_analysed=100))
        assert {pointer for pointer, *_ in conflicts(merge)} == {"/n_analysed"}


class TestResolutions:
    def both(self, **resolutions: Resolution) -> Merge:
        return merged(
            lambda d: (d.update(year=2020), d["results"][0]["treatment"].update(mean=33.0)),
            lambda d: (d.update(year=2021), d["results"].pop(0)),
            **resolutions,
        )

    def test_a_side_or_a_value_decides_and_the_rest_stays_open(self) -> None:
        assert [pointer for pointer, *_ in conflicts(self.both(__year=Resolution(value=2022)))] == ["/results/0"]

    def test_all_decided_it_is_whole(self) -> None:
        document = whole(self.both(__year=Resolution(Side.THEIRS), __results__0=Resolution(Side.MINE)))
        assert (document.year, [row.timepoint_weeks for row in document.results]) == (2020, [26])
        document = whole(self.both(__year=Resolution(Side.BASE), __results__0=Resolution(Side.THEIRS)))
        assert (document.year, [row.treatment.mean for row in document.results]) == (2024, [33, 30])

    def test_one_that_decides_nothing_is_told(self) -> None:
        assert self.both(__country=Resolution(Side.MINE)).unused == ()
        assert self.both(__results__7=Resolution(Side.MINE), __planet=Resolution(value=1)).unused == ("/results/7", "/planet")

    def test_a_value_that_is_no_value_of_the_member_does_not_fit(self) -> None:
        merge = self.both(__year=Resolution(value="long ago"), __results__0=Resolution(Side.MINE))
        assert (merge.fits, [one.pointer for one in merge.conflicts]) == (False, ["/year"])
