"""A researcher adds a trial: preview, review by a second person, the rating moves; a retraction brings the old one back."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import col

from app.database import make_engine, reading
from app.main import create_app
from app.models import Change, RatingHistory
from tests.api.acting import assert_problem, create, preview, retract, review, submit
from tests.conftest import make_keys, settings_for
from tests.factories import a_body, a_result, differences, rating_content

TRIAL: dict[str, Any] = a_body(
    title="Craniosacral therapy for chronic neck pain: a sham-controlled replication",
    doi="10.1000/replication",
    n_randomised=400,
    n_analysed=392,
    results=[
        a_result(treatment={"n": 196, "mean": 38, "sd": 22}, control={"n": 196, "mean": 41, "sd": 22}, direction="unclear"),
    ],
)


@pytest.fixture
def engine(seeded_copy_url: str) -> Iterator[Engine]:
    opened = make_engine(seeded_copy_url)
    yield opened
    opened.dispose()


@pytest.fixture
def client(seeded_copy_url: str) -> Iterator[TestClient]:
    with TestClient(create_app(settings_for(seeded_copy_url))) as opened:
        yield opened


def rating(engine: Engine) -> dict[str, Any]:
    with reading(engine) as session:
        return rating_content(session)


def newest_actions(engine: Engine, count: int) -> list[str]:
    with reading(engine) as session:
        newest = select(col(Change.action)).order_by(col(Change.sequence).desc()).limit(count)
        return list(session.execute(newest).scalars())[::-1]


class TestResearcher:
    def test_a_new_trial_moves_the_rating_and_its_retraction_moves_it_back(self, client: TestClient, engine: Engine) -> None:
        keys = make_keys(engine)
        before = rating(engine)
        assert differences(engine) == []

        said = preview(client, keys.curator, TRIAL).json()
        (change,) = [one for one in said["ratings"] if one["moves"]]
        assert (change["condition"], change["intervention"]) == ("neck-pain", "craniosacral-therapy")
        assert change["before"]["certainty"] == before["certainty"]
        assert change["after"]["eligible_studies"] == before["eligible_studies"] + 1
        assert change["reasons"]
        assert rating(engine) == before

        study = create(client, keys.curator, TRIAL).json()["id"]
        assert submit(client, keys.curator, study).json()["status"] == "submitted"
        assert rating(engine) == before
        assert differences(engine) == []

        assert_problem(review(client, keys.curator, study), 403, "own-submission")
        accepted = review(client, keys.second_curator, study)
        assert accepted.status_code == 201
        assert [one for one in accepted.json()["ratings"] if one["moves"]] == [change]
        with_it = rating(engine)
        assert (with_it["certainty"], with_it["sentence"]) == (change["after"]["certainty"], change["after"]["sentence"])
        assert with_it["eligible_participants"] == before["eligible_participants"] + 400
        assert newest_actions(engine, 2) == ["study.accepted", "rating.changed"]
        assert differences(engine) == []

        withdrawn = retract(client, keys.curator, study, "the data were fabricated")
        assert withdrawn.status_code == 201
        after = rating(engine)
        assert {name: after[name] for name in after if name != "ineligible"} == {
            name: before[name] for name in before if name != "ineligible"
        }
        assert [row["study"] for row in after["ineligible"] if row not in before["ineligible"]] == [accepted_key(engine, study)]
        assert newest_actions(engine, 2) == ["study.retracted", "rating.changed"]
        assert differences(engine) == []

    def test_the_history_tells_the_story(self, client: TestClient, engine: Engine) -> None:
        keys = make_keys(engine)
        study = create(client, keys.contributor, TRIAL).json()["id"]
        submit(client, keys.contributor, study)
        review(client, keys.curator, study)
        retract(client, keys.curator, study)
        with reading(engine) as session:
            mine = (col(RatingHistory.condition) == "neck-pain", col(RatingHistory.intervention) == "craniosacral-therapy")
            rows = list(session.execute(select(RatingHistory).where(*mine).order_by(col(RatingHistory.sequence))).scalars())
        assert [row.cause["action"] for row in rows] == ["ledger.seeded", "study.accepted", "study.retracted"]
        assert rows[0].sentence == rows[2].sentence
        assert rows[0].certainty == rows[2].certainty

    def test_a_registration_counts_against_the_pair_until_it_is_retracted(self, client: TestClient, engine: Engine) -> None:
        keys = make_keys(engine)
        before = rating(engine)
        body = {
            "title": "A trial of craniosacral therapy for neck pain that never reported",
            "kind": "registration", "design": "registered-trial",
            "publication_status": "registered", "registration": "NCT09999999", "completed_on": "2013-12", "n_randomised": 200,
            "intervention": "craniosacral-therapy", "fidelity": "craniosacral-therapy", "conditions": ["neck-pain"], "notes": "Made up.",
        }  # fmt: skip
        study = create(client, keys.contributor, body).json()["id"]
        submit(client, keys.contributor, study)
        assert review(client, keys.curator, study).status_code == 201
        assert [row["registration"] for row in rating(engine)["overdue_registrations"]] == ["NCT09999999"]
        (moved,) = retract(client, keys.curator, study).json()["ratings"]
        assert moved["moves"]
        after = rating(engine)
        assert {name: after[name] for name in before if name != "ineligible"} == {
            name: before[name] for name in before if name != "ineligible"
        }
        assert differences(engine) == []

    def test_a_retracted_review_is_not_weighed(self, client: TestClient, engine: Engine) -> None:
        keys = make_keys(engine)
        address = "/v1/conditions/chronic-pain"
        review_id = next(
            row["id"] for row in client.get(address).json()["published_reviews"] if row["key"] == "haller-2020-chronic-pain-review"
        )
        assert retract(client, keys.curator, review_id).status_code == 201
        last = client.get(address).json()["published_reviews"][-1]
        assert (last["id"], last["publication_status"], last["agreement"]) == (review_id, "retracted", "not-comparable")


def accepted_key(engine: Engine, study: str) -> str:
    with reading(engine) as session:
        subject = select(col(Change.summary)).where(col(Change.subject) == f"study:{study}", col(Change.action) == "study.accepted")
        assert session.execute(subject).scalar_one().endswith(TRIAL["title"])
    return "muster-2024-neck-pain"
