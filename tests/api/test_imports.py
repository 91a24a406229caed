"""Imports: sent, read as a dry run, decided about, committed, thrown away."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update
from sqlmodel import col

from app.actions.ledger import hash_of
from app.actions.studies import create_study
from app.database import reading, transaction
from app.models import ApiKey, Change, ImportFilePart, ImportRecord, ReferenceImport, Study
from app.models.base import utc_now
from app.schemas.study import StudyDocument
from tests.api.acting import an_accepted_study, assert_problem, create, header
from tests.api.importing import (
    HEAD,
    NECK,
    NECK_AGAIN,
    SLEEP,
    Json,
    commit,
    counts,
    decide,
    get,
    quick_client,
    read,
    records,
    ris,
    send,
    wait_for,
)
from tests.conftest import Keys
from tests.factories import BEN, a_body, differences, row_counts

OUTCOMES = ("new", "duplicate", "possible_duplicate", "problem")


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def client(engine_url: str) -> Iterator[TestClient]:
    with quick_client(engine_url) as client:
        yield client


def stored_studies(engine: Engine) -> list[Study]:
    with reading(engine) as session:
        return list(session.execute(select(Study).order_by(col(Study.key))).scalars())


class TestSending:
    def test_is_answered_at_once_with_the_job_that_reads_the_file(self, client: TestClient, keys: Keys) -> None:
        answer = send(client, keys.contributor, ris(NECK, HEAD), "zotero.ris")
        assert answer.status_code == 202
        job = answer.json()["job"]
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        assert answer.json()["import"]["state"] == "uploaded"
        ended = wait_for(client, keys.contributor, job["id"])
        assert (ended["state"], ended["done"], ended["total"], ended["error"]) == ("succeeded", 2, 2, None)

    def test_writes_no_study_and_says_what_each_record_is(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        found = read(client, keys.contributor, ris(NECK, HEAD), "my library.ris")
        assert found["state"] == "read"
        assert (found["file_name"], found["format"], found["encoding"]) == ("my library.ris", "ris", "utf-8")
        assert counts(found, "records", *OUTCOMES) == (2, 2, 0, 0, 0)
        assert [one["title"] for one in records(client, keys.contributor, found["id"])] == [NECK["title"], HEAD["title"]]
        assert stored_studies(engine) == []

    def test_takes_the_file_of_a_form(self, client: TestClient, keys: Keys) -> None:
        files = {"file": ("C:\\refs\\out.ris", ris(NECK), "application/x-research-info-systems")}
        answer = client.post("/v1/imports", files=files, headers=header(keys.contributor))
        assert answer.status_code == 202
        assert answer.json()["import"]["file_name"] == "out.ris"
        wait_for(client, keys.contributor, answer.json()["job"]["id"])

    def test_names_the_fields_of_a_form_that_it_does_not_know(self, client: TestClient, keys: Keys) -> None:
        files = {"file": ("a.ris", ris(NECK), "text/plain")}
        answer = client.post("/v1/imports", files=files, data={"condition": "migraine"}, headers=header(keys.contributor))
        assert_problem(answer, 422, "invalid-body", "/condition")

    def test_refuses_a_form_without_a_file(self, client: TestClient, keys: Keys) -> None:
        headers = header(keys.contributor, Content_Type="multipart/form-data; boundary=x")
        assert_problem(client.post("/v1/imports", content=b"--x--\r\n", headers=headers), 422, "invalid-body", "/file")

    def test_refuses_a_form_that_is_none(self, client: TestClient, keys: Keys) -> None:
        headers = header(keys.contributor, Content_Type="multipart/form-data")
        assert_problem(client.post("/v1/imports", content=b"abc", headers=headers), 422, "invalid-body")

    def test_twice_with_one_idempotency_key_is_one_import(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        headers = header(keys.contributor, Idempotency_Key='"one"')
        first = client.post("/v1/imports", content=ris(NECK), headers=headers)
        second = client.post("/v1/imports", content=ris(NECK), headers=headers)
        assert second.headers["idempotency-replayed"] == "true"
        assert second.json()["import"]["id"] == first.json()["import"]["id"]
        assert row_counts(engine)["reference_import"] == 1
        other = client.post("/v1/imports", content=ris(HEAD), headers=headers)
        assert_problem(other, 422, "idempotency-key-reused")

    def test_refuses_a_file_above_the_limit(self, engine_url: str, keys: Keys) -> None:
        with quick_client(engine_url, max_import_bytes=1000, max_body_bytes=100) as client:
            assert send(client, keys.contributor, ris(NECK)).status_code == 202  # above the limit of JSON, which is another
            assert_problem(send(client, keys.contributor, ris(*[NECK] * 20)), 413, "body-too-large")
            in_parts = (ris(NECK) for _ in range(20))
            answer = client.post("/v1/imports", content=in_parts, headers=header(keys.contributor))
            assert_problem(answer, 413, "body-too-large")

    def test_needs_no_writer_while_a_file_is_refused(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        before = row_counts(engine)
        assert_problem(send(client, keys.contributor, b""), 422, "unreadable-file")
        assert row_counts(engine) == before

    def test_throws_the_file_away_once_it_was_read(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        read(client, keys.contributor, ris(NECK))
        with reading(engine) as session:
            assert session.execute(select(ImportFilePart)).first() is None


class TestDefaults:
    def test_stand_for_every_record(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK), intervention="craniosacral-therapy", condition="neck-pain,migraine")
        [record] = records(client, keys.contributor, found["id"])
        assert record["document"]["intervention"] == "craniosacral-therapy"
        assert record["document"]["conditions"] == ["neck-pain", "migraine"]

    def test_leave_alone_what_a_record_says_itself(self, client: TestClient, keys: Keys) -> None:
        document = StudyDocument.model_validate(a_body(conditions=["migraine"], results=[]))
        content = f"[{document.model_dump_json()}]".encode()
        found = read(client, keys.contributor, content, "own.json", condition="neck-pain")
        [record] = records(client, keys.contributor, found["id"])
        assert found["format"] == "evidence-ledger-json"
        assert record["document"]["conditions"] == ["migraine"]

    def test_that_name_nothing_are_refused_with_the_nearest(self, client: TestClient, keys: Keys) -> None:
        answer = assert_problem(send(client, keys.contributor, ris(NECK), condition="migrane"), 400, "invalid-query")
        assert answer["errors"][0]["parameter"] == "condition"
        assert answer["errors"][0]["allowed"] == ["migraine"]
        assert_problem(send(client, keys.contributor, ris(NECK), intervention="massage"), 400, "invalid-query")

    @pytest.mark.parametrize("parameter", ["condition", "intervention"])
    def test_a_default_that_is_empty_is_refused(self, client: TestClient, keys: Keys, parameter: str) -> None:
        answer = assert_problem(send(client, keys.contributor, ris(NECK), **{parameter: ""}), 400, "invalid-query")
        assert [(one["parameter"], one["detail"]) for one in answer["errors"]] == [(parameter, "A value is missing.")]


class TestNotices:
    def test_say_once_for_the_file_that_abstracts_and_keywords_are_not_kept(self, client: TestClient, keys: Keys) -> None:
        content = b"".join(
            f"TY  - JOUR\r\nTI  - A trial of number {number}\r\nAB  - We did.\r\n{word}ER  - \r\n\r\n".encode()
            for number, word in ((1, "KW  - neck\r\n"), (2, ""), (3, ""))
        )
        found = read(client, keys.contributor, content)
        told = ["abstracts are not kept (records that have one: 3)", "keywords are not kept (records that have some: 1)"]
        assert found["notices"] == told
        assert [problem for record in records(client, keys.contributor, found["id"]) for problem in record["problems"]] == []

    def test_name_the_columns_of_a_table_that_are_not_read(self, client: TestClient, keys: Keys) -> None:
        table = b"Title,DOI,Sample size,PEDro\r\nLight touch for neck pain,10.5555/x,40,7\r\nGentle touch for sleep,,12,5\r\n"
        found = read(client, keys.contributor, table, "table.csv")
        assert found["notices"] == ["columns that are not read: Sample size, PEDro"]

    def test_say_nothing_where_there_are_none(self, client: TestClient, keys: Keys) -> None:
        assert read(client, keys.contributor, ris(NECK))["notices"] == []


class TestRecords:
    def test_that_cannot_be_read_are_reported_with_their_line_and_stop_nobody(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK, {"title": None, "authors": (), "year": None}, HEAD))
        assert counts(found, "records", *OUTCOMES) == (3, 2, 0, 0, 1)
        [bad] = records(client, keys.contributor, found["id"], status="problem")
        assert (bad["number"], bad["line"], bad["document"]) == (2, 8, None)
        assert [problem["severity"] for problem in bad["problems"]] == ["error"]
        assert bad["raw"].startswith("TY  - JOUR")

    def test_without_a_title_are_a_problem_for_a_study_needs_one(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris({"title": None, "doi": "10.5555/untitled"}))
        [bad] = records(client, keys.contributor, found["id"])
        assert bad["status"] == "problem"
        assert bad["problems"][-1]["field"] == "title"

    def test_that_name_unknown_slugs_are_a_problem_with_its_pointer(self, client: TestClient, keys: Keys) -> None:
        document = StudyDocument.model_validate(a_body(conditions=["nothing"]))
        found = read(client, keys.contributor, f"[{document.model_dump_json()}]".encode(), "own.json")
        [bad] = records(client, keys.contributor, found["id"])
        assert bad["status"] == "problem"
        assert "/conditions/0" in [problem["field"] for problem in bad["problems"]]

    def test_are_compared_with_the_studies_and_with_each_other(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator, a_body(title=NECK["title"], doi=NECK["doi"], year=2020))
        found = read(client, keys.second_contributor, ris(NECK, HEAD, HEAD, NECK_AGAIN))
        assert counts(found, *OUTCOMES) == (1, 2, 1, 0)
        first, _, third, fourth = records(client, keys.second_contributor, found["id"])
        [match] = first["matches"]
        assert (match["study"], match["score"], match["certain"]) == (study, 100.0, True)
        assert match["href"] == f"/v1/studies/{study}"
        assert match["title"] == NECK["title"]
        assert [(match["record"], match["title"]) for match in third["matches"]] == [(2, HEAD["title"])]
        assert {match["study"] for match in fourth["matches"]} == {study, None}
        assert all(80 <= match["score"] < 100 and not match["certain"] for match in fourth["matches"])
        assert all(match["reason"] for match in fourth["matches"])

    def test_that_are_a_draft_of_somebody_else_say_no_more_than_that(self, client: TestClient, keys: Keys) -> None:
        create(client, keys.contributor, a_body(title=NECK["title"], doi=NECK["doi"]))
        create(client, keys.contributor, a_body(title=HEAD["title"]))
        found = read(client, keys.second_contributor, ris(NECK, HEAD))
        first, second = records(client, keys.second_contributor, found["id"])
        [match] = first["matches"]
        assert (first["status"], match["study"], match["title"], match["key"]) == ("duplicate", None, None, None)
        assert match["reason"] == "same DOI as a record that was not accepted yet"
        assert second["status"] == "new"

    def test_can_be_filtered_and_paged(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK, HEAD, SLEEP, NECK))
        path, headers = f"/v1/imports/{found['id']}/records", header(keys.contributor)
        first = client.get(path, params={"limit": 3, "count": "true"}, headers=headers).json()
        assert first["page"]["total"] == 4
        rest = client.get(path, params={"limit": 3, "cursor": first["page"]["next"]}, headers=headers).json()
        assert [one["number"] for one in first["items"] + rest["items"]] == [1, 2, 3, 4]
        assert [one["number"] for one in records(client, keys.contributor, found["id"], status="duplicate")] == [4]
        assert records(client, keys.contributor, found["id"], created="true") == []
        assert len(records(client, keys.contributor, found["id"], created="false", number__lte=2)) == 2
        assert set(records(client, keys.contributor, found["id"], fields="number,status")[0]) == {"number", "status"}
        assert_problem(client.get(path, params={"status": "maybe"}, headers=headers), 400, "invalid-query")


class TestGroupsOfRecords:
    """One title three times: with a DOI, without one, with another DOI."""

    title = NECK["title"]

    def test_a_record_is_not_certainly_what_has_another_identifier(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK, {"title": self.title}, {"title": self.title, "doi": "10.5555/other"}))
        assert counts(found, *OUTCOMES) == (1, 1, 1, 0)
        third = records(client, keys.contributor, found["id"])[2]
        assert third["status"] == "possible-duplicate"
        assert [match["certain"] for match in third["matches"]] == [False]

    def test_nor_where_it_is_a_study_that_has_it(self, client: TestClient, keys: Keys) -> None:
        an_accepted_study(
            client, keys.contributor, keys.curator, a_body(title=self.title, doi=NECK["doi"], year=2020, authors=["Muster A"])
        )
        found = read(client, keys.second_contributor, ris({"title": self.title}, {"title": self.title, "doi": "10.5555/other"}))
        assert counts(found, *OUTCOMES) == (0, 1, 1, 0)
        second = records(client, keys.second_contributor, found["id"])[1]
        assert not any(match["certain"] for match in second["matches"])
        assert any("what is the same as that has another DOI" in match["reason"] for match in second["matches"])

    def test_of_records_that_are_the_same_one_is_shown(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK, NECK, NECK_AGAIN))
        third = records(client, keys.contributor, found["id"])[2]
        assert [match["record"] for match in third["matches"]] == [1]


class TestWhoSeesIt:
    def test_its_owner_and_curators_do_and_nobody_else(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK))
        job = found["job"]["id"]
        for path in (f"/v1/imports/{found['id']}", f"/v1/imports/{found['id']}/records", f"/v1/jobs/{job}"):
            assert client.get(path, headers=header(keys.contributor)).status_code == 200
            assert client.get(path, headers=header(keys.curator)).status_code == 200
            assert_problem(client.get(path, headers=header(keys.second_contributor)), 404, "not-found")

    def test_lists_show_ones_own_and_to_curators_all(self, client: TestClient, keys: Keys) -> None:
        mine = read(client, keys.contributor, ris(NECK))["id"]
        other = read(client, keys.second_contributor, ris(HEAD))["id"]

        def listed(key: str, **parameters: str) -> list[str]:
            answer = client.get("/v1/imports", params=parameters, headers=header(key)).json()
            return [one["id"] for one in answer["items"]]

        assert listed(keys.contributor) == [mine]
        assert listed(keys.curator) == [other, mine]
        assert listed(keys.curator, state="committed") == []

    def test_the_ledger_says_neither_the_name_nor_the_titles(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        found = read(client, keys.contributor, ris(NECK, NECK_AGAIN), "secret plan.ris")
        decide(client, keys.contributor, found["id"], {"record": 2, "decision": "skip", "reason": "a private reason"})
        commit(client, keys.contributor, found["id"])
        with reading(engine) as session:
            contents = session.execute(select(col(Change.content))).scalars().all()
        actions = [text.split('"action":"')[1].split('"')[0] for text in contents]
        assert actions[-4:] == ["import.created", "import.decided", "import.committed", "study.created"]
        assert not any("secret" in text or "private" in text or "neck pain: a" in text for text in contents)


class TestDecisions:
    @pytest.fixture
    def found(self, client: TestClient, keys: Keys) -> Json:
        return read(client, keys.contributor, ris(NECK, NECK_AGAIN, HEAD, {"title": None, "authors": (), "year": None}))

    def test_are_kept_with_who_when_and_why(self, client: TestClient, keys: Keys, found: Json) -> None:
        assert counts(found, "possible_duplicate", "undecided") == (1, 1)
        decision = {"record": 2, "decision": "skip", "reason": "The same trial, reported again."}
        answer = decide(client, keys.contributor, found["id"], decision)
        assert answer.status_code == 200
        assert counts(answer.json(), "possible_duplicate", "undecided") == (1, 0)
        [record] = records(client, keys.contributor, found["id"], decision="skip")
        assert record["number"] == 2
        assert record["reason"] == decision["reason"]
        assert record["decided_by"] == found["created_by"]
        assert record["decided_at"] is not None

    def test_the_example_of_the_document_is_taken(self, client: TestClient, keys: Keys, found: Json) -> None:
        schema = client.get("/openapi.json").json()["components"]["schemas"]["ImportDecisionRequest"]
        answer = client.post(f"/v1/imports/{found['id']}/decisions", json=schema["examples"][0], headers=header(keys.contributor))
        assert answer.status_code == 200

    def test_many_are_taken_together_or_none(self, client: TestClient, keys: Keys, found: Json) -> None:
        decisions = [{"record": 1, "decision": "skip"}, {"record": 99, "decision": "new"}, {"record": 4, "decision": "new"}]
        answer = decide(client, keys.contributor, found["id"], *decisions)
        assert_problem(answer, 422, "invalid-body", "/decisions/1/record", "/decisions/2/decision")
        assert len(records(client, keys.contributor, found["id"], decision="undecided")) == 4
        twice = decide(client, keys.contributor, found["id"], *[{"record": 1, "decision": "skip"}] * 2)
        assert_problem(twice, 422, "invalid-body", "/decisions/1/record")

    def test_name_a_study_only_as_a_duplicate_of_one_that_is_there(self, client: TestClient, keys: Keys, found: Json) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        hidden = create(client, keys.second_contributor, a_body(title="Hidden from the other")).json()["id"]
        nobodys = "01890000-0000-7000-8000-000000000000"
        for given in (nobodys, hidden):
            answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "duplicate", "study": given})
            assert_problem(answer, 422, "invalid-body", "/decisions/0/study")
        answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "new", "study": study})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/study")
        answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "duplicate", "study": study})
        assert answer.status_code == 200
        assert records(client, keys.contributor, found["id"], decision="duplicate")[0]["decided_study"] == study

    def test_a_duplicate_names_what_it_is_one_of(self, client: TestClient, keys: Keys, found: Json, engine: Engine) -> None:
        answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "duplicate"})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/study")
        for other in (2, 99):
            answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "duplicate", "of_record": other})
            assert_problem(answer, 422, "invalid-body", "/decisions/0/of_record")
        answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "skip", "of_record": 1})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/of_record")
        answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "duplicate", "of_record": 1, "reason": "Same."})
        assert answer.status_code == 200
        assert records(client, keys.contributor, found["id"], decision="duplicate")[0]["decided_record"] == 1
        assert differences(engine) == []

    @pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after another"])
    def test_never_make_records_duplicates_of_each_other(self, client: TestClient, keys: Keys, found: Json, at_once: bool) -> None:
        first, second = ({"record": mine, "decision": "duplicate", "of_record": other} for mine, other in ((1, 2), (2, 1)))
        if at_once:
            answer = decide(client, keys.contributor, found["id"], first, second)
            assert_problem(answer, 422, "invalid-body", "/decisions/0/of_record", "/decisions/1/of_record")
        else:
            assert decide(client, keys.contributor, found["id"], first).status_code == 200
            assert_problem(decide(client, keys.contributor, found["id"], second), 422, "invalid-body", "/decisions/0/of_record")
            turned = decide(client, keys.contributor, found["id"], {"record": 1, "decision": "new"}, second)
            assert turned.status_code == 200
        assert counts(commit(client, keys.contributor, found["id"]), "created")[0] >= 1

    def test_never_make_a_record_the_duplicate_of_its_own_duplicate(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK, NECK))
        assert counts(found, "new", "duplicate") == (1, 1)
        answer = decide(client, keys.contributor, found["id"], {"record": 1, "decision": "duplicate", "of_record": 2})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/of_record")
        assert "record 1 of 2 of 1" in answer.json()["errors"][0]["detail"]

    def test_never_make_a_duplicate_of_what_cannot_be_read(self, client: TestClient, keys: Keys, found: Json) -> None:
        answer = decide(client, keys.contributor, found["id"], {"record": 2, "decision": "duplicate", "of_record": 4})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/of_record")

    def test_of_a_record_that_no_file_can_have_are_refused(self, client: TestClient, keys: Keys, found: Json) -> None:
        answer = decide(client, keys.contributor, found["id"], {"record": 2**63, "decision": "new"})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/record")

    def test_leave_a_reason_in_the_ledger_that_nobody_can_guess(self, client: TestClient, keys: Keys, found: Json, engine: Engine) -> None:
        decide(client, keys.contributor, found["id"], {"record": 1, "decision": "skip", "reason": "no"})
        with reading(engine) as session:
            contents = "".join(session.execute(select(col(Change.content))).scalars())
        assert hash_of("no") not in contents
        assert differences(engine) == []

    def test_of_what_is_a_draft_already_are_refused(self, client: TestClient, keys: Keys, found: Json) -> None:
        commit(client, keys.contributor, found["id"])
        answer = decide(client, keys.contributor, found["id"], {"record": 1, "decision": "skip"})
        assert_problem(answer, 422, "invalid-body", "/decisions/0/record")

    def test_can_be_made_by_a_curator_and_by_no_stranger(self, client: TestClient, keys: Keys, found: Json) -> None:
        decision = {"record": 2, "decision": "skip"}
        assert decide(client, keys.curator, found["id"], decision).status_code == 200
        assert_problem(decide(client, keys.second_contributor, found["id"], decision), 404, "not-found")


class TestCommit:
    def test_makes_every_new_record_a_draft_of_who_sent_it(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        found = read(client, keys.contributor, ris(NECK, HEAD), intervention="craniosacral-therapy", condition="migraine")
        done = commit(client, keys.contributor, found["id"])
        assert done["state"] == "committed"
        assert counts(done, "created", "new") == (2, 2)
        made = records(client, keys.contributor, found["id"], created="true")
        shown = client.get(f"/v1/studies/{made[0]['study']}", headers=header(keys.contributor)).json()
        assert shown["status"] == "draft"
        assert {study.key for study in stored_studies(engine)} == {"muster-2020-migraine", "muster-2020-migraine-2"}
        assert {study.created_by for study in stored_studies(engine)} == {found["created_by"]}
        assert differences(engine) == []

    def test_leaves_out_what_nobody_has_decided_and_a_second_one_takes_what_was_decided_since(
        self, client: TestClient, keys: Keys, engine: Engine
    ) -> None:
        found = read(client, keys.contributor, ris(NECK, NECK_AGAIN))
        assert counts(commit(client, keys.contributor, found["id"]), "created", "undecided") == (1, 1)
        decide(client, keys.contributor, found["id"], {"record": 2, "decision": "new", "reason": "The follow-up of it."})
        assert counts(commit(client, keys.contributor, found["id"]), "created", "undecided") == (2, 0)
        assert counts(commit(client, keys.contributor, found["id"]), "created") == (2,)
        assert len(stored_studies(engine)) == 2
        assert differences(engine) == []

    def test_leaves_out_what_a_person_called_a_duplicate_or_skipped(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        found = read(client, keys.contributor, ris(NECK, HEAD, SLEEP))
        decide(
            client, keys.contributor, found["id"], {"record": 1, "decision": "skip"}, {"record": 2, "decision": "duplicate", "of_record": 1}
        )
        assert counts(commit(client, keys.contributor, found["id"]), "created") == (1,)
        assert [study.title for study in stored_studies(engine)] == [SLEEP["title"]]

    def test_looks_again_at_what_has_come_since_the_dry_run(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        found = read(client, keys.contributor, ris(NECK, HEAD, SLEEP))
        create(client, keys.second_contributor, a_body(title="Some title or other", doi=NECK["doi"]))
        an_accepted_study(
            client, keys.second_contributor, keys.curator, a_body(title=HEAD["title"] + " of treatment", year=2021, authors=["Muster A"])
        )
        done = commit(client, keys.contributor, found["id"])
        assert counts(done, *OUTCOMES, "created", "undecided") == (1, 1, 1, 0, 1, 1)
        first, second, _ = records(client, keys.contributor, found["id"])
        assert first["matches"][0]["reason"] == "same DOI as a record that was not accepted yet"
        assert second["matches"][0]["key"] is not None
        assert differences(engine) == []

    def test_never_gives_one_identifier_to_two_studies_whoever_says_so(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        an_accepted_study(client, keys.contributor, keys.curator, a_body(title=NECK["title"], doi=NECK["doi"], year=2020))
        found = read(client, keys.contributor, ris(NECK, HEAD, HEAD))
        answer = decide(client, keys.contributor, found["id"], {"record": 3, "decision": "new"}, {"record": 1, "decision": "new"})
        assert_problem(answer, 422, "invalid-body", "/decisions/1/decision")
        assert decide(client, keys.contributor, found["id"], {"record": 3, "decision": "new"}).status_code == 200
        done = commit(client, keys.contributor, found["id"])
        [problem] = records(client, keys.contributor, found["id"])[2]["problems"]
        assert (problem["field"], problem["severity"]) == ("decision", "error")
        assert problem["detail"] == "decided to be new, and not made: same DOI as record 2, and only one study can have it"
        assert counts(done, "duplicate", "created") == (2, 1)
        assert len(stored_studies(engine)) == 2
        assert differences(engine) == []

    def test_is_for_who_sent_the_file_alone(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK))
        path = f"/v1/imports/{found['id']}/commit"
        assert_problem(client.post(path, headers=header(keys.curator)), 403, "not-allowed")
        assert_problem(client.post(path, headers=header(keys.second_contributor)), 404, "not-found")

    def test_waits_until_the_file_was_read(self, engine_url: str, keys: Keys) -> None:
        with quick_client(engine_url, workers=False) as client:
            found = send(client, keys.contributor, ris(NECK)).json()["import"]
            answer = client.post(f"/v1/imports/{found['id']}/commit", headers=header(keys.contributor))
            assert_problem(answer, 409, "state-conflict")
            assert_problem(decide(client, keys.contributor, found["id"], {"record": 1, "decision": "skip"}), 409, "state-conflict")

    def test_fails_when_the_key_was_revoked_before_it_was_done(self, engine_url: str, engine: Engine, keys: Keys) -> None:
        with quick_client(engine_url, workers=False) as client:
            sent = send(client, keys.contributor, ris(NECK)).json()
            prefix = sent["import"]["created_by"]
            assert client.post(f"/v1/api-keys/{prefix}/revocation", headers=header(keys.admin)).status_code == 200
        with quick_client(engine_url) as client:
            ended = wait_for(client, keys.curator, sent["job"]["id"])
        assert (ended["state"], ended["error"]["type"]) == ("failed", "/problems/not-allowed")

    def test_whose_reading_failed_says_so_and_is_read_again(self, engine_url: str, engine: Engine, keys: Keys) -> None:
        with quick_client(engine_url, workers=False) as client:
            sent = send(client, keys.contributor, ris(NECK)).json()
            path = f"/v1/imports/{sent['import']['id']}"
            assert_problem(client.post(f"{path}/reading", headers=header(keys.contributor)), 409, "state-conflict")
        with transaction(engine) as session:
            session.execute(update(ApiKey).where(col(ApiKey.prefix) == sent["import"]["created_by"]).values(expires_at=utc_now()))
        with quick_client(engine_url) as client:
            wait_for(client, keys.curator, sent["job"]["id"])
            found = get(client, keys.curator, sent["import"]["id"])
            assert (found["state"], found["job"]["state"], found["counts"]) == ("failed", "failed", None)
            assert found["problem"]["detail"] == (
                "reading was given up: the key that asked for this has expired before it was done; "
                f"have it read again (POST {path}/reading), or throw the import away (DELETE)"
            )
            listed = client.get("/v1/imports", params={"state": "failed"}, headers=header(keys.curator)).json()["items"]
            assert [(item["id"], item["state"]) for item in listed] == [(found["id"], "failed")]
            assert client.get("/v1/imports", params={"state": "uploaded"}, headers=header(keys.curator)).json()["items"] == []
            assert_problem(client.post(f"{path}/reading", headers=header(keys.curator)), 403, "not-allowed")
            with transaction(engine) as session:
                session.execute(update(ApiKey).where(col(ApiKey.prefix) == found["created_by"]).values(expires_at=None))
            asked = client.post(f"{path}/reading", headers=header(keys.contributor))
            assert (asked.status_code, asked.json()["kind"]) == (202, "read-import")
            assert wait_for(client, keys.contributor, asked.json()["id"])["state"] == "succeeded"
            again = get(client, keys.contributor, found["id"])
            assert (again["state"], again["problem"], again["counts"]["new"]) == ("read", None, 1)
            assert_problem(client.post(f"{path}/reading", headers=header(keys.contributor)), 409, "state-conflict")
        with reading(engine) as session:
            assert session.execute(select(ImportFilePart)).first() is None

    def test_fails_when_the_key_has_expired_before_it_was_done(self, engine_url: str, engine: Engine, keys: Keys) -> None:
        with quick_client(engine_url, workers=False) as client:
            sent = send(client, keys.contributor, ris(NECK)).json()
        with transaction(engine) as session:
            session.execute(update(ApiKey).where(col(ApiKey.prefix) == sent["import"]["created_by"]).values(expires_at=utc_now()))
        with quick_client(engine_url) as client:
            ended = wait_for(client, keys.curator, sent["job"]["id"])
        assert (ended["state"], ended["error"]["detail"]) == ("failed", "the key that asked for this has expired before it was done")


class TestDeletion:
    def test_leaves_nothing_but_its_entries_in_the_ledger(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        before = row_counts(engine, but=("change", "change_subject"))
        found = read(client, keys.contributor, ris(NECK, HEAD))
        path, tag = f"/v1/imports/{found['id']}", {"If-Match": '"r2"'}
        assert client.delete(path, headers=header(keys.contributor) | tag).status_code == 204
        assert_problem(client.get(path, headers=header(keys.contributor)), 404, "not-found")
        after = row_counts(engine, but=("change", "change_subject"))
        assert after == before
        assert differences(engine) == []

    def test_needs_the_tag_of_what_was_read(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK))
        path = f"/v1/imports/{found['id']}"
        assert_problem(client.delete(path, headers=header(keys.contributor)), 428, "precondition-required")
        assert_problem(client.delete(path, headers=header(keys.contributor, If_Match='"r1"')), 412, "stale-revision")
        current = client.get(path, headers=header(keys.contributor)).headers["etag"]
        assert client.delete(path, headers=header(keys.contributor, If_Match=current)).status_code == 204

    def test_of_a_committed_import_is_refused(self, client: TestClient, keys: Keys) -> None:
        found = read(client, keys.contributor, ris(NECK))
        commit(client, keys.contributor, found["id"])
        answer = client.delete(f"/v1/imports/{found['id']}", headers=header(keys.contributor, If_Match="*"))
        assert_problem(answer, 409, "state-conflict")


class TestVerification:
    @pytest.fixture
    def done(self, client: TestClient, keys: Keys) -> Json:
        found = read(client, keys.contributor, ris(NECK, NECK_AGAIN, HEAD))
        decide(client, keys.contributor, found["id"], {"record": 2, "decision": "skip", "reason": "The same."})
        return commit(client, keys.contributor, found["id"])

    @pytest.mark.parametrize(
        ("change", "finding"),
        [
            (update(ReferenceImport).values(sha256="0" * 64), "is not the one the ledger pinned"),
            (update(ImportRecord).where(col(ImportRecord.number) == 2).values(reason="Another."), "record 2: the decision about it"),
            (update(ImportRecord).where(col(ImportRecord.number) == 3).values(decision="skip"), "record 3: is decided, and by nobody"),
            (update(ImportRecord).where(col(ImportRecord.number) == 1).values(document="{}"), "drafts were made are not those"),
            (update(ImportRecord).where(col(ImportRecord.number) == 1).values(commit_sequence=1), "that no commit in the ledger made"),
        ],
        ids=["file", "decision", "decided by nobody", "document", "commit"],
    )
    def test_finds_what_was_changed_behind_the_ledger(self, engine: Engine, done: Json, change: object, finding: str) -> None:
        assert differences(engine) == []
        with transaction(engine) as session:
            session.execute(change)  # type: ignore[call-overload]
        assert any(finding in one for one in differences(engine)), differences(engine)

    def test_finds_an_import_that_no_entry_made(self, engine: Engine, done: Json) -> None:
        with transaction(engine) as session:
            row = session.get_one(ReferenceImport, done["id"])
            copy = {name: getattr(row, name) for name in ReferenceImport.model_fields} | {"id": "smuggled"}
            session.add(ReferenceImport(**copy))
        assert "import smuggled: is in no ledger entry" in differences(engine)


class TestDraftsOfOthers:
    def test_are_not_named_by_a_commit_either(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        found = read(client, keys.contributor, ris(NECK))
        decide(client, keys.contributor, found["id"], {"record": 1, "decision": "new"})
        with transaction(engine) as session:
            create_study(session, StudyDocument.model_validate(a_body(doi=NECK["doi"])), by=BEN)
        commit(client, keys.contributor, found["id"])
        [record] = records(client, keys.contributor, found["id"])
        assert (record["status"], record["study"]) == ("duplicate", None)
        assert [match["study"] for match in record["matches"]] == [None]
        assert get(client, keys.contributor, found["id"])["counts"]["created"] == 0
