import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import col

from app.charts.theme import DARK, LIGHT
from app.database import make_engine, reading
from app.main import create_app
from app.models import BodyOfEvidence
from tests.api.acting import an_accepted_study, assert_problem, retract
from tests.charts.drawing import Drawing
from tests.conftest import make_keys, settings_for
from tests.factories import a_body, a_result

NECK = "/v1/evidence/neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
BADGE = "/v1/conditions/neck-pain/ratings/craniosacral-therapy/badge"
OF_BODIES = ("forest", "funnel", "cumulative", "risk-of-bias")
SIZED = [*(f"{NECK}/{plot}" for plot in OF_BODIES), "/v1/evidence-map"]
SVG = "{http://www.w3.org/2000/svg}"
FIRST = a_body(title="Gentle touch for stiff necks", authors=["Amsel B"])
SECOND = a_body(
    title="Cranial holds in chronic cervical pain, a multicentre trial",
    authors=["Drossel C"],
    year=2019,
    results=[a_result(treatment={"n": 60, "mean": 20, "sd": 15})],
    risk_of_bias=[
        {
            "tool": "rob-2",
            "overall": "some-concerns",
            "domains": {"randomisation process": "Low", "missing outcome data": "Some concerns"},
            "judged_by": "two reviewers",
            "source": "full text",
        }
    ],
)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def texts(svg: str) -> str:
    return " ".join("".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text"))  # noqa: S314  our own drawing


@pytest.mark.parametrize("plot", [*SIZED, BADGE])
class TestEveryPlot:
    def test_svg_says_what_it_is_and_loads_nothing(self, seeded_client: TestClient, plot: str) -> None:
        answer = seeded_client.get(f"{plot}.svg")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/svg+xml")
        drawing = Drawing(answer.text)
        assert drawing.root.attrib["role"] == "img"
        assert drawing.title
        assert drawing.desc
        assert drawing.overlaps() == []
        assert drawing.outside() == []
        assert "href" not in answer.text

    def test_png_is_a_picture(self, seeded_client: TestClient, plot: str) -> None:
        answer = seeded_client.get(f"{plot}.png")
        assert (answer.status_code, answer.headers["content-type"], answer.content[:8]) == (200, "image/png", PNG_SIGNATURE)

    @pytest.mark.parametrize("ending", ["svg", "png"])
    def test_is_not_sent_again_to_who_has_it(self, seeded_client: TestClient, plot: str, ending: str) -> None:
        tag = seeded_client.get(f"{plot}.{ending}").headers["etag"]
        assert not tag.startswith("W/")
        assert seeded_client.get(f"{plot}.{ending}", headers={"If-None-Match": tag}).status_code == 304

    @pytest.mark.parametrize("ending", ["svg", "png"])
    def test_an_unknown_parameter_is_refused_by_name(self, seeded_client: TestClient, plot: str, ending: str) -> None:
        problem = assert_problem(seeded_client.get(f"{plot}.{ending}", params={"colour": "red"}), 400, "invalid-query")
        assert problem["errors"][0]["parameter"] == "colour"


@pytest.mark.parametrize("plot", SIZED)
class TestLooks:
    @pytest.mark.parametrize("width", [400, 1200])
    def test_has_the_width_asked_for(self, seeded_client: TestClient, plot: str, width: int) -> None:
        assert Drawing(seeded_client.get(f"{plot}.svg", params={"width": width}).text).width == width
        png = seeded_client.get(f"{plot}.png", params={"width": width}).content
        assert width <= int.from_bytes(png[16:20], "big") <= 2 * width

    @pytest.mark.parametrize(("theme", "paper"), [("light", LIGHT["paper"]), ("dark", DARK["paper"])])
    def test_has_the_theme_asked_for(self, seeded_client: TestClient, plot: str, theme: str, paper: str) -> None:
        svg = seeded_client.get(f"{plot}.svg", params={"theme": theme}).text
        assert f'fill="{paper}"' in svg
        assert "prefers-color-scheme" not in svg

    def test_the_picture_is_dark_when_asked(self, seeded_client: TestClient, plot: str) -> None:
        light, dark = (seeded_client.get(f"{plot}.png", params={"theme": theme}).content for theme in ("light", "dark"))
        assert light != dark

    @pytest.mark.parametrize("ending", ["svg", "png"])
    @pytest.mark.parametrize(
        ("name", "value"), [("width", "5"), ("width", "2401"), ("width", "wide"), ("width", "1e3"), ("theme", "pink"), ("theme", "")]
    )
    def test_what_cannot_be_drawn_is_refused_by_name(
        self, seeded_client: TestClient, plot: str, ending: str, name: str, value: str
    ) -> None:
        problem = assert_problem(seeded_client.get(f"{plot}.{ending}", params={name: value}), 400, "invalid-query")
        assert [error["parameter"] for error in problem["errors"]] == [name]


class TestBounds:
    def test_a_picture_too_tall_to_read_is_refused_and_the_drawing_is_not(
        self, seeded_client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.charts.png.MOST_HEIGHT", 100)
        problem = assert_problem(seeded_client.get(f"{NECK}/forest.png"), 400, "invalid-query")
        assert problem["errors"][0]["parameter"] == "width"
        assert "Ask for the .svg" in problem["detail"]
        assert seeded_client.get(f"{NECK}/forest.svg").status_code == 200


class TestBodies:
    @pytest.mark.parametrize("plot", OF_BODIES)
    @pytest.mark.parametrize("ending", ["svg", "png", "json"])
    def test_an_unknown_body_is_not_found(self, seeded_client: TestClient, plot: str, ending: str) -> None:
        assert_problem(seeded_client.get(f"/v1/evidence/nothing.at.all/{plot}.{ending}"), 404, "not-found")

    def test_every_body_can_be_drawn(self, seeded_client: TestClient, seeded_engine: Engine) -> None:
        with reading(seeded_engine) as session:
            ids = list(session.execute(select(col(BodyOfEvidence.id))).scalars())
        for body in ids[::5]:
            for plot in OF_BODIES:
                drawing = Drawing(seeded_client.get(f"/v1/evidence/{body}/{plot}.svg", params={"width": 400}).text)
                assert (drawing.overlaps(), drawing.outside(), drawing.not_numbers()) == ([], [], []), (body, plot)
                assert seeded_client.get(f"/v1/evidence/{body}/{plot}.json").status_code == 200, (body, plot)

    def test_the_forest_shows_the_study_and_its_effect(self, seeded_client: TestClient) -> None:
        drawn = texts(seeded_client.get(f"{NECK}/forest.svg").text)
        assert "Haller 2016" in drawn
        assert "32.6" in drawn
        assert "Haller 2016" in json.dumps(seeded_client.get(f"{NECK}/forest.json").json())

    def test_the_favours_labels_follow_what_the_body_says_is_better(self, seeded_client: TestClient) -> None:
        bodies = seeded_client.get("/v1/evidence", params={"limit": "200"}).json()["items"]
        assert {body["better"] for body in bodies} == {"lower", "higher"}
        for better, side in (("lower", "left"), ("higher", "right")):
            body = next(body for body in bodies if body["better"] == better and body["comparator_group"] == "sham")
            assert seeded_client.get(body["href"]).json()["better"] == better
            axis = seeded_client.get(f"{body['href']}/forest.json").json()["axis"]
            assert axis[side].strip("←→ ") in ("Favours Craniosacral therapy", "Favours Osteopathic manipulative treatment")

    def test_both_addresses_of_the_cumulative_data_give_the_same(self, seeded_client: TestClient) -> None:
        assert seeded_client.get(f"{NECK}/cumulative.json").content == seeded_client.get(f"{NECK}/cumulative").content

    def test_data_take_no_parameters(self, seeded_client: TestClient) -> None:
        for plot in OF_BODIES:
            assert_problem(seeded_client.get(f"{NECK}/{plot}.json", params={"width": 400}), 400, "invalid-query")

    def test_domains_of_bias_are_those_of_the_record(self, seeded_client: TestClient) -> None:
        body = seeded_client.get(NECK).json()["studies"][0]
        record = seeded_client.get(body["href"]).json()
        stored = [(one["tool"], one["judged_by"], one["domains"]) for one in record["document"]["risk_of_bias"]]
        rows = seeded_client.get(f"{NECK}/risk-of-bias.json").json()["rows"]
        shown = [(row["tool"], row["judged_by"], {one["name"]: one["written"] for one in row["domains"]}) for row in rows]
        assert shown == stored
        assert any(domains for _, _, domains in shown)
        decided = [row for row in rows if row["rating"] is not None]
        assert [(row["tool"], row["rating"]["level"]) for row in decided] == [(body["risk_of_bias"]["tool"], body["risk_of_bias"]["level"])]


@dataclass(frozen=True)
class Retracted:
    client: TestClient
    body: str
    before: dict[str, Any]
    """The study's row in the body while it counted."""

    def plot(self, name: str) -> Drawing:
        return Drawing(self.client.get(f"{self.body}/{name}.svg").text)

    def plain(self, name: str) -> Any:
        return self.client.get(f"{self.body}/{name}.json").json()


class TestRetracted:
    """A trial with numbers, of a body that holds two others, retracted through the API."""

    @pytest.fixture
    def gone(self, seeded_copy_url: str) -> Iterator[Retracted]:
        engine = make_engine(seeded_copy_url)
        keys = make_keys(engine)
        with TestClient(create_app(settings_for(seeded_copy_url))) as client:
            for trial in (FIRST, SECOND):
                study = an_accepted_study(client, keys.contributor, keys.curator, trial)
            rows = client.get(NECK).json()["studies"]
            assert len([row for row in rows if row["effect"] is not None]) == 3
            assert retract(client, keys.curator, study).status_code == 201
            assert len(client.get(NECK).json()["studies"]) == 2
            yield Retracted(client, NECK, next(row for row in rows if row["href"].endswith(study)))
        engine.dispose()

    def test_is_struck_through_in_the_forest_with_its_numbers_and_not_counted(self, gone: Retracted) -> None:
        drawing = gone.plot("forest")
        struck = [text.text for text in drawing.root.iter(f"{SVG}text") if "text-decoration" in text.attrib]
        assert gone.before["label"] in struck
        assert "1 retracted study is shown and not counted." in drawing.desc
        assert "retracted" in drawing.words
        data = gone.plain("forest")
        row = next(row for row in data["studies"] if row["retracted"])
        assert (row["label"], row["weight"]) == (gone.before["label"], None)
        assert [row[name] for name in ("effect", "se", "n")] == [gone.before[name] for name in ("effect", "se", "n")]

    def test_is_crossed_out_in_the_funnel(self, gone: Retracted) -> None:
        assert len(gone.plot("funnel").groups("retracted")) == 1
        assert [row["key"] for row in gone.plain("funnel")["retracted"]] == [gone.before["study"]]

    def test_adds_nothing_to_the_cumulative_plot(self, gone: Retracted) -> None:
        assert len(gone.plot("cumulative").groups("retracted")) == 1
        assert gone.before["label"] not in {step["added"] for step in gone.plain("cumulative")["steps"]}

    def test_is_marked_in_the_risk_of_bias_plot(self, gone: Retracted) -> None:
        rows = gone.plain("risk-of-bias")["rows"]
        assert [row["key"] for row in rows if row["retracted"]] == [gone.before["study"]]
        assert [one["level"] for row in rows if row["retracted"] for one in row["domains"]] == ["low", "some-concerns"]
        assert "retracted, not counted" in gone.plot("risk-of-bias").words

    def test_the_picture_shows_it_too(self, gone: Retracted) -> None:
        for plot in OF_BODIES:
            assert gone.client.get(f"{gone.body}/{plot}.png").content[:8] == PNG_SIGNATURE


class TestEvidenceMap:
    def test_is_narrowed_as_the_map_itself_is(self, seeded_client: TestClient) -> None:
        filters = {"intervention": "craniosacral-therapy", "certainty": "low"}
        names = [row["name"] for row in seeded_client.get("/v1/evidence-map", params=filters).json()["rows"]]
        lines = seeded_client.get("/v1/evidence-map.json", params=filters).json()["lines"]
        assert [line["condition"] for line in lines] == names
        drawing = Drawing(seeded_client.get("/v1/evidence-map.svg", params={**filters, "width": "400", "theme": "dark"}).text)
        assert len(drawing.groups("cell")) == len(names)

    @pytest.mark.parametrize("ending", ["svg", "png", "json"])
    def test_a_filter_that_names_nothing_is_refused_by_name(self, seeded_client: TestClient, ending: str) -> None:
        problem = assert_problem(seeded_client.get(f"/v1/evidence-map.{ending}", params={"certainty": "sure"}), 400, "invalid-query")
        assert problem["errors"][0]["parameter"] == "certainty"


class TestBadge:
    def test_says_how_sure_one_can_be(self, seeded_client: TestClient) -> None:
        assert "low" in texts(seeded_client.get(f"{BADGE}.svg").text).lower()

    @pytest.mark.parametrize("ending", ["svg", "png"])
    def test_of_an_unknown_pair_is_not_found(self, seeded_client: TestClient, ending: str) -> None:
        assert_problem(seeded_client.get(f"/v1/conditions/nothing/ratings/nothing/badge.{ending}"), 404, "not-found")


class TestDocumentedExamples:
    def test_every_example_of_the_api_document_can_be_asked(self, seeded_client: TestClient) -> None:
        paths = seeded_client.get("/openapi.json").json()["paths"]
        plots = {path: one["get"] for path, one in paths.items() if "plots" in one.get("get", {}).get("tags", [])}
        assert len(plots) == 18
        for path, operation in plots.items():
            address = path
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    example = next(iter(parameter["examples"].values()))
                    address = address.replace(f"{{{parameter['name']}}}", example["value"])
            answer = seeded_client.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["content-type"].split(";")[0] in operation["responses"]["200"]["content"], address
