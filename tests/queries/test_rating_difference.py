"""A rating that moved says why, in words."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from app.actions.recompute import rating_moved
from app.database import reading
from app.queries.rating_difference import explain_difference
from tests.factories import rating_content

Json = dict[str, Any]


@pytest.fixture
def content(seeded_engine: Engine) -> Json:
    with reading(seeded_engine) as session:
        return copy.deepcopy(rating_content(session))


def after(content: Json, change: Callable[[Json], object]) -> tuple[Json, list[str]]:
    changed = copy.deepcopy(content)
    change(changed)
    return changed, explain_difference(content, changed)


CHANGES: dict[str, tuple[Callable[[Json], object], str]] = {
    "certainty": (lambda r: r.update(certainty="high"), "Certainty: "),
    "direction": (lambda r: r.update(direction=None), "→ none."),
    "one study more": (lambda r: r.update(eligible_studies=7, eligible_participants=900), "→ 7 with 900."),
    "a body gone": (lambda r: r["outcomes"].pop(0), "no body of evidence is left"),
    "another effect": (lambda r: r["outcomes"][0]["effect"].update(estimate=-3.0), "effect MD"),
    "no pooled effect": (lambda r: r["outcomes"][0].update(effect=None), "→ none."),
    "a level more": (lambda r: r["outcomes"][0]["domains"]["imprecision"].update(levels=9, reason="Few people."), "9 levels: Few people."),
    "other directions": (lambda r: r["outcomes"][0]["directions"].update(null=5), "neither 5"),
    "out of the headline": (lambda r: r["outcomes"][0].update(in_headline=not r["outcomes"][0]["in_headline"]), "in the headline"),
    "a study passed over": (
        lambda r: r["ineligible"].append({"study": "a-2020", "position": 1, "rule": "x", "reason": "No control group."}),
        "a-2020, result 2, is not eligible: No control group.",
    ),
    "a study measured only": (
        lambda r: r["measured_not_usable"].append({"study": "a-2020", "position": None, "rule": "x", "reason": "No spread."}),
        "a-2020 measured it, and its figures cannot be pooled: No spread.",
    ),
    "a concern": (
        lambda r: r.update(concerns=[{"study": "a-2020", "label": "Doubted 2020"}]),
        "An expression of concern stands on the report of Doubted 2020 now",
    ),
    "harms": (lambda r: r["harms"].update(serious_adverse_events=4), "Harms: serious adverse events"),
    "an overdue trial": (
        lambda r: r["overdue_registrations"].append({"key": "k", "registration": "NCT01", "completed_on": "2015-01", "n": 3}),
        "The registered trial NCT01 is overdue: completed in 2015-01",
    ),
    "the wording alone": (lambda r: r.update(sentence="Other words."), "It reads now: Other words."),
    "something that has no words of its own": (lambda r: r.update(reasons=[]), "Reasons differs"),
}


class TestExplainDifference:
    @pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES.keys())
    def test_each_kind_of_difference_has_its_sentence(self, content: Json, change: Callable[[Json], object], said: str) -> None:
        changed, sentences = after(content, change)
        assert rating_moved(content, changed)
        assert any(said in sentence for sentence in sentences), sentences

    def test_whatever_moves_a_rating_is_given_a_reason(self, content: Json) -> None:
        for name in content.keys() - {"condition", "intervention"}:
            changed = {**content, name: _other(content[name])}
            if changed != content:
                assert explain_difference(content, changed), name

    def test_nothing_differs_nothing_is_said(self, content: Json) -> None:
        assert explain_difference(content, content) == []

    def test_a_first_rating_is_new(self, content: Json) -> None:
        assert explain_difference(None, content) == [f"The rating is new: {content['certainty']}."]


def _other(value: Any) -> Any:
    match value:
        case str() | None:
            return "something else"
        case list():
            return []
        case dict():
            return {name: _other(one) for name, one in value.items()}
        case _:
            return value + 1
