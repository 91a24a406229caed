from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, computed_field

from app.errors import InvalidQuery, ParameterProblem
from app.queries.fields import parse_fields, project


class Effect(BaseModel):
    value: float | None
    measure: str


class Result(BaseModel):
    outcome: str
    effect: Effect | None


class Study(BaseModel):
    id: str
    title: str
    results: list[Result]
    notes: dict[str, Any]
    wire: str = Field(serialization_alias="on_wire")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def first(self) -> Result | None:
        return self.results[0] if self.results else None


DOCUMENT = {
    "id": "1",
    "title": "t",
    "results": [{"outcome": "pain", "effect": {"value": 1.5, "measure": "MD"}}, {"outcome": "sleep", "effect": None}],
    "notes": {"any": {"thing": 1}, "other": 2},
    "on_wire": "w",
    "first": None,
}
PATHS = [
    "id",
    "title",
    "results",
    "results.outcome",
    "results.effect",
    "results.effect.value",
    "notes.any.thing",
    "on_wire",
    "first.effect",
]


def kept(text: str) -> Any:
    return project(DOCUMENT, parse_fields(text, Study))


def refused(text: str) -> ParameterProblem:
    with pytest.raises(InvalidQuery) as caught:
        parse_fields(text, Study)
    (error,) = caught.value.errors
    assert isinstance(error, ParameterProblem)
    return error


class TestProject:
    def test_keeps_what_was_asked_in_the_order_of_the_document(self) -> None:
        assert list(kept("title,id")) == ["id", "title"]

    def test_goes_through_lists_and_missing_members(self) -> None:
        assert kept("results.effect.value") == {"results": [{"effect": {"value": 1.5}}, {"effect": None}]}

    def test_a_member_brings_all_below_it(self) -> None:
        assert kept("results") == {"results": DOCUMENT["results"]}

    @pytest.mark.parametrize("text", ["results,results.outcome", "results.outcome,results", "results.outcome,results,results.effect.value"])
    def test_the_wider_wish_wins_in_any_order(self, text: str) -> None:
        assert kept(text) == {"results": DOCUMENT["results"]}

    def test_two_members_below_one_are_joined(self) -> None:
        assert kept("results.outcome,results.effect.measure") == {
            "results": [{"outcome": "pain", "effect": {"measure": "MD"}}, {"outcome": "sleep", "effect": None}]
        }

    def test_an_open_mapping_may_be_entered(self) -> None:
        assert kept("notes.any.thing") == {"notes": {"any": {"thing": 1}}}

    def test_a_model_is_projected_in_its_wire_form(self) -> None:
        study = Study(id="1", title="t", results=[Result(outcome="pain", effect=None)], notes={}, wire="w")
        tree = parse_fields("on_wire,first.outcome", Study)
        assert project(study, tree) == {"on_wire": "w", "first": {"outcome": "pain"}}
        assert project([study], tree) == [project(study, tree)]

    def test_names_are_those_on_the_wire(self) -> None:
        assert kept("on_wire,first") == {"on_wire": "w", "first": None}

    @given(st.lists(st.sampled_from(PATHS), min_size=1))
    def test_what_is_kept_stands_in_the_document(self, paths: list[str]) -> None:
        result = kept(",".join(paths))
        assert result.keys() == {path.split(".")[0] for path in paths}
        assert project(result, parse_fields(",".join(paths), Study)) == result


class TestRefusal:
    def test_an_unknown_member_names_the_nearest(self) -> None:
        error = refused("titel")
        assert error.parameter == "fields"
        assert error.detail == "there is no member 'titel'; did you mean 'title'?"
        assert error.allowed is not None
        assert "title" in error.allowed

    def test_a_nested_one_says_where(self) -> None:
        assert refused("results.effect.valeu").detail == "there is no member 'valeu' in 'results.effect'; did you mean 'value'?"

    def test_a_plain_value_has_no_members(self) -> None:
        assert refused("title.x").detail == "there is no member 'x' in 'title'; it has none."

    def test_a_name_in_python_that_is_another_on_the_wire_is_unknown(self) -> None:
        assert "'wire'" in refused("wire").detail

    @pytest.mark.parametrize("text", ["", ",", "id,", ".id", "id..x", "results.", " id"])
    def test_nonsense_is_refused(self, text: str) -> None:
        assert refused(text).parameter == "fields"

    @given(st.text(max_size=40) | st.lists(st.sampled_from([*PATHS, "x", "", "."]), max_size=5).map(",".join))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            tree = parse_fields(text, Study)
        except InvalidQuery:
            return
        assert project(DOCUMENT, tree)
