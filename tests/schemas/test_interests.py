"""A statement of interests says `none`, or which."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.schemas.interests import Interests, declares_interests

STATEMENT: TypeAdapter[str] = TypeAdapter(Interests)


class TestInterests:
    @pytest.mark.parametrize(
        "said",
        [
            "none", "None", " NONE. ", "No conflicts of interest.", "nothing to declare", {"none": True}, "No competing interests",
            "none known", "Nothing to declare", "The authors declare no conflict of interest", "None to declare.", "None declared",
            "No conflict", "no known conflicts of interest", "I have no competing interests to declare.", "There are none.",
            "no interests", "The author declares that there is no conflict of interest.", "No potential conflict of interest",
            "The authors have nothing to declare", "I have none", "We declare that we have no competing interests",
            "No financial or non-financial interests", "No actual or potential conflicts", "No conflict of interest to my knowledge",
            "None that I know of", "\"none\"", "No COI", "nothing to disclose", "I know of no conflict of interest",
            "No  relevant\nconflicts of interest",
        ],
    )  # fmt: skip
    def test_whoever_has_none_is_read_as_none(self, said: Any) -> None:
        assert STATEMENT.validate_python(said) == "none"

    @pytest.mark.parametrize(
        "said",
        [
            "I teach the method.", "Angestellt beim Hersteller", "None, but I know the author", "研究者の同僚",
            "none except that I teach the method", "No competing interests other than my practice", "no other conflicts of interest",
            "No financial interests", "Nothing to declare apart from royalties", "None; I was paid by the maker",
            "No longer employed there", "No conflict of interest. I own shares.", "The first author declares no conflict of interest",
            "none of us was paid", "I declare an interest", "no competing interests besides a grant", "No conflicts with my employer",
            "I have competing interests", "nothing but a travel grant", "I declare nothing", "Not none",
        ],
    )  # fmt: skip
    def test_a_statement_is_kept_word_for_word(self, said: str) -> None:
        assert STATEMENT.validate_python(said) == said
        assert declares_interests(said)

    @pytest.mark.parametrize(
        "said",
        [
            *("", "  ", "-", "n/a", "?", "no", "x", "nil", "Nil.", "keine", "false", "N/A", "not applicable"),
            *({"none": False}, {"none": 1}, {}, {"none": True, "more": 1}, None, 1),
        ],
    )
    def test_what_says_nothing_is_refused(self, said: Any) -> None:
        with pytest.raises(ValidationError):
            STATEMENT.validate_python(said)

    def test_another_object_is_told_what_the_one_object_is(self) -> None:
        with pytest.raises(ValidationError) as refused:
            STATEMENT.validate_python({"none": False})
        [error] = refused.value.errors()
        assert (error["loc"], '`{"none": true}`' in error["msg"]) == ((), True)

    @pytest.mark.parametrize("said", ["none", "", None])
    def test_none_declares_nothing(self, said: str | None) -> None:
        assert not declares_interests(said)
