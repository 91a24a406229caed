"""An extraction is part of a study document, member for member."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.schemas.extraction import EXTRACTED_MEMBERS, Extraction, extracted_part, with_extraction
from app.schemas.study import StudyDocument
from tests.factories import a_study, the_least


class TestExtraction:
    def test_has_the_members_of_the_table_and_each_as_the_document_has_it(self) -> None:
        assert tuple(Extraction.model_fields) == EXTRACTED_MEMBERS
        for name in EXTRACTED_MEMBERS:
            mine, theirs = Extraction.model_fields[name], StudyDocument.model_fields[name]
            assert (mine.annotation, mine.metadata) == (theirs.annotation, theirs.metadata), name
            assert mine.get_default(call_default_factory=True) == theirs.get_default(call_default_factory=True), name

    @pytest.mark.parametrize("document", [a_study(), StudyDocument.model_validate(the_least())])
    def test_taken_out_and_put_back_it_leaves_the_document_as_it_was(self, document: StudyDocument) -> None:
        assert with_extraction(document, extracted_part(document)) == document

    def test_put_in_it_leaves_all_else_alone(self) -> None:
        document = a_study(title="The title")
        made = with_extraction(document, Extraction())
        assert made.title == "The title"
        assert (made.results, made.risk_of_bias, made.n_randomised) == ([], [], None)
        assert StudyDocument.model_validate(made.model_dump(mode="json")) == made

    @pytest.mark.parametrize("members", [{"n_analysed": 5, "n_randomised": 4}, {"title": "x"}, {"results": [{}]}, {"n_randomised": -1}])
    def test_what_no_document_could_hold_is_refused(self, members: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Extraction.model_validate(members)
