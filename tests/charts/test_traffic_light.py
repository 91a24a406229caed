import json
from typing import Any

import pytest

from app.charts.traffic_light import traffic_light_data, traffic_light_svg
from tests.charts.drawing import SVG, Drawing
from tests.charts.examples import body_of, judgements_of, retracted_row


def signs(drawing: Drawing, label: str) -> list[str | None]:
    """What stands in the fields of a row, the rating last; a ring without a sign is None."""
    texts = [field.find(f"{SVG}text") for field in drawing.group(label).findall(f"{SVG}g")]
    return [None if text is None else text.text for text in texts]


def one_study(domains: dict[str, str], **judgement: Any) -> dict[str, Any]:
    """The judgements of the only study of `body_of(1)`, which the rating reads as RoB 2."""
    return {"s00": [{"tool": "rob-2", "overall": "high", "score": None, "outcome": None, "domains": domains, **judgement}]}


class TestTrafficLightSvg:
    def test_a_row_has_the_domains_of_its_tool_then_tool_and_rating(self) -> None:
        drawing = Drawing(traffic_light_svg(body_of(1), stored=one_study({"randomisation": "Low", "missing data": "Some concerns"})))
        assert signs(drawing, "Haller 1985") == ["+", "?", "−", "+"]
        assert "D1 randomisation; D2 missing data" in drawing.words

    def test_every_tool_is_a_section_and_every_study_a_row(self) -> None:
        body = body_of(8)
        drawing = Drawing(traffic_light_svg(body, stored=judgements_of(body), width=1200))
        assert len(drawing.groups("study")) == 8
        headings = [
            text.text for text in drawing.root.findall(f"{SVG}text") if text.text in ("RoB 2", "Cochrane 2011", "PEDro", "Not assessed")
        ]
        assert headings == ["RoB 2", "Cochrane 2011", "PEDro", "Not assessed"]

    def test_a_remark_behind_a_known_word_keeps_its_sign_and_is_told(self) -> None:
        drawing = Drawing(traffic_light_svg(body_of(1), stored=one_study({"trial size": "HIGH risk (size not stated)"})))
        assert signs(drawing, "Haller 1985")[0] == "−"
        assert drawing.group("trial size: HIGH risk (size not stated)").attrib["class"] == "evidence-judgement"

    def test_an_unknown_word_is_shown_as_written_below_where_the_field_is_too_small(self) -> None:
        drawing = Drawing(traffic_light_svg(body_of(1), stored=one_study({"a": "yes", "b": "it depends on whom one asks"})))
        assert signs(drawing, "Haller 1985")[:2] == ["yes", "[1]"]
        assert "[1] as written: it depends on whom one asks" in drawing.words

    def test_no_information_is_a_sign_of_its_own(self) -> None:
        drawing = Drawing(traffic_light_svg(body_of(1), stored=one_study({"a": "no-information"})))
        assert signs(drawing, "Haller 1985")[0] == "NI"

    def test_a_study_without_a_judgement_is_not_assessed(self) -> None:
        body = body_of(4)
        drawing = Drawing(traffic_light_svg(body, stored={}))
        assert signs(drawing, "Haller 1988") == [None]
        assert "Not assessed" in drawing.words

    def test_several_judgements_by_one_tool_say_whose_they_are(self) -> None:
        two = [{"tool": "rob-2", "overall": word, "judged_by": by} for word, by in (("low", "Ann"), ("high", "a review"))]
        drawing = Drawing(traffic_light_svg(body_of(1), stored={"s00": two}))
        assert signs(drawing, "Haller 1985, judged by Ann") == ["+"]
        assert signs(drawing, "Haller 1985, judged by a review") == ["−", "+"]
        assert "another judgement of that study decided" in drawing.words
        assert drawing.desc.startswith("Risk of bias of 1 study,")

    def test_what_a_record_does_not_give_is_a_dash_with_its_meaning(self) -> None:
        body = body_of(2)
        stored = one_study({"a": "low", "b": "low"}) | {"s01": one_study({"a": "high"})["s00"]}
        drawing = Drawing(traffic_light_svg(body, stored=stored))
        assert signs(drawing, "Haller 1986") == ["−", "–", "−", "?"]
        assert "not given in the record" in drawing.words

    def test_a_pedro_score_stands_as_written(self) -> None:
        body = body_of(1)
        body["studies"][0]["risk_of_bias"]["tool"] = "pedro"
        judged = one_study({}, tool="pedro", overall=None, score=7.0)
        assert signs(Drawing(traffic_light_svg(body, stored=judged)), "Haller 1985") == ["7/10", "+"]

    def test_a_retracted_study_is_struck_through_and_not_counted(self) -> None:
        drawing = Drawing(traffic_light_svg(body_of(1), stored={}, retracted=[retracted_row()]))
        assert [text["class"] for text in drawing.elements("text") if "text-decoration" in text][:1] == ["evidence-fill-muted"]
        assert drawing.group("Fraudster 2012, retracted, not counted").attrib["class"] == "evidence-study"
        assert drawing.desc.startswith("Risk of bias of 1 study")
        assert drawing.desc.endswith("1 retracted study is shown and not counted.")

    @pytest.mark.parametrize("width", [320, 800])
    def test_more_domains_than_fit_go_on_below(self, width: int) -> None:
        domains = {f"domain {index}": "low" for index in range(60)}
        drawing = Drawing(traffic_light_svg(body_of(1), stored=one_study(domains), width=width))
        assert len(signs(drawing, "Haller 1985")) == 62
        assert drawing.overlaps() == []
        assert drawing.outside() == []

    def test_without_a_study_it_says_so(self) -> None:
        assert "There is no study to judge." in Drawing(traffic_light_svg(body_of(1) | {"studies": []}, stored={})).words


class TestTrafficLightData:
    def test_says_how_many_stand_at_each_level(self) -> None:
        answer: Any = json.loads(json.dumps(traffic_light_data(body_of(4), stored={})))
        assert answer["sentence"].startswith("Risk of bias of 4 studies, over all: 1 low, 1 some concerns, 1 high, 1 not assessed.")

    def test_holds_every_judgement_as_written_with_its_level(self) -> None:
        row: Any = traffic_light_data(body_of(1), stored=one_study({"a": "Low (lung tests)", "b": "maybe"}))["rows"][0]  # type: ignore[index]
        assert row["domains"] == [
            {"name": "a", "written": "Low (lung tests)", "level": "low"},
            {"name": "b", "written": "maybe", "level": None},
        ]
        assert row["overall"] == {"name": "overall", "written": "high", "level": "high"}
        assert (row["tool"], row["rating"]["level"], row["retracted"]) == ("rob-2", "low", False)
