from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Query, Security
from fastapi.security import HTTPBearer
from openapi_spec_validator import validate
from pydantic import BaseModel
from sqlalchemy import column

from app.errors import Conflict, DuplicateStudy, NotFound, StateConflict
from app.main import create_app
from app.queries.filters import Field, FilterTable
from app.queries.paging import SortKey
from app.vocabulary import Verdict
from app.web.json_body import StrictRoute
from app.web.openapi import install_openapi, operation_id, problem_responses
from app.web.problems import MEDIA_TYPE
from tests.conftest import settings_for


class Body(BaseModel):
    title: str


CLAIMS = FilterTable([Field("verdict", column("verdict"), type=Verdict)], [], SortKey("id", column("id"), str, nullable=False))
router = APIRouter(prefix="/v1", route_class=StrictRoute)


@router.get("/studies")
def list_studies(year: Annotated[int | None, Query()] = None) -> list[str]:
    """List studies."""
    return [str(year)]


@router.get("/claims", openapi_extra={"parameters": CLAIMS.describe()})
def list_claims() -> list[str]:
    return []


@router.get("/studies/{key}")
def get_study(key: str) -> str:
    return key


@router.post("/studies", responses=problem_responses(DuplicateStudy, StateConflict), dependencies=[Security(HTTPBearer())])
def create_study(body: Body) -> str:
    return body.title


@router.patch("/studies/{key}")
def amend_study(key: str, body: Body) -> str:
    return key + body.title


@pytest.fixture
def document() -> dict[str, Any]:
    app = FastAPI(title="Evidence Ledger", version="1.0.0", openapi_url=None, generate_unique_id_function=operation_id)
    app.include_router(router)
    install_openapi(app)
    assert app.openapi() is app.openapi()
    return app.openapi()


def statuses(document: dict[str, Any], path: str, method: str) -> set[str]:
    return set(document["paths"][path][method]["responses"])


class TestDocument:
    def test_is_valid_openapi_3_1(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1")
        validate(document)

    def test_operation_ids_are_the_names_of_the_functions(self, document: dict[str, Any]) -> None:
        found = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
        assert found == {"list_studies", "list_claims", "get_study", "create_study", "amend_study"}

    def test_fastapis_own_error_shapes_are_gone(self, document: dict[str, Any]) -> None:
        assert "HTTPValidationError" not in str(document)
        assert "Problem" in document["components"]["schemas"]

    def test_every_operation_declares_its_problems(self, document: dict[str, Any]) -> None:
        always = {"200", "429", "500", "503"}
        assert statuses(document, "/v1/studies", "get") == always | {"304", "400", "412"}
        assert statuses(document, "/v1/claims", "get") == always | {"304", "400", "412"}
        assert statuses(document, "/v1/studies/{key}", "get") == always | {"304", "400", "404", "412"}
        assert statuses(document, "/v1/studies", "post") == always | {"400", "401", "403", "409", "413", "415", "422"}
        assert statuses(document, "/v1/studies/{key}", "patch") == always | {"400", "404", "412", "413", "415", "422", "428"}

    def test_the_filters_of_a_collection_are_its_parameters(self, document: dict[str, Any]) -> None:
        parameters = {parameter["name"]: parameter for parameter in document["paths"]["/v1/claims"]["get"]["parameters"]}
        assert set(parameters) == {"verdict", "verdict__not", "sort", "limit", "cursor", "count", "fields", "Min-Evidence-Revision"}
        assert parameters["verdict"]["schema"]["items"]["enum"] == [verdict.value for verdict in Verdict]

    def test_every_problem_is_problem_json(self, document: dict[str, Any]) -> None:
        for path in document["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        assert list(response["content"]) == [MEDIA_TYPE]


class TestHeaders:
    @staticmethod
    def of(operation: dict[str, Any]) -> dict[str, bool]:
        return {one["name"]: one["required"] for one in operation.get("parameters", []) if one["in"] == "header"}

    def test_a_write_over_what_was_read_needs_if_match(self, document: dict[str, Any]) -> None:
        assert self.of(document["paths"]["/v1/studies/{key}"]["patch"]) == {"If-Match": True}
        assert "If-Match" not in self.of(document["paths"]["/v1/studies/{key}"]["get"])

    def test_every_read_takes_the_revision_that_it_must_not_be_older_than(self, document: dict[str, Any]) -> None:
        reads = [path["get"] for path in document["paths"].values() if "get" in path]
        assert [self.of(one) for one in reads] == [{"Min-Evidence-Revision": False}] * len(reads)

    def test_every_operation_of_the_service_names_the_headers_that_it_reads(self, small_url: str) -> None:
        operations = {
            operation["operationId"]: operation
            for path in create_app(settings_for(small_url)).app.openapi()["paths"].values()
            for operation in path.values()
            if isinstance(operation, dict)
        }
        assert [name for name, one in operations.items() if "428" in one["responses"] and not self.of(one).get("If-Match")] == []
        assert self.of(operations["review_study_record"]) == {"If-Match": False, "Idempotency-Key": False}
        assert self.of(operations["rotate_api_key"]) == {"If-Match": False}
        for name in ("create_study_record", "submit_study_record", "rebase_study_revision", "create_import", "comment_on_study"):
            assert self.of(operations[name]) == {"Idempotency-Key": False}, name


class TestProblemResponses:
    def test_problems_of_one_status_share_an_entry(self) -> None:
        responses = problem_responses(NotFound, Conflict, DuplicateStudy)
        assert list(responses) == [404, 409]
        assert "/problems/conflict" in responses[409]["description"]
        assert "/problems/duplicate-study" in responses[409]["description"]
