import json
from typing import Any

import pytest

from app.charts.evidence_map import evidence_map_data, evidence_map_svg, radius_of
from tests.charts.drawing import Drawing
from tests.charts.examples import map_answer


class TestEvidenceMapSvg:
    @pytest.mark.parametrize("width", [400, 1200])
    @pytest.mark.parametrize("rows", [1, 6, 40])
    def test_every_condition_and_cell_is_there(self, rows: int, width: int) -> None:
        drawing = Drawing(evidence_map_svg(map_answer(rows), width=width))
        assert len(drawing.groups("cell")) == 2 * rows
        assert [f"Condition {row}" in drawing.words for row in range(rows)] == [True] * rows

    def test_certainty_is_told_by_signs_and_by_words(self) -> None:
        drawing = Drawing(evidence_map_svg(map_answer(6), width=1200))
        assert "⊕⊕⊕○" in drawing.words
        group = drawing.group("Condition 1, Osteopathic manipulative treatment 0: moderate certainty, unclear, 1 study, 37 participants")
        assert group.attrib["class"] == "evidence-cell"

    def test_no_evidence_has_words_and_no_bubble_of_its_own(self) -> None:
        assert "no evidence found" in Drawing(evidence_map_svg(map_answer(6))).words


class TestRadiusOf:
    def test_the_area_grows_with_the_participants(self) -> None:
        assert radius_of(800, 800) ** 2 / radius_of(200, 800) ** 2 == pytest.approx(4.0)

    def test_nobody_has_no_bubble_and_few_are_still_seen(self) -> None:
        assert radius_of(0, 800) == 0
        assert radius_of(1, 10**6) == 2.5


class TestEvidenceMapData:
    def test_counts_the_levels(self) -> None:
        answer: Any = json.loads(json.dumps(evidence_map_data(map_answer(5, 1))))
        assert answer["sentence"] == (
            "Evidence map of 5 conditions by 1 intervention: 1 high certainty, 1 moderate certainty, 1 low certainty, "
            "1 very low certainty, 1 no evidence found."
        )
