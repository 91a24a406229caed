"""Comments on a study and its thread: who writes, who reads, and what stays of a comment that was withdrawn."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, select

from app.actions.api_keys import create_key
from app.database import reading, transaction
from app.models import Comment, IdempotencyKey
from app.schemas.thread import CommentItem, ThreadItem
from app.vocabulary import Role
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, retract, review, submit
from tests.conftest import Keys
from tests.factories import differences, row_counts

Json = dict[str, Any]
SECRET = "the second table is wrong"


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def say(client: TestClient, key: str | None, study: str, text: Any = SECRET, **members: Any) -> Response:
    return client.post(f"/v1/studies/{study}/comments", json={"text": text, **members}, headers=header(key))


def take_back(client: TestClient, key: str | None, study: str, comment: str) -> Response:
    return client.post(f"/v1/studies/{study}/comments/{comment}/withdrawal", headers=header(key))


def said(client: TestClient, key: str | None, study: str, **parameters: Any) -> list[str | None]:
    answer = client.get(f"/v1/studies/{study}/comments", params=parameters, headers=header(key))
    assert answer.status_code == 200, answer.text
    return [item["text"] for item in answer.json()["items"]]


def thread(client: TestClient, key: str | None, study: str, **parameters: Any) -> list[Json]:
    answer = client.get(f"/v1/studies/{study}/thread", params=parameters, headers=header(key))
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


class TestComment:
    def test_says_who_said_what_of_which_member(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        answer = say(client, keys.curator, study, pointer="/results/0/treatment/sd", revision=1)
        assert answer.status_code == 201
        item = answer.json()
        assert CommentItem.model_validate(item).model_dump(mode="json") == item
        assert (item["text"], item["pointer"], item["revision"]) == (SECRET, "/results/0/treatment/sd", 1)
        assert (item["author"], item["audience"], item["withdrawn_at"]) == ("Curator", "draft", None)
        assert said(client, keys.contributor, study) == [SECRET]
        assert differences(engine) == []

    def test_the_example_of_the_document_is_taken(self, client: TestClient, keys: Keys) -> None:
        [example] = client.get("/openapi.json").json()["components"]["schemas"]["CommentRequest"]["examples"]
        study = a_submitted_study(client, keys.contributor)
        assert client.post(f"/v1/studies/{study}/comments", json=example, headers=header(keys.curator)).status_code == 201

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["/text"]),
            ({"text": " "}, ["/text"]),
            ({"text": "\u200b\u2060"}, ["/text"]),
            ({"text": "x", "pointer": "results"}, ["/pointer"]),
            ({"text": "x", "pointer": "/results/7"}, ["/pointer"]),
            ({"text": "x", "pointer": "/nothing"}, ["/pointer"]),
            ({"text": "x", "pointer": "/~2"}, ["/pointer"]),
            ({"text": "x", "revision": 0}, ["/revision"]),
            ({"text": "x", "revision": 2}, ["/revision"]),
            ({"text": "x", "revision": 99999999999}, ["/revision"]),
            ({"text": "x", "reply_to": "01890000-0000-7000-8000-000000000000"}, ["/reply_to"]),
            ({"text": "x", "reply_to": "\x00"}, ["/reply_to"]),
            ({"text": "x", "pointer": "/\x00"}, ["/pointer"]),
            ({"text": "x\x00"}, ["/text"]),
            ({"text": "x" * 20_001}, ["/text"]),
            ({"text": "x", "more": 1}, ["/more"]),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_pointer(
        self, client: TestClient, keys: Keys, engine: Engine, body: Json, pointers: list[str]
    ) -> None:
        study = a_submitted_study(client, keys.contributor)
        before = row_counts(engine)
        answer = client.post(f"/v1/studies/{study}/comments", json=body, headers=header(keys.curator))
        assert_problem(answer, 422, "invalid-body", *pointers)
        assert row_counts(engine) == before

    def test_a_draft_of_others_is_not_there_to_comment_on(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert_problem(say(client, keys.second_contributor, study), 404, "not-found")
        assert_problem(client.get(f"/v1/studies/{study}/comments", headers=header(keys.second_contributor)), 404, "not-found")

    def test_an_amendment_of_others_is_not_there_to_comment_on(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert amend(client, keys.contributor, study, {"year": 2023}, If_Match='"r1"').status_code == 200
        assert_problem(say(client, keys.second_contributor, study, revision=2), 422, "invalid-body", "/revision")
        assert say(client, keys.second_contributor, study).status_code == 201
        assert say(client, keys.curator, study, revision=2).status_code == 201

    def test_a_comment_on_another_study_cannot_be_answered_here(self, client: TestClient, keys: Keys) -> None:
        one, other = a_submitted_study(client, keys.contributor), a_submitted_study(client, keys.contributor)
        comment = say(client, keys.curator, one).json()["id"]
        assert_problem(say(client, keys.curator, other, reply_to=comment), 422, "invalid-body", "/reply_to")

    def test_the_same_request_sent_twice_says_it_once(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        for _ in range(2):
            headers = header(keys.curator, Idempotency_Key='"one"')
            assert client.post(f"/v1/studies/{study}/comments", json={"text": "once"}, headers=headers).status_code == 201
        assert said(client, keys.curator, study) == ["once"]


class TestReaders:
    def test_what_was_said_of_a_draft_stays_between_its_authors_and_curators(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        say(client, keys.curator, study)
        assert review(client, keys.second_curator, study).status_code == 201
        assert said(client, keys.contributor, study) == [SECRET]
        assert said(client, keys.second_curator, study) == [SECRET]
        assert said(client, keys.second_contributor, study) == []
        assert [item["kind"] for item in thread(client, None, study)] == ["drafted", "submitted", "decided"]

    def test_an_answer_to_what_was_said_in_confidence_is_in_confidence_too(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        comment = say(client, keys.curator, study).json()["id"]
        review(client, keys.second_curator, study)
        assert say(client, keys.contributor, study, "late answer", reply_to=comment).json()["audience"] == "draft"
        assert said(client, keys.second_contributor, study) == []

    def test_what_is_said_of_an_accepted_study_is_for_everybody_with_a_key(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert say(client, keys.second_contributor, study).json()["audience"] == "key-holders"
        assert said(client, keys.contributor, study) == [SECRET]
        assert SECRET in str(thread(client, keys.contributor, study))
        assert SECRET not in str(thread(client, None, study))
        assert_problem(client.get(f"/v1/studies/{study}/comments"), 401, "authentication-required")

    def test_the_ledger_does_not_say_what_was_said(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        comment = say(client, keys.curator, study).json()["id"]
        take_back(client, keys.curator, study, comment)
        entries = client.get("/v1/changes", params={"subject": f"comment:{comment}", "include": "content"}).json()["items"]
        assert [entry["action"] for entry in entries] == ["comment.made", "comment.withdrawn"]
        assert SECRET not in str(entries)

    @pytest.mark.parametrize(
        ("parameters", "found"),
        [
            ({"revision": 1}, ["a", "b"]),
            ({"revision": 2}, ["c"]),
            ({"pointer": "/year"}, ["b"]),
            ({"sort": "-created_at"}, ["c", "b", "a"]),
        ],
    )
    def test_comments_can_be_asked_for(self, client: TestClient, keys: Keys, parameters: Json, found: list[str]) -> None:
        study = a_submitted_study(client, keys.contributor)
        say(client, keys.curator, study, "a")
        say(client, keys.curator, study, "b", pointer="/year")
        amend(client, keys.contributor, study, {"year": 2023}, If_Match='"r1"')
        say(client, keys.contributor, study, "c")
        assert said(client, keys.contributor, study, **parameters) == found


class TestWithdrawal:
    def test_the_text_is_gone_and_the_fact_stays(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        comment = say(client, keys.curator, study).json()["id"]
        answer = take_back(client, keys.curator, study, comment)
        assert answer.status_code == 201
        assert (answer.json()["text"], answer.json()["author"]) == (None, "Curator")
        assert answer.json()["withdrawn_at"] is not None
        with reading(engine) as session:
            [row] = session.execute(select(Comment)).scalars()
            assert SECRET not in str(row.model_dump())
            assert row.salt is None
        [shown] = thread(client, keys.contributor, study, kind="commented")
        assert (shown["comment"], shown["by"], shown["withdrawn_at"] is not None) == (None, "Curator", True)
        assert said(client, keys.contributor, study, withdrawn="false") == []
        assert differences(engine) == []

    def test_the_reply_kept_for_a_repeated_request_forgets_the_text_too(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)

        def ask() -> Response:
            headers = header(keys.curator, Idempotency_Key='"one"')
            return client.post(f"/v1/studies/{study}/comments", json={"text": SECRET}, headers=headers)

        comment = ask().json()["id"]
        withdrawn = take_back(client, keys.curator, study, comment).json()
        with reading(engine) as session:
            assert SECRET not in str([row.model_dump() for row in session.execute(select(IdempotencyKey)).scalars()])
        again = ask()
        assert (again.status_code, again.json()) == (201, withdrawn)

    def test_only_its_author_takes_it_back(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        comment = say(client, keys.contributor, study).json()["id"]
        for key in (keys.curator, keys.admin):
            assert_problem(take_back(client, key, study, comment), 403, "not-allowed")
        assert_problem(take_back(client, keys.second_contributor, study, comment), 404, "not-found")
        assert said(client, keys.contributor, study) == [SECRET]

    def test_its_author_takes_it_back_under_another_key_of_his(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        orcid = "0000-0002-1825-0097"
        with transaction(engine) as session:
            home, office = (create_key(session, name=name, role=Role.CURATOR, orcid=orcid) for name in ("home", "office"))
        study = a_submitted_study(client, keys.contributor)
        comment = say(client, home, study).json()["id"]
        assert take_back(client, office, study, comment).status_code == 201
        assert differences(engine) == []

    def test_twice_is_a_conflict(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        comment = say(client, keys.curator, study).json()["id"]
        take_back(client, keys.curator, study, comment)
        assert_problem(take_back(client, keys.curator, study, comment), 409, "conflict")

    @pytest.mark.parametrize("comment", ["nothing", "%00", "%F0%9F%8D%8B", "x" * 2000])
    def test_a_comment_that_never_was_is_not_found(self, client: TestClient, keys: Keys, comment: str) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert take_back(client, keys.curator, study, comment).status_code in (400, 404)


class TestThread:
    def test_holds_submissions_decisions_and_comments_of_all_revisions_in_order(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        say(client, keys.curator, study)
        review(client, keys.curator, study, "request-changes", comment="see my comment")
        amend(client, keys.contributor, study, {"year": 2023}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        review(client, keys.curator, study)
        retract(client, keys.curator, study, "fabricated")
        items = thread(client, keys.contributor, study)
        assert [ThreadItem.model_validate(item).model_dump(mode="json") for item in items] == items
        assert [(item["kind"], item["revision"]) for item in items] == [
            ("drafted", 1), ("submitted", 1), ("commented", 1), ("decided", 1), ("drafted", 2), ("submitted", 2), ("decided", 2),
            ("drafted", 3), ("made-live", 3),
        ]  # fmt: skip
        assert [item["decision"] for item in items if item["kind"] == "decided"] == ["request-changes", "accept"]
        assert (items[3]["comment"], items[-1]["reason"]) == ("see my comment", "fabricated")

    def test_a_revision_that_was_withdrawn_says_why_to_its_author_and_curators(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.second_contributor, study, {"year": 2023}, If_Match='"r1"')
        answer = client.post(f"/v1/studies/{study}/withdraw", json={"reason": "a slip"}, headers=header(keys.second_contributor))
        assert answer.status_code == 200
        for key in (keys.second_contributor, keys.curator):
            [item] = thread(client, key, study, kind="withdrawn")
            assert (item["reason"], item["by"], item["revision_status"]) == ("a slip", "Second contributor", "withdrawn")
        for reader in (None, keys.contributor):
            assert thread(client, reader, study, kind="withdrawn") == []

    def test_whose_draft_it_stays_reads_and_answers_when_a_curator_wrote_over_it(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert amend(client, keys.curator, study, {"year": 2023}, If_Match='"r1"').status_code == 200
        say(client, keys.curator, study, "I mended the year.", revision=2)
        assert said(client, keys.contributor, study) == ["I mended the year."]
        assert say(client, keys.contributor, study, "Thank you.", revision=2).status_code == 201

    def test_pages_follow_one_another_without_loss(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        for text in "abcdef":
            say(client, keys.curator, study, text)
        whole = thread(client, keys.contributor, study)
        found: list[Json] = []
        address = f"/v1/studies/{study}/thread?limit=3&count=true"
        while address:
            page = client.get(address, headers=header(keys.contributor)).json()
            found += page["items"]
            assert page["page"]["total"] == len(whole) == 8
            following = page["page"]["next"]
            address = f"/v1/studies/{study}/thread?limit=3&count=true&cursor={following}" if following else ""
        assert found == whole

    def test_can_be_asked_for_by_kind_revision_and_time(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        moment = say(client, keys.curator, study).json()["created_at"]
        review(client, keys.curator, study)
        assert [item["kind"] for item in thread(client, keys.contributor, study, at__gte=moment)] == ["commented", "decided"]
        assert [item["kind"] for item in thread(client, keys.contributor, study, kind="decided,drafted")] == ["drafted", "decided"]
        assert thread(client, keys.contributor, study, revision=2) == []

    def test_founding_data_are_made_live_without_a_review(self, seeded_client: TestClient) -> None:
        study = seeded_client.get("/v1/studies", params={"limit": 1}).json()["items"][0]["id"]
        items = thread(seeded_client, None, study)
        assert [item["kind"] for item in items] == ["drafted", "submitted", "made-live"]
        assert {item["by"] for item in items} == {"Founding data"}

    def test_a_draft_of_others_has_no_thread(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        for key in (None, keys.second_contributor):
            assert_problem(client.get(f"/v1/studies/{study}/thread", headers=header(key)), 404, "not-found")

    def test_a_refused_amendment_stays_between_its_author_and_curators(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.second_contributor, study, {"year": 2023}, If_Match='"r1"')
        submit(client, keys.second_contributor, study)
        review(client, keys.curator, study, "reject", comment="no, it was 2024")
        assert "no, it was 2024" in str(thread(client, keys.second_contributor, study))
        for key in (None, keys.contributor):
            assert {item["revision"] for item in thread(client, key, study)} == {1}

    @pytest.mark.parametrize("parameter", ["kinds=decided", "kind=said", "sort=by", "at=2026"])
    def test_a_question_that_it_does_not_know_is_refused(self, client: TestClient, keys: Keys, parameter: str) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert_problem(client.get(f"/v1/studies/{study}/thread?{parameter}"), 400, "invalid-query")
