import json
import math
from typing import Any

import pytest

from app.charts.forest import forest_data, forest_svg
from app.vocabulary import Better
from tests.charts.drawing import SVG, Drawing
from tests.charts.examples import body_of, directions_only, retracted_row, without_studies


def draw(body: dict[str, Any], **options: Any) -> Drawing:
    return Drawing(forest_svg(body, **{"width": 1000, **options}))


def middle_of_square(drawing: Drawing, label: str) -> float:
    square = drawing.group(label).find(f"{SVG}rect")
    assert square is not None
    return float(square.attrib["x"]) + float(square.attrib["width"]) / 2


def whisker(drawing: Drawing, label: str) -> tuple[float, float]:
    line = drawing.group(label).find(f"{SVG}line")
    assert line is not None
    return float(line.attrib["x1"]), float(line.attrib["x2"])


class TestForestSvg:
    @pytest.mark.parametrize("width", [400, 1200])
    @pytest.mark.parametrize("k", [1, 6, 40])
    def test_every_study_is_there(self, k: int, width: int) -> None:
        drawing = draw(body_of(k), width=width)
        assert len(drawing.groups("study")) == k
        assert [f"Haller {1985 + index}" in drawing.words for index in range(k)] == [True] * k

    def test_squares_and_limits_map_linearly(self) -> None:
        body = body_of(6)
        drawing = draw(body)
        drawn, meant = [], []
        for row in (row for row in body["studies"] if row["effect"] is not None):
            drawn += [middle_of_square(drawing, row["label"]), *whisker(drawing, row["label"])]
            meant += [row["effect"], row["ci_low"], row["ci_high"]]
        slope = (drawn[2] - drawn[1]) / (meant[2] - meant[1])
        assert slope > 0
        assert drawn == pytest.approx([drawn[0] + slope * (value - meant[0]) for value in meant], abs=0.1)

    def test_ratios_stand_on_a_log_axis_with_ticks_at_round_ratios(self) -> None:
        body = body_of(6, ratio=True)
        drawing = draw(body)
        null = next(box for box in drawing.boxes() if box.text == "1")
        places = {float(box.text): (box.left + box.right) / 2 for box in drawing.boxes() if box.top == null.top}
        per_log = (places[1.5] - places[1.0]) / math.log(1.5)
        assert len(places) >= 4
        assert places == pytest.approx({value: places[1.0] + per_log * math.log(value) for value in places}, abs=0.1)
        first = body["studies"][0]
        assert middle_of_square(drawing, first["label"]) == pytest.approx(places[1.0] + per_log * first["effect"], abs=0.1)

    def test_the_area_of_a_square_is_its_weight(self) -> None:
        body = body_of(2)
        body["studies"][0]["weight"], body["studies"][1]["weight"] = 0.8, 0.2
        sides = [float(group.findall(f"{SVG}rect")[0].attrib["width"]) for group in draw(body).groups("study")]
        assert sides[0] ** 2 / sides[1] ** 2 == pytest.approx(4.0, rel=0.01)

    def test_the_diamond_is_as_wide_as_the_interval(self) -> None:
        body = body_of(1)
        drawing = draw(body)
        diamond = drawing.groups("pool")[0].find(f"{SVG}polygon")
        assert diamond is not None
        xs = [float(point.split(",")[0]) for point in diamond.attrib["points"].split()]
        left, right = whisker(drawing, body["studies"][0]["label"])
        per_unit = (right - left) / (body["studies"][0]["ci_high"] - body["studies"][0]["ci_low"])
        assert max(xs) - min(xs) == pytest.approx(per_unit * (body["pooled"]["ci_high"] - body["pooled"]["ci_low"]), abs=0.05)

    def test_an_interval_beyond_the_axis_ends_in_an_arrow(self) -> None:
        body = body_of(6)
        body["studies"][0] |= {"ci_low": -1e6, "ci_high": 1e6}
        group = draw(body).group(body["studies"][0]["label"])
        assert len(group.findall(f"{SVG}polygon")) == 2

    @pytest.mark.parametrize(("better", "left"), [(Better.LOWER, "craniosacral therapy"), (Better.HIGHER, "sham treatment")])
    def test_the_side_of_the_treatment_follows_what_is_better(self, better: Better, left: str) -> None:
        assert f"← Favours {left}" in draw(body_of(6, better=better)).words

    def test_without_a_comparison_group_the_sides_are_better_and_worse(self) -> None:
        words = draw(directions_only() | {"comparator_group": "none"}).words
        assert "← Better after treatment" in words
        assert "better after treatment" in words
        assert "Favours" not in words

    def test_a_study_with_a_direction_only_points_to_the_treatment(self) -> None:
        body = body_of(6)
        row = body["studies"][4] | {"direction": 1}
        body["studies"][4] = row
        drawing = draw(body)
        group = drawing.group(row["label"])
        assert "favours treatment" in drawing.words
        assert group.find(f"{SVG}rect") is None
        start, end = whisker(drawing, row["label"])
        assert end < start

    def test_risk_of_bias_is_a_sign_with_words(self) -> None:
        drawing = draw(body_of(4))
        assert [(group.find(f"{SVG}title").text or "").split(" (")[0] for group in drawing.groups("bias")[:4]] == [  # type: ignore[union-attr]
            "Risk of bias: low",
            "Risk of bias: some concerns",
            "Risk of bias: high",
            "Risk of bias: not assessed",
        ]
        signs = [group.find(f"{SVG}text") for group in drawing.groups("bias")[:4]]
        assert [None if sign is None else sign.text for sign in signs] == ["+", "?", "−", None]

    def test_a_retracted_study_is_struck_through_and_not_counted(self) -> None:
        body = body_of(2)
        drawing = draw(body, retracted=[retracted_row()])
        struck = [element["class"] for element in drawing.elements("text") if "text-decoration" in element]
        assert set(struck) == {"evidence-fill-muted"}
        assert "1 retracted study is shown and not counted." in drawing.desc
        assert "Forest plot of 2 studies" in drawing.desc
        assert "retracted" in drawing.words

    def test_the_band_spans_the_minimal_important_difference(self) -> None:
        body = body_of(1)
        drawing = draw(body)
        band = next(element for element in drawing.elements("rect") if "fill-band" in element["class"])
        left, right = whisker(drawing, body["studies"][0]["label"])
        per_unit = (right - left) / (body["studies"][0]["ci_high"] - body["studies"][0]["ci_low"])
        assert float(band["width"]) == pytest.approx(2 * body["mid"]["value"] * per_unit, abs=0.05)

    def test_what_is_not_pooled_says_so_instead_of_a_diamond(self) -> None:
        drawing = draw(directions_only())
        assert drawing.groups("pool") == []
        assert "Not pooled: no numbers" in drawing.words
        assert "Not pooled: no numbers." in drawing.desc

    def test_the_prediction_interval_is_drawn_from_three_studies_on(self) -> None:
        assert len(draw(body_of(6)).groups("prediction")) == 1
        assert draw(body_of(2)).groups("prediction") == []

    def test_on_a_narrow_page_the_columns_stand_below_the_label(self) -> None:
        boxes = {box.text: box for box in draw(body_of(1), width=400).boxes()}
        effect = next(box for text, box in boxes.items() if "[" in text)
        assert effect.left == boxes["Haller 1985"].left
        assert effect.top > boxes["Haller 1985"].top
        assert "Weight" not in boxes

    @pytest.mark.parametrize("size", [1e-300, 1e-9, 1e9, 1e300])
    @pytest.mark.parametrize("ratio", [False, True])
    def test_any_magnitude_can_be_drawn(self, size: float, ratio: bool) -> None:
        body = body_of(2, ratio=ratio)
        for row in (*body["studies"], body["pooled"]):
            for name in ("effect", "estimate", "ci_low", "ci_high"):
                if name in row:
                    row[name] = math.copysign(size, row[name])
        drawing = draw(body)
        assert drawing.not_numbers() == []
        assert drawing.overlaps() == []

    @pytest.mark.parametrize("better", list(Better))
    def test_all_effects_zero_still_name_the_better_side(self, better: Better) -> None:
        body = body_of(2, better=better)
        for row in body["studies"]:
            row |= {"effect": 0.0, "direction": 0}
        body["pooled"] |= {"estimate": 0.0, "ci_low": -1.0, "ci_high": 1.0}
        left = "craniosacral therapy" if better is Better.LOWER else "sham treatment"
        assert f"← Favours {left}" in draw(body).words
        del body["better"]
        assert "Lower with craniosacral therapy" in draw(body).words

    @pytest.mark.parametrize(("better", "left"), [(Better.LOWER, "craniosacral therapy"), (Better.HIGHER, "sham treatment")])
    def test_directions_alone_point_to_the_better_side(self, better: Better, left: str) -> None:
        drawing = draw(directions_only(better=better))
        start, end = whisker(drawing, "d0")
        assert (end < start) is (better is Better.LOWER)
        assert f"← Favours {left}" in drawing.words

    def test_what_is_not_known_is_a_dash(self) -> None:
        body = body_of(4)
        texts = [text.text for text in draw(body).group(body["studies"][3]["label"]).findall(f"{SVG}text")]
        assert texts[1] == "–"

    def test_a_body_without_studies_says_why_nothing_is_pooled(self) -> None:
        drawing = draw(without_studies())
        assert drawing.groups("study") == []
        assert "Not pooled: no numbers" in drawing.words


class TestForestData:
    def test_is_json_with_what_is_printed(self) -> None:
        answer: Any = json.loads(json.dumps(forest_data(body_of(6), [retracted_row()]), allow_nan=False))
        assert answer["studies"][0]["printed"] == "3.0 [−2.9, 8.9]"
        assert [row["retracted"] for row in answer["studies"]] == [False] * 6 + [True]
        assert answer["axis"] | {"low": 0, "high": 0} == {
            "low": 0,
            "high": 0,
            "null": 0.0,
            "log": False,
            "left": "← Favours craniosacral therapy",
            "right": "Favours sham treatment →",
        }
        assert answer["sentence"] == draw(body_of(6), retracted=[retracted_row()]).desc
