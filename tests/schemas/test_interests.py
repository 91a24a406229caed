"""A statement of interests says `none`, or which."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.schemas.interests import Interests, declares_interests

STATEMENT: TypeAdapter[str] = TypeAdapter(Interests)


class TestInterests:
    @pytest.mark.parametrize("said", ["none", "None", " NONE. ", "No conflicts of interest.", "nothing to declare", {"none": True}])
    def test_whoever_has_none_is_read_as_none(self, said: Any) -> None:
        assert STATEMENT.validate_python(said) == "none"

    @pytest.mark.parametrize("said", ["I teach the method.", "Angestellt beim Hersteller", "None, but I know the author", "研究者の同僚"])
    def test_a_statement_is_kept_word_for_word(self, said: str) -> None:
        assert STATEMENT.validate_python(said) == said
        assert declares_interests(said)

    @pytest.mark.parametrize(
        "said", ["", "  ", "-", "n/a", "?", "no", "x", {"none": False}, {"none": 1}, {}, {"none": True, "more": 1}, None, 1]
    )
    def test_what_says_nothing_is_refused(self, said: Any) -> None:
        with pytest.raises(ValidationError):
            STATEMENT.validate_python(said)

    @pytest.mark.parametrize("said", ["none", "", None])
    def test_none_declares_nothing(self, said: str | None) -> None:
        assert not declares_interests(said)
