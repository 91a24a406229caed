"""Whoever handed a draft in has a hand in it, also when somebody else hands it in again."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.database import reading
from app.queries.audit import audit
from app.vocabulary import AuditQuestion
from tests.api.acting import amend, an_accepted_study, assert_problem, create, header, review, submit
from tests.conftest import Keys
from tests.factories import differences


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def send_back(client: TestClient, keys: Keys, study: str) -> None:
    assert review(client, keys.second_curator, study, "request-changes").status_code == 201


class TestASubmitterWhoWasOvertaken:
    """The first curator hands in another's draft, the second sends it back, its author goes on and hands it in herself."""

    def of_a_new_record(self, client: TestClient, keys: Keys) -> str:
        study: str = create(client, keys.contributor).json()["id"]
        assert submit(client, keys.curator, study).status_code == 200
        assert_problem(review(client, keys.curator, study), 403, "own-submission")
        send_back(client, keys, study)
        return study

    def of_an_amendment(self, client: TestClient, keys: Keys) -> str:
        study = an_accepted_study(client, keys.second_contributor, keys.second_curator)
        amend(client, keys.contributor, study, {"year": 2020}, If_Match='"r1"')
        assert submit(client, keys.curator, study).status_code == 200
        send_back(client, keys, study)
        return study

    def may_not_decide(self, client: TestClient, keys: Keys, engine: Engine, study: str) -> None:
        for decision in ("accept", "reject", "request-changes"):
            assert_problem(review(client, keys.curator, study, decision), 403, "own-submission")
        [row] = client.get("/v1/review-queue", headers=header(keys.curator)).json()["items"]
        assert row["you_may_decide"] is False
        assert review(client, keys.second_curator, study).status_code == 201
        with reading(engine) as session:
            assert audit(session).findings[AuditQuestion.ONE_PERSON_APPROVALS] == []
        assert differences(engine) == []

    def test_the_same_revision_is_not_accepted_by_him(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = self.of_a_new_record(client, keys)
        assert submit(client, keys.contributor, study).status_code == 200
        mine: Any = client.get("/v1/review-queue", params={"mine": "true"}, headers=header(keys.curator)).json()["items"]
        assert [row["study"] for row in mine] == [study]
        assert client.get("/v1/review-queue", params={"mine": "false"}, headers=header(keys.curator)).json()["items"] == []
        self.may_not_decide(client, keys, engine, study)

    def test_the_next_revision_of_a_new_record_is_not_accepted_by_him(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = self.of_a_new_record(client, keys)
        amend(client, keys.contributor, study, {"year": 2020}, If_Match="*")
        submit(client, keys.contributor, study)
        self.may_not_decide(client, keys, engine, study)

    def test_the_same_revision_of_an_amendment_is_not_accepted_by_him(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = self.of_an_amendment(client, keys)
        submit(client, keys.contributor, study)
        self.may_not_decide(client, keys, engine, study)

    def test_the_next_revision_of_an_amendment_is_not_accepted_by_him(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = self.of_an_amendment(client, keys)
        amend(client, keys.contributor, study, {"year": 2021}, If_Match="*")
        submit(client, keys.contributor, study)
        self.may_not_decide(client, keys, engine, study)

    def test_what_follows_an_accepted_amendment_is_none_of_his(self, client: TestClient, keys: Keys) -> None:
        study = self.of_an_amendment(client, keys)
        submit(client, keys.contributor, study)
        assert review(client, keys.second_curator, study).status_code == 201
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r2"')
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).status_code == 201


class TestAttribution:
    def test_a_curators_hand_on_a_draft_is_named(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        amend(client, keys.curator, study, {"year": 2019}, If_Match="*")
        amend(client, keys.contributor, study, {"year": 2020}, If_Match="*")
        submit(client, keys.contributor, study)
        assert review(client, keys.second_curator, study).status_code == 201
        amend(client, keys.second_contributor, study, {"year": 2018}, If_Match='"r3"')
        amend(client, keys.contributor, study, {"year": 2021}, If_Match='"r3"')
        submit(client, keys.contributor, study)
        assert review(client, keys.second_curator, study, revision=5, conflict_of_interest="none").status_code == 201
        shown = client.get(f"/v1/studies/{study}").json()["attribution"]
        assert [(one["revision"], one["role"], one["by"]) for one in shown] == [
            (3, "author", "Curator"),
            (3, "author", "Contributor"),
            (3, "reviewer", "Second curator"),
            (5, "author", "Contributor"),
            (5, "reviewer", "Second curator"),
        ]
