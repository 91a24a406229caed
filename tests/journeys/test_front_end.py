"""A front-end app shows what is known about a condition: one call, plain words, links, and an honest answer where nothing is known."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.database import make_engine
from app.main import create_app
from tests.api.acting import a_submitted_study, assert_problem, header, review
from tests.conftest import make_keys, settings_for
from tests.databases import ENGINES, Databases
from tests.factories import a_body, a_result
from tests.require import require


@pytest.fixture(scope="module", params=ENGINES)
def app_client(request: pytest.FixtureRequest, databases: Databases) -> Iterator[TestClient]:
    """An app that only reads the founding data."""
    if request.param == "postgresql":
        require("postgresql")
    with TestClient(create_app(settings_for(databases.shared_seeded(request.param)))) as client:
        yield client


class TestFrontEnd:
    def test_one_call_gives_the_text_the_ratings_and_the_links(self, app_client: TestClient) -> None:
        response = app_client.get("/v1/conditions/migraine", headers={"Origin": "https://app.example"})
        assert response.status_code == 200
        page = response.json()
        assert page["slug"] == "migraine"
        assert page["description"]
        assert {rating["intervention"] for rating in page["ratings"]} >= {"craniosacral-therapy"}
        assert all(rating["sentence"] for rating in page["ratings"])
        assert page["meta"]["method"].startswith("certainty/")
        assert response.headers["access-control-allow-origin"] == "*"

    def test_every_link_of_a_rating_leads_somewhere(self, app_client: TestClient) -> None:
        for rating in app_client.get("/v1/conditions/migraine").json()["ratings"]:
            assert app_client.get(rating["href"]).status_code == 200

    def test_the_second_visit_costs_no_transfer(self, app_client: TestClient) -> None:
        first = app_client.get("/v1/conditions/migraine")
        again = app_client.get("/v1/conditions/migraine", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_where_nothing_was_found_it_says_so_and_no_more(self, app_client: TestClient) -> None:
        pages = [app_client.get(item["href"]).json() for item in app_client.get("/v1/conditions?limit=200").json()["items"]]
        silent = [rating for page in pages for rating in page["ratings"] if rating["certainty"] == "no-evidence"]
        assert silent
        assert {rating["direction"] for rating in silent} == {None}
        assert all("does not mean" in rating["sentence"] for rating in silent)

    def test_a_mistyped_condition_is_helped_on(self, app_client: TestClient) -> None:
        assert "migraine" in assert_problem(app_client.get("/v1/conditions/migrane"), 404, "not-found")["detail"]

    def test_the_page_moves_with_the_study_that_is_accepted(self, seeded_copy_url: str) -> None:
        engine = make_engine(seeded_copy_url)
        keys = make_keys(engine)
        engine.dispose()
        body = a_body(conditions=["migraine"], results=[a_result(condition="migraine")])
        with TestClient(create_app(settings_for(seeded_copy_url))) as client:
            before = client.get("/v1/conditions/migraine")
            study = a_submitted_study(client, keys.contributor, body)
            hidden = client.get("/v1/conditions/migraine", headers={"If-None-Match": before.headers["etag"]})
            assert hidden.status_code == 304
            assert client.get(f"/v1/studies/{study}").status_code == 404
            assert study not in client.get("/v1/studies?limit=200").text
            feed = client.get(f"/v1/changes?after={before.headers['evidence-revision']}")
            assert [entry["action"] for entry in feed.json()["items"]] == ["study.created", "study.submitted"]
            assert body["title"] not in feed.text
            assert review(client, keys.curator, study).status_code == 201
            after = client.get("/v1/conditions/migraine", headers={"If-None-Match": before.headers["etag"]})
            assert after.status_code == 200
            assert int(after.headers["evidence-revision"]) > int(before.headers["evidence-revision"])
            assert client.get(f"/v1/studies/{study}", headers=header(None)).status_code == 200
