import hashlib

import pytest

from app.charts.font_metrics import FONT_FOLDER, font_metrics
from app.charts.text_layout import text_width, wrap_text


class TestFontMetrics:
    @pytest.mark.parametrize(("bold", "text", "units"), [(False, "A", 1401), (False, "i", 569), (False, "−", 1716), (True, "A", 1585)])
    def test_are_the_advance_widths_of_the_font(self, bold: bool, text: str, units: int) -> None:
        assert font_metrics(bold).width(text) * 2048 == pytest.approx(units)

    @pytest.mark.parametrize("sign", "+−?⊕○▲▼◆↕←→≈≥τ²⁰⁻×–")
    @pytest.mark.parametrize("bold", [False, True])
    def test_the_font_has_every_sign_that_plots_use(self, sign: str, bold: bool) -> None:
        assert ord(sign) in font_metrics(bold).advances

    def test_the_files_are_those_that_the_readme_lists(self) -> None:
        readme = (FONT_FOLDER / "README.md").read_text(encoding="utf-8")
        for file in FONT_FOLDER.glob("*.ttf"):
            assert hashlib.sha256(file.read_bytes()).hexdigest() in readme


class TestWrapText:
    def test_no_line_is_wider_than_asked(self) -> None:
        lines = wrap_text("Donaudampfschifffahrtsgesellschaft and a few short words", 80, 13)
        assert max(text_width(line, 13) for line in lines) <= 80
        assert "".join("".join(lines).split()) == "Donaudampfschifffahrtsgesellschaftandafewshortwords"

    def test_breaks_between_words_where_it_can(self) -> None:
        assert wrap_text("one two three", 60, 13) == ["one two", "three"]

    def test_an_empty_text_is_one_empty_line(self) -> None:
        assert wrap_text("", 60, 13) == [""]
