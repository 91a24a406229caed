import pytest

from app.sources.reading import at, objects_at, paragraphs, read_json, read_xml, text_at, texts_at, without_markup


class TestReadJson:
    def test_reads_an_object(self) -> None:
        assert read_json('{"a": "ä"}'.encode()) == {"a": "ä"}

    @pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"\xff\xfe", b'{"a":' * 200_000])
    def test_refuses_anything_else(self, body: bytes) -> None:
        with pytest.raises(ValueError, match="not"):
            read_json(body)


class TestReadXml:
    def test_a_doctype_is_no_danger(self) -> None:
        assert read_xml(b'<!DOCTYPE a PUBLIC "x" "https://dtd.example/a.dtd"><a><b/></a>').tag == "a"

    @pytest.mark.parametrize("body", [b"", b"<a>", b'<!DOCTYPE a [<!ENTITY b "bbb">]><a>&b;</a>', b"<a>&b;</a>"])
    def test_refuses_entities_and_fragments(self, body: bytes) -> None:
        with pytest.raises(ValueError, match="not XML"):
            read_xml(body)


class TestAt:
    def test_follows_a_path_as_far_as_there_are_objects(self) -> None:
        content = {"a": {"b": [1]}, "c": None, "d": "text"}
        assert at(content, "a", "b") == [1]
        assert [at(content, *path) for path in (("a", "x"), ("c", "x"), ("d", "x"), ("x", "y"))] == [None] * 4

    def test_takes_texts_and_numbers_only(self) -> None:
        content = {"text": "  a\n b ", "number": 5, "flag": True, "list": ["x"], "empty": " "}
        assert [text_at(content, name) for name in content] == ["a b", "5", None, None, None]

    def test_lists_hold_what_they_should(self) -> None:
        assert objects_at({"a": [{"b": 1}, "x", None]}, "a") == [{"b": 1}]
        assert objects_at({"a": {"b": 1}}, "a") == [{"b": 1}]
        assert objects_at({"a": "x"}, "a") == []
        assert texts_at({"a": ["x", 1, " ", None]}, "a") == ["x"]
        assert texts_at({"a": "x"}, "a") == ["x"]


class TestText:
    def test_titles_lose_their_tags_and_keep_their_signs(self) -> None:
        assert without_markup("<i>H</i><sub>2</sub>O &amp; p &lt; 0.05") == "H2O & p < 0.05"
        assert without_markup("2 < 3 and 5 > 4") == "2 < 3 and 5 > 4"
        assert without_markup("<b></b>") is None

    def test_an_abstract_keeps_its_paragraphs(self) -> None:
        assert paragraphs("<jats:title>Aim</jats:title>\n<jats:p>One\n two.</jats:p><p>Three.</p>") == "Aim\nOne two.\nThree."
        assert paragraphs("<h4>Aim</h4>One.") == "Aim\nOne."
        assert paragraphs("One.\n\nTwo.") == "One.\nTwo."
        assert paragraphs(None) is None
