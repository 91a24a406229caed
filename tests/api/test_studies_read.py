from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.schemas.study_read import RevisionAnswer, RevisionList, StudyAnswer, StudyList
from tests.conftest import Keys
from tests.factories import a_body, write_vocabulary

NECK = "haller-2016-neck-pain"
Json = dict[str, Any]


def items(client: TestClient, query: str) -> list[Json]:
    response = client.get(f"/v1/studies?limit=200&{query}")
    assert response.status_code == 200, response.text
    found: list[Json] = StudyList.model_validate_json(response.content).model_dump(mode="json")["items"]
    return found


def keys_of(client: TestClient, query: str) -> set[str]:
    return {item["key"] for item in items(client, query)}


def walk(client: TestClient, path: str) -> list[Json]:
    """Every item, page by page along `Link: rel=next`."""
    found: list[Json] = []
    following: str | None = path
    while following:
        response = client.get(following)
        found += response.json()["items"]
        following = response.links.get("next", {}).get("url")
    return found


class TestListStudies:
    def test_pages_give_the_whole_list(self, seeded_client: TestClient) -> None:
        whole = [item["id"] for item in items(seeded_client, "count=true")]
        assert [item["id"] for item in walk(seeded_client, "/v1/studies?limit=7")] == whole
        assert len(set(whole)) == seeded_client.get("/v1/studies?limit=1&count=true").json()["page"]["total"] == 178

    @pytest.mark.parametrize("sort", ["year", "-title", "key", "-n_randomised,key", "id", "-year"])
    def test_every_order_pages_through_all(self, seeded_client: TestClient, sort: str) -> None:
        found = [item["id"] for item in walk(seeded_client, f"/v1/studies?limit=60&sort={sort}")]
        assert len(found) == len(set(found)) == 178

    def test_the_newest_come_first(self, seeded_client: TestClient) -> None:
        years = [item["year"] for item in items(seeded_client, "")]
        known = [year for year in years if year is not None]
        assert known == sorted(known, reverse=True)
        assert years[: len(known)] == known

    def test_an_item_says_what_it_is(self, seeded_client: TestClient) -> None:
        [item] = items(seeded_client, f"key={NECK}")
        assert (item["label"], item["year"], item["design"]) == ("Haller 2016", 2016, "randomised-trial")
        assert (item["conditions"], item["comparators"]) == (["anxiety", "neck-pain"], ["sham"])
        assert (item["status"], item["retracted"]) == ("accepted", False)
        assert item["results_count"] > 2
        assert item["href"] == f"/v1/studies/{item['id']}"

    @pytest.mark.parametrize(
        ("query", "holds"),
        [
            ("condition=migraine", lambda item: "migraine" in item["conditions"]),
            ("condition=migraine,fibromyalgia", lambda item: {"migraine", "fibromyalgia"} & set(item["conditions"])),
            ("condition__not=migraine", lambda item: "migraine" not in item["conditions"]),
            (
                "condition=migraine&condition__not=headache",
                lambda item: "migraine" in item["conditions"] and "headache" not in item["conditions"],
            ),
            ("intervention=craniosacral-therapy", lambda item: item["intervention"] == "craniosacral-therapy"),
            ("intervention__not=craniosacral-therapy", lambda item: item["intervention"] != "craniosacral-therapy"),
            ("fidelity=mixed-osteopathic-package", lambda item: item["fidelity"] == "mixed-osteopathic-package"),
            ("kind=synthesis,safety", lambda item: item["kind"] in {"synthesis", "safety"}),
            ("design=randomised-trial", lambda item: item["design"] == "randomised-trial"),
            ("publication_status=thesis", lambda item: item["publication_status"] == "thesis"),
            ("status=accepted", lambda item: item["status"] == "accepted"),
            ("year=2016", lambda item: item["year"] == 2016),
            ("year__not=2016", lambda item: item["year"] != 2016),
            ("year__gte=2016&year__lte=2018", lambda item: 2016 <= item["year"] <= 2018),
            ("year_from=2016&year_to=2018", lambda item: 2016 <= item["year"] <= 2018),
            ("comparator=sham", lambda item: "sham" in item["comparators"]),
            ("comparator__not=sham", lambda item: "sham" not in item["comparators"]),
            ("age_group=infant", lambda item: item["age_group"] == "infant"),
            ("n_randomised__gte=100", lambda item: item["n_randomised"] >= 100),
            ("language=de", lambda item: item["language"] == "de"),
            ("country=Germany", lambda item: item["country"] == "Germany"),
            ("doi=10.1097/AJP.0000000000000290", lambda item: item["key"] == NECK),
            ("pmid=26340656", lambda item: item["key"] == NECK),
            ("condition=migraine&year_from=2015&comparator=sham", lambda item: "migraine" in item["conditions"] and item["year"] >= 2015),
        ],
    )
    def test_a_filter_gives_all_that_fit_and_no_other(self, seeded_client: TestClient, query: str, holds: Any) -> None:
        found = items(seeded_client, query)
        assert found
        assert all(holds(item) for item in found)
        if "&comparator" not in query and "year" not in query and "n_randomised" not in query:
            assert len(found) == sum(1 for item in items(seeded_client, "") if holds(item))

    def test_outcomes_and_risk_of_bias_are_asked_of_the_results(self, seeded_client: TestClient) -> None:
        assert NECK in keys_of(seeded_client, "outcome=pain-intensity")
        assert NECK not in keys_of(seeded_client, "outcome=feeding,crying-time")
        everything, judged = keys_of(seeded_client, ""), keys_of(seeded_client, "risk_of_bias=high")
        assert judged
        assert keys_of(seeded_client, "risk_of_bias__not=high") == everything - judged

    def test_a_registration_finds_the_trial_and_its_report(self, seeded_client: TestClient) -> None:
        numbered = [item for item in items(seeded_client, "") if item["linked_registration"] or item["registration"]]
        number = numbered[0]["linked_registration"] or numbered[0]["registration"]
        found = items(seeded_client, f"registration={number}")
        assert numbered[0]["id"] in {item["id"] for item in found}
        assert all(number in {item["registration"], item["linked_registration"]} for item in found)

    def test_words_find_studies_by_synonyms_too(self, seeded_client: TestClient) -> None:
        found = items(seeded_client, "q=ibs")
        assert found
        assert any("irritable-bowel-syndrome" in item["conditions"] for item in found)
        assert items(seeded_client, "q=the") == []

    def test_fields_keeps_what_is_asked_for(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/studies?limit=2&fields=key,year")
        assert [set(item) for item in response.json()["items"]] == [{"key", "year"}] * 2

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("yaer=2016", "yaer"),
            ("year=soon", "year"),
            ("status=draft", "status"),
            ("design=rct", "design"),
            ("doi=12345", "doi"),
            ("pmid=x", "pmid"),
            ("sort=titel", "sort"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("fields=titel", "fields"),
            ("year_from=2016&year_from=2017", "year_from"),
            ("q=", "q"),
        ],
    )
    def test_a_wrong_question_is_a_400_that_names_it(self, seeded_client: TestClient, query: str, parameter: str) -> None:
        response = seeded_client.get(f"/v1/studies?{query}")
        assert response.status_code == 400
        assert [error["parameter"] for error in response.json()["errors"]] == [parameter]

    def test_a_cursor_belongs_to_its_filters(self, seeded_client: TestClient) -> None:
        cursor = seeded_client.get("/v1/studies?limit=2&condition=migraine").json()["page"]["next"]
        assert seeded_client.get(f"/v1/studies?limit=2&condition=headache&cursor={cursor}").status_code == 400
        assert seeded_client.get(f"/v1/studies?limit=5&condition=migraine&cursor={cursor}").status_code == 200

    def test_head_and_not_modified(self, seeded_client: TestClient) -> None:
        response = seeded_client.get("/v1/studies?limit=3")
        head = seeded_client.head("/v1/studies?limit=3")
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", response.headers["etag"])
        again = seeded_client.get("/v1/studies?limit=3", headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


class TestGetStudy:
    def test_the_record_is_whole(self, seeded_client: TestClient) -> None:
        response = seeded_client.get(f"/v1/studies/{NECK}")
        study = StudyAnswer.model_validate_json(response.content)
        assert (study.key, study.label, study.revision, study.status, study.revision_status) == (
            NECK,
            "Haller 2016",
            1,
            "accepted",
            "accepted",
        )
        assert study.document.doi == "10.1097/ajp.0000000000000290"
        assert {(entry.role, entry.by) for entry in study.attribution} == {("author", "Founding data"), ("reviewer", "Founding data")}
        assert [one.href for one in study.ratings_touched] == [
            "/v1/conditions/anxiety/ratings/craniosacral-therapy",
            "/v1/conditions/neck-pain/ratings/craniosacral-therapy",
        ]
        assert (study.retraction, study.warnings) == (None, [])
        assert study.links.doi == "https://doi.org/10.1097/ajp.0000000000000290"
        assert study.meta.sequence > 0
        assert response.headers["etag"].startswith('"r1-')

    @pytest.mark.parametrize(
        "name",
        [
            NECK,
            "doi:10.1097/ajp.0000000000000290",
            "DOI:10.1097/AJP.0000000000000290",
            "doi:10.1097%2Fajp.0000000000000290",
            "pmid:26340656",
        ],
    )
    def test_every_name_leads_to_the_record_and_says_its_address(self, seeded_client: TestClient, name: str) -> None:
        response = seeded_client.get(f"/v1/studies/{name}")
        study = response.json()
        assert study["key"] == NECK
        assert response.headers["content-location"] == study["links"]["self"] == f"/v1/studies/{study['id']}"

    def test_the_address_itself_needs_no_content_location(self, seeded_client: TestClient) -> None:
        address = seeded_client.get(f"/v1/studies/{NECK}").headers["content-location"]
        response = seeded_client.get(address)
        assert response.status_code == 200
        assert "content-location" not in response.headers

    def test_reviews_and_their_studies_point_at_each_other(self, seeded_client: TestClient) -> None:
        study = seeded_client.get(f"/v1/studies/{NECK}").json()
        assert study["included_in"]
        review = StudyAnswer.model_validate_json(seeded_client.get(study["included_in"][0]["href"]).content)
        assert NECK in {one.key for one in review.includes}
        assert review.ratings_touched == []

    def test_papers_on_the_same_people_name_each_other(self, seeded_client: TestClient) -> None:
        def same(key: str) -> set[str]:
            return {one["key"] for one in seeded_client.get(f"/v1/studies/{key}").json()["same_participants"]}

        assert "wojcik-2022-firefighters-stress" in same("wojcik-2023-stress-hormones")
        assert "wojcik-2023-stress-hormones" in same("wojcik-2022-firefighters-stress")

    def test_not_modified(self, seeded_client: TestClient) -> None:
        tag = seeded_client.get(f"/v1/studies/{NECK}").headers["etag"]
        assert seeded_client.get(f"/v1/studies/{NECK}", headers={"If-None-Match": tag}).status_code == 304
        assert seeded_client.head(f"/v1/studies/{NECK}").headers["etag"] == tag

    @pytest.mark.parametrize("name", ["nobody-1900", "doi:10.1000/none", "pmid:1", "doi:10.1000/none/revisions", "doi:12", "preview"])
    def test_an_unknown_name_is_not_found(self, seeded_client: TestClient, name: str) -> None:
        assert seeded_client.get(f"/v1/studies/{name}").status_code == 404

    def test_parameters_are_refused(self, seeded_client: TestClient) -> None:
        assert seeded_client.get(f"/v1/studies/{NECK}?fields=key").status_code == 400


@pytest.fixture
def desk(engine: Engine, client: TestClient) -> TestClient:
    """A server with a small vocabulary and no study."""
    write_vocabulary(engine)
    return client


def submit(client: TestClient, key: str, **overrides: Any) -> Json:
    study: Json = client.post("/v1/studies", json=a_body(**overrides), headers=Keys.header(key)).json()
    assert client.post(f"{study['href']}/submit", headers=Keys.header(key)).status_code == 200
    return study


def decide(client: TestClient, key: str, study: Json, decision: str = "accept") -> None:
    body = {"decision": decision, "comment": "as it should be", "conflict_of_interest": "none"}
    assert client.post(f"{study['href']}/reviews", json=body, headers=Keys.header(key)).status_code == 201


class TestDrafts:
    def test_a_draft_is_there_for_its_author_and_for_curators_only(self, desk: TestClient, keys: Keys) -> None:
        href = desk.post("/v1/studies", json=a_body(doi="10.1000/zebra"), headers=Keys.header(keys.contributor)).json()["href"]
        for name in (href, "/v1/studies/doi:10.1000/zebra", f"{href}/revisions", f"{href}/revisions/1"):
            assert desk.get(name).status_code == 404
            assert desk.get(name, headers=Keys.header(keys.second_contributor)).status_code == 404
            assert desk.get(name, headers=Keys.header(keys.contributor)).status_code == 200
            assert desk.get(name, headers=Keys.header(keys.curator)).status_code == 200

    def test_a_draft_is_in_no_list_and_no_search(self, desk: TestClient, keys: Keys) -> None:
        submit(desk, keys.contributor, title="Zebras")
        for path in ("/v1/studies", "/v1/studies?q=zebras", "/v1/studies?condition=neck-pain", "/v1/search?q=zebras"):
            assert desk.get(path, headers=Keys.header(keys.contributor)).json()["items"] == []
        assert "Zebras" not in desk.get("/v1/changes?limit=200&include=content").text

    def test_warnings_say_what_a_submission_lacks(self, desk: TestClient, keys: Keys) -> None:
        least = {"title": "A trial", "kind": "primary", "design": "randomised-trial"}
        href = desk.post("/v1/studies", json=least, headers=Keys.header(keys.contributor)).json()["href"]
        answer = StudyAnswer.model_validate_json(desk.get(href, headers=Keys.header(keys.contributor)).content)
        assert (answer.status, answer.revision_status) == ("draft", "draft")
        assert {warning.pointer for warning in answer.warnings} >= {"/conditions", "/sources"}

    def test_an_answer_to_a_key_is_for_its_owner_alone(self, desk: TestClient, keys: Keys) -> None:
        href = submit(desk, keys.contributor)["href"]
        assert desk.get(href, headers=Keys.header(keys.contributor)).headers["cache-control"] == "private, no-cache"


class TestRevisions:
    def test_everybody_sees_what_was_accepted_and_nothing_else(self, desk: TestClient, keys: Keys) -> None:
        study = submit(desk, keys.contributor)
        decide(desk, keys.curator, study)
        tag = desk.get(study["href"]).headers["etag"]
        patch = {"title": "A better title"}
        amended = desk.patch(study["href"], json=patch, headers={**Keys.header(keys.contributor), "If-Match": tag})
        assert amended.status_code == 200
        assert desk.get(study["href"]).json()["document"]["title"] != "A better title"

        def numbers(headers: dict[str, str]) -> list[int]:
            answer = RevisionList.model_validate_json(desk.get(f"{study['href']}/revisions", headers=headers).content)
            return [revision.number for revision in answer.items]

        assert numbers({}) == numbers(Keys.header(keys.second_contributor)) == [1]
        assert numbers(Keys.header(keys.contributor)) == numbers(Keys.header(keys.curator)) == [2, 1]
        assert desk.get(f"{study['href']}/revisions/2").status_code == 404
        assert desk.get(f"{study['href']}/revisions/2", headers=Keys.header(keys.contributor)).json()["status"] == "draft"

    def test_a_superseded_revision_that_was_accepted_stays_public(self, desk: TestClient, keys: Keys) -> None:
        study = submit(desk, keys.contributor)
        decide(desk, keys.curator, study)
        tag = desk.get(study["href"]).headers["etag"]
        patch, why = {"title": "A better title"}, {"reason": "It was mistyped."}
        desk.patch(study["href"], params=why, json=patch, headers={**Keys.header(keys.contributor), "If-Match": tag})
        desk.post(f"{study['href']}/submit", headers=Keys.header(keys.contributor))
        decide(desk, keys.curator, study)
        response = desk.get(f"{study['href']}/revisions/1")
        revision = RevisionAnswer.model_validate_json(response.content)
        assert (revision.status, revision.created_by, revision.decided_by) == ("superseded", "Contributor", "Curator")
        assert [(review.decision, review.reviewer, review.conflict_of_interest) for review in revision.reviews] == [
            ("accept", "Curator", "none")
        ]
        assert response.headers["etag"].startswith('"r1-')
        live = StudyAnswer.model_validate_json(desk.get(study["href"]).content)
        assert (live.revision, live.document.title) == (2, "A better title")
        assert [(entry.revision, entry.role, entry.by) for entry in live.attribution] == [
            (1, "author", "Contributor"),
            (1, "reviewer", "Curator"),
            (2, "author", "Contributor"),
            (2, "reviewer", "Curator"),
        ]

    def test_a_rejected_study_stays_with_its_author(self, desk: TestClient, keys: Keys) -> None:
        study = submit(desk, keys.contributor)
        decide(desk, keys.curator, study, "reject")
        assert desk.get(study["href"]).status_code == 404
        answer = desk.get(f"{study['href']}/revisions", headers=Keys.header(keys.contributor)).json()
        assert [review["comment"] for review in answer["items"][0]["reviews"]] == ["as it should be"]

    def test_a_retracted_study_stays_and_says_why(self, desk: TestClient, keys: Keys) -> None:
        study = submit(desk, keys.contributor)
        decide(desk, keys.curator, study)
        desk.post(f"{study['href']}/retraction", json={"reason": "invented figures"}, headers=Keys.header(keys.curator))
        answer = StudyAnswer.model_validate_json(desk.get(study["href"]).content)
        assert answer.status == "retracted"
        assert answer.retraction is not None
        assert (answer.retraction.reason, answer.revision) == ("invented figures", 2)
        [item] = desk.get("/v1/studies?status=retracted").json()["items"]
        assert (item["id"], item["retracted"]) == (study["id"], True)
        assert desk.get("/v1/studies?status=accepted").json()["items"] == []

    @pytest.mark.parametrize("number", ["0", "99", "x", "99999999999999999999", "-1"])
    def test_a_number_that_is_none_is_not_found(self, seeded_client: TestClient, number: str) -> None:
        address = seeded_client.get(f"/v1/studies/{NECK}").headers["content-location"]
        assert seeded_client.get(f"{address}/revisions/{number}").status_code == 404

    def test_sub_resources_are_addressed_by_id(self, seeded_client: TestClient) -> None:
        assert seeded_client.get(f"/v1/studies/{NECK}/revisions").status_code == 404

    def test_status_can_be_asked(self, seeded_client: TestClient) -> None:
        address = seeded_client.get(f"/v1/studies/{NECK}").headers["content-location"]
        assert len(seeded_client.get(f"{address}/revisions?status=accepted&count=true&fields=number").json()["items"]) == 1
        assert seeded_client.get(f"{address}/revisions?status=draft").json()["items"] == []
        assert seeded_client.get(f"{address}/revisions?state=draft").status_code == 400

    def test_a_doi_may_end_like_a_sub_resource(self, desk: TestClient, keys: Keys) -> None:
        study = submit(desk, keys.contributor, doi="10.1000/some/revisions")
        decide(desk, keys.curator, study)
        assert desk.get("/v1/studies/doi:10.1000/some/revisions").json()["id"] == study["id"]
