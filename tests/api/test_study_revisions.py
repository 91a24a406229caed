"""Revisions beside each other: differences, merges, previews before a decision, and taking back what waits."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from app.schemas.study_versions import RebaseRequest, RevisionWithdrawal
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, preview, retract, review, submit
from tests.conftest import Keys
from tests.factories import a_body, a_result, differences, row_counts

Json = dict[str, Any]
LATER = a_result(timepoint_weeks=26, treatment={"n": 60, "mean": 35, "sd": 20})


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


def get(client: TestClient, key: str | None, study: str, way: str, **parameters: Any) -> Response:
    return client.get(f"/v1/studies/{study}/revisions/{way}", params=parameters, headers=header(key))


def rebase(client: TestClient, key: str, study: str, number: int, **body: Any) -> Response:
    return client.post(f"/v1/studies/{study}/revisions/{number}/rebase", json=body, headers=header(key))


def withdraw(client: TestClient, key: str, study: str, **body: Any) -> Response:
    return client.post(f"/v1/studies/{study}/withdraw", json={"reason": "entered twice", **body}, headers=header(key))


def fields(answer: Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["pointer"], one["change"]) for one in answer.json()["differences"]]


def change_live(client: TestClient, keys: Keys, study: str, patch: Json) -> int:
    """A second contributor's amendment is accepted; the number of the revision that is live then."""
    live = client.get(f"/v1/studies/{study}").json()["revision"]
    number: int = amend(client, keys.second_contributor, study, patch, If_Match=f'"r{live}"').json()["revision"]
    submit(client, keys.second_contributor, study)
    assert review(client, keys.curator, study, if_match=f'"r{number}"').status_code == 201
    return number


class TestDifferences:
    def test_an_amendment_is_shown_against_the_revision_it_was_made_from(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2023, "results": [LATER, a_result()]}, If_Match='"r1"')
        answer = get(client, keys.contributor, study, "2/differences")
        assert answer.json()["against"] == 1
        assert fields(answer) == [("/year", "changed"), ("/results/0", "added")]
        assert (answer.json()["differences"][0]["before"], answer.json()["differences"][0]["after"]) == (2024, 2023)

    def test_a_resubmission_is_shown_against_what_was_read_before(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        review(client, keys.curator, study, "request-changes")
        amend(client, keys.contributor, study, {"country": "Spain"}, If_Match='"r1"')
        assert fields(get(client, keys.curator, study, "2/differences")) == [("/country", "changed")]
        assert get(client, keys.curator, study, "1/differences").json()["against"] is None

    def test_a_reader_says_against_which(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        number = change_live(client, keys, study, {"country": "Spain"})
        assert fields(get(client, None, study, f"{number}/differences", against=1)) == [("/country", "changed")]
        assert fields(get(client, None, study, "1/differences", against=1)) == []

    def test_drafts_of_others_are_not_there(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2023}, If_Match='"r1"')
        for reader in (None, keys.second_contributor):
            assert_problem(get(client, reader, study, "2/differences"), 404, "not-found")
            assert_problem(get(client, reader, study, "1/differences", against=2), 404, "not-found")

    def test_an_unknown_parameter_is_refused(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert_problem(get(client, None, study, "1/differences", agianst=1), 400, "invalid-query")


class TestMovedBase:
    def test_submitting_merges_what_does_not_touch_the_same(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"notes": "read twice", "results": [a_result(), LATER]}, If_Match='"r1"')
        live = change_live(client, keys, study, {"country": "Spain"})
        answer = submit(client, keys.contributor, study).json()
        assert answer["merged"] == {"revision": 2, "onto": live, "taken_over": ["/country"]}
        assert (answer["revision"], answer["revision_status"]) == (4, "submitted")
        assert (answer["document"]["country"], answer["document"]["notes"]) == ("Spain", "read twice")
        assert fields(get(client, keys.curator, study, "4/differences")) == [("/results/1", "added"), ("/notes", "changed")]
        assert get(client, keys.contributor, study, "2").json()["status"] == "superseded"
        entry = client.get("/v1/changes", params={"subject": f"study:{study}", "action": "study.amended"})
        assert entry.json()["items"][-1]["details"]["merges"] == 2
        assert review(client, keys.curator, study).status_code == 201
        assert differences(engine) == []

    def test_an_amendment_without_a_reason_is_not_carried_over(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"notes": "read twice"}, reason=None, If_Match='"r1"')
        change_live(client, keys, study, {"country": "Spain"})
        before = row_counts(engine)
        assert_problem(submit(client, keys.contributor, study), 422, "incomplete-study", "/reason")
        assert row_counts(engine) == before
        assert submit(client, keys.contributor, study, reason="A second look.").json()["merged"]["revision"] == 2

    def test_submitting_what_was_made_from_the_live_one_says_nothing_of_a_merge(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert submit(client, keys.contributor, study).json()["merged"] is None

    def test_submitting_what_touches_the_same_is_refused_with_all_three_values(
        self, client: TestClient, keys: Keys, engine: Engine
    ) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"')
        live = change_live(client, keys, study, {"year": 2023})
        before = row_counts(engine)
        said = assert_problem(submit(client, keys.contributor, study), 409, "edit-conflict", "/year")
        [conflict] = said["conflicts"]
        assert (conflict["base"], conflict["theirs"], conflict["mine"]) == (2024, 2023, 2022)
        assert (said["base_revision"], said["live_revision"]) == (1, live)
        assert said["rebase"] == f"/v1/studies/{study}/revisions/2/rebase"
        assert row_counts(engine) == before

    def test_accepting_never_merges_and_names_what_moved(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"notes": "read twice"}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        change_live(client, keys, study, {"country": "Spain"})
        said = assert_problem(review(client, keys.curator, study, if_match='"r2"'), 409, "state-conflict", "/country")
        assert said["rebase"] == f"/v1/studies/{study}/revisions/2/rebase"


class TestRebase:
    @pytest.fixture
    def study(self, client: TestClient, keys: Keys) -> str:
        """Revision 2 is a draft of the contributor, revision 3 is live; both changed the year and one figure."""
        study = an_accepted_study(client, keys.contributor, keys.curator)
        mine = a_result(treatment={"n": 60, "mean": 31, "sd": 20})
        theirs = a_result(treatment={"n": 60, "mean": 32, "sd": 20})
        amend(client, keys.contributor, study, {"year": 2022, "results": [mine], "notes": "read twice"}, If_Match='"r1"')
        change_live(client, keys, study, {"year": 2023, "results": [theirs], "country": "Spain"})
        return study

    def test_every_conflict_is_decided_by_a_side_or_a_value(self, client: TestClient, keys: Keys, study: str, engine: Engine) -> None:
        said = assert_problem(rebase(client, keys.contributor, study, 2), 409, "edit-conflict", "/year", "/results/0/treatment/mean")
        decided = [{"pointer": said["conflicts"][0]["pointer"], "value": 2021}, {"pointer": "/results/0", "take": "theirs"}]
        answer = rebase(client, keys.contributor, study, 2, onto=3, resolutions=decided)
        assert answer.status_code == 201, answer.text
        document = answer.json()["document"]
        assert (document["year"], document["country"], document["notes"]) == (2021, "Spain", "read twice")
        assert document["results"][0]["treatment"]["mean"] == 32
        assert (answer.json()["revision"], answer.json()["revision_status"]) == (4, "draft")
        assert submit(client, keys.contributor, study).json()["merged"] is None
        assert differences(engine) == []

    def test_the_example_of_the_description_is_taken(self, client: TestClient, keys: Keys, study: str) -> None:
        [example] = RebaseRequest.model_json_schema()["examples"]
        assert_problem(rebase(client, keys.contributor, study, 2, **example), 409, "edit-conflict", "/results/0/treatment/mean")
        [example] = RevisionWithdrawal.model_json_schema()["examples"]
        assert withdraw(client, keys.contributor, study, **example).status_code == 200

    def test_some_decided_the_rest_is_named(self, client: TestClient, keys: Keys, study: str) -> None:
        decided = [{"pointer": "/year", "take": "mine"}]
        assert_problem(rebase(client, keys.contributor, study, 2, resolutions=decided), 409, "edit-conflict", "/results/0/treatment/mean")

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({"resolutions": [{"pointer": "/planet", "take": "mine"}]}, ["/resolutions/0/pointer"]),
            ({"resolutions": [{"pointer": "/year", "take": "mine"}, {"pointer": "/year", "take": "base"}]}, ["/resolutions/1"]),
            ({"onto": 2**63}, ["/onto"]),
            ({"resolutions": [{"pointer": "year", "take": "mine"}]}, ["/resolutions/0/pointer"]),
            ({"resolutions": [{"pointer": "/year"}]}, ["/resolutions/0"]),
            ({"resolutions": [{"pointer": "/year", "take": "mine", "value": 1}]}, ["/resolutions/0"]),
            ({"resolutions": [{"pointer": "/year", "take": "ours"}]}, ["/resolutions/0/take"]),
            ({"onto": 0}, ["/onto"]),
            ({"resolutions": [{"pointer": "/year", "value": "late"}, {"pointer": "/results/0", "take": "mine"}]}, ["/year"]),
        ],
    )
    def test_a_body_that_decides_nothing_sensible_is_refused(
        self, client: TestClient, keys: Keys, study: str, body: Json, pointers: list[str], engine: Engine
    ) -> None:
        before = row_counts(engine)
        assert_problem(rebase(client, keys.contributor, study, 2, **body), 422, "invalid-body", *pointers)
        assert row_counts(engine) == before

    def test_decisions_for_another_live_revision_are_not_taken(self, client: TestClient, keys: Keys, study: str) -> None:
        assert_problem(rebase(client, keys.contributor, study, 2, onto=1), 409, "state-conflict")

    def test_what_has_not_moved_needs_none(self, client: TestClient, keys: Keys, study: str) -> None:
        withdraw(client, keys.contributor, study)
        amend(client, keys.contributor, study, {"year": 2020}, If_Match='"r3"')
        assert_problem(rebase(client, keys.contributor, study, 4), 409, "state-conflict")

    def test_what_the_live_revision_says_already_is_not_drafted_again(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"country": "Spain"}, If_Match='"r1"')
        change_live(client, keys, study, {"country": "Spain", "year": 2023})
        assert_problem(rebase(client, keys.contributor, study, 2), 409, "state-conflict")
        assert_problem(submit(client, keys.contributor, study), 409, "state-conflict")

    def test_a_retraction_accepted_meanwhile_stays(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"country": "Spain"}, If_Match='"r1"')
        retract(client, keys.curator, study)
        assert submit(client, keys.contributor, study).json()["document"]["publication_status"] == "retracted"
        assert review(client, keys.curator, study).json()["study_status"] == "retracted"

    def test_drafts_of_others_are_not_there_and_curators_may(self, client: TestClient, keys: Keys, study: str) -> None:
        assert_problem(rebase(client, keys.second_contributor, study, 2), 404, "not-found")
        decided = [{"pointer": "/year", "take": "mine"}, {"pointer": "/results/0", "take": "mine"}]
        assert rebase(client, keys.curator, study, 2, resolutions=decided).status_code == 201
        assert get(client, keys.contributor, study, "4").json()["drafted_for"] is not None
        assert submit(client, keys.contributor, study).json()["revision"] == 4


class TestPreviewOfARevision:
    def test_accepting_then_says_the_same(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor)
        before = row_counts(engine)
        said = get(client, keys.curator, study, "1/preview")
        assert said.status_code == 200, said.text
        assert row_counts(engine) == before
        assert (said.json()["base_moved"], said.json()["warnings"], said.json()["revision_status"]) == (False, [], "submitted")
        assert [one for one in said.json()["ratings"] if one["moves"]] == review(client, keys.curator, study).json()["ratings"]

    def test_the_author_sees_it_and_others_do_not(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert get(client, keys.contributor, study, "1/preview").status_code == 200
        assert_problem(get(client, keys.second_contributor, study, "1/preview"), 404, "not-found")
        assert_problem(get(client, None, study, "1/preview"), 401, "authentication-required")

    def test_a_draft_tells_what_is_missing(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor, {"title": "A trial"}).json()["id"]
        said = get(client, keys.contributor, study, "1/preview").json()
        assert [one["pointer"] for one in said["warnings"]] == ["/kind", "/design", "/conditions", "/intervention", "/sources"]
        assert said["ratings"] == []

    def test_over_a_moved_base_it_is_the_merged_document_that_is_rated(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"')
        submit(client, keys.contributor, study)
        smaller = a_result(treatment={"n": 60, "mean": 47, "sd": 20}, direction="unclear")
        change_live(client, keys, study, {"results": [smaller]})
        said = get(client, keys.curator, study, "2/preview").json()
        assert (said["base_moved"], said["base_revision"], said["live_revision"], said["conflicts"]) == (True, 1, 3, [])
        assert {one["pointer"] for one in said["moved"]} == {"/results/0/treatment/mean", "/results/0/direction"}
        assert [one["moves"] for one in said["ratings"]] == [False]

    def test_a_conflict_is_told_and_nothing_is_rated(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"')
        change_live(client, keys, study, {"year": 2023})
        said = get(client, keys.contributor, study, "2/preview").json()
        assert [(one["pointer"], one["theirs"], one["mine"]) for one in said["conflicts"]] == [("/year", 2023, 2022)]
        assert said["ratings"] == []

    def test_what_was_decided_has_none(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert_problem(get(client, keys.curator, study, "1/preview"), 409, "state-conflict")

    def test_a_registration_and_a_published_review_preview_too(self, client: TestClient, keys: Keys) -> None:
        registration = a_body(
            kind="registration", design="registered-trial", publication_status="registered", registration="NCT01234567", results=[]
        )
        published = a_body(kind="synthesis", design="systematic-review", synthesis={"n_studies": 3}, results=[], title="A review")
        for body in (registration, published):
            study = a_submitted_study(client, keys.contributor, body)
            said = get(client, keys.curator, study, "1/preview")
            assert said.status_code == 200, said.text
            assert said.json()["ratings"] == preview(client, keys.contributor, body, study=study).json()["ratings"]
            assert [one for one in said.json()["ratings"] if one["moves"]] == review(client, keys.curator, study).json()["ratings"]


class TestWithdraw:
    def test_a_record_never_accepted_gives_its_identifiers_free(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor, a_body(doi="10.1000/mine"))
        answer = withdraw(client, keys.contributor, study)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["status"], answer.json()["revision_status"]) == ("withdrawn", "withdrawn")
        assert create(client, keys.second_contributor, a_body(doi="10.1000/mine")).status_code == 201
        assert get(client, keys.contributor, study, "1").json()["withdrawal_reason"] == "entered twice"
        assert differences(engine) == []

    def test_the_public_ledger_keeps_the_reason_of_a_draft_to_itself(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        withdraw(client, keys.contributor, study, reason="Prof. Secret asked for it")
        entry = client.get("/v1/changes", params={"subject": f"study:{study}"}).text
        assert "study.withdrawn" in entry
        assert "Secret" not in entry

    def test_an_amendment_is_withdrawn_and_the_accepted_revision_stays(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"')
        answer = withdraw(client, keys.contributor, study)
        assert (answer.json()["revision"], answer.json()["status"]) == (2, "accepted")
        assert client.get(f"/v1/studies/{study}").json()["document"]["year"] == 2024
        assert differences(engine) == []

    def test_a_number_that_no_database_holds_is_refused(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert_problem(withdraw(client, keys.contributor, study, revision=2**63), 422, "invalid-body", "/revision")

    def test_what_was_submitted_is_taken_back_by_its_makers_alone(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert_problem(withdraw(client, keys.curator, study, revision=1), 403, "not-allowed")
        assert_problem(withdraw(client, keys.curator, study), 409, "state-conflict")
        assert withdraw(client, keys.contributor, study).status_code == 200

    def test_a_curator_withdraws_an_abandoned_draft_and_others_may_not(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert_problem(withdraw(client, keys.second_contributor, study), 404, "not-found")
        assert withdraw(client, keys.curator, study).status_code == 200

    def test_what_was_decided_stays(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert_problem(withdraw(client, keys.contributor, study), 409, "state-conflict")
        assert_problem(withdraw(client, keys.contributor, study, revision=1), 409, "state-conflict")
        assert_problem(withdraw(client, keys.contributor, study, revision=9), 404, "not-found")

    def test_a_reason_is_needed(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        assert_problem(withdraw(client, keys.contributor, study, reason=" "), 422, "invalid-body", "/reason")

    def test_a_withdrawn_record_can_be_taken_up_again(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = a_submitted_study(client, keys.contributor, a_body(doi="10.1000/mine"))
        withdraw(client, keys.contributor, study)
        assert amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"').json()["status"] == "draft"
        assert submit(client, keys.contributor, study).status_code == 200
        assert differences(engine) == []


class TestAnyRevision:
    def test_a_star_in_if_match_never_means_the_draft_of_somebody_else(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"')
        assert amend(client, keys.curator, study, {"country": "Spain"}, If_Match="*").json()["document"]["year"] == 2024
        assert get(client, keys.contributor, study, "2").json()["status"] == "draft"


class TestAnotherHandInADraft:
    """A curator mends somebody's draft; it stays that person's to submit, and the curator cannot decide on it."""

    def test_of_a_new_record(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = create(client, keys.contributor).json()["id"]
        amend(client, keys.curator, study, {"country": "Spain"}, If_Match='"r1"')
        listed = client.get(f"/v1/studies/{study}/revisions", headers=header(keys.contributor))
        assert [one["number"] for one in listed.json()["items"]] == [2, 1]
        assert submit(client, keys.contributor, study).json()["revision"] == 2
        assert_problem(review(client, keys.curator, study), 403, "own-submission")
        assert review(client, keys.second_curator, study).status_code == 201
        shown = client.get(f"/v1/studies/{study}").json()["attribution"]
        assert [(one["role"], one["by"]) for one in shown] == [
            ("author", "Contributor"),
            ("author", "Curator"),
            ("reviewer", "Second curator"),
        ]
        assert differences(engine) == []

    def test_of_an_amendment(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"year": 2022}, If_Match='"r1"')
        mended = amend(client, keys.second_curator, study, {"country": "Spain"}, If_Match='"r2"').json()
        assert (mended["document"]["year"], mended["document"]["country"]) == (2022, "Spain")
        again = amend(client, keys.contributor, study, {"notes": "seen"}, If_Match='"r3"').json()
        assert again["document"]["country"] == "Spain"
        assert submit(client, keys.contributor, study).json()["revision"] == 4
        assert_problem(review(client, keys.second_curator, study), 403, "own-submission")
        assert review(client, keys.curator, study).status_code == 201
        assert differences(engine) == []
