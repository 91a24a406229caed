import json
from typing import Any

from app.charts.traffic_light import traffic_light_data, traffic_light_svg
from tests.charts.drawing import SVG, Drawing
from tests.charts.examples import body_of

DOMAINS = {"s00": {"randomisation-process": "low", "missing-outcome-data": "serious"}, "s01": {"missing-outcome-data": "no-information"}}


class TestTrafficLightSvg:
    def test_has_a_row_for_every_study_and_a_field_for_every_domain_and_over_all(self) -> None:
        drawing = Drawing(traffic_light_svg(body_of(6), domains=DOMAINS))
        rows = drawing.groups("study")
        assert [len(row.findall(f"{SVG}g")) for row in rows] == [3] * 6

    def test_words_of_every_tool_come_to_three_signs(self) -> None:
        row = Drawing(traffic_light_svg(body_of(2), domains=DOMAINS)).groups("study")[0]
        signs = [field.find(f"{SVG}text") for field in row.findall(f"{SVG}g")]
        assert [None if sign is None else sign.text for sign in signs] == ["+", "−", "+"]

    def test_names_the_domains_below(self) -> None:
        words = Drawing(traffic_light_svg(body_of(2), domains=DOMAINS)).words
        assert "D1: Randomisation process" in words
        assert "D2: Missing outcome data" in words


class TestTrafficLightData:
    def test_says_how_many_stand_at_each_level(self) -> None:
        answer: Any = json.loads(json.dumps(traffic_light_data(body_of(4), domains={})))
        assert answer["sentence"].startswith("Risk of bias of 4 studies, over all: 1 low, 1 some concerns, 1 high, 1 not assessed.")
