"""What must hold for every plot, at every size, in every theme."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from app.charts.badge import badge_svg
from app.charts.cumulative import cumulative_data, cumulative_svg
from app.charts.evidence_map import evidence_map_svg
from app.charts.forest import forest_data, forest_svg
from app.charts.funnel import funnel_data, funnel_svg
from app.charts.theme import DARK, LIGHT, Theme
from app.charts.traffic_light import traffic_light_data, traffic_light_svg
from tests.charts.drawing import Drawing, contrast
from tests.charts.examples import body_of, directions_only, judgements_of, map_answer, named, retracted_row, with_concern, without_studies

Plot = Callable[..., str]
Make = Callable[[], dict[str, Any]]
NASTY = "<script>alert('x')</script> & \"Söhne\" \x00\x0b\ud800 Ltd"
SENTENCE = "Craniosacral therapy by osteopaths of the northern region, for people with pain of any kind that lasted over 12 weeks"
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
LEAST_TEXT = 11  # pixels


def traffic_light(body: dict[str, Any], **options: Any) -> str:
    return traffic_light_svg(body, stored=judgements_of(body), **options)


def with_retracted(plot: Plot, body: dict[str, Any], **options: Any) -> str:
    return plot(body, retracted=[retracted_row(), retracted_row(SENTENCE) | {"study": "r2", "effect": None, "se": None}], **options)


OF_BODIES: dict[str, Plot] = {
    "forest": forest_svg,
    "funnel": funnel_svg,
    "cumulative": cumulative_svg,
    "traffic light": traffic_light,
}
OF_BODIES |= {f"{name}, two retracted": partial(with_retracted, plot) for name, plot in OF_BODIES.items()}
BODIES: dict[str, Make] = {
    "1": partial(body_of, 1),
    "6": partial(body_of, 6),
    "40": partial(body_of, 40),
    "6-long": partial(body_of, 6, long_labels=True),
    "40-long-ratio": partial(body_of, 40, long_labels=True, ratio=True),
    "directions": directions_only,
    "none": without_studies,
    "6-sentences": lambda: named(body_of(6), SENTENCE[:120]),
    "6-concern": lambda: with_concern(body_of(6)),
    "6-endless-words": lambda: named(body_of(6), WORD[:120]),
}
MAPS: dict[str, Make] = {
    "1": partial(map_answer, 1),
    "6-long": partial(map_answer, 6, long_names=True),
    "40": partial(map_answer, 40),
    "9-columns": partial(map_answer, 6, 9),
    "none": partial(map_answer, 0),
}


def assert_sound(svg: str) -> None:
    drawing = Drawing(svg)
    assert drawing.overlaps() == []
    assert drawing.outside() == []
    assert drawing.not_numbers() == []
    assert drawing.title
    assert drawing.desc.endswith(".")
    assert drawing.root.attrib["role"] == "img"
    assert min(float(text["font-size"]) for text in drawing.elements("text")) >= LEAST_TEXT
    assert drawing.named_by() == [drawing.title, drawing.desc]


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("width", [320, 400, 640, 800, 1200, 2400])
class TestEveryPlot:
    @pytest.mark.parametrize("body", BODIES)
    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    def test_of_a_body_is_sound(self, plot: Plot, body: str, width: int, theme: Theme) -> None:
        assert_sound(plot(BODIES[body](), width=width, theme=theme))

    @pytest.mark.parametrize("answer", MAPS)
    def test_of_the_map_is_sound(self, answer: str, width: int, theme: Theme) -> None:
        assert_sound(evidence_map_svg(MAPS[answer](), width=width, theme=theme))


class TestNothingForeign:
    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    def test_no_script_and_nothing_from_elsewhere(self, plot: Plot) -> None:
        svg = plot(body_of(6), width=800, theme=Theme.AUTO)
        for word in ("<script", "href", "url(", "@import", "<foreignObject", "<image", "onload"):
            assert word not in svg
        assert svg.count("http") == svg.count("http://www.w3.org/2000/svg") == 1

    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    def test_labels_are_escaped(self, plot: Plot) -> None:
        body = body_of(6)
        body["outcome_name"] = body["studies"][0]["label"] = body["condition_name"] = body["intervention_name"] = NASTY
        drawing = Drawing(plot(body, width=1200))
        assert not list(drawing.root.iter("{http://www.w3.org/2000/svg}script"))
        assert "<script>alert('x')</script> & \"Söhne\" ��� Ltd" in drawing.title

    def test_a_badge_is_escaped_too(self) -> None:
        drawing = Drawing(badge_svg({"certainty": "low", "direction": None}, condition=NASTY, intervention="A & B"))
        assert "A & B for <script>" in drawing.title


class TestSameBytes:
    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    def test_the_same_input_gives_the_same_bytes(self, plot: Plot) -> None:
        assert plot(body_of(6), width=777) == plot(body_of(6), width=777)

    def test_two_plots_on_a_page_have_ids_of_their_own(self) -> None:
        first, second = (Drawing(plot(body_of(6), width=800)) for plot in (forest_svg, funnel_svg))
        assert set(first.root.attrib["aria-labelledby"].split()).isdisjoint(second.root.attrib["aria-labelledby"].split())


class TestWidth:
    @pytest.mark.parametrize("width", [319, 2401])
    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    def test_out_of_bounds_is_refused(self, plot: Plot, width: int) -> None:
        with pytest.raises(ValueError, match="320 to 2400"):
            plot(body_of(1), width=width)


class TestThemes:
    def test_auto_changes_with_the_system_of_the_reader(self) -> None:
        svg = forest_svg(body_of(6), theme=Theme.AUTO)
        assert "prefers-color-scheme:dark" in svg
        assert 'fill="#ffffff"' in svg

    @pytest.mark.parametrize(("theme", "paper"), [(Theme.LIGHT, "#ffffff"), (Theme.DARK, "#0d1117")])
    def test_a_fixed_theme_needs_no_style_element(self, theme: Theme, paper: str) -> None:
        svg = forest_svg(body_of(6), theme=theme)
        assert "<style" not in svg
        assert f'<rect width="100%" height="100%" class="evidence-fill-paper" fill="{paper}"/>' in svg


class TestColours:
    """WCAG 2.2: text 4.5 to 1 (criterion 1.4.3), marks 3 to 1 (criterion 1.4.11)."""

    @pytest.mark.parametrize("colours", [LIGHT, DARK])
    @pytest.mark.parametrize("ground", ["paper", "band"])
    @pytest.mark.parametrize("role", ["ink", "muted"])
    def test_text_can_be_read(self, colours: Mapping[str, str], role: str, ground: str) -> None:
        assert contrast(colours[role], colours[ground]) >= 4.5

    @pytest.mark.parametrize("colours", [LIGHT, DARK])
    @pytest.mark.parametrize("role", ["bias-low", "bias-some", "bias-high"])
    def test_the_sign_in_a_disc_can_be_read(self, colours: Mapping[str, str], role: str) -> None:
        assert contrast(colours["bias-ink"], colours[role]) >= 4.5

    @pytest.mark.parametrize("colours", [LIGHT, DARK])
    @pytest.mark.parametrize("ground", ["paper", "band", "shade-1", "shade-2", "shade-3"])
    @pytest.mark.parametrize("role", ["ink", "pool", "muted"])
    def test_marks_stand_out_from_every_ground(self, colours: Mapping[str, str], role: str, ground: str) -> None:
        assert contrast(colours[role], colours[ground]) >= 3.0

    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    @pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
    def test_a_plot_writes_in_those_colours_alone(self, plot: Plot, theme: Theme) -> None:
        texts = Drawing(plot(body_of(6), width=800, theme=theme)).elements("text")
        assert {text["class"] for text in texts} <= {f"evidence-fill-{role}" for role in ("ink", "muted", "bias-ink")}


class TestManyStudies:
    @pytest.mark.parametrize("plot", OF_BODIES.values(), ids=list(OF_BODIES))
    def test_two_thousand_are_all_drawn_and_the_size_stays_finite(self, plot: Plot) -> None:
        drawing = Drawing(plot(body_of(2000), width=800))
        assert drawing.not_numbers() == []
        assert drawing.outside() == []
        assert drawing.height < 200_000


@pytest.mark.parametrize("plot", [forest_svg, funnel_svg, cumulative_svg, traffic_light])
class TestExpressionOfConcern:
    def test_is_marked_explained_and_told(self, plot: Plot) -> None:
        drawing = Drawing(plot(with_concern(body_of(6)), width=800))
        assert "expression of concern on the report, counted" in drawing.words
        assert "†" in drawing.words.replace("expression", "")
        assert "An expression of concern stands on the report of Haller 1985, which counts." in drawing.desc

    def test_without_one_nothing_is_said(self, plot: Plot) -> None:
        drawing = Drawing(plot(body_of(6), width=800))
        assert "concern on" not in drawing.words
        assert "†" not in drawing.svg


def test_every_plot_as_data_names_the_studies_with_a_concern() -> None:
    body = with_concern(body_of(6))
    forest, funnel, cumulative = forest_data(body), funnel_data(body), cumulative_data(body)
    bias = traffic_light_data(body, stored=judgements_of(body))
    for rows in (forest["studies"], funnel["points"], cumulative["steps"], bias["rows"]):
        assert isinstance(rows, list)
        assert [row["concern"] for row in rows].count(True) == 1
        assert not any("†" in str(value) for row in rows for value in row.values())
