"""Look-ups: what the services know, merged, and whether it is here already. The services are played by a server on this machine."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.schemas.lookup import FoundRecord, LookupsAnswer
from tests.api.acting import assert_problem, create, header
from tests.conftest import Keys
from tests.factories import a_body, differences, row_counts
from tests.fakes import FakeServices, fake_services, status

HALLER = "doi:10.1186/s12891-019-3017-y"
KNOWN_RECORDS = (
    *(HALLER, "doi:10.1016/S0140-6736(97)11096-0", "doi:10.5555/light.2021.001", "doi:10.5555/preprint.2020.001"),
    *("pmid:99000002", "pmid:99000003", "nct:NCT99000001", "nct:NCT99000002"),
)


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def services() -> Iterator[FakeServices]:
    with fake_services() as running:
        yield running


@pytest.fixture
def client(engine_url: str, services: FakeServices) -> Iterator[TestClient]:
    from app.main import create_app

    settings = services.settings(database_url=engine_url, rate_limit="off", rate_limit_writes="off", source_total_seconds=1)
    with TestClient(create_app(settings)) as client:
        yield client


def found(client: TestClient, key: str, identifier: str = HALLER) -> FoundRecord:
    answer = client.get(f"/v1/lookup/{identifier}", headers=header(key))
    assert answer.status_code == 200, answer.text
    return FoundRecord.model_validate_json(answer.text)


class TestLookUp:
    def test_a_record_is_prefilled_and_every_member_names_its_source(self, client: TestClient, keys: Keys) -> None:
        record = found(client, keys.contributor)
        assert record.document["doi"] == "10.1186/s12891-019-3017-y"
        assert record.document["title"]
        assert set(record.members) >= {"title", "authors", "year", "journal"}
        assert record.existing == []

    @pytest.mark.parametrize("identifier", KNOWN_RECORDS)
    def test_the_document_is_taken_as_a_draft_as_it_stands(self, client: TestClient, keys: Keys, engine: Engine, identifier: str) -> None:
        document = found(client, keys.contributor, identifier).document
        written = create(client, keys.contributor, document)
        assert written.status_code == 201, written.text
        assert {name: written.json()["document"][name] for name in document} == document
        assert differences(engine) == []

    def test_what_is_here_already_is_recognised(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor, a_body(doi="10.1186/s12891-019-3017-y", title="Another title")).json()["id"]
        existing = found(client, keys.contributor).existing
        assert [(known.id, known.href) for known in existing] == [(study, f"/v1/studies/{study}")]
        assert "same DOI" in existing[0].reason

    def test_the_same_title_without_identifiers_is_recognised(self, client: TestClient, keys: Keys) -> None:
        said = found(client, keys.contributor).document
        create(client, keys.contributor, a_body(title=said["title"], authors=said["authors"], year=said["year"], doi=None, pmid=None))
        assert [known.score for known in found(client, keys.contributor).existing] == [100]

    def test_drafts_of_others_are_not_named(self, client: TestClient, keys: Keys) -> None:
        create(client, keys.contributor, a_body(doi="10.1186/s12891-019-3017-y"))
        for_another, for_curator = found(client, keys.second_contributor), found(client, keys.curator)
        assert (for_another.existing, for_another.taken) == ([], ["doi"])
        assert (len(for_curator.existing), for_curator.taken) == (1, [])

    def test_what_is_here_already_is_told_though_no_service_answers(self, client: TestClient, keys: Keys, services: FakeServices) -> None:
        for service in ("crossref", "europe_pmc", "pubmed"):
            services.always(service, status(500))
        study = create(client, keys.contributor, a_body(doi="10.1186/s12891-019-3017-y")).json()["id"]
        answer = client.get(f"/v1/lookup/{HALLER}", headers=header(keys.contributor))
        assert answer.status_code in (502, 503, 504)
        assert [known["id"] for known in answer.json()["existing"]] == [study]
        many = client.post("/v1/lookups", json={"identifiers": [HALLER]}, headers=header(keys.second_contributor)).json()
        assert [(one["existing"], one["taken"]) for one in many["items"]] == [([], ["doi"])]

    def test_nothing_is_written(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        before = row_counts(engine, but={"source_health"})
        found(client, keys.contributor)
        assert row_counts(engine, but={"source_health"}) == before

    def test_a_service_that_is_down_is_named_and_the_others_speak(self, client: TestClient, keys: Keys, services: FakeServices) -> None:
        services.always("crossref", status(500))
        record = found(client, keys.contributor)
        assert record.document["title"]
        assert [(one.source, one.problem) for one in record.unavailable] == [("crossref", "source-unavailable")]

    def test_what_nobody_knows_is_a_404(self, client: TestClient, keys: Keys) -> None:
        answer = client.get("/v1/lookup/doi:10.1234/nothing-here", headers=header(keys.contributor))
        assert_problem(answer, 404, "unknown-identifier")

    @pytest.mark.parametrize("identifier", ["doi:nonsense", "pmid:abc", "nct:ISRCTN12345678", "hello"])
    def test_what_is_no_identifier_is_a_400(self, client: TestClient, keys: Keys, identifier: str) -> None:
        answer = client.get(f"/v1/lookup/{identifier}", headers=header(keys.contributor))
        assert_problem(answer, 400, "invalid-query")
        assert answer.json()["errors"][0]["parameter"] == "identifier"

    def test_each_problem_has_its_page(self, client: TestClient) -> None:
        for slug in ("source-timeout", "source-unavailable", "source-reply-invalid", "unknown-identifier"):
            assert client.get(f"/problems/{slug}").status_code == 200


class TestLookUpMany:
    def test_each_has_its_own_answer_in_order(self, client: TestClient, keys: Keys) -> None:
        asked = {"identifiers": ["doi:10.1234/nothing-here", HALLER]}
        answer = client.post("/v1/lookups", json=asked, headers=header(keys.contributor))
        assert answer.status_code == 200, answer.text
        unknown, haller = LookupsAnswer.model_validate_json(answer.text).items
        assert (unknown.identifier, getattr(unknown, "problem", None)) == ("doi:10.1234/nothing-here", "unknown-identifier")
        assert isinstance(haller, FoundRecord)

    def test_a_malformed_identifier_is_named(self, client: TestClient, keys: Keys) -> None:
        answer = client.post("/v1/lookups", json={"identifiers": [HALLER, "hello"]}, headers=header(keys.contributor))
        assert_problem(answer, 422, "invalid-body", "/identifiers/1")

    @pytest.mark.parametrize("identifiers", [[], [HALLER] * 51, None, ["x", 1]])
    def test_a_list_of_the_wrong_shape_is_refused(self, client: TestClient, keys: Keys, identifiers: object) -> None:
        answer = client.post("/v1/lookups", json={"identifiers": identifiers}, headers=header(keys.contributor))
        assert_problem(answer, 422, "invalid-body")
