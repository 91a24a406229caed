import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import FieldProblem, InvalidBody, MalformedJson, Problem
from app.web.json_body import OFF_LOOP_BYTES, is_json, parse_json
from tests.web.small_app import make_client

JSON = {"Content-Type": "application/json"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text("abcé€ ~/"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/~", max_size=4), inner, max_size=4),
    max_leaves=20,
)


def refused(body: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        parse_json(body)
    return caught.value


def pointers(problem: Problem) -> list[str]:
    return [error.pointer for error in problem.errors if isinstance(error, FieldProblem)]


class TestParseJson:
    @given(VALUES)
    def test_reads_what_json_writes(self, value: Any) -> None:
        assert parse_json(json.dumps(value).encode()) == value
        assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
    def test_a_number_that_is_none_is_refused_with_its_place(self, word: str) -> None:
        problem = refused(f'{{"results": [{{"treatment": {{"sd": {word}}}}}]}}'.encode())
        assert isinstance(problem, MalformedJson)
        assert pointers(problem) == ["/results/0/treatment/sd"]

    def test_a_member_that_comes_twice_is_named(self) -> None:
        problem = refused(b'{"results": [{"n": 1}, {"n": 1, "sd": 2, "n": 3}]}')
        assert isinstance(problem, MalformedJson)
        assert pointers(problem) == ["/results/1/n"]
        assert "'n' comes twice" in problem.detail

    def test_a_repeated_object_hides_no_fault_within(self) -> None:
        assert set(pointers(refused(b'{"a": {"b": 1, "b": NaN}}'))) == {"/a/b"}

    def test_bytes_that_are_no_utf8_are_named(self) -> None:
        problem = refused(b'{"a": "\xff"}')
        assert isinstance(problem, MalformedJson)
        assert "byte 7" in problem.detail

    def test_utf16_is_refused(self) -> None:
        assert isinstance(refused('{"a": 1}'.encode("utf-16")), MalformedJson)

    def test_a_byte_order_mark_is_let_pass(self) -> None:
        assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}

    @pytest.mark.parametrize("body", [b"{", b'{"a": }', b"{'a': 1}", b"[1,]", b"1 2", b"nul", b'{"a": 01}', b'"\t"'])
    def test_a_syntax_error_names_its_place(self, body: bytes) -> None:
        problem = refused(body)
        assert isinstance(problem, MalformedJson)
        assert "line 1, column" in problem.detail

    def test_an_empty_body_is_called_empty(self) -> None:
        problem = refused(b"")
        assert isinstance(problem, MalformedJson)
        assert problem.detail == "The body is empty."

    @pytest.mark.parametrize("body", [b"[" * 100_000, b"[" * 900 + b"]" * 900, b'{"a":' * 100_000, b"[" * 66 + b"]" * 66])
    def test_deep_nesting_is_refused(self, body: bytes) -> None:
        problem = refused(body)
        assert isinstance(problem, MalformedJson)
        assert "64 levels" in problem.detail

    def test_nesting_within_the_limit_passes(self) -> None:
        assert parse_json(b"[" * 64 + b"]" * 64)

    def test_an_integer_of_thousands_of_digits_is_refused(self) -> None:
        assert isinstance(refused(b"9" * 5000), MalformedJson)

    @pytest.mark.parametrize(("body", "pointer"), [(b'{"a": "x\\u0000"}', "/a"), (b'{"a": ["\\ud800"]}', "/a/0"), (b'{"\\u0000": 1}', "")])
    def test_text_that_cannot_be_stored_is_422_with_its_place(self, body: bytes, pointer: str) -> None:
        problem = refused(body)
        assert isinstance(problem, InvalidBody)
        assert pointers(problem) == [pointer]

    def test_a_whole_surrogate_pair_is_a_character(self) -> None:
        assert parse_json(b'"\\ud83d\\udca9"') == "\U0001f4a9"

    @given(st.binary(max_size=200) | st.text('[]{}",:0123456789eE.+-truefalsnNaIity\\ud8 ', max_size=200).map(str.encode))
    def test_any_bytes_are_read_or_refused_as_a_problem(self, body: bytes) -> None:
        try:
            value = parse_json(body)
        except (MalformedJson, InvalidBody):
            return
        assert json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


class TestIsJson:
    @pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"])
    def test_knows_json(self, media_type: str) -> None:
        assert is_json(media_type)

    @pytest.mark.parametrize("media_type", ["", "text/plain", "application/xml", "text/json", "json"])
    def test_knows_the_rest(self, media_type: str) -> None:
        assert not is_json(media_type)


class TestStrictRoute:
    def test_a_good_body_passes(self) -> None:
        reply = make_client().post("/v1/things", json={"title": "x", "arms": [{"n": 1, "sd": 0.5}]})
        assert reply.status_code == 201
        assert reply.json()["arms"] == [{"n": 1, "sd": 0.5}]

    def test_a_large_body_passes_as_well(self) -> None:
        title = "x" * (OFF_LOOP_BYTES + 1)
        assert make_client().post("/v1/things", json={"title": title}).json()["title"] == title

    @pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
    def test_another_media_type_is_415(self, media_type: str) -> None:
        reply = make_client().post("/v1/things", content=b'{"title": "x"}', headers={"Content-Type": media_type})
        assert reply.status_code == 415
        assert reply.headers["Accept"] == "application/json"

    def test_no_media_type_is_415(self) -> None:
        assert make_client().post("/v1/things", content=b'{"title": "x"}').status_code == 415

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 400),
            (b'{"title": NaN}', 400),
            (b'{"title": "a", "title": "b"}', 400),
            (b"[" * 100_000, 400),
            (b"\xff", 400),
            (b"[]", 422),
        ],
    )
    def test_broken_json_is_400_and_a_wrong_shape_422(self, body: bytes, status: int) -> None:
        reply = make_client().post("/v1/things", content=body, headers=JSON)
        assert reply.status_code == status
        assert reply.headers["Content-Type"] == "application/problem+json"

    @given(VALUES | st.just(math.inf))
    def test_any_value_is_answered_without_a_crash(self, value: Any) -> None:
        reply = make_client().post("/v1/things", content=json.dumps(value).encode(), headers=JSON)
        assert reply.status_code in {201, 400, 422}

    def test_a_route_that_takes_raw_files_is_left_alone(self) -> None:
        reply = make_client().post("/v1/things/raw/file", content=b"TY  - JOUR", headers={"Content-Type": "text/plain"})
        assert reply.json() == {"bytes": 10}
