"""/metrics: what an operator sees, without a word about people."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families as families
from sqlalchemy import Engine

from app.main import create_app
from tests.api.acting import a_submitted_study, assert_problem, header, review
from tests.conftest import Keys, settings_for
from tests.fakes import FakeServices, fake_services, status


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def services() -> Iterator[FakeServices]:
    with fake_services() as running:
        yield running


@pytest.fixture
def client(engine_url: str, services: FakeServices) -> Iterator[TestClient]:
    settings = services.settings(database_url=engine_url, rate_limit="off", rate_limit_writes="off", source_total_seconds=0.3)
    with TestClient(create_app(settings)) as opened:
        yield opened


def numbers(client: TestClient) -> dict[tuple[str, ...], float]:
    client.app.app.state.source_health.settle()  # type: ignore[attr-defined]
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


class TestRequests:
    def test_are_counted_by_the_template_of_their_route(self, client: TestClient) -> None:
        client.get("/v1/conditions/neck-pain")
        client.get("/v1/conditions/nowhere")
        client.head("/v1/conditions/neck-pain")
        found = numbers(client)
        route = "/v1/conditions/{slug}"
        assert found["evidence_http_requests_total", "GET", route, "200"] == 1
        assert found["evidence_http_requests_total", "GET", route, "404"] == 1
        assert found["evidence_http_requests_total", "HEAD", route, "200"] == 1
        assert found["evidence_http_request_duration_seconds_count", "GET", route] == 2

    def test_addresses_and_methods_that_do_not_exist_make_no_labels(self, client: TestClient) -> None:
        for number in range(5):
            client.get(f"/v1/nothing-{number}")
            client.request(f"BREW{number}", "/v1/conditions")
        found = numbers(client)
        assert found["evidence_http_requests_total", "GET", "unmatched", "404"] == 5
        assert sum(value for name, value in found.items() if name[:2] == ("evidence_http_requests_total", "OTHER")) == 5
        assert not any("nothing" in label or "BREW" in label for name in found for label in name)

    def test_each_app_counts_for_itself(self, client: TestClient, engine_url: str) -> None:
        client.get("/v1/conditions")
        with TestClient(create_app(settings_for(engine_url))) as other:
            assert ("evidence_http_requests_total", "GET", "/v1/conditions", "200") not in numbers(other)


class TestState:
    def test_the_ledger_moves_with_every_act(self, client: TestClient, keys: Keys) -> None:
        before = numbers(client)
        assert review(client, keys.curator, a_submitted_study(client, keys.contributor)).status_code == 201
        after = numbers(client)
        assert after["evidence_ledger_sequence",] > before["evidence_ledger_sequence",]
        assert (after["evidence_database_up",], after["evidence_notices_open",]) == (1, 0)

    def test_a_source_is_told_by_its_last_answer_and_its_failures(self, client: TestClient, keys: Keys, services: FakeServices) -> None:
        found = numbers(client)
        assert ("evidence_source_last_success_age_seconds", "crossref") not in found
        assert found["evidence_source_consecutive_failures", "crossref"] == 0
        services.always("crossref", status(503))
        client.get("/v1/lookup/doi:10.1186/s12891-019-3017-y", headers=header(keys.contributor))
        found = numbers(client)
        assert found["evidence_source_consecutive_failures", "crossref"] == 1
        assert found["evidence_source_requests_total", "source-unavailable", "crossref"] == 1
        assert 0 <= found["evidence_source_last_success_age_seconds", "pubmed"] < 60
        sources = {row["source"]: row for row in client.get("/health/ready").json()["details"]["sources"]}
        assert (sources["crossref"]["state"], sources["crossref"]["last_failure_kind"]) == ("failing", "source-unavailable")
        assert (sources["pubmed"]["state"], sources["clinicaltrials-gov"]["state"]) == ("ok", "unknown")
        services._always.clear()
        client.get("/v1/lookup/doi:10.1186/s12891-019-3017-y", headers=header(keys.contributor))
        assert numbers(client)["evidence_source_consecutive_failures", "crossref"] == 0

    def test_a_database_that_is_gone_is_a_number_too(self, client: TestClient, engine: Engine) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE publication_notice RENAME TO gone")
            connection.commit()
        assert numbers(client)["evidence_database_up",] == 0


class TestToken:
    @pytest.fixture
    def client(self, engine_url: str) -> Iterator[TestClient]:
        settings = settings_for(engine_url).model_copy(update={"metrics_token": None})
        closed = type(settings)(**{**settings.model_dump(), "metrics_token": "open-sesame"})
        with TestClient(create_app(closed)) as opened:
            yield opened

    @pytest.mark.parametrize("sent", [None, "Bearer wrong", "open-sesame", "Bearer open-sesame "])
    def test_is_asked_for_where_it_is_set(self, client: TestClient, sent: str | None) -> None:
        headers = {"Authorization": sent} if sent is not None and sent.strip() == sent else {}
        assert_problem(client.get("/metrics", headers=headers), 401, "authentication-required")

    def test_opens(self, client: TestClient) -> None:
        assert client.get("/metrics", headers={"Authorization": "Bearer open-sesame"}).status_code == 200
