import json
from typing import Any

import pytest

from app.charts.funnel import TOO_FEW, funnel_data, funnel_svg
from tests.charts.drawing import SVG, Drawing
from tests.charts.examples import body_of, directions_only, retracted_row


def points(drawing: Drawing) -> list[tuple[float, float]]:
    found = [group.find(f"{SVG}circle") for group in drawing.groups("point")]
    return [(float(circle.attrib["cx"]), float(circle.attrib["cy"])) for circle in found if circle is not None]


class TestFunnelSvg:
    @pytest.mark.parametrize(("k", "with_numbers"), [(1, 1), (6, 5), (40, 32)])
    def test_every_study_with_numbers_is_a_point(self, k: int, with_numbers: int) -> None:
        assert len(points(Drawing(funnel_svg(body_of(k), width=400)))) == with_numbers

    def test_points_map_linearly_and_precise_studies_stand_on_top(self) -> None:
        body = body_of(6)
        drawn = points(Drawing(funnel_svg(body)))
        meant = [(row["effect"], row["se"]) for row in body["studies"] if row["se"] is not None]
        across = (drawn[1][0] - drawn[0][0]) / (meant[1][0] - meant[0][0])
        down = (drawn[1][1] - drawn[0][1]) / (meant[1][1] - meant[0][1])
        assert across > 0
        assert down > 0
        assert [x for x, _ in drawn] == pytest.approx([drawn[0][0] + across * (e - meant[0][0]) for e, _ in meant], abs=0.1)
        assert [y for _, y in drawn] == pytest.approx([drawn[0][1] + down * (s - meant[0][1]) for _, s in meant], abs=0.1)

    def test_a_point_is_in_the_region_of_its_p_value(self) -> None:
        drawing = Drawing(funnel_svg(body_of(1)))
        wedges = [element["points"] for element in drawing.elements("polygon")]
        assert len(wedges) == 3
        widths = [max(x) - min(x) for x in ([float(point.split(",")[0]) for point in wedge.split()] for wedge in wedges)]
        assert widths[0] / widths[2] == pytest.approx(2.575829 / 1.644854, rel=0.001)
        assert widths[1] / widths[2] == pytest.approx(1.959964 / 1.644854, rel=0.001)

    @pytest.mark.parametrize(("k", "told"), [(6, True), (40, False)])
    def test_with_fewer_than_ten_studies_it_says_that_asymmetry_cannot_be_judged(self, k: int, told: bool) -> None:
        drawing = Drawing(funnel_svg(body_of(k), width=1200))
        assert (TOO_FEW in drawing.words, TOO_FEW in drawing.desc) == (told, told)

    def test_without_numbers_it_says_that_there_is_nothing_to_plot(self) -> None:
        assert "there is nothing to plot" in Drawing(funnel_svg(directions_only())).words

    def test_a_retracted_study_is_crossed_out_where_it_would_stand_and_not_counted(self) -> None:
        drawing = Drawing(funnel_svg(body_of(6), retracted=[retracted_row()]))
        counted, body = points(drawing), body_of(6)
        meant = [(row["effect"], row["se"]) for row in body["studies"] if row["se"] is not None]
        ring = drawing.group("Fraudster 2012: retracted, not counted").find(f"{SVG}circle")
        assert ring is not None
        across = (counted[1][0] - counted[0][0]) / (meant[1][0] - meant[0][0])
        down = (counted[1][1] - counted[0][1]) / (meant[1][1] - meant[0][1])
        assert float(ring.attrib["cx"]) == pytest.approx(counted[0][0] + across * (-9.0 - meant[0][0]), abs=0.1)
        assert float(ring.attrib["cy"]) == pytest.approx(counted[0][1] + down * (1.0 - meant[0][1]), abs=0.1)
        assert len(counted) == 5
        assert "Funnel plot of 5 studies" in drawing.desc
        assert "1 retracted study is not counted." in drawing.desc
        assert "retracted, not counted" in drawing.words

    def test_the_key_names_every_region_of_p(self) -> None:
        words = Drawing(funnel_svg(body_of(6))).words
        assert [shade in words for shade in ("p > 0.10", "p 0.05 to 0.10", "p 0.01 to 0.05", "p < 0.01")] == [True] * 4


class TestFunnelData:
    def test_is_json_and_says_whether_asymmetry_can_be_judged(self) -> None:
        answer: Any = json.loads(json.dumps(funnel_data(body_of(40)), allow_nan=False))
        assert answer["can_judge_asymmetry"] is True
        assert len(answer["points"]) == 32

    def test_names_retracted_studies_apart(self) -> None:
        answer: Any = json.loads(json.dumps(funnel_data(body_of(6), [retracted_row()]), allow_nan=False))
        assert [row["label"] for row in answer["retracted"]] == ["Fraudster 2012"]
        assert "Fraudster 2012" not in [row["label"] for row in answer["points"]]
