"""Two contributors and two curators bring a study from its submission to a rating that is signed off, and back to work."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.api_keys import create_key
from app.database import make_engine, transaction
from app.identifiers import orcid_check_digit
from app.main import create_app
from app.vocabulary import Role
from tests.api.acting import amend, assert_problem, create, header, review, submit
from tests.conftest import settings_for
from tests.factories import a_body, a_result, differences

RATING = "/v1/conditions/neck-pain/ratings/craniosacral-therapy"
SIGN_OFFS = f"{RATING}/sign-offs"
SECOND_TRIAL = a_body(title="A second trial", authors=["Zweit B"], results=[a_result(treatment={"n": 60, "mean": 48, "sd": 20})])

Json = dict[str, Any]


def an_orcid(number: int) -> str:
    digits = f"{number:015}"
    text = digits + orcid_check_digit(digits)
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


ORCIDS = {"Anna": an_orcid(1), "Ben": an_orcid(2), "Clara": an_orcid(3), "Carl": an_orcid(4)}


class House:
    """A service with four people."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client, self.engine = client, engine
        roles = {"Anna": Role.CONTRIBUTOR, "Ben": Role.CONTRIBUTOR, "Clara": Role.CURATOR, "Carl": Role.CURATOR}
        with transaction(engine) as session:
            keys = {name: create_key(session, name=name, role=role, orcid=ORCIDS[name]) for name, role in roles.items()}
        self.anna, self.ben, self.clara, self.carl = keys.values()

    def get(self, key: str | None, address: str, **parameters: Any) -> Json:
        answer = self.client.get(address, params=parameters, headers=header(key))
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def post(self, key: str | None, address: str, body: Json) -> Json:
        answer = self.client.post(address, json=body, headers=header(key))
        assert answer.status_code == 201, answer.text
        said: Json = answer.json()
        return said

    def assign(self, key: str, study: str, curator: str) -> Any:
        address = f"/v1/studies/{study}/assignment"
        tag = self.client.get(address, headers=header(key)).headers["etag"]
        return self.client.put(address, json={"curator": curator}, headers=header(key, If_Match=tag))

    def queue(self, key: str, **parameters: Any) -> list[Json]:
        items: list[Json] = self.get(key, "/v1/review-queue", **parameters)["items"]
        return items

    def sign_off(self, key: str) -> Json:
        return self.post(key, SIGN_OFFS, {"comment": "Read with all it rests on.", "conflict_of_interest": "none"})


@pytest.fixture
def house(small_url: str) -> Iterator[House]:
    engine = make_engine(small_url)
    with TestClient(create_app(settings_for(small_url))) as client:
        yield House(client, engine)
    engine.dispose()


class TestReviewWorkflow:
    def test_from_submission_to_a_signed_rating_and_back(self, house: House) -> None:
        study = create(house.client, house.anna).json()["id"]
        assert submit(house.client, house.anna, study).status_code == 200

        # assignment: the queue shows it to both curators and to its author, not to the other contributor
        [waiting] = house.queue(house.clara)
        assert (waiting["study"], waiting["submitted_by"], waiting["orcid"]) == (study, "Anna", ORCIDS["Anna"])
        assert (waiting["assigned_to"], waiting["you_may_decide"], waiting["is_amendment"]) == (None, True, False)
        assert [row["why_not"] for row in house.queue(house.anna, submitted_by="me")] == ["deciding on a submission needs the role curator"]
        assert house.queue(house.ben) == []
        assert house.assign(house.carl, study, "Clara").status_code == 200
        assert [row["study"] for row in house.queue(house.clara, assigned_to="me")] == [study]
        assert house.queue(house.carl, assigned_to="nobody") == []

        # a comment on one number, changes requested, an answer, a new revision
        remark = {"text": "Table 2 has 21 here.", "pointer": "/results/0/treatment/sd"}
        asked = house.post(house.clara, f"/v1/studies/{study}/comments", remark)
        assert (asked["author"], asked["orcid"], asked["audience"]) == ("Clara", ORCIDS["Clara"], "draft")
        assert review(house.client, house.clara, study, "request-changes", comment="One number, see my comment.").status_code == 201
        answer = {"text": "You are right.", "reply_to": asked["id"]}
        house.post(house.anna, f"/v1/studies/{study}/comments", answer)
        patch = {"results": [a_result(treatment={"n": 60, "mean": 30, "sd": 21})]}
        assert amend(house.client, house.anna, study, patch, If_Match='"r1"').status_code == 200
        assert submit(house.client, house.anna, study).status_code == 200

        # accepted with a statement of interests by somebody else than its author
        assert_problem(review(house.client, house.clara, study, comment="fine"), 422, "invalid-body", "/conflict_of_interest")
        stated = {"conflict_of_interest": "I teach the method at a school."}
        accepted = review(house.client, house.clara, study, **stated)
        assert accepted.status_code == 201
        assert house.queue(house.clara) == []

        # the whole thread, in the order of time; the public reads the accepted revision's part of it
        thread = house.get(house.anna, f"/v1/studies/{study}/thread")["items"]
        assert [(one["kind"], one["revision"], one["by"]) for one in thread] == [
            ("drafted", 1, "Anna"), ("submitted", 1, "Anna"), ("assigned", 1, "Carl"), ("commented", 1, "Clara"), ("decided", 1, "Clara"),
            ("commented", 1, "Anna"), ("drafted", 2, "Anna"), ("submitted", 2, "Anna"), ("decided", 2, "Clara"), ("unassigned", 1, "Clara"),
        ]  # fmt: skip
        assert {one["orcid"] for one in thread} == {ORCIDS["Anna"], ORCIDS["Clara"], ORCIDS["Carl"]}
        public = house.get(None, f"/v1/studies/{study}/thread")["items"]
        assert [one["kind"] for one in public] == ["drafted", "submitted", "decided"]
        assert (public[-1]["conflict_of_interest"], public[-1]["declares_interests"]) == (stated["conflict_of_interest"], True)

        # signed off; the second study sends it back to be read again; signed anew
        assert house.get(None, RATING)["sign_off"] == "none"
        house.sign_off(house.carl)
        assert [one["by"] for one in house.get(None, RATING)["signed_off_by"]] == ["Carl"]
        second = create(house.client, house.ben, SECOND_TRIAL).json()["id"]
        submit(house.client, house.ben, second)
        assert house.get(None, RATING)["sign_off"] == "signed-off"
        assert review(house.client, house.carl, second).status_code == 201
        assert house.get(None, RATING)["sign_off"] == "requires-review"
        [old] = house.get(None, "/v1/sign-offs", status="requires-review")["items"]
        assert (old["signer"], old["orcid"], old["condition"]) == ("Carl", ORCIDS["Carl"], "neck-pain")
        house.sign_off(house.clara)
        assert house.get(None, RATING)["sign_off"] == "signed-off"
        assert house.get(None, "/v1/sign-offs", status="requires-review")["items"] == []
        assert [one["status"] for one in house.get(None, SIGN_OFFS)["items"]] == ["stands", "renewed"]

        self.assert_every_step_is_in_the_ledger(house)
        assert differences(house.engine) == []

    def assert_every_step_is_in_the_ledger(self, house: House) -> None:
        changes = house.get(None, "/v1/changes", limit=200)["items"]
        steps = [(one["action"], one["actor"]["name"]) for one in changes if one["actor"]["name"] in ORCIDS]
        assert steps == [
            ("study.created", "Anna"),
            ("study.submitted", "Anna"),
            ("assignment.made", "Carl"),
            ("comment.made", "Clara"),
            ("study.changes-requested", "Clara"),
            ("comment.made", "Anna"),
            ("study.amended", "Anna"),
            ("study.submitted", "Anna"),
            ("assignment.ended", "Clara"),
            ("study.accepted", "Clara"),
            ("rating.changed", "Clara"),
            ("sign-off.made", "Carl"),
            ("study.created", "Ben"),
            ("study.submitted", "Ben"),
            ("study.accepted", "Carl"),
            ("rating.changed", "Carl"),
            ("sign-off.requires-review", "Carl"),
            ("sign-off.made", "Clara"),
        ]
        assert all(one["actor"]["orcid"] == ORCIDS[one["actor"]["name"]] for one in changes if one["actor"]["name"] in ORCIDS)
        said = str([one for one in changes if one["action"].startswith("comment.")])
        assert "Table 2" not in said
        assert "You are right" not in said
