import json
import xml.etree.ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import col

from app.database import make_engine, reading
from app.main import create_app
from app.models import BodyOfEvidence
from tests.api.acting import assert_problem, retract
from tests.conftest import make_keys, settings_for

NECK = "/v1/evidence/neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> str:
    return " ".join("".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text"))  # noqa: S314  our own drawing


class TestForest:
    def test_shows_the_study_its_effect_and_says_what_it_is(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get(f"{NECK}/forest.svg")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/svg+xml")
        drawn = ET.fromstring(answer.text)  # noqa: S314  our own drawing
        assert drawn.find(f"{SVG}title") is not None
        assert drawn.find(f"{SVG}desc") is not None
        assert "Haller 2016" in texts(answer.text)
        assert "32.6" in texts(answer.text)

    def test_is_not_sent_again_to_who_has_it(self, seeded_client: TestClient) -> None:
        tag = seeded_client.get(f"{NECK}/forest.svg").headers["etag"]
        assert seeded_client.get(f"{NECK}/forest.svg", headers={"If-None-Match": tag}).status_code == 304

    @pytest.mark.parametrize("width", [400, 1200])
    def test_png_has_the_width_asked_for(self, seeded_client: TestClient, width: int) -> None:
        answer = seeded_client.get(f"{NECK}/forest.png", params={"width": width})
        assert answer.headers["content-type"] == "image/png"
        assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(answer.content[16:20], "big") == 2 * width

    def test_data_hold_what_is_drawn(self, seeded_client: TestClient) -> None:
        data = seeded_client.get(f"{NECK}/forest.json").json()
        assert "Haller 2016" in json.dumps(data)

    def test_a_width_out_of_bounds_is_refused_by_name(self, seeded_client: TestClient) -> None:
        assert_problem(seeded_client.get(f"{NECK}/forest.svg", params={"width": 5}), 400, "invalid-query")
        assert_problem(seeded_client.get(f"{NECK}/forest.svg", params={"colour": "red"}), 400, "invalid-query")

    def test_an_unknown_body_is_not_found(self, seeded_client: TestClient) -> None:
        assert_problem(seeded_client.get("/v1/evidence/nothing.at.all/forest.svg"), 404, "not-found")

    def test_every_body_can_be_drawn(self, seeded_client: TestClient, seeded_engine: Engine) -> None:
        with reading(seeded_engine) as session:
            ids = list(session.execute(select(col(BodyOfEvidence.id))).scalars())
        for body in ids[::7]:
            for plot in ("forest.svg", "funnel.svg", "cumulative.svg", "forest.json", "funnel.json", "cumulative"):
                assert seeded_client.get(f"/v1/evidence/{body}/{plot}").status_code == 200, (body, plot)

    def test_a_retracted_study_is_shown_and_marked(self, seeded_copy_url: str) -> None:
        engine = make_engine(seeded_copy_url)
        keys = make_keys(engine)
        with TestClient(create_app(settings_for(seeded_copy_url))) as client:
            body = "/v1/evidence/fibromyalgia.craniosacral-therapy.sleep-quality.sham.post-treatment"
            studies = client.get(body).json()["studies"]
            other = client.get("/v1/studies", params={"condition": "fibromyalgia", "outcome": "sleep-quality", "kind": "primary"}).json()[
                "items"
            ]
            gone = next(
                item
                for item in other
                if item["key"] not in {row["study"] for row in studies} and item["intervention"] == "craniosacral-therapy"
            )
            assert retract(client, keys.curator, gone["id"]).status_code == 201
            assert gone["label"] in texts(client.get(f"{body}/forest.svg").text)
        engine.dispose()


class TestBadge:
    def test_says_how_sure_one_can_be(self, seeded_client: TestClient) -> None:
        answer = seeded_client.get("/v1/conditions/neck-pain/ratings/craniosacral-therapy/badge.svg")
        assert answer.status_code == 200
        assert "low" in texts(answer.text).lower()
