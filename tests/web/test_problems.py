import json
from typing import Annotated, Any

import pytest
from fastapi import Header
from starlette.exceptions import HTTPException

from app.errors import NotFound
from app.web.problems import problem_response
from tests.web.small_app import make_app, make_client

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id", "errors"}


def problem(method: str, path: str, **options: Any) -> dict[str, Any]:
    """The problem of a request, after checking what holds for all of them."""
    reply = make_client().request(method, path, **options)
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = reply.json()
    assert document.keys() >= MEMBERS
    assert document["status"] == reply.status_code
    assert document["request_id"] == reply.headers["X-Request-ID"]
    assert document["instance"] == path.partition("?")[0]
    return document


class TestStatuses:
    def test_an_unknown_address_is_404(self) -> None:
        assert problem("GET", "/nowhere")["type"] == "/problems/not-found"

    @pytest.mark.parametrize("path", ["/v1/things/", "/v1/nowhere", "/v1/things/3/more"])
    def test_an_unknown_address_below_a_router_is_404(self, path: str) -> None:
        assert problem("GET", path)["status"] == 404

    def test_a_wrong_method_is_405_with_all_that_are_right(self) -> None:
        assert problem("DELETE", "/v1/things")["type"] == "/problems/method-not-allowed"
        assert make_client().delete("/v1/things").headers["Allow"] == "GET, HEAD, POST, OPTIONS"

    def test_a_problem_raised_anywhere_keeps_its_members(self) -> None:
        document = problem("GET", "/duplicate")
        assert document["status"] == 409
        assert document["study"] == "/v1/studies/1"
        assert document["detail"] == "We have it."

    def test_a_crash_is_500(self) -> None:
        assert problem("GET", "/crash")["type"] == "/problems/internal-error"

    @pytest.mark.parametrize(("status", "kind"), [(406, "/problems/not-acceptable"), (410, "/problems/gone"), (418, "about:blank")])
    def test_what_the_framework_raises_by_number_becomes_a_problem(self, status: int, kind: str) -> None:
        app = make_app()

        @app.get("/number")
        def raise_number() -> None:
            raise HTTPException(status, "for a reason")

        reply = make_client(app=app).get("/number")
        assert reply.status_code == status
        assert reply.json()["type"] == kind
        assert reply.json()["detail"] == "for a reason"


class TestValidation:
    def test_a_bad_query_is_400_and_names_the_parameter(self) -> None:
        document = problem("GET", "/v1/things?limit=x")
        assert document["type"] == "/problems/invalid-query"
        assert document["errors"][0]["parameter"] == "limit"
        assert document["detail"].startswith("limit: Input should be a valid integer")

    def test_a_bad_path_is_404(self) -> None:
        document = problem("GET", "/v1/things/abc")
        assert document["status"] == 404
        assert "number" in document["detail"]

    def test_a_bad_header_is_400_and_names_it(self) -> None:
        app = make_app()

        @app.get("/with-header")
        def read_header(count: Annotated[int, Header(alias="X-Count")]) -> int:
            return count

        document = make_client(app=app).get("/with-header", headers={"X-Count": "many"}).json()
        assert document["type"] == "/problems/invalid-header"
        assert document["detail"].startswith("X-Count: ")

    def test_a_bad_body_is_422_with_pointers(self) -> None:
        body = {"title": 1, "arms": [{"n": 3}, {"n": -1, "extra": 1}], "better": "sideways", "names": {"a/b~c": 1}}
        document = problem("POST", "/v1/things", json=body)
        assert document["type"] == "/problems/invalid-body"
        pointers = [error["pointer"] for error in document["errors"]]
        assert pointers == ["/title", "/better", "/arms/1/n", "/arms/1/extra", "/names/a~1b~0c"]

    def test_a_closed_choice_names_what_is_allowed(self) -> None:
        (error,) = problem("POST", "/v1/things", json={"title": "x", "better": "sideways"})["errors"]
        assert error["allowed"] == ["lower", "higher"]

    def test_a_rule_of_ours_speaks_for_itself(self) -> None:
        (error,) = problem("POST", "/v1/things", json={"title": "contradiction"})["errors"]
        assert error == {"pointer": "", "detail": "The title contradicts itself", "allowed": None}

    def test_a_missing_body_is_400_and_says_so(self) -> None:
        document = problem("POST", "/v1/things", headers={"Content-Type": "application/json"})
        assert (document["type"], document["detail"]) == ("/problems/malformed-json", "The body is empty.")

    def test_null_is_a_body_that_does_not_fit(self) -> None:
        document = problem("POST", "/v1/things", content=b"null", headers={"Content-Type": "application/json"})
        assert document["type"] == "/problems/invalid-body"
        assert [error["pointer"] for error in document["errors"]] == [""]

    def test_an_unknown_member_is_answered_with_the_nearest_and_all(self) -> None:
        outer, inner = problem("POST", "/v1/things", json={"title": "x", "arms": [{"n": 1}, {"n": 1, "s_d": 2}], "titel": "x"})["errors"]
        assert (outer["pointer"], outer["allowed"]) == ("/arms/1/s_d", ["n", "sd"])
        assert outer["detail"] == "There is no member 's_d'; did you mean 'sd'?"
        assert (inner["pointer"], inner["allowed"]) == ("/titel", ["title", "better", "arms", "names"])

    def test_a_bad_path_comes_before_a_bad_body(self) -> None:
        assert problem("PATCH", "/v1/things/abc", json={})["status"] == 404

    def test_odd_characters_in_a_value_do_no_harm(self) -> None:
        document = problem("GET", "/v1/things?limit=%F0%9F%92%A9%FF")
        assert json.dumps(document)
        assert document["status"] == 400


class TestInstance:
    def test_is_a_uri_reference_whatever_the_path_holds(self) -> None:
        response = problem_response(NotFound(), instance="/v1/conditions/\u00ccI \x07", request_id=None)
        assert json.loads(bytes(response.body))["instance"] == "/v1/conditions/%C3%8CI%20%07"
