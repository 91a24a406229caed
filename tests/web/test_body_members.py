import pytest

from app.schemas.body_members import members_at
from app.schemas.study import StudyDocument


class TestMembersAt:
    def test_the_body_itself(self) -> None:
        assert members_at(StudyDocument, ()) == list(StudyDocument.model_fields)

    @pytest.mark.parametrize(("path", "member"), [(("results", 3), "outcome"), (("synthesis",), "n_studies"), (("comparators", 0), "kind")])
    def test_its_parts_in_lists_and_behind_none(self, path: tuple[str | int, ...], member: str) -> None:
        known = members_at(StudyDocument, path)
        assert known is not None
        assert member in known

    @pytest.mark.parametrize("path", [("nowhere",), ("title",), ("title", "more")])
    def test_a_place_without_members(self, path: tuple[str | int, ...]) -> None:
        assert members_at(StudyDocument, path) is None

    def test_a_body_that_is_no_model(self) -> None:
        assert members_at(dict[str, int], ()) is None
        assert members_at(None, ()) is None
