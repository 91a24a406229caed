import hashlib

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.database import transaction
from app.schemas.change import ChangeList
from tests.factories import a_submission, an_accepted_study, write_vocabulary


def ask(client: TestClient, query: str = "") -> ChangeList:
    response = client.get(f"/v1/changes?{query}")
    assert response.status_code == 200, response.text
    return ChangeList.model_validate_json(response.content)


class TestListChanges:
    def test_entries_come_in_the_order_of_their_commits(self, seeded_client: TestClient) -> None:
        answer = ask(seeded_client, "limit=5")
        assert [item.sequence for item in answer.items] == [1, 2, 3, 4, 5]
        assert answer.meta.sequence == int(seeded_client.get("/v1/changes?limit=1").headers["evidence-revision"])

    def test_after_resumes_behind_any_entry(self, seeded_client: TestClient) -> None:
        newest = ask(seeded_client, "limit=1").meta.sequence
        assert [item.sequence for item in ask(seeded_client, "after=7&limit=2").items] == [8, 9]
        assert ask(seeded_client, f"after={newest}").items == []

    def test_pages_give_the_whole_ledger(self, seeded_client: TestClient) -> None:
        found: list[int] = []
        following: str | None = "/v1/changes?limit=200"
        while following:
            response = seeded_client.get(following)
            found += [item["sequence"] for item in response.json()["items"]]
            following = response.links.get("next", {}).get("url")
        assert found == list(range(1, ask(seeded_client, "limit=1").meta.sequence + 1))

    def test_the_newest_can_come_first(self, seeded_client: TestClient) -> None:
        answer = ask(seeded_client, "limit=1&sort=-sequence")
        assert answer.items[0].sequence == answer.meta.sequence

    def test_the_chain_can_be_checked(self, seeded_client: TestClient) -> None:
        for item in ask(seeded_client, "limit=50&after=600&include=content").items:
            assert item.content is not None
            assert hashlib.sha256(item.content.encode()).hexdigest() == item.hash

    @pytest.mark.parametrize(
        "query",
        [
            "after=x",
            "after=-1",
            "after=99999999999",
            "after=1&after=2",
            "include=everything",
            "since=1",
            "action=",
            "limit=500",
            "fields=words",
            "sort=hash",
        ],
    )
    def test_a_wrong_question_is_a_400(self, seeded_client: TestClient, query: str) -> None:
        assert seeded_client.get(f"/v1/changes?{query}").status_code == 400

    def test_fields_head_and_not_modified(self, seeded_client: TestClient) -> None:
        path = "/v1/changes?limit=2&fields=sequence,actor.name"
        response = seeded_client.get(path)
        assert response.json()["items"][0] == {"sequence": 1, "actor": {"name": "Founding data"}}
        assert seeded_client.head(path).headers["etag"] == response.headers["etag"]
        assert seeded_client.get(path, headers={"If-None-Match": response.headers["etag"]}).status_code == 304

    def test_what_was_never_accepted_says_neither_title_nor_key(self, engine: Engine, client: TestClient) -> None:
        write_vocabulary(engine)
        with transaction(engine) as session:
            hidden = a_submission(session, title="Unheard of zebras", authors=["Nemo N"])
            words = (hidden.title, hidden.key)
            shown = an_accepted_study(session, title="Well known zebras").title
        text = client.get("/v1/changes?limit=200&include=content").text
        assert not any(word in text for word in words)
        assert shown in text
