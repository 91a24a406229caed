"""Field by field: an inserted result is one entry, and the differences make the one version out of the other."""

from typing import Any

from hypothesis import given

from app.formats.document_differences import FieldDifference, document_differences
from app.schemas.study import StudyDocument
from tests.factories import a_result
from tests.formats.study_versions import apply_differences, document, documents

EARLY, LATE = a_result(timepoint_weeks=4), a_result(timepoint_weeks=26)


def found(before: StudyDocument | None, after: StudyDocument) -> list[tuple[str, str, Any, Any]]:
    return [(one.pointer, one.change.value, one.before, one.after) for one in document_differences(before, after)]


def places(before: StudyDocument, after: StudyDocument) -> list[tuple[str, str]]:
    return [(pointer, change) for pointer, change, _, _ in found(before, after)]


class TestDocumentDifferences:
    @given(before=documents(), after=documents())
    def test_applied_to_the_one_version_they_give_the_other(self, before: StudyDocument, after: StudyDocument) -> None:
        differences = document_differences(before, after)
        assert apply_differences(before.model_dump(mode="json"), differences) == after.model_dump(mode="json")
        assert (differences == []) == (before == after)

    @given(one=documents())
    def test_a_version_does_not_differ_from_itself(self, one: StudyDocument) -> None:
        assert document_differences(one, one) == []

    def test_a_field_says_what_it_was_and_what_it_is(self) -> None:
        assert found(document(year=2020), document(year=None)) == [("/year", "changed", 2020, None)]

    def test_a_result_put_first_is_one_added_entry(self) -> None:
        before, after = document(results=[a_result(), LATE]), document(results=[EARLY, a_result(), LATE])
        [(pointer, change, old, new)] = found(before, after)
        assert (pointer, change, old, new["timepoint_weeks"]) == ("/results/0", "added", None, 4)

    def test_a_result_taken_out_is_one_removed_entry(self) -> None:
        assert places(document(results=[EARLY, a_result(), LATE]), document(results=[EARLY, LATE])) == [("/results/1", "removed")]

    def test_a_figure_is_found_in_a_result_that_has_moved_down(self) -> None:
        corrected = LATE | {"treatment": {"n": 60, "mean": 33, "sd": 20}}
        before, after = document(results=[LATE]), document(results=[EARLY, corrected])
        assert [one for one in found(before, after) if one[1] == "changed"] == [("/results/1/treatment/mean", "changed", 30.0, 33.0)]

    def test_a_corrected_timepoint_is_a_change_and_not_another_result(self) -> None:
        assert found(document(results=[EARLY]), document(results=[a_result(timepoint_weeks=6)])) == [
            ("/results/0/timepoint_weeks", "changed", 4.0, 6.0)
        ]

    def test_an_author_put_in_between_is_one_added_entry(self) -> None:
        before, after = document(authors=["Muster A", "Probe C"]), document(authors=["Muster A", "Beispiel B", "Probe C"])
        assert found(before, after) == [("/authors/1", "added", None, "Beispiel B")]

    def test_a_name_spelled_otherwise_is_a_change(self) -> None:
        before, after = document(authors=["Muster A", "Proeb C"]), document(authors=["Muster A", "Probe C"])
        assert found(before, after) == [("/authors/1", "changed", "Proeb C", "Probe C")]

    def test_another_order_is_told_by_places(self) -> None:
        before, after = document(authors=["Muster A", "Probe C", "Haller H"]), document(authors=["Haller H", "Muster A", "Probe C"])
        assert found(before, after) == [("/authors", "reordered", [0, 1, 2], [2, 0, 1])]

    def test_they_come_in_the_order_of_the_document(self) -> None:
        before = document()
        after = document(notes="read twice", results=[EARLY, a_result()], year=2023, title="Another")
        assert [pointer for pointer, _ in places(before, after)] == ["/title", "/year", "/results/0", "/notes"]

    def test_the_first_version_is_all_that_it_says(self) -> None:
        differences = document_differences(None, StudyDocument(title="A trial", authors=["Muster A"]))
        assert differences == [
            FieldDifference("/title", "changed", None, "A trial"),  # type: ignore[arg-type]
            FieldDifference("/authors/0", "added", None, "Muster A"),  # type: ignore[arg-type]
        ]
