import pytest

from app.formats.author_names import family_first, name_parts, read_name, read_names, with_comma


class TestReadName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("Haller, Heidemarie", "Haller H"),
            ("Haller,H.", "Haller H"),
            ("Laurent, Romy Marie", "Laurent RM"),
            ("Meer, Jan-Willem van der", "van der Meer JW"),
            ("Smith, J., Jr.", "Smith J Jr"),
            ("Smith, Jr, John", "Smith J Jr"),
            ("Haller H.", "Haller H"),
            ("Berg A.-K.", "Berg AK"),
            ("Doe J Jr.", "Doe J Jr"),
            ("Cochrane Pain Group", "Cochrane Pain Group"),
            ("Neck, Back and Hip Group", "Neck, Back and Hip Group"),
            ("王, 小明", "王 小明"),
            ("  ", ""),
        ],
    )
    def test_gives_the_one_form(self, text: str, name: str) -> None:
        assert read_name(text) == name


class TestNameParts:
    @pytest.mark.parametrize(
        ("name", "parts"),
        [
            ("Haller H", ("Haller", "H", "")),
            ("Di Mattia L", ("Di Mattia", "L", "")),
            ("Smith JA Jr", ("Smith", "JA", "Jr")),
            ("Cochrane Pain Group", None),
            ("Plato", None),
        ],
    )
    def test_tell_people_from_groups(self, name: str, parts: tuple[str, str, str] | None) -> None:
        assert name_parts(name) == parts

    def test_make_the_form_with_commas(self) -> None:
        assert [with_comma(name) for name in ("Haller H", "Smith JA Jr", "Pain Group")] == ["Haller, H", "Smith, JA, Jr", "Pain Group"]

    def test_are_put_together_again(self) -> None:
        assert family_first("Smith", "JA", "Jr") == "Smith JA Jr"


class TestReadNames:
    @pytest.mark.parametrize(
        ("cell", "names"),
        [
            ("Haller, Heidi; Laurent, Romy", ["Haller H", "Laurent R"]),
            ("Haller H, Laurent RM", ["Haller H", "Laurent RM"]),
            ("Haller, Heidi", ["Haller H"]),
            ("Haller H.; Berg A.-K.;", ["Haller H", "Berg AK"]),
            ("", []),
        ],
    )
    def test_of_a_cell(self, cell: str, names: list[str]) -> None:
        assert read_names(cell) == names
