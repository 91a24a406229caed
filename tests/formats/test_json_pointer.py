"""A JSON Pointer leads to a member, or the answer says where the way ends."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.json_pointer import find_member, pointer_to

DOCUMENT = json.dumps({"results": [{"sd": 1.5, "n": None}], "a/b": {"m~n": 7}, "": 0})


class TestPointerTo:
    def test_escapes_as_rfc_6901_says(self) -> None:
        assert pointer_to(("a/b", 0, "m~n")) == "/a~1b/0/m~0n"
        assert pointer_to(()) == ""


class TestFindMember:
    @pytest.mark.parametrize(
        ("pointer", "member"),
        [
            ("/results/0/sd", 1.5),
            ("/results/0/n", None),
            ("/results/0", {"sd": 1.5, "n": None}),
            ("/a~1b/m~0n", 7),
            ("/", 0),
            ("", json.loads(DOCUMENT)),
        ],
    )
    def test_a_member_is_found(self, pointer: str, member: object) -> None:
        assert find_member(DOCUMENT, pointer) == member

    @pytest.mark.parametrize(
        ("pointer", "said"),
        [
            ("/results/1", "/results has no member '1'"),
            ("/results/00/sd", "/results has no member '00'"),
            ("/results/-1/sd", "/results has no member '-1'"),
            ("/results/٠/sd", "/results has no member"),
            ("/results/99999999999999999999", "/results has no member"),
            ("/title", "the document has no member 'title'"),
            ("/results/0/sd/more", "/results/0/sd has no member 'more'"),
            ("title", "begins with a slash"),
            ("/a~2b", "~0 stands for ~"),
        ],
    )
    def test_a_way_that_ends_is_named(self, pointer: str, said: str) -> None:
        with pytest.raises(LookupError, match=re.escape(said)):
            find_member(DOCUMENT, pointer)

    @given(st.text(max_size=40))
    def test_any_text_finds_a_member_or_is_refused_in_words(self, pointer: str) -> None:
        try:
            found = find_member(DOCUMENT, pointer)
        except LookupError as error:
            found = error.args[0]
        assert found != ""

    @given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=1, max_size=5))
    def test_every_member_can_be_pointed_at(self, members: dict[str, int]) -> None:
        for name, value in members.items():
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            assert find_member(json.dumps(members), pointer) == value
