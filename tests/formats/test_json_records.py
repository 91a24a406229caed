import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.json_records import json_texts

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def split(text: str, size: int) -> list[tuple[int, str, bool]]:
    found = json_texts(text[start : start + size] for start in range(0, len(text), size))
    return [(line, record, ended) for line, record, ended in found]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
class TestSplitting:
    @pytest.mark.parametrize(
        ("text", "records"),
        [
            ("[]", []),
            ('[{"a": 1}, {"b": "]"}]', [(1, '{"a": 1}', True), (1, '{"b": "]"}', True)]),
            ('{"a": [1]}\n{"b": 2}', [(1, '{"a": [1]}', True), (2, '{"b": 2}', True)]),
            ('{"page": {"items": [9]}, "items": [\n{"a": 1}], "rest": [{"x": 1}]}', [(2, '{"a": 1}', True)]),
            ('[1, "a,]",\n null]', [(1, "1", True), (1, '"a,]"', True), (2, "null", True)]),
            ('[{"a": "\\\\\\""}]', [(1, '{"a": "\\\\\\""}', True)]),
            ('[{"a": 1}, {"b":', [(1, '{"a": 1}', True), (1, '{"b":', False)]),
            ('[{"a": 1},', [(1, '{"a": 1}', True), (1, "", False)]),
        ],
    )
    def test_does_not_depend_on_the_chunks(self, size: int, text: str, records: list[tuple[int, str, bool]]) -> None:
        assert split(text, size) == records

    @given(values=st.lists(VALUES, max_size=4))
    def test_gives_every_element_of_a_list(self, size: int, values: list[object]) -> None:
        assert [json.loads(text) for _, text, _ in split(json.dumps(values, indent=1), size)] == values

    @given(values=st.lists(VALUES, max_size=4))
    def test_gives_every_item_of_an_object(self, size: int, values: list[object]) -> None:
        text = json.dumps({"before": [values], "items": values, "after": {"items": values}})
        assert [json.loads(text) for _, text, _ in split(text, size)] == values
