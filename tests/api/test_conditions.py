from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.schemas.condition import ConditionList, ConditionPage
from app.schemas.study_read import StudyList
from app.vocabulary import Certainty

CRANIOSACRAL, OSTEOPATHIC = "craniosacral-therapy", "osteopathic-manipulative-treatment"
STRENGTH = [certainty.value for certainty in Certainty]


def get(client: TestClient, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def slugs(client: TestClient, **params: str) -> list[str]:
    return [item["slug"] for item in get(client, "/v1/conditions", limit="200", **params)["items"]]


def rating_of(item: dict[str, Any], intervention: str) -> dict[str, Any]:
    found: dict[str, Any] = next(rating for rating in item["ratings"] if rating["intervention"] == intervention)
    return found


class TestListConditions:
    def test_items_hold_the_headline_of_every_intervention(self, seeded_client: TestClient) -> None:
        answer = get(seeded_client, "/v1/conditions", limit="200", count="true")
        assert ConditionList.model_validate(answer).model_dump(mode="json") == answer
        assert answer["page"]["total"] == len(answer["items"]) == 46
        for item in answer["items"]:
            assert [rating["intervention"] for rating in item["ratings"]] == [CRANIOSACRAL, OSTEOPATHIC]
        assert answer["meta"]["as_of"] == "2026-11-22"
        assert answer["meta"]["sequence"] == int(seeded_client.get("/v1/conditions").headers["Evidence-Revision"])

    def test_pages_follow_each_other_by_link(self, seeded_client: TestClient) -> None:
        walked: list[str] = []
        path: str | None = "/v1/conditions?limit=10&sort=-name"
        while path is not None:
            answer = seeded_client.get(path)
            walked += [item["name"] for item in answer.json()["items"]]
            path = answer.links["next"]["url"] if "next" in answer.links else None
        assert walked == sorted(walked, reverse=True)
        assert len(walked) == 46

    def test_a_synonym_finds_the_condition(self, seeded_client: TestClient) -> None:
        assert slugs(seeded_client, q="IBS") == ["irritable-bowel-syndrome"]
        assert slugs(seeded_client, q="xyzzy") == []

    @pytest.mark.parametrize(("parameter", "value"), [("body_system", "ear"), ("age_group", "infant")])
    def test_plain_members_filter(self, seeded_client: TestClient, parameter: str, value: str) -> None:
        items = get(seeded_client, "/v1/conditions", limit="200", **{parameter: value})["items"]
        assert items
        assert {item[parameter] for item in items} == {value}

    def test_certainty_alone_looks_at_any_intervention(self, seeded_client: TestClient) -> None:
        everything = get(seeded_client, "/v1/conditions", limit="200")["items"]
        expected = [item["slug"] for item in everything if any(rating["certainty"] == "low" for rating in item["ratings"])]
        assert slugs(seeded_client, certainty="low") == expected
        assert {"neck-pain", "plagiocephaly"} <= set(expected)

    def test_certainty_and_direction_look_at_one_rating_of_the_intervention_asked(self, seeded_client: TestClient) -> None:
        everything = get(seeded_client, "/v1/conditions", limit="200")["items"]
        asked = {"certainty": "very-low", "direction": "favours-intervention"}
        expected = [item["slug"] for item in everything if asked.items() <= rating_of(item, CRANIOSACRAL).items()]
        assert slugs(seeded_client, **asked, intervention=CRANIOSACRAL) == expected
        assert "migraine" in slugs(seeded_client, **asked, intervention=OSTEOPATHIC)
        assert "migraine" not in expected  # its craniosacral rating is very low, but of no direction

    def test_every_rating_is_shown_whichever_was_asked_for(self, seeded_client: TestClient) -> None:
        item = get(seeded_client, "/v1/conditions", intervention=CRANIOSACRAL, certainty="low")["items"][0]
        assert len(item["ratings"]) == 2

    def test_only_the_conditions_of_the_founding_article(self, seeded_client: TestClient) -> None:
        items = get(seeded_client, "/v1/conditions", limit="200", article="true")["items"]
        assert len(items) == 18
        assert all(item["article_term"] for item in items)
        assert len(slugs(seeded_client, article="false")) == 46 - 18

    @pytest.mark.parametrize("intervention", [CRANIOSACRAL, OSTEOPATHIC])
    def test_certainty_sorts_by_strength(self, seeded_client: TestClient, intervention: str) -> None:
        for sort, descending in (("certainty", False), ("-certainty", True)):
            items = get(seeded_client, "/v1/conditions", limit="200", sort=sort, intervention=intervention)["items"]
            ranks = [STRENGTH.index(rating_of(item, intervention)["certainty"]) for item in items]
            assert ranks == sorted(ranks, reverse=descending)
            assert len(set(ranks)) > 2

    def test_the_number_of_eligible_studies_sorts(self, seeded_client: TestClient) -> None:
        items = get(seeded_client, "/v1/conditions", limit="200", sort="-eligible_studies")["items"]
        sums = [sum(rating["eligible_studies"] for rating in item["ratings"]) for item in items]
        assert sums == sorted(sums, reverse=True)
        assert sums[0] > sums[-1] == 0

    def test_fields_keep_what_was_asked(self, seeded_client: TestClient) -> None:
        answer = get(seeded_client, "/v1/conditions", fields="slug,ratings.certainty", limit="1")
        assert answer["items"] == [{"slug": "adhd", "ratings": [{"certainty": "no-evidence"}, {"certainty": "very-low"}]}]

    @pytest.mark.parametrize(
        ("query", "parameter", "hint"),
        [
            ("certanty=low", "certanty", "certainty"),
            ("sort=certain", "sort", "certainty"),
            ("fields=nam", "fields", "name"),
            ("certainty=best", "certainty", "low"),
        ],
    )
    def test_a_bad_query_is_named(self, seeded_client: TestClient, query: str, parameter: str, hint: str) -> None:
        answer = seeded_client.get(f"/v1/conditions?{query}")
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        [error] = answer.json()["errors"]
        assert error["parameter"] == parameter
        assert hint in error["detail"]

    def test_a_cursor_is_bound_to_its_filters(self, seeded_client: TestClient) -> None:
        cursor = get(seeded_client, "/v1/conditions", limit="1")["page"]["next"]
        answer = seeded_client.get("/v1/conditions", params={"cursor": cursor, "certainty": "low"})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-cursor")


class TestGetCondition:
    def test_every_page_has_its_declared_shape(self, seeded_client: TestClient) -> None:
        for slug in slugs(seeded_client):
            page = get(seeded_client, f"/v1/conditions/{slug}")
            assert ConditionPage.model_validate(page).model_dump(mode="json") == page

    def test_answers_the_front_end_in_one_call(self, seeded_client: TestClient) -> None:
        page = get(seeded_client, "/v1/conditions/neck-pain")
        rating = rating_of(page, CRANIOSACRAL)
        assert (rating["certainty"], rating["direction"], rating["headline_comparator"]) == ("low", "favours-intervention", "sham")
        assert page["summary"].startswith(rating["sentence"])
        assert rating["outcomes"][0]["body"] == "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
        assert rating["outcomes"][0]["effect"]["estimate"] == -21.0
        assert rating["outcomes"][0]["domains"]["imprecision"]["levels"] == 2
        assert (rating["eligible_studies"], rating["harms"]["studies_reporting"]) == (2, 1)
        assert [(claim["id"], claim["verdict"]) for claim in page["claims"]] == [("roya-treats-neck-pain", "weakly-supported")]

    def test_no_evidence_is_said_and_is_no_level(self, seeded_client: TestClient) -> None:
        page = get(seeded_client, "/v1/conditions/tinnitus")
        for rating in page["ratings"]:
            assert (rating["certainty"], rating["direction"], rating["outcomes"]) == ("no-evidence", None, [])
        assert page["summary"].startswith("Craniosacral therapy: no eligible study was found")
        assert (page["studies"], page["studies_total"], page["published_reviews"]) == ([], 0, [])
        assert [position["organisation"] for position in page["positions"]] == ["British Tinnitus Association"]

    def test_published_reviews_say_whether_they_agree(self, seeded_client: TestClient) -> None:
        reviews = {row["key"]: row for row in get(seeded_client, "/v1/conditions/neck-pain")["published_reviews"]}
        assert reviews["haller-2020-chronic-pain-review"]["agreement"] == "agrees"
        assert reviews["ceballos-laita-2024-any-condition"]["agreement"] == "differs"
        assert reviews["haller-2020-chronic-pain-review"]["included_known"] > 0
        assert all(row["agreement_reason"] for row in reviews.values())

    def test_relatives_are_shown_beside_with_their_own_ratings(self, seeded_client: TestClient) -> None:
        related = get(seeded_client, "/v1/conditions/headache")["related"]
        assert [row["slug"] for row in related["narrower"]] == ["migraine", "tension-type-headache"]
        assert related["broader"] == []
        migraine = get(seeded_client, "/v1/conditions/migraine")
        assert [row["slug"] for row in migraine["related"]["broader"]] == ["headache"]
        shown = related["narrower"][0]["ratings"]
        assert [row["sentence"] for row in shown] == [row["sentence"] for row in migraine["ratings"]]
        pairs = [(row["to"], row["intervention"]) for row in related["interventions"]]
        assert pairs == [(CRANIOSACRAL, OSTEOPATHIC), (OSTEOPATHIC, CRANIOSACRAL)]

    def test_registrations_say_when_they_ended_and_who_reports_them(self, seeded_client: TestClient) -> None:
        [registration] = get(seeded_client, "/v1/conditions/migraine")["registrations"]
        assert (registration["completed_on"], registration["reported_by"]) == ("2009-05", ["mann-nd-migraine-feasibility"])

    def test_studies_are_the_newest_and_the_rest_is_counted(self, seeded_client: TestClient) -> None:
        page = get(seeded_client, "/v1/conditions/infant-colic")
        years = [study["year"] for study in page["studies"]]
        known = [year for year in years if year is not None]
        assert known == sorted(known, reverse=True)
        assert years[: len(known)] == known  # unknown years last
        assert page["studies_total"] == get(seeded_client, page["links"]["studies"], count="true")["page"]["total"]

    def test_an_unknown_slug_names_the_nearest(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get("/v1/conditions/migrain")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["nearest"] == ["migraine"]

    def test_takes_no_parameter(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get("/v1/conditions/migraine?expand=all")
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "expand")

    def test_an_unchanged_page_is_not_sent_twice(self, seeded_client: TestClient) -> None:
        first = seeded_client.get("/v1/conditions/migraine")
        second = seeded_client.get("/v1/conditions/migraine", headers={"If-None-Match": first.headers["ETag"]})
        assert not first.headers["ETag"].startswith("W/")
        assert (second.status_code, second.content) == (304, b"")

    def test_head_says_what_get_would(self, seeded_client: TestClient) -> None:
        answer = seeded_client.head("/v1/conditions/migraine")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["ETag"] == seeded_client.get("/v1/conditions/migraine").headers["ETag"]


class TestListConditionStudies:
    def test_lists_the_studies_of_the_condition(self, seeded_client: TestClient) -> None:
        answer = get(seeded_client, "/v1/conditions/neck-pain/studies", kind="primary")
        assert StudyList.model_validate(answer).model_dump(mode="json") == answer
        assert "haller-2016-neck-pain" in [item["key"] for item in answer["items"]]
        assert all("neck-pain" in item["conditions"] for item in answer["items"])

    def test_an_unknown_condition_is_not_an_empty_list(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/conditions/neck-pian/studies").status_code == 404


class TestListConditionClaims:
    def test_lists_the_claims_with_the_verdicts_of_the_page(self, seeded_client: TestClient) -> None:
        listed = get(seeded_client, "/v1/conditions/migraine/claims")["items"]
        assert listed == get(seeded_client, "/v1/conditions/migraine")["claims"]
        assert [claim["verdict"] for claim in listed] == ["not-rated", "uncertain"]

    def test_an_unknown_condition_is_not_an_empty_list(self, seeded_client: TestClient) -> None:
        assert seeded_client.get("/v1/conditions/neck-pian/claims").status_code == 404
