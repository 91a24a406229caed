import gzip
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from starlette.requests import Request

from app.errors import InvalidHeader, PreconditionRequired, Problem, StaleRevision
from app.vocabulary import Certainty
from app.web.conditional import list_etag, matches_none_match, record_etag, reply, require_if_match, serialise
from tests.web.small_app import make_client


def request(*headers: tuple[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": raw})


class Shape(BaseModel):
    certainty: Certainty
    at: datetime
    other: float | None = Field(default=None, serialization_alias="else")


class TestSerialise:
    def test_a_model_leaves_in_its_wire_form(self) -> None:
        body = serialise(Shape(certainty=Certainty.VERY_LOW, at=datetime(2026, 1, 2, tzinfo=UTC)))
        assert json.loads(body) == {"certainty": "very-low", "at": "2026-01-02T00:00:00Z", "else": None}

    def test_mappings_and_lists_hold_models_and_values(self) -> None:
        inner = Shape(certainty=Certainty.LOW, at=datetime(2026, 1, 2, tzinfo=UTC), other=1.5)
        body = serialise({"items": [inner], "id": UUID(int=7)})
        assert json.loads(body) == {"items": [json.loads(serialise(inner))], "id": str(UUID(int=7))}

    def test_bytes_pass(self) -> None:
        assert serialise(b"<svg/>") == b"<svg/>"


class TestTags:
    def test_a_record_tag_begins_with_the_revision(self) -> None:
        assert record_etag(3, b"x").startswith('"r3-')
        assert record_etag(3, b"x") != record_etag(3, b"y")

    def test_a_list_tag_is_the_hash_alone(self) -> None:
        assert list_etag(b"x") == record_etag(1, b"x").replace("r1-", "")


class TestReply:
    def test_carries_a_strong_tag_and_asks_caches_to_ask(self) -> None:
        answer = reply(request(), {"a": 1}, revision=4)
        assert answer.headers["ETag"].startswith('"r4-')
        assert answer.headers["Cache-Control"] == "public, no-cache"
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert answer.headers["Content-Type"] == "application/json"

    @pytest.mark.parametrize("header", ["Authorization", "Cookie"])
    def test_what_one_person_may_see_stays_private(self, header: str) -> None:
        assert reply(request((header, "x")), {}).headers["Cache-Control"] == "private, no-cache"

    def test_a_known_tag_is_304_without_body(self) -> None:
        tag = reply(request(), {"a": 1}).headers["ETag"]
        answer = reply(request(("If-None-Match", tag)), {"a": 1})
        assert answer.status_code == 304
        assert answer.body == b""
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "public, no-cache"
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert "Content-Type" not in answer.headers

    def test_a_changed_body_is_sent(self) -> None:
        tag = reply(request(), {"a": 1}).headers["ETag"]
        assert reply(request(("If-None-Match", tag)), {"a": 2}).status_code == 200

    def test_a_packed_body_has_a_tag_of_its_own(self) -> None:
        payload = {"text": "x" * 5000}
        plain, packed = reply(request(), payload), reply(request(("Accept-Encoding", "gzip")), payload)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(bytes(packed.body)) == plain.body
        assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
        assert "Content-Encoding" not in plain.headers

    def test_packing_twice_gives_the_same_bytes(self) -> None:
        first, second = (reply(request(("Accept-Encoding", "gzip")), {"text": "x" * 5000}) for _ in range(2))
        assert first.body == second.body

    def test_the_tag_of_one_encoding_does_not_stand_for_the_other(self) -> None:
        payload = {"text": "x" * 5000}
        plain = reply(request(), payload).headers["ETag"]
        packed = reply(request(("Accept-Encoding", "gzip")), payload).headers["ETag"]
        assert reply(request(("Accept-Encoding", "gzip"), ("If-None-Match", plain)), payload).status_code == 200
        answer = reply(request(("Accept-Encoding", "gzip"), ("If-None-Match", packed)), payload)
        assert (answer.status_code, answer.headers["ETag"]) == (304, packed)

    def test_own_headers_go_along_even_with_304(self) -> None:
        headers = {"Link": '</x>; rel="next"'}
        tag = reply(request(), []).headers["ETag"]
        answer = reply(request(("If-None-Match", tag)), [], headers=headers)
        assert answer.status_code == 304
        assert answer.headers["Link"] == headers["Link"]

    def test_travels_through_the_door(self) -> None:
        client = make_client()
        first = client.get("/v1/things/3", headers={"Accept-Encoding": "gzip"})
        again = client.get("/v1/things/3", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
        assert first.json()["number"] == 3
        assert first.headers["ETag"].endswith('-gzip"')
        assert again.status_code == 304
        assert again.headers["Access-Control-Allow-Origin"] == "*"


class TestMatchesNoneMatch:
    TAG = '"r3-abc"'

    @pytest.mark.parametrize("field", ['"r3-abc"', 'W/"r3-abc"', '"x", "r3-abc"', '"x",W/"r3-abc" , "y"', "*", ' "r3-abc" '])
    def test_lists_weak_tags_and_the_star_match(self, field: str) -> None:
        assert matches_none_match(request(("If-None-Match", field)), self.TAG)

    @pytest.mark.parametrize("field", ['"r3-abcd"', '"r3"', 'W/"x"', '"r3-abc-gzip"'])
    def test_other_tags_do_not(self, field: str) -> None:
        assert not matches_none_match(request(("If-None-Match", field)), self.TAG)

    def test_several_lines_are_one_list(self) -> None:
        assert matches_none_match(request(("If-None-Match", '"x"'), ("If-None-Match", self.TAG)), self.TAG)

    @pytest.mark.parametrize("field", ["r3-abc", '"x" "y"', '"x', 'w/"x"', '"x";"y"', ","])
    def test_what_is_no_tag_is_400(self, field: str) -> None:
        with pytest.raises(InvalidHeader, match="If-None-Match"):
            matches_none_match(request(("If-None-Match", field)), self.TAG)


def outcome(if_match: str) -> int | None:
    """The status of the refusal; None where the write may pass."""
    try:
        require_if_match(request(("If-Match", if_match)), 3)
    except Problem as problem:
        return problem.status
    return None


class TestRequireIfMatch:
    @pytest.mark.parametrize("field", ['"r3-abc"', '"r3-other-representation-gzip"', '"r3"', "*", '"x", "r3-abc"'])
    def test_the_current_revision_passes_whatever_the_representation(self, field: str) -> None:
        require_if_match(request(("If-Match", field)), 3)

    @pytest.mark.parametrize("field", ['"r2-abc"', '"r33-abc"', '"abc"', 'W/"r3-abc"', '""'])
    def test_anything_else_is_412_with_the_current_tag(self, field: str) -> None:
        with pytest.raises(StaleRevision) as caught:
            require_if_match(request(("If-Match", field)), 3)
        assert caught.value.headers["ETag"] == '"r3"'

    def test_without_the_header_it_is_428(self) -> None:
        with pytest.raises(PreconditionRequired):
            require_if_match(request(), 3)

    def test_the_tag_of_the_412_can_be_sent_back(self) -> None:
        with pytest.raises(StaleRevision) as caught:
            require_if_match(request(("If-Match", '"r2"')), 3)
        require_if_match(request(("If-Match", caught.value.headers["ETag"])), 3)

    @given(st.text(st.characters(max_codepoint=255), max_size=60))
    def test_any_header_passes_or_is_a_problem(self, field: str) -> None:
        assert outcome(field) in {None, 400, 412}
