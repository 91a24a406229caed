"""Two people extract one trial without seeing each other's work, a third decides where they differ, a fourth accepts it.

The first transposed a standard deviation, the second missed a timepoint, and they judge the risk of bias differently.
"""

import json
import re
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from app.actions.api_keys import create_key
from app.database import reading, transaction
from app.vocabulary import Role
from tests.api.acting import assert_problem, create, header, preview, review, submit
from tests.factories import a_body, a_result, differences, rating_content

ORCIDS = {"anna": "0000-0002-1825-0097", "ben": "0000-0001-5109-3700", "clara": "0000-0002-1694-233X", "carl": "0000-0003-1419-2405"}
RECORD = a_body(results=[], risk_of_bias=[], comparators=[], n_randomised=None, n_analysed=None, doi="10.1000/twice")
SHAM = [{"kind": "sham", "label": "light touch"}]
TELLING = {
    "treatment": {"n": 58, "mean": 31.2947, "sd": 18.3702},
    "control": {"n": 59, "mean": 47.2947, "sd": 21.0},
    "source_of_figure": "supplement 7b",
}
LATE = a_result(timepoint_weeks=24, since_end_of_treatment_weeks=16, **TELLING)
PRINTED, TRANSPOSED = 18.3702, 81.3702


def a_reading(results: list[dict[str, Any]], overall: str, who: str) -> dict[str, Any]:
    domains = {"randomisation-process": "low", "missing-outcome-data": overall, "measurement-of-the-outcome": "low"}
    return {
        "comparators": SHAM,
        "n_randomised": 120,
        "n_analysed": 117,
        "results": results,
        "risk_of_bias": [{"tool": "rob-2", "overall": overall, "domains": domains, "judged_by": who, "source": "appendix q7"}],
        "adverse_events": {"reported": True, "serious": 0},
    }


ANNAS = a_reading([a_result(**TELLING | {"treatment": {"n": 58, "mean": 31.2947, "sd": TRANSPOSED}}), LATE], "low", "Anna")
BENS = a_reading([a_result(**TELLING)], "high", "Ben")
SECRETS = ("81.3702", "31.2947", "supplement 7b", "appendix q7")
"""What stands in one of the extractions and nowhere else."""


@pytest.fixture
def engine_url(small_url: str) -> str:
    return small_url


@pytest.fixture
def people(engine: Engine) -> dict[str, str]:
    """Keys by first name; Anna holds a second one."""
    roles = {"anna": Role.CONTRIBUTOR, "ben": Role.CONTRIBUTOR, "clara": Role.CURATOR, "carl": Role.CURATOR}
    with transaction(engine) as session:
        keys = {name: create_key(session, name=name.title(), role=role, orcid=ORCIDS[name]) for name, role in roles.items()}
        keys["anna-curator"] = create_key(session, name="Anna again", role=Role.CURATOR, orcid=ORCIDS["anna"])
        return keys | {
            "ada": create_key(session, name="Ada", role=Role.ADMIN),
            "dora": create_key(session, name="Dora", role=Role.CONTRIBUTOR),
        }


def act(client: TestClient, key: str, address: str, body: Any = None, **headers: str) -> Response:
    return client.post(address, json=body, headers=header(key, **headers))


def ask(client: TestClient, key: str | None, address: str) -> Response:
    return client.get(address, headers=header(key))


def a_study_that_two_extract(client: TestClient, people: dict[str, str]) -> tuple[str, str, str]:
    """The ids of the record and of both extractions, each filled in and not completed."""
    study: str = create(client, people["ada"], RECORD).json()["id"]
    asked = act(client, people["clara"], f"/v1/studies/{study}/double-extractions", {"reason": "It decides the rating."})
    assert asked.status_code == 201, asked.text
    started = [act(client, people[who], f"/v1/studies/{study}/extractions", {}) for who in ("anna", "ben")]
    assert [one.status_code for one in started] == [201, 201]
    for who, one, values in zip(("anna", "ben"), started, (ANNAS, BENS), strict=True):
        address, tag = one.json()["href"], one.headers["etag"]
        assert client.patch(address, json=values, headers=header(people[who], If_Match=tag)).status_code == 200
    return study, started[0].json()["id"], started[1].json()["id"]


def complete(client: TestClient, key: str, extraction: str) -> Response:
    return act(client, key, f"/v1/extractions/{extraction}/completion")


def every_address(client: TestClient) -> list[str]:
    """The path of every route that can be read."""
    contexts = iter_route_contexts(client.app.app.routes)  # type: ignore[attr-defined]
    return sorted({context.path for context in contexts if context.path and "GET" in (context.methods or {"GET"})})


def filled(path: str, named: dict[str, str]) -> str:
    """An address of a route: its parameters as far as they are known here."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: named.get(found[1], "nothing"), path)


def places_to_look(client: TestClient, key: str | None, study: str, extraction: str, double: str) -> list[Response]:
    """Every address at which somebody might hope to see an extraction: each that can be read, and those that act on it."""
    addresses = [
        f"/v1/extractions/{extraction}",
        "/v1/extractions",
        f"/v1/extractions?study={study}&count=true",
        "/v1/double-extractions",
        f"/v1/double-extractions/{double}",
        f"/v1/studies/{study}",
        f"/v1/studies/{study}/revisions",
        f"/v1/studies/{study}/revisions/1",
        f"/v1/studies/{study}/extractions/comparison",
        f"/v1/studies/{study}/adjudications",
        f"/v1/changes?subject=study:{study}&include=content",
        f"/v1/changes?subject=extraction:{extraction}&include=content",
        "/v1/search?q=table",
    ]
    named = {"study_id": study, "extraction_id": extraction, "double_extraction_id": double, "number": "1", "sequence": "1"}
    named |= {"slug": "neck-pain", "intervention": "craniosacral-therapy"}
    addresses += [address for path in every_address(client) if (address := filled(path, named)) not in addresses]
    found = [ask(client, key, address) for address in addresses]
    if key is not None:
        found += [
            client.patch(f"/v1/extractions/{extraction}", json={}, headers=header(key, If_Match="*")),
            client.patch(f"/v1/extractions/{extraction}", json={}, headers=header(key, If_Match='"r1"')),
            act(client, key, f"/v1/extractions/{extraction}/withdrawal", {"reason": "Not mine."}),
            act(client, key, f"/v1/studies/{study}/adjudications", {"wording": "first"}),
            preview(client, key, RECORD | {"doi": None}),
        ]
    return found


class TestTwoExtractors:
    def test_neither_sees_the_others_values_before_both_are_completed(
        self, client: TestClient, engine: Engine, people: dict[str, str]
    ) -> None:
        study, annas, bens = a_study_that_two_extract(client, people)
        assert complete(client, people["anna"], annas).status_code == 201
        double = ask(client, people["ben"], f"/v1/extractions/{annas}").json()["double_extraction"]
        for who in (None, "ben", "clara", "carl", "ada", "dora"):
            for response in places_to_look(client, people[who] if who else None, study, annas, double):
                assert response.status_code < 500
                assert not [secret for secret in SECRETS if secret in response.text], f"{who}: {response.request.url} {response.text}"
        seen = ask(client, people["ben"], f"/v1/extractions/{annas}").json()
        assert (seen["extraction"], seen["extractor"]["name"], seen["status"], seen["mine"]) == (None, "Anna", "completed", False)
        assert "author" in seen["hidden"]
        assert ask(client, None, f"/v1/extractions/{annas}").status_code == 404
        own = ask(client, people["anna-curator"], f"/v1/extractions/{annas}").json()
        assert (own["mine"], own["extraction"]["n_analysed"]) == (True, 117)
        assert_problem(ask(client, people["clara"], f"/v1/studies/{study}/extractions/comparison"), 409, "state-conflict")
        assert differences(engine) == []
        assert complete(client, people["ben"], bens).status_code == 201
        assert ask(client, people["ben"], f"/v1/extractions/{annas}").json()["extraction"]["n_analysed"] == 117

    def test_nobody_makes_both_and_nobody_makes_a_third(self, client: TestClient, people: dict[str, str]) -> None:
        study, annas, _ = a_study_that_two_extract(client, people)
        address = f"/v1/studies/{study}/extractions"
        own = assert_problem(act(client, people["anna-curator"], address, {}), 409, "conflict")
        assert own["href"] == f"/v1/extractions/{annas}"
        assert_problem(act(client, people["dora"], address, {}), 409, "conflict")

    def test_from_a_disagreement_to_the_rating_of_the_adjudicated_numbers(
        self, client: TestClient, engine: Engine, people: dict[str, str]
    ) -> None:
        study, annas, bens = a_study_that_two_extract(client, people)
        for who, one in (("anna", annas), ("ben", bens)):
            assert complete(client, people[who], one).status_code == 201
        waiting = ask(client, people["clara"], "/v1/double-extractions?status=completed&missing=0").json()["items"]
        assert [(item["study"], item["missing"]) for item in waiting] == [(study, 0)]

        compared = ask(client, people["clara"], f"/v1/studies/{study}/extractions/comparison").json()
        by_pointer = {one["pointer"]: one for one in compared["differences"]}
        early, late = next(iter(_at(compared, 8))), next(iter(_at(compared, 24)))
        sd, rob = by_pointer[f"{early['pointer']}/treatment/sd"], by_pointer["/risk_of_bias/0/overall"]
        assert (sd["first"], sd["second"], sd["absolute_difference"]) == (TRANSPOSED, PRINTED, 63.0)
        assert (late["position_in_first"], late["position_in_second"]) == (1, None)
        assert by_pointer[late["pointer"]]["status"] == "only-in-first"
        assert (rob["first"], rob["second"], rob["kind"]) == ("low", "high", "judgement")
        assert compared["agreement"]["risk_of_bias"]["n"] == 4

        under = [early[f"effect_under_{which}"]["effects"] for which in ("first", "second")]
        widths = [effects[0]["ci_high"] - effects[0]["ci_low"] for effects in under]
        assert [effects[0]["value"] for effects in under] == pytest.approx([-16.0, -16.0])
        assert widths[0] > 2.5 * widths[1]
        assert [change["intervention"] for change in sd["changes_ratings"]] == ["craniosacral-therapy"]
        assert sd["changes_ratings"][0]["reasons"]
        assert by_pointer["/risk_of_bias/0/judged_by"]["changes_ratings"] == []
        first, second = (compared[f"under_{which}"]["ratings"][0]["after"] for which in ("first", "second"))
        assert first["certainty"] != second["certainty"]

        decisions = [
            {"pointer": sd["pointer"], "choice": "second"},
            {"pointer": late["pointer"], "choice": "first"},
            {"pointer": rob["pointer"], "choice": "other", "value": "some-concerns", "reason": "Three of 120 are missing: not high."},
            {
                "pointer": "/risk_of_bias/0/domains/missing-outcome-data",
                "choice": "other",
                "value": "some-concerns",
                "reason": "Three of 120 are missing: not high.",
            },
        ]
        address = f"/v1/studies/{study}/adjudications"
        for extractor in ("anna", "anna-curator", "ben"):
            refused = act(client, people[extractor], address, {"decisions": decisions, "wording": "first"})
            assert refused.status_code in (403, 404), extractor
        undecided = act(client, people["clara"], address, {"decisions": decisions[1:], "wording": "first"})
        assert_problem(undecided, 422, "invalid-body", "/decisions")
        made = act(client, people["clara"], address, {"decisions": decisions, "wording": "first", "reason": "Against table 2."})
        assert made.status_code == 201, made.text
        adjudication = made.json()
        assert adjudication["warnings"] == []
        assert ask(client, None, adjudication["href"]).status_code == 404
        assert ask(client, people["dora"], adjudication["href"]).status_code == 404
        assert ask(client, people["ben"], adjudication["href"]).status_code == 200

        assert submit(client, people["clara"], study).status_code == 200
        for involved in ("ada", "anna-curator", "clara"):
            assert_problem(review(client, people[involved], study), 403, "own-submission")
        accepted = review(client, people["carl"], study)
        assert accepted.status_code == 201, accepted.text

        adjudicated = a_reading([a_result(**TELLING), LATE], "some-concerns", "Anna")
        assert_same_extraction(ask(client, None, f"/v1/studies/{study}").json()["document"], adjudicated)
        public = ask(client, None, adjudication["href"]).json()
        assert (public["public"], public["adjudicator"]["orcid"]) == (True, ORCIDS["clara"])
        assert (public["first_extraction"]["results"][0]["treatment"]["sd"], public["adjudicated"]["results"][0]["treatment"]["sd"]) == (
            TRANSPOSED,
            PRINTED,
        )
        reasons = {one["pointer"]: (one["choice"], one["reason"]) for one in public["decisions"]}
        assert reasons[rob["pointer"]] == ("other", "Three of 120 are missing: not high.")
        assert ask(client, None, f"/v1/extractions/{bens}").json()["extraction"]["n_randomised"] == 120
        assert_rating_is_of(client, engine, people, adjudicated)
        assert differences(engine) == []
        told = ask(client, None, f"/v1/changes?subject=study:{study}&limit=50").json()["items"]
        acts = [(item["action"], item["actor"]["orcid"]) for item in told]
        assert ("extraction.completed", ORCIDS["anna"]) in acts
        assert ("extraction.completed", ORCIDS["ben"]) in acts
        assert ("adjudication.made", ORCIDS["clara"]) in acts
        assert acts[-1] == ("study.accepted", ORCIDS["carl"])


def _at(compared: dict[str, Any], weeks: float) -> list[dict[str, Any]]:
    return [entry for entry in compared["results"] if entry["about"]["timepoint_weeks"] == weeks]


def assert_same_extraction(document: dict[str, Any], expected: dict[str, Any]) -> None:
    """The record holds what is expected, member by member, whatever else it has by default."""
    for name, value in expected.items():
        held = document[name]
        if isinstance(value, list):
            assert len(held) == len(value), name
            for mine, theirs in zip(held, value, strict=True):
                assert mine | json.loads(json.dumps(_merged(mine, theirs))) == mine, name
        elif isinstance(value, dict):
            assert held | value == held, name
        else:
            assert held == value, name


def _merged(held: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {name: held[name] | value if isinstance(value, dict) else value for name, value in expected.items()}


def assert_rating_is_of(client: TestClient, engine: Engine, people: dict[str, str], values: dict[str, Any]) -> None:
    """The stored rating is the one that a record with these values, entered by hand, would give in its place."""
    study = ask(client, None, "/v1/studies").json()["items"][0]["id"]
    body = RECORD | values
    answer = client.post("/v1/studies/preview", json=body, params={"study": study}, headers=header(people["dora"])).json()
    [change] = [one for one in answer["ratings"] if one["condition"] == "neck-pain"]
    assert not change["moves"]
    with reading(engine) as session:
        stored = rating_content(session)
    assert {name: stored[name] for name in change["after"]} == change["after"]
    assert stored["outcomes"] == change["outcomes_after"]
