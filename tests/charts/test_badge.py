import pytest

from app.charts.badge import badge_svg
from app.charts.theme import LIGHT
from app.vocabulary import Certainty, Finding
from tests.charts.drawing import Drawing, contrast


class TestBadgeSvg:
    @pytest.mark.parametrize(
        "condition", ["Migraine", "Complex regional pain syndrome and related disorders of the upper and the lower limb"]
    )
    @pytest.mark.parametrize("direction", [None, *Finding])
    @pytest.mark.parametrize("certainty", list(Certainty))
    def test_every_state_fits_its_box(self, certainty: Certainty, direction: Finding | None, condition: str) -> None:
        drawing = Drawing(
            badge_svg({"certainty": certainty, "direction": direction}, condition=condition, intervention="Craniosacral therapy")
        )
        assert drawing.overlaps() == []
        assert drawing.outside() == []

    def test_says_certainty_and_direction_in_words(self) -> None:
        svg = badge_svg(
            {"certainty": "low", "direction": "favours-intervention"}, condition="Neck pain", intervention="Craniosacral therapy"
        )
        drawing = Drawing(svg)
        assert drawing.title == "Craniosacral therapy for Neck pain: low certainty, favours the treatment"
        assert "⊕⊕○○ low certainty · ▲ favours the treatment" in drawing.words

    @pytest.mark.parametrize("role", ["label", *(level.value for level in Certainty)])
    def test_its_text_can_be_read(self, role: str) -> None:
        """WCAG 2.2, criterion 1.4.3: 4.5 to 1."""
        assert contrast(LIGHT["badge-ink"], LIGHT[f"badge-{role}"]) >= 4.5
