from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.web.problems import install_problem_handlers
from app.web.what_if_parameters import Method, Mid, PublishedUntil, Without


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/asked")
    def asked(published_until: PublishedUntil = None, without: Without = None, method: Method = None, mid: Mid = None) -> dict[str, Any]:
        return {"published_until": published_until, "without": without, "method": method, "mid": mid}

    return TestClient(app, raise_server_exceptions=False)


class TestWhatIfParameters:
    @pytest.mark.parametrize(
        ("query", "name", "value"),
        [
            ("published_until=2019", "published_until", 2019),
            ("without=high-risk", "without", "high-risk"),
            ("method=certainty/1.0.0", "method", "certainty/1.0.0"),
            ("mid=1e1", "mid", 10.0),
            ("mid=0.000001", "mid", 1e-6),
            ("mid=1000000", "mid", 1e6),
        ],
    )
    def test_a_value_is_read(self, client: TestClient, query: str, name: str, value: object) -> None:
        nothing = dict.fromkeys(("published_until", "without", "method", "mid"))
        assert client.get(f"/asked?{query}").json() == nothing | {name: value}

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            *((f"mid={text}", "mid") for text in ("0", "-1", "nan", "inf", "1e999", "1e-9", "1000001", "ten", "", "%2B5", "1,5")),
            *((f"published_until={text}", "published_until") for text in ("1799", "3000", "last", "", "2015.0")),
            ("without=low-risk", "without"),
            ("without=", "without"),
            ("method=certainty/0.0.1", "method"),
            ("method=", "method"),
        ],
    )
    def test_what_is_none_is_refused_by_name(self, client: TestClient, query: str, name: str) -> None:
        answer = client.get(f"/asked?{query}")
        assert answer.status_code == 400
        assert [error["parameter"] for error in answer.json()["errors"]] == [name]

    def test_closed_choices_are_named(self, client: TestClient) -> None:
        assert client.get("/asked?without=all").json()["errors"][0]["allowed"] == ["high-risk"]
        refused = client.get("/asked?method=certainty/9.9.9").json()
        assert refused["errors"][0]["allowed"] == ["certainty/1.0.0"]
        assert refused["detail"] == "method: there is no method version 'certainty/9.9.9'; known: certainty/1.0.0."
