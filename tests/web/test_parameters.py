import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.web.parameters import NO_PARAMETERS, only_parameters
from app.web.problems import install_problem_handlers


@pytest.fixture
def client() -> TestClient:
    app = FastAPI(openapi_url=None)
    install_problem_handlers(app)
    app.get("/none", dependencies=[NO_PARAMETERS])(lambda: "asked")
    app.get("/some", dependencies=[only_parameters("published_until", "unit")])(lambda: "asked")
    return TestClient(app)


class TestOnlyParameters:
    def test_lets_pass_what_was_named_once(self, client: TestClient) -> None:
        assert client.get("/some?unit=mm&published_until=2015").status_code == 200
        assert client.get("/none").status_code == 200

    def test_an_unknown_parameter_is_refused_with_the_nearest(self, client: TestClient) -> None:
        answer = client.get("/some?publishd_until=2015&unit=mm")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-query")
        [error] = answer.json()["errors"]
        assert error["parameter"] == "publishd_until"
        assert error["detail"].endswith("did you mean 'published_until'?")
        assert error["allowed"] == ["published_until", "unit"]

    def test_an_address_without_parameters_says_so(self, client: TestClient) -> None:
        [error] = client.get("/none?limit=3").json()["errors"]
        assert error["detail"] == "there is no parameter 'limit'; this address takes none."

    def test_the_same_parameter_twice_is_refused(self, client: TestClient) -> None:
        [error] = client.get("/some?unit=mm&unit=cm").json()["errors"]
        assert (error["parameter"], error["detail"]) == ("unit", "the parameter is given more than once.")

    def test_every_wrong_parameter_is_named(self, client: TestClient) -> None:
        errors = client.get("/none?a=1&b=2").json()["errors"]
        assert [error["parameter"] for error in errors] == ["a", "b"]
