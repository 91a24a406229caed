from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identifiers import Doi
from app.queries.filter_values import allowed_values, parse_value, split_values, value_schema
from app.vocabulary import Certainty, Measure


class TestSplitValues:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("a", ["a"]),
            ("a,b", ["a", "b"]),
            ("a\\,b,c", ["a,b", "c"]),
            ("a\\\\,b", ["a\\", "b"]),
            ("a\\b", ["a\\b"]),
            ("a\\", ["a\\"]),
            ("", [""]),
            (",", ["", ""]),
        ],
    )
    def test_splits_at_bare_commas(self, text: str, values: list[str]) -> None:
        assert split_values(text) == values

    @given(st.lists(st.text("ab,\\"), min_size=1))
    def test_what_was_escaped_comes_back(self, values: list[str]) -> None:
        text = ",".join(value.replace("\\", "\\\\").replace(",", "\\,") for value in values)
        assert split_values(text) == values


class TestParseValue:
    @pytest.mark.parametrize(
        ("text", "kind", "value"),
        [
            ("-5", int, -5),
            ("1.5e3", float, 1500.0),
            ("true", bool, True),
            ("2026-11-24", date, date(2026, 11, 24)),
            ("2026-11-24T13:00:00Z", datetime, datetime(2026, 11, 24, 13, tzinfo=UTC)),
            ("2026-11-24T13:00:00+02:00", datetime, datetime(2026, 11, 24, 11, tzinfo=UTC)),
            ("019ab2c3-0000-7000-8000-000000000001", UUID, UUID("019ab2c3-0000-7000-8000-000000000001")),
            ("very-low", Certainty, Certainty.VERY_LOW),
            ("SMD", Measure, Measure.SMD),
            ("https://doi.org/10.1186/X", Doi, "10.1186/x"),
        ],
    )
    def test_reads_each_type(self, text: str, kind: Any, value: Any) -> None:
        assert parse_value(text, kind) == value

    @pytest.mark.parametrize(
        ("text", "kind", "said"),
        [
            ("2026-13-01", date, "not a date like"),
            ("20261124", date, "not a date like"),
            ("2026-11-24T13:00:00", datetime, "not a moment like"),
            ("0001-01-01T00:00:00+23:00", datetime, "not a moment like"),
            ("smd", Measure, "none of MD, SMD"),
            ("x", Doi, "is not a DOI"),
        ],
    )
    def test_says_what_was_expected(self, text: str, kind: Any, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            parse_value(text, kind)

    @given(st.text(), st.sampled_from([int, float, bool, date, datetime, UUID, Certainty, Doi, str]))
    def test_any_text_is_a_value_or_a_value_error(self, text: str, kind: Any) -> None:
        try:
            value = parse_value(text, kind)
        except ValueError:
            return
        assert value is not None


class TestSchemas:
    def test_closed_choices_are_named(self) -> None:
        assert allowed_values(Certainty) == ["high", "moderate", "low", "very-low", "no-evidence"]
        assert allowed_values(bool) == ["true", "false"]
        assert allowed_values(int) is None

    def test_each_type_has_its_schema(self) -> None:
        assert value_schema(int) == {"type": "integer"}
        assert value_schema(bool) == {"type": "boolean"}
        assert value_schema(date)["format"] == "date"
        assert value_schema(Certainty) == {"type": "string", "enum": ["high", "moderate", "low", "very-low", "no-evidence"]}
