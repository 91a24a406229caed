import json
from typing import Any

import pytest

from app.charts.cumulative import cumulative_data, cumulative_svg
from tests.charts.drawing import Drawing
from tests.charts.examples import body_of, directions_only, retracted_row


class TestCumulativeSvg:
    @pytest.mark.parametrize(("k", "steps"), [(1, 1), (6, 5), (40, 32)])
    def test_every_pooled_study_is_a_step(self, k: int, steps: int) -> None:
        drawing = Drawing(cumulative_svg(body_of(k), width=400))
        assert len(drawing.groups("step")) == steps

    def test_steps_stand_in_the_order_of_years(self) -> None:
        boxes = sorted(Drawing(cumulative_svg(body_of(6))).boxes(), key=lambda box: box.top)
        years = [box.text for box in boxes if box.text.startswith("+ ")]
        assert years == sorted(years)

    def test_what_is_not_pooled_says_so(self) -> None:
        drawing = Drawing(cumulative_svg(directions_only()))
        assert "Not pooled: no numbers" in drawing.words
        assert drawing.groups("step") == []

    def test_a_retracted_study_stands_in_its_year_and_adds_nothing(self) -> None:
        drawing = Drawing(cumulative_svg(body_of(40), retracted=[retracted_row()], width=1200))
        tops = {box.text: box.top for box in drawing.boxes()}
        assert tops["+ Haller 2012"] < tops["Fraudster 2012"] < tops["+ Haller 2013"]
        assert len(drawing.groups("step")) == 32
        struck = [element for element in drawing.elements("text") if "text-decoration" in element]
        assert len(struck) == 2  # the label and the sign of the key
        assert "1 retracted study is shown and not counted." in drawing.desc


class TestCumulativeData:
    def test_is_json_with_the_pool_after_each_study(self) -> None:
        answer: Any = json.loads(json.dumps(cumulative_data(body_of(6)), allow_nan=False))
        assert [step["pool"]["k"] for step in answer["steps"]] == [1, 2, 3, 4, 5]
        assert answer["sentence"].startswith("Cumulative plot of 5 studies by year")
