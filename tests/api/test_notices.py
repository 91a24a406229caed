"""Notices over HTTP: read by everybody, closed by curators, once and with a reason."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.retraction_check import check_study
from app.database import transaction
from app.schemas.bibliography import Bibliography
from app.schemas.lookup import NoticeKind, Publication, Retraction, SourceName, SourceRecord
from app.sources.notices import Answers
from tests.api.acting import an_accepted_study, assert_problem, header
from tests.conftest import Keys
from tests.factories import a_body, differences

DOI = "10.1000/trial"
KINDS = (NoticeKind.EXPRESSION_OF_CONCERN, NoticeKind.CORRECTION)
CLOSING = {"status": "handled", "reason": "The corrected figures were in the record already."}


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def study(client: TestClient, keys: Keys, engine: Engine) -> str:
    """An accepted study of which Crossref reports a concern and a correction."""
    study = an_accepted_study(client, keys.contributor, keys.curator, a_body(doi=DOI))
    record = SourceRecord(
        source=SourceName.CROSSREF,
        url="https://example.org/works/trial",
        fetched_at=datetime.now(UTC),
        raw_sha256="0" * 64,
        bibliography=Bibliography(title="Craniosacral therapy for neck pain", doi=DOI),
        notices=[Retraction(kind=kind, source=SourceName.CROSSREF, notice_doi=f"10.5555/{kind}") for kind in KINDS],
    )
    with transaction(engine) as session:
        check_study(session, Answers(Publication(study, "", DOI), {SourceName.CROSSREF: record}))
    return study


def open_notice(client: TestClient) -> str:
    (item,) = client.get("/v1/notices", params={"status": "open"}).json()["items"]
    href: str = item["href"]
    return href


@pytest.mark.usefixtures("study")
class TestRead:
    @pytest.mark.parametrize(
        ("asked", "kinds"),
        [
            ({}, ["correction", "expression-of-concern"]),
            ({"status": "open"}, ["correction"]),
            ({"kind": "expression-of-concern,retraction"}, ["expression-of-concern"]),
            ({"source": "pubmed"}, []),
            ({"status__not": "open"}, ["expression-of-concern"]),
        ],
    )
    def test_the_newest_first_by_what_became_of_them(self, client: TestClient, asked: dict[str, str], kinds: list[str]) -> None:
        assert [item["kind"] for item in client.get("/v1/notices", params=asked).json()["items"]] == kinds

    def test_of_one_study(self, client: TestClient, study: str) -> None:
        assert len(client.get("/v1/notices", params={"study": study}).json()["items"]) == 2
        key = client.get(f"/v1/studies/{study}").json()["key"]
        assert len(client.get("/v1/notices", params={"study": key}).json()["items"]) == 2
        assert client.get("/v1/notices", params={"study": "another"}).json()["items"] == []
        assert client.get("/v1/notices", params={"study__not": key}).json()["items"] == []

    def test_the_page_of_the_study_shows_them_and_its_mark(self, client: TestClient, study: str) -> None:
        page = client.get(f"/v1/studies/{study}").json()
        assert [(notice["kind"], notice["status"]) for notice in page["notices"]] == [
            ("expression-of-concern", "acted-on"),
            ("correction", "open"),
        ]
        assert (page["status"], page["document"]["publication_status"]) == ("accepted", "expression-of-concern")

    def test_one_that_is_not_there(self, client: TestClient) -> None:
        assert_problem(client.get("/v1/notices/nothing"), 404, "not-found")


@pytest.mark.usefixtures("study")
class TestClose:
    def test_it_is_closed_with_who_and_why(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        href = open_notice(client)
        answer = client.post(f"{href}/closing", json=CLOSING, headers=header(keys.curator))
        assert answer.status_code == 201, answer.text
        assert (answer.json()["status"], answer.json()["closed_by"], answer.json()["closing_reason"]) == (
            "handled", "Curator", CLOSING["reason"],
        )  # fmt: skip
        assert client.get(href).json() == answer.json()
        assert client.get("/v1/notices", params={"status": "open"}).json()["items"] == []
        assert_problem(client.post(f"{href}/closing", json=CLOSING, headers=header(keys.curator)), 409, "state-conflict")
        assert differences(engine) == []

    def test_sent_twice_under_one_key_it_is_done_once(self, client: TestClient, keys: Keys) -> None:
        address = f"{open_notice(client)}/closing"
        headers = header(keys.curator, Idempotency_Key='"close-once"')
        first, second = (client.post(address, json=CLOSING, headers=headers) for _ in range(2))
        assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())

    @pytest.mark.parametrize(
        ("closing", "pointer"),
        [
            ({"status": "open", "reason": "x"}, "/status"),
            ({"status": "handled"}, "/reason"),
            ({"status": "handled", "reason": " "}, "/reason"),
            ({"status": "handled", "reason": "x", "study": "y"}, "/study"),
        ],
    )
    def test_what_does_not_fit_is_named_and_nothing_changes(
        self, client: TestClient, keys: Keys, closing: dict[str, str], pointer: str
    ) -> None:
        href = open_notice(client)
        answer = client.post(f"{href}/closing", json=closing, headers=header(keys.curator))
        (error,) = assert_problem(answer, 422, "invalid-body", pointer)["errors"]
        if pointer == "/status":
            assert error["allowed"] == ["handled", "dismissed"]
            assert error["detail"] == "Input should be 'handled' or 'dismissed'"
        assert open_notice(client) == href
