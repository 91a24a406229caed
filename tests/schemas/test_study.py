"""What a study document refuses by its shape alone."""

import pytest
from pydantic import ValidationError

from app.schemas.study import ReviewSynthesis, StudyDocument
from tests.factories import a_body


class TestEachOnce:
    @pytest.mark.parametrize("member", ["conditions", "same_participants_as"])
    def test_a_list_of_records_names_each_once(self, member: str) -> None:
        with pytest.raises(ValidationError, match="names the same record twice"):
            StudyDocument.model_validate(a_body(**{member: ["one-2020", "one-2020"]}))

    def test_a_review_includes_a_study_once(self) -> None:
        with pytest.raises(ValidationError, match="names the same record twice"):
            ReviewSynthesis(included=["one-2020", "other-2020", "one-2020"])
