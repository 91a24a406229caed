import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import Enum
from typing import Any

import pytest

from app.synthesis.body import InstrumentInput, OutcomeInput, RegistrationInput
from app.synthesis.inputs_hash import canonical_text, inputs_hash, split_text, text_hash
from app.vocabulary import Better, Importance
from tests.synthesis.factories import pair, study, with_estimate


def plainly(value: Any, member: str = "") -> Any:
    """The canonical values written out plainly, for `json.dumps` to print; lists are sorted by what it prints."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plainly(getattr(value, field.name), field.name) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        items = [plainly(item) for item in value]
        return items if member == "instruments" else sorted(items, key=printed)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return {str(key): plainly(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def printed(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


TWO = OutcomeInput(
    "pain",
    'Pain "now" – überall\n',
    Better.LOWER,
    Importance.CRITICAL,
    (InstrumentInput("vas", "VAS", mid=10.0), InstrumentInput("nrs", "NRS", mid=0.1, maximum=1e22)),
)


class TestCanonicalText:
    @pytest.mark.parametrize(
        "value",
        [
            pair(study(with_estimate(-10, -15.5, -5), key="b"), study(with_estimate(), key="a"), outcomes=(TWO,)),
            {"b": [3, 1.0, 2.5, None, True, False], "a": date(2026, 11, 22), "é": (1e-300, -0.0, 5e-324, 1e22, 123456789012345.0)},
        ],
        ids=["pair", "values"],
    )
    def test_is_what_json_prints_of_the_canonical_values(self, value: Any) -> None:
        assert canonical_text(value) == printed(plainly(value))

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_a_number_that_json_does_not_know_is_refused(self, value: float) -> None:
        with pytest.raises(ValueError, match="no place in JSON"):
            canonical_text([value])

    def test_a_thing_that_is_no_input_is_refused(self) -> None:
        with pytest.raises(TypeError, match="no part of a rating's input"):
            canonical_text(object())


class TestInputsHash:
    def test_is_sha_256_of_the_text(self) -> None:
        asked = pair(study(with_estimate()))
        assert inputs_hash(asked) == hashlib.sha256(printed(plainly(asked)).encode()).hexdigest()

    def test_order_of_studies_does_not_matter_order_of_instruments_does(self) -> None:
        one, other = study(with_estimate(), key="a"), study(with_estimate(-3, -5, -1), key="b")
        asked = pair(one, other, outcomes=(TWO,))
        turned = replace(TWO, instruments=TWO.instruments[::-1])
        assert inputs_hash(asked) == inputs_hash(replace(asked, studies=asked.studies[::-1]))
        assert inputs_hash(asked) != inputs_hash(replace(asked, outcomes=(turned,)))


class TestSplitText:
    def test_joined_it_is_the_canonical_text(self) -> None:
        one, other = study(with_estimate(), key="a"), study(with_estimate(-3, -5, -1), key="b")
        asked = pair(one, other, outcomes=(TWO,), registrations=(RegistrationInput("r", None, "2020-01", 4, (other, one)),))
        split = split_text(asked)
        assert split.joined() == canonical_text(asked)
        assert text_hash(split.joined()) == inputs_hash(asked)
        assert len(split.between) == len(split.parts) + 1

    def test_each_outcome_and_each_study_is_a_part_wherever_it_stands(self) -> None:
        one, other = study(with_estimate(), key="a"), study(with_estimate(-3, -5, -1), key="b")
        asked = pair(one, other, outcomes=(TWO,), registrations=(RegistrationInput("r", None, "2020-01", 4, (other,)),))
        written = {name: canonical_text(part) for name, part in {"outcome": TWO, "one": one, "other": other}.items()}
        assert sorted(split_text(asked).parts) == sorted([written["outcome"], written["one"], written["other"], written["other"]])
        assert not any(text in between for text in written.values() for between in split_text(asked).between)

    def test_a_pair_without_anything_is_one_text(self) -> None:
        assert split_text(pair(outcomes=())).parts == ()

    def test_text_that_looks_like_a_study_inside_a_name_is_left_where_it_is(self) -> None:
        inside = study(with_estimate())
        asked = pair(inside, condition_name=canonical_text(inside))
        assert split_text(asked).joined() == canonical_text(asked)
        assert split_text(asked).between[-1] == "]}"


class TestRememberedTexts:
    def test_an_equal_part_has_an_equal_text_whatever_its_numbers_are_kept_as(self) -> None:
        whole, point = (study(with_estimate(-10), cluster_size=size) for size in (12, 12.0))
        assert canonical_text(whole) == canonical_text(point) == printed(plainly(point))
