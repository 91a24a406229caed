"""An answer that is kept is, after every act, byte for byte the answer that would be made anew."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.actions.ledger import tail_of
from app.actions.reference_records import KINDS, put_record, read_record
from app.actor import RETRACTION_CHECK
from app.database import reading, transaction
from app.main import create_app
from tests.api.acting import a_submitted_study, amend, an_accepted_study, header, retract, review, submit
from tests.conftest import Keys, make_keys, settings_for
from tests.factories import a_body, a_result

Json = dict[str, Any]
Act = Callable[["Ledger"], object]
NECK = "/v1/conditions/neck-pain"
RATING = f"{NECK}/ratings/craniosacral-therapy"
DIFFERS = {"x-request-id"}
HEARD_WITHIN_SECONDS = 30


def revision_of(client: TestClient) -> str:
    return client.get("/health/live").headers["Evidence-Revision"]


class Ledger:
    """A seeded installation with two processes on one database: one keeps replies, one makes each anew."""

    def __init__(self, engine: Engine, keeping: TestClient, anew: TestClient) -> None:
        self.engine, self.keeping, self.anew = engine, keeping, anew
        self.keys: Keys = make_keys(engine)
        self.study = ""
        body = self.anew.get("/v1/evidence", params={"condition": "neck-pain", "outcome": "pain-intensity", "sort": "-k"}).json()["items"][
            0
        ]["id"]
        self.bodies = f"/v1/evidence/{body}"

    def act(self, by: str, address: str, body: Json) -> Json:
        response = self.anew.post(address, json=body, headers=header(by))
        assert response.status_code < 300, response.text
        answer: Json = response.json()
        return answer

    def edit(self, kind: str, key: str, **members: Any) -> None:
        with transaction(self.engine) as session:
            table = KINDS[kind]
            record = read_record(session, table, session.get(table.table, key))
            record.pop("position", None)
            put_record(session, table, table.shape.model_validate(record | members), by=RETRACTION_CHECK)

    def addresses(self) -> list[str]:
        """All that an anonymous reader of neck pain may look at, and the lists."""
        lists = ["conditions", "evidence", "evidence-map", "studies", "interventions", "claims", "outcomes", "changes", "registrations"]
        lists += ["sign-offs", "notices", "search?q=neck"]
        own = ["", "/studies", "/claims", "/ratings/craniosacral-therapy"]
        rating = ["", "/history", "/sign-offs", "/reviews", "/badge.svg"]
        bodies = ["", "/cumulative", "/appraisals", "/forest.svg", "/forest.json", "/risk-of-bias.json"]
        records = ["interventions/craniosacral-therapy", "outcomes/pain-intensity", "instruments/pain-vas-100", "conditions/migraine"]
        records += ["conditions/migraine/ratings/craniosacral-therapy", "studies/haller-2016-neck-pain"]
        records += [f"interventions/craniosacral-therapy/{part}" for part in ("safety", "claims", "positions")]
        claims = self.anew.get("/v1/claims", params={"condition": "neck-pain"}).json()["items"][:1]
        records += [f"claims/{claim['id']}" for claim in claims]
        records += [f"studies/{self.study}{part}" for part in ("", "/revisions", "/thread", "/adjudications") if self.study]
        return (
            [f"/v1/{one}" for one in (*lists, *records)]
            + [NECK + one for one in own]
            + [RATING + one for one in rating]
            + [self.bodies + one for one in bodies]
        )

    def await_news(self) -> None:
        """SQLite is asked for each answer; of what others committed, PostgreSQL tells some milliseconds later."""
        at_once = self.engine.dialect.name == "sqlite"
        until = time.monotonic() + (-1 if at_once else HEARD_WITHIN_SECONDS)
        with reading(self.engine) as session:
            newest, _ = tail_of(session)
        while {revision_of(self.keeping), revision_of(self.anew)} != {str(newest)}:
            assert time.monotonic() < until, "a process has not heard of the last act"
            time.sleep(0.01)

    def differences(self) -> list[str]:
        return [address for address in self.addresses() if self._seen(self.keeping, address) != self._seen(self.anew, address)]

    def _seen(self, client: TestClient, address: str) -> tuple[int, dict[str, str], bytes]:
        response = client.get(address)
        assert response.status_code in {200, 404}, f"{address}: {response.text}"
        headers = {name: value for name, value in response.headers.items() if name not in DIFFERS}
        return response.status_code, headers, response.content if response.status_code == 200 else b""


def accept_a_trial(ledger: Ledger) -> None:
    ledger.study = an_accepted_study(ledger.anew, ledger.keys.contributor, ledger.keys.curator, a_body(title="A new trial of the neck"))


def amend_it_to_another_condition(ledger: Ledger) -> None:
    patch = {"conditions": ["migraine"], "title": "A new trial of the head", "results": [a_result(condition="migraine")]}
    assert amend(ledger.anew, ledger.keys.contributor, ledger.study, patch, If_Match="*").status_code < 300
    assert submit(ledger.anew, ledger.keys.contributor, ledger.study).status_code == 200
    assert review(ledger.anew, ledger.keys.curator, ledger.study).status_code == 201


def retract_it(ledger: Ledger) -> None:
    assert retract(ledger.anew, ledger.keys.curator, ledger.study).status_code == 201


def judge_a_trial_anew_without_moving_its_rating(ledger: Ledger) -> None:
    trial = ledger.anew.get("/v1/studies/haller-2016-neck-pain").json()
    document = ledger.anew.get(f"/v1/studies/{trial['id']}/revisions/{trial['revision']}").json()["document"]
    judged = [{**one, "judged_by": "somebody else"} for one in document["risk_of_bias"]]
    patch = {"title": document["title"] + " (revised)", "risk_of_bias": judged}
    assert amend(ledger.anew, ledger.keys.contributor, trial["id"], patch, If_Match="*").status_code < 300
    assert submit(ledger.anew, ledger.keys.contributor, trial["id"]).status_code == 200
    assert review(ledger.anew, ledger.keys.curator, trial["id"]).status_code == 201


def comment_on_it(ledger: Ledger) -> None:
    ledger.act(ledger.keys.contributor, f"/v1/studies/{ledger.study}/comments", {"text": "Which arm is the second?"})


def appraise_a_domain(ledger: Ledger) -> None:
    view = {"domain": "indirectness", "levels": 1, "rationale": "Other people were treated.", "conflict_of_interest": "none"}
    ledger.act(ledger.keys.curator, f"{ledger.bodies}/appraisals", view)


def sign_the_rating(ledger: Ledger) -> None:
    ledger.act(ledger.keys.second_curator, f"{RATING}/sign-offs", {"comment": "Read.", "conflict_of_interest": "none"})


def draft_another(ledger: Ledger) -> None:
    a_submitted_study(ledger.anew, ledger.keys.contributor, a_body(title="A third trial", results=[a_result()]))


def say_who_holds_a_key(ledger: Ledger) -> None:
    prefix = ledger.anew.get("/v1/api-keys/me", headers=header(ledger.keys.second_curator)).json()["prefix"]
    headers = header(ledger.keys.admin, If_Match="*")
    assert ledger.anew.patch(f"/v1/api-keys/{prefix}", json={"orcid": "0000-0002-1825-0097"}, headers=headers).status_code == 200


def move_a_claim(ledger: Ledger) -> None:
    claim = ledger.anew.get("/v1/claims", params={"condition": "neck-pain"}).json()["items"][0]["id"]
    ledger.edit("claim", claim, condition="migraine")


def rename_a_condition(ledger: Ledger) -> None:
    ledger.edit("condition", "neck-pain", name="Pain of the neck")


def put_it_under_another(ledger: Ledger) -> None:
    ledger.edit("condition", "migraine", broader="neck-pain")


def rename_an_outcome(ledger: Ledger) -> None:
    ledger.edit("outcome", "pain-intensity", name="Strength of pain")


def rename_the_intervention(ledger: Ledger) -> None:
    ledger.edit("intervention", "craniosacral-therapy", name="Craniosacral treatment")


ACTS: tuple[Act, ...] = (
    accept_a_trial, judge_a_trial_anew_without_moving_its_rating,
    comment_on_it, appraise_a_domain, sign_the_rating, draft_another, amend_it_to_another_condition,
    say_who_holds_a_key, move_a_claim, rename_a_condition, put_it_under_another, rename_an_outcome, rename_the_intervention,
    retract_it,
)  # fmt: skip


@pytest.fixture
def engine_url(seeded_copy_url: str) -> str:
    return seeded_copy_url


@pytest.fixture
def ledger(engine_url: str, engine: Engine) -> Iterator[Ledger]:
    settings = settings_for(engine_url).model_copy(update={"workers": False})
    keeping, anew = create_app(settings), create_app(settings.model_copy(update={"reply_cache_bytes": 0}))
    with TestClient(keeping) as first, TestClient(anew) as second:
        yield Ledger(engine, first, second)


class TestKeptReplies:
    def test_no_answer_is_older_than_the_last_act(self, ledger: Ledger) -> None:
        """Every address is read before each act, so that whatever may be kept is kept when the act happens."""
        assert ledger.differences() == []
        stale = {}
        for act in ACTS:
            act(ledger)
            ledger.await_news()
            if different := ledger.differences():
                stale[act.__name__] = different
        assert stale == {}
