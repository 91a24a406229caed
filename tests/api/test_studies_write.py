"""Drafting, amending, submitting: what is answered, and that a refusal writes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.database import make_engine, reading
from app.main import create_app
from app.models import Change
from tests.api.acting import a_submitted_study, amend, an_accepted_study, assert_problem, create, header, retract, review, submit
from tests.conftest import Keys, make_keys, settings_for
from tests.databases import ENGINES, Databases
from tests.factories import a_body, a_result, differences, row_counts, the_least
from tests.require import require

Json = dict[str, Any]


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


class Desk:
    """A client with its keys and database, shared by the tests of this file that must write nothing."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client, self.engine, self.keys = client, engine, make_keys(engine)

    def state(self) -> tuple[int, dict[str, int]]:
        with reading(self.engine) as session:
            return session.execute(select(func.max(col(Change.sequence)))).scalar_one(), row_counts(self.engine)


@pytest.fixture(scope="module", params=ENGINES)
def desk(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Desk]:
    if request.param == "postgresql":
        require("postgresql")
    with databases.on(request.param).copy("small") as url:
        engine = make_engine(url)
        with TestClient(create_app(settings_for(url))) as client:
            yield Desk(client, engine)
        engine.dispose()


def arm(**members: Any) -> Json:
    return a_body(results=[a_result(treatment={"n": 60, "mean": 30, "sd": 20} | members)])


def estimate(**members: Any) -> Json:
    return a_body(results=[a_result(estimate=members)])


TREATMENT = "/results/0/treatment"
ESTIMATE = "/results/0/estimate"
LOW, HIGH = f"{ESTIMATE}/ci_low", f"{ESTIMATE}/ci_high"
INVALID: dict[str, tuple[Json | list[Any] | str, list[str], str]] = {
    # shape
    "an unknown member": (a_body(colour="red"), ["/colour"], "There is no member 'colour'"),
    "an unknown member of an arm": (arm(colour="red"), [f"{TREATMENT}/colour"], "There is no member 'colour'"),
    "no title": ({"kind": "primary", "design": "cohort"}, ["/title"], "required"),
    "a title of spaces": (a_body(title="  "), ["/title"], "at least 1 character"),
    "a number for a title": (a_body(title=3), ["/title"], "valid string"),
    "a list for a body": ([], [""], "object"),
    "null for a body": ("null", [""], ""),
    "text for a number": (arm(n="60"), [f"{TREATMENT}/n"], "integer"),
    "true for a number": (arm(mean=True), [f"{TREATMENT}/mean"], "number"),
    "half a person": (arm(n=60.5), [f"{TREATMENT}/n"], "integer"),
    "text for true": (a_body(results=[a_result(within_group="yes")]), ["/results/0/within_group"], "boolean"),
    "an unknown word": (a_body(design="trial"), ["/design"], "randomised-trial"),
    "a condition twice": (a_body(conditions=["neck-pain", "neck-pain"]), ["/conditions"], "twice"),
    "no character, U+0000": (a_body(title="a\x00b"), ["/title"], "U+0000"),
    "half of a surrogate pair": (json.dumps(a_body(title="\ud800")), ["/title"], "surrogate"),
    # figures
    "a standard deviation of 0": (arm(sd=0), [f"{TREATMENT}/sd"], "greater than 0"),
    "a standard deviation below 0": (arm(sd=-1), [f"{TREATMENT}/sd"], "greater than 0"),
    "more events than people": (arm(events=61), [f"{TREATMENT}/events"], "must not be above n, 60"),
    "minus one person": (arm(n=-1), [f"{TREATMENT}/n"], "greater than or equal to 0"),
    "a quartile above the median": (arm(median=10, q1=11), [f"{TREATMENT}/q1"], "must not be above the median, 10"),
    "an interval above its estimate": (estimate(measure="MD", value=1, ci_low=2, ci_high=3), [LOW], "above the estimate, 1"),
    "an interval below its estimate": (estimate(measure="MD", value=4, ci_low=2, ci_high=3), [HIGH], "below the estimate, 4"),
    "half an interval": (estimate(measure="MD", value=1, ci_low=0), [ESTIMATE], "both ci_low and ci_high"),
    "a ratio of 0": (estimate(measure="RR", value=0), [f"{ESTIMATE}/value"], "above 0 for a ratio"),
    "a p value above 1": (estimate(measure="MD", value=1, p=1.1), [f"{ESTIMATE}/p"], "less than or equal to 1"),
    "an estimate of nothing": (estimate(measure="MD"), [ESTIMATE], "a value or a p value"),
    "more analysed than randomised": (a_body(n_randomised=10, n_analysed=11), ["/n_analysed"], "must not be above n_randomised, 10"),
    "a year to come": (a_body(year=2999), ["/year"], "lies in the future"),
    "a year before all trials": (a_body(year=1700), ["/year"], "1800"),
    # names of the outside world
    "a malformed DOI": (a_body(doi="11.1000/x"), ["/doi"], "should look like 10."),
    "a malformed PMID": (a_body(pmid="31892357a"), ["/pmid"], "one to nine digits"),
    "a malformed PMCID": (a_body(pmcid="6938607"), ["/pmcid"], "PMC6938607"),
    "an unknown registry": (a_body(registration="ABC123"), ["/registration"], "ClinicalTrials.gov"),
    "an ORCID iD with a wrong check digit": (
        a_body(author_orcids=[{"author": "Muster A", "orcid": "0000-0002-1825-0098"}]),
        ["/author_orcids/0/orcid"],
        "mistyped",
    ),
    "a source that is no address": (a_body(sources=["javascript:alert(1)"]), ["/sources/0"], "pattern"),
    # records that are not there
    "an unknown condition": (a_body(conditions=["neck-pane"], results=[]), ["/conditions/0"], "neck-pain"),
    "an unknown intervention": (a_body(intervention="magic", fidelity=None), ["/intervention"], "craniosacral-therapy"),
    "an unknown instrument": (a_body(results=[a_result(instrument="vas")]), ["/results/0/instrument"], "pain-vas-100"),
    "a word that is no slug": (a_body(conditions=["Neck Pain"], results=[]), ["/conditions/0"], "not a slug"),
}  # fmt: skip
MALFORMED: dict[str, tuple[bytes, str]] = {
    "an open brace": (b"{", "line 1"),
    "nothing but text": (b"study", "line 1"),
    "a comma too many": (b'{"title": "x",}', "line 1"),
    "NaN": (b'{"title": NaN}', "NaN"),
    "Infinity": (b'{"n_randomised": Infinity}', "Infinity"),
    "a number beyond all": (b'{"sessions": 1e999}', "beyond"),
    "a member twice": (b'{"title": "a", "title": "b"}', "twice"),
    "not UTF-8": (b'{"title": "\xff"}', "UTF-8"),
    "too deep": (b"[" * 1000 + b"]" * 1000, "deeply"),
    "deeper still": (b"[" * 100_000, ""),
}


class TestRefusals:
    @pytest.mark.parametrize(("body", "pointers", "words"), INVALID.values(), ids=INVALID.keys())
    def test_an_invalid_body_is_told_where_and_why(self, desk: Desk, body: Any, pointers: list[str], words: str) -> None:
        before = desk.state()
        content = body if isinstance(body, str) else json.dumps(body)
        headers = header(desk.keys.contributor) | {"Content-Type": "application/json"}
        document = assert_problem(desk.client.post("/v1/studies", content=content, headers=headers), 422, "invalid-body", *pointers)
        said = f"{document['errors'][0]['detail']} {document['errors'][0]['allowed']}"
        assert words.lower() in said.lower()
        assert desk.state() == before

    @pytest.mark.parametrize(("content", "words"), MALFORMED.values(), ids=MALFORMED.keys())
    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_malformed_json(self, desk: Desk, method: str, content: bytes, words: str) -> None:
        address = "/v1/studies" if method == "POST" else f"/v1/studies/{create(desk.client, desk.keys.contributor).json()['id']}"
        before = desk.state()
        headers = header(desk.keys.contributor, If_Match='"r1"') | {"Content-Type": "application/json"}
        document = assert_problem(desk.client.request(method, address, content=content, headers=headers), 400, "malformed-json")
        assert words in document["detail"]
        assert desk.state() == before

    def test_a_body_beyond_the_limit(self, desk: Desk) -> None:
        before = desk.state()
        document = assert_problem(create(desk.client, desk.keys.contributor, a_body(notes="x" * 5_000_001)), 413, "body-too-large")
        assert "5000000 bytes" in document["detail"]
        assert desk.state() == before

    def test_a_body_of_another_media_type(self, desk: Desk) -> None:
        headers = header(desk.keys.contributor) | {"Content-Type": "text/csv"}
        assert_problem(desk.client.post("/v1/studies", content=b"title\nx", headers=headers), 415, "unsupported-media-type")

    def test_no_body_at_all(self, desk: Desk) -> None:
        answer = desk.client.post("/v1/studies", headers=header(desk.keys.contributor))
        assert assert_problem(answer, 400, "malformed-json")["detail"] == "The body is empty."

    def test_a_misspelt_member_is_answered_with_the_nearest_and_all(self, desk: Desk) -> None:
        answer = desk.client.post("/v1/studies", json=a_body(titel="x"), headers=header(desk.keys.contributor))
        (fault,) = assert_problem(answer, 422, "invalid-body", "/titel")["errors"]
        assert fault["detail"] == "There is no member 'titel'; did you mean 'title'?"
        assert {"title", "results", "risk_of_bias"} <= set(fault["allowed"])

    def test_a_misspelt_member_of_a_patch_is_answered_alike(self, desk: Desk) -> None:
        study = create(desk.client, desk.keys.contributor)
        headers = header(desk.keys.contributor) | {"If-Match": study.headers["etag"]}
        answer = desk.client.patch(f"/v1/studies/{study.json()['id']}", json={"titel": "x"}, headers=headers)
        (fault,) = assert_problem(answer, 422, "invalid-body", "/titel")["errors"]
        assert fault["detail"] == "There is no member 'titel'; did you mean 'title'?"

    @pytest.mark.parametrize("route", ["", "/preview", "/x/submit", "/x/reviews", "/x/retraction"])
    def test_an_unknown_parameter_is_named(self, desk: Desk, route: str) -> None:
        document = assert_problem(
            desk.client.post(f"/v1/studies{route}?dry_run=1", json=a_body(), headers=header(desk.keys.curator)), 400, "invalid-query"
        )
        assert document["errors"][0]["parameter"] == "dry_run"

    @pytest.mark.parametrize("study", ["x", "pmid:31892357", "00000000-0000-7000-8000-000000000000", "%F0%9F%A6%B4", "..%2f", "a" * 3000])
    @pytest.mark.parametrize("act", ["amend", "submit", "reviews", "retraction"])
    def test_what_names_no_study_is_not_found(self, desk: Desk, study: str, act: str) -> None:
        bodies = {"reviews": {"decision": "reject", "comment": "x"}, "retraction": {"reason": "x"}}
        headers = header(desk.keys.curator, If_Match='"r1"')
        response = (
            desk.client.patch(f"/v1/studies/{study}", json={}, headers=headers)
            if act == "amend"
            else desk.client.post(f"/v1/studies/{study}/{act}", json=bodies.get(act), headers=headers)
        )
        assert_problem(response, 404, "not-found")

    def test_an_address_by_doi_is_for_reading_alone(self, desk: Desk) -> None:
        assert_problem(submit(desk.client, desk.keys.curator, "doi:10.1000/xyz"), 405, "method-not-allowed")


class TestCreate:
    def test_a_draft_is_answered_with_its_address_and_its_tag(self, client: TestClient, keys: Keys) -> None:
        response = create(client, keys.contributor)
        assert response.status_code == 201
        written = response.json()
        assert response.headers["location"] == written["href"] == f"/v1/studies/{written['id']}"
        assert response.headers["etag"].startswith('"r1-')
        assert (written["key"], written["revision"], written["status"], written["revision_status"]) == (
            "muster-2024-neck-pain",
            1,
            "draft",
            "draft",
        )
        assert written["warnings"] == []
        assert written["document"]["results"][0]["treatment"]["mean"] == 30

    def test_what_a_submission_would_be_refused_for_comes_as_warnings(self, client: TestClient, keys: Keys) -> None:
        body = a_body(n_randomised=50, n_analysed=50, comparators=[{"kind": "sham", "label": "s"}, {"kind": "active", "label": "a"}])
        response = create(client, keys.contributor, body)
        assert response.status_code == 201
        pointers = ["/comparators/1", "/results/0/treatment/n", "/results/0/control/n"]
        assert [warning["pointer"] for warning in response.json()["warnings"]] == pointers
        assert_problem(submit(client, keys.contributor, response.json()["id"]), 422, "inconsistent-study", *pointers)

    @pytest.mark.parametrize(("name", "value"), [("doi", "10.1000/xyz"), ("pmid", "31892357"), ("pmcid", "PMC6938607")])
    def test_a_duplicate_links_to_the_study_that_is_there(self, client: TestClient, keys: Keys, name: str, value: str) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator, a_body(**{name: value}))
        document = assert_problem(create(client, keys.second_contributor, a_body(**{name: value})), 409, "duplicate-study", f"/{name}")
        assert document["study"]["href"] == f"/v1/studies/{study}"

    def test_a_duplicate_of_a_hidden_draft_does_not_give_it_away(self, client: TestClient, keys: Keys) -> None:
        hidden = create(client, keys.contributor, a_body(doi="10.1000/xyz")).json()
        response = create(client, keys.second_contributor, a_body(doi="https://doi.org/10.1000/XYZ"))
        assert_problem(response, 409, "duplicate-study", "/doi")
        assert hidden["id"] not in response.text
        assert hidden["key"] not in response.text


class TestAmend:
    def test_needs_if_match(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert_problem(amend(client, keys.contributor, study, {"year": 2020}), 428, "precondition-required")

    def test_a_stale_tag_is_told_the_current_one(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        response = amend(client, keys.contributor, study, {"year": 2020}, If_Match='"r7"')
        assert_problem(response, 412, "stale-revision")
        assert response.headers["etag"] == '"r1"'

    def test_two_who_read_the_same_revision_cannot_both_write(self, client: TestClient, keys: Keys) -> None:
        created = create(client, keys.contributor)
        tag = created.headers["etag"]
        assert amend(client, keys.contributor, created.json()["id"], {"year": 2020}, If_Match=tag).status_code == 200
        assert_problem(amend(client, keys.curator, created.json()["id"], {"year": 2021}, If_Match=tag), 412, "stale-revision")

    def test_says_why_to_those_who_may_see_it(self, client: TestClient, keys: Keys) -> None:
        created = create(client, keys.contributor)
        study, tag = created.json()["id"], created.headers["etag"]
        headers = {**header(keys.contributor), "If-Match": tag}
        response = client.patch(f"/v1/studies/{study}?reason=The%20year%20was%20mistyped", json={"year": 2020}, headers=headers)
        assert response.status_code == 200
        revisions = client.get(f"/v1/studies/{study}/revisions", headers=header(keys.contributor)).json()["items"]
        assert [row["reason"] for row in revisions if row["number"] == 2] == ["The year was mistyped"]
        assert "mistyped" not in client.get("/v1/changes?limit=200").text
        assert_problem(client.patch(f"/v1/studies/{study}?reason=", json={}, headers=headers), 400, "invalid-query")

    @pytest.mark.parametrize("tag", ["r1", 'W/"r1"x', '"', "'r1'", '"r1" "r2"'])
    def test_a_malformed_tag_is_refused(self, client: TestClient, keys: Keys, tag: str) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert_problem(amend(client, keys.contributor, study, {}, If_Match=tag), 400, "invalid-header")

    @pytest.mark.parametrize("tag", ['"r99999999999999999999999999"', '"x"', 'W/"r1"', '"r1x"'])
    def test_a_tag_of_something_else_is_stale(self, client: TestClient, keys: Keys, tag: str) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert_problem(amend(client, keys.contributor, study, {}, If_Match=tag), 412, "stale-revision")

    def test_null_takes_a_member_away_and_a_list_is_replaced_whole(self, client: TestClient, keys: Keys) -> None:
        created = create(
            client, keys.contributor, a_body(country="Germany", authors=["A A", "B B"], synthesis={"n_studies": 3, "certainty": "low"})
        )
        patch = {"country": None, "authors": ["C C"], "synthesis": {"certainty": None, "n_participants": 90}}
        response = amend(client, keys.contributor, created.json()["id"], patch, If_Match=created.headers["etag"])
        assert response.status_code == 200
        document = response.json()["document"]
        assert (document["country"], document["authors"]) == (None, ["C C"])
        synthesis: Json = {"n_studies": 3, "n_participants": 90, "certainty": None, "included": [], "conclusion_direction": None}
        assert document["synthesis"] == synthesis
        assert (response.json()["revision"], response.headers["etag"][:4]) == (2, '"r2-')

    @pytest.mark.parametrize(
        ("patch", "pointers"),
        [
            ({"title": None}, ["/title"]),
            ({"n_randomised": 10}, ["/n_analysed"]),
            ({"results": {"0": {}}}, ["/results"]),
            ({"results": None, "conditions": ["nowhere"]}, ["/conditions/0"]),
            ({"colour": "red"}, ["/colour"]),
            ({"body": 1}, ["/body"]),
            ({"a/b~c": 1}, ["/a~1b~0c"]),
            ({"adverse_events": {"reported": "yes"}}, ["/adverse_events/reported"]),
        ],
    )
    def test_a_patch_that_breaks_the_document_is_told_where(self, desk: Desk, patch: Json, pointers: list[str]) -> None:
        created = create(desk.client, desk.keys.contributor)
        before = desk.state()
        response = amend(desk.client, desk.keys.contributor, created.json()["id"], patch, If_Match=created.headers["etag"])
        assert_problem(response, 422, "invalid-body", *pointers)
        assert desk.state() == before

    @pytest.mark.parametrize("patch", [[], "x", 3, None, True, [{"op": "replace", "path": "/title", "value": "x"}]])
    def test_a_patch_is_an_object(self, desk: Desk, patch: Any) -> None:
        created = create(desk.client, desk.keys.contributor)
        headers = header(desk.keys.contributor, If_Match='"r1"') | {"Content-Type": "application/json"}
        response = desk.client.patch(f"/v1/studies/{created.json()['id']}", content=json.dumps(patch), headers=headers)
        assert_problem(response, 422, "invalid-body", "")

    def test_takes_merge_patches_and_plain_json_and_nothing_else(self, client: TestClient, keys: Keys) -> None:
        created = create(client, keys.contributor)
        address = f"/v1/studies/{created.json()['id']}"
        for revision, media_type in enumerate(("application/merge-patch+json", "application/json; charset=utf-8"), start=1):
            headers = header(keys.contributor, If_Match=f'"r{revision}"') | {"Content-Type": media_type}
            assert client.patch(address, content=b"{}", headers=headers).status_code == 200
        for media_type in ("text/plain", "application/json-patch+json"):
            headers = header(keys.contributor, If_Match='"r3"') | {"Content-Type": media_type}
            response = client.patch(address, content=b"{}", headers=headers)
            assert_problem(response, 415, "unsupported-media-type")
            assert response.headers["accept-patch"] == "application/merge-patch+json"

    def test_an_amendment_of_an_accepted_record_that_changes_nothing_makes_no_revision(
        self, client: TestClient, keys: Keys, engine: Engine
    ) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        before = row_counts(engine)
        for patch in ({}, {"year": 2024}):
            response = amend(client, keys.second_contributor, study, patch, If_Match='"r1"')
            assert "nothing changes" in assert_problem(response, 409, "state-conflict")["detail"]
        assert row_counts(engine) == before

    def test_a_form_on_risk_of_bias_that_is_half_filled_in_is_a_draft_and_no_submission(self, client: TestClient, keys: Keys) -> None:
        begun = {"tool": "rob-2", "judged_by": "two reviewers", "source": "full text", "answers": {"1.1": "yes"}}
        created = create(client, keys.contributor, a_body(risk_of_bias=[begun]))
        assert created.status_code == 201
        assert [(one["pointer"], one["blocks_submission"]) for one in created.json()["warnings"]] == [("/risk_of_bias/0/overall", True)]
        assert_problem(submit(client, keys.contributor, created.json()["id"]), 422, "incomplete-study", "/risk_of_bias/0/overall")

    def test_what_is_only_doubtful_is_told_and_can_be_submitted(self, client: TestClient, keys: Keys) -> None:
        adjusted = a_result(estimate={"measure": "MD", "value": -17, "ci_low": -25, "ci_high": -9})
        created = create(client, keys.contributor, a_body(results=[adjusted]))
        told = [(one["pointer"], one["blocks_submission"]) for one in created.json()["warnings"]]
        assert told == [("/results/0/estimate/value", False)]
        assert submit(client, keys.contributor, created.json()["id"]).status_code == 200

    def test_an_author_goes_on_from_his_own_draft_behind_the_accepted_revision(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        first = amend(client, keys.contributor, study, {"country": "Germany"}, If_Match='"r1"')
        other = amend(client, keys.second_contributor, study, {"country": "Spain"}, If_Match='"r1"')
        assert (first.json()["revision"], other.json()["revision"]) == (2, 3)
        on = amend(client, keys.contributor, study, {"language": "de"}, If_Match=first.headers["etag"])
        assert on.status_code == 200
        assert (on.json()["document"]["country"], on.json()["document"]["language"]) == ("Germany", "de")
        assert on.json()["status"] == "accepted"

    @pytest.mark.parametrize("submitted", [False, True])
    @pytest.mark.parametrize("tag", ['"r1"', '"r7"'])
    def test_nobody_loses_his_own_draft_by_a_second_one(self, client: TestClient, keys: Keys, tag: str, submitted: bool) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert client.get(f"/v1/studies/{study}", headers=header(keys.contributor)).json()["open_revision"] is None
        amend(client, keys.contributor, study, {"volume": "5"}, If_Match='"r1"')
        if submitted:
            assert submit(client, keys.contributor, study).status_code == 200
        response = amend(client, keys.contributor, study, {"issue": "2"}, If_Match=tag)
        problem = assert_problem(response, 412, "stale-revision")
        own = problem["open_revision"]
        assert (own["number"], own["status"], own["etag"]) == (2, "submitted" if submitted else "draft", '"r2"')
        assert response.headers["etag"] == '"r2"'
        assert client.get(f"/v1/studies/{study}", headers=header(keys.contributor)).json()["open_revision"] == own
        for stranger in (None, keys.second_contributor, keys.curator):
            assert client.get(f"/v1/studies/{study}", headers=header(stranger)).json()["open_revision"] is None
        on = amend(client, keys.contributor, study, {"issue": "2"}, If_Match=own["etag"]).json()["document"]
        assert (on["volume"], on["issue"]) == ("5", "2")

    def test_who_withdraws_his_draft_begins_anew_from_the_accepted_revision(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"volume": "5"}, If_Match='"r1"')
        client.post(f"/v1/studies/{study}/withdraw", json={"reason": "a mistake"}, headers=header(keys.contributor))
        assert amend(client, keys.contributor, study, {"issue": "2"}, If_Match='"r1"').json()["document"]["volume"] is None

    def test_a_retraction_leaves_the_draft_of_the_curator_alone(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.curator, study, {"volume": "5"}, If_Match='"r1"')
        assert retract(client, keys.curator, study).status_code == 201
        own = client.get(f"/v1/studies/{study}", headers=header(keys.curator)).json()["open_revision"]
        assert (own["number"], own["status"]) == (2, "draft")
        assert differences(engine) == []

    def test_nobody_goes_on_from_the_draft_of_another(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        hidden = amend(client, keys.contributor, study, {"country": "Germany"}, If_Match='"r1"')
        response = amend(client, keys.second_contributor, study, {}, If_Match=hidden.headers["etag"])
        assert_problem(response, 412, "stale-revision")
        assert response.headers["etag"] == '"r1"'

    def test_what_another_study_is_called_cannot_be_taken(self, client: TestClient, keys: Keys) -> None:
        an_accepted_study(client, keys.contributor, keys.curator, a_body(doi="10.1000/xyz"))
        created = create(client, keys.contributor)
        response = amend(client, keys.contributor, created.json()["id"], {"doi": "10.1000/xyz"}, If_Match='"r1"')
        assert_problem(response, 409, "duplicate-study", "/doi")


class TestSubmit:
    def test_a_draft_is_submitted(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        response = submit(client, keys.contributor, study)
        assert response.status_code == 200
        assert (response.json()["status"], response.json()["revision_status"]) == ("submitted", "submitted")

    def test_a_second_time_is_a_conflict(self, client: TestClient, keys: Keys) -> None:
        study = a_submitted_study(client, keys.contributor)
        document = assert_problem(submit(client, keys.contributor, study), 409, "state-conflict")
        assert "submitted" in document["detail"]

    def test_the_least_record_is_told_what_is_missing(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor, the_least()).json()["id"]
        pointers = ("/kind", "/design", "/conditions", "/intervention", "/sources")
        assert_problem(submit(client, keys.contributor, study), 422, "incomplete-study", *pointers)

    def test_what_lacks_something_and_contradicts_itself_is_told_both(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor, a_body(sources=[], n_randomised=50, n_analysed=50)).json()["id"]
        document = assert_problem(
            submit(client, keys.contributor, study),
            422,
            "inconsistent-study",
            "/sources",
            "/results/0/treatment/n",
            "/results/0/control/n",
        )
        assert "not complete" in document["detail"]

    def test_an_amendment_says_why(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        drafted = amend(client, keys.contributor, study, {"country": "Spain"}, reason=None, If_Match='"r1"')
        assert [one["pointer"] for one in drafted.json()["warnings"]] == ["/reason"]
        assert_problem(submit(client, keys.contributor, study), 422, "incomplete-study", "/reason")
        assert submit(client, keys.contributor, study, reason="The country was left out.").status_code == 200
        assert "left out" not in client.get("/v1/changes?limit=200").text
        assert review(client, keys.curator, study).status_code == 201
        assert "The country was left out." in client.get("/v1/changes?limit=200").text
        assert differences(engine) == []

    def test_a_draft_that_goes_on_keeps_its_reason(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.contributor, study, {"country": "Spain"}, reason="The country was left out.", If_Match='"r1"')
        assert amend(client, keys.contributor, study, {"language": "es"}, reason=None, If_Match='"r2"').json()["warnings"] == []
        assert submit(client, keys.contributor, study).status_code == 200

    def test_an_amendment_changes_something(self, client: TestClient, keys: Keys) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        assert amend(client, keys.contributor, study, {"country": "Spain"}, If_Match='"r1"').status_code == 200
        assert amend(client, keys.contributor, study, {"country": None}, If_Match='"r2"').status_code == 200
        assert "nothing to review" in assert_problem(submit(client, keys.contributor, study), 409, "state-conflict")["detail"]

    def test_the_ledger_holds_after_all_this(self, client: TestClient, keys: Keys, engine: Engine) -> None:
        study = an_accepted_study(client, keys.contributor, keys.curator)
        amend(client, keys.second_contributor, study, {"country": "Spain"}, If_Match='"r1"')
        submit(client, keys.second_contributor, study)
        assert differences(engine) == []


class TestDraftsOfOthers:
    """A record that was never accepted is not there for other contributors, whatever they try; and it stays as it was."""

    @pytest.mark.parametrize("submitted", [False, True])
    def test_every_write_route_says_404(self, client: TestClient, keys: Keys, submitted: bool) -> None:
        study = a_submitted_study(client, keys.contributor) if submitted else create(client, keys.contributor).json()["id"]
        stranger = keys.second_contributor
        for response in (
            amend(client, stranger, study, {"year": 2020}, If_Match='"r1"'),
            amend(client, stranger, study, {"year": 2020}),
            submit(client, stranger, study),
            client.post("/v1/studies/preview", params={"study": study}, json=a_body(), headers=header(stranger)),
        ):
            document = assert_problem(response, 404, "not-found")
            assert "muster" not in json.dumps(document).lower()

    def test_a_curator_can_take_it_further(self, client: TestClient, keys: Keys) -> None:
        study = create(client, keys.contributor).json()["id"]
        assert amend(client, keys.curator, study, {"year": 2020}, If_Match='"r1"').status_code == 200
        assert submit(client, keys.curator, study).status_code == 200
