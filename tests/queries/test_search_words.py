import pytest

from app.queries.search_words import MAX_WORDS, STOP_WORDS, SearchWords, fold, marked_ranges, read_words, split_words


class TestSplitWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Neck pain", ["neck", "pain"]),
            ("HIT-6", ["hit", "6"]),
            ("anxiety/depression", ["anxiety", "depression"]),
            ("10.3390/bs13110914", ["10", "3390", "bs13110914"]),
            ("Wo\u0301jcik", ["wójcik"]),
            ('"a* OR (b', ["a", "or", "b"]),
            ("!?… – 🙂", []),
        ],
    )
    def test_words_are_runs_of_letters_and_digits(self, text: str, words: list[str]) -> None:
        assert split_words(text) == words


class TestReadWords:
    def test_the_last_word_may_be_unfinished(self) -> None:
        assert read_words("neck pai") == SearchWords(("neck",), "pai")

    @pytest.mark.parametrize("text", ["IBS", "ibs", "trial of CRS"])
    def test_a_short_abbreviation_is_whole(self, text: str) -> None:
        words = read_words(text)
        assert words is not None
        assert words.last is None

    def test_words_without_meaning_are_left_aside(self) -> None:
        assert read_words("pain in the neck of the") == SearchWords(("pain",), "neck")

    @pytest.mark.parametrize("text", ["", "   ", "?!", "the", "Who is the", "AND OR NOT"])
    def test_nothing_to_look_for_is_none(self, text: str) -> None:
        assert read_words(text) is None

    def test_there_is_an_end_to_the_words(self) -> None:
        words = read_words(" ".join(f"w{number}" for number in range(100)))
        assert words is not None
        assert len(words.all) == MAX_WORDS

    def test_the_list_of_stop_words_is_whole(self) -> None:
        assert len(STOP_WORDS) == 127  # Snowball's English list, as PostgreSQL ships it


class TestMarkedRanges:
    @pytest.mark.parametrize(
        ("text", "words", "marked"),
        [
            ("Adults with neck pain", ["neck", "pain"], ["neck", "pain"]),
            ("Headache, headaches and head pain", ["headaches"], ["Headache", "headaches"]),
            ("therapy", ["therapies"], ["therapy"]),
            ("Wójcik 2023", ["wojcik"], ["Wójcik"]),
            ("irritable bowel", ["ibs"], []),
            ("painless", ["pain"], ["painless"]),
        ],
    )
    def test_what_was_looked_for_is_marked(self, text: str, words: list[str], marked: list[str]) -> None:
        assert [text[start:end] for start, end in marked_ranges(text, words)] == marked


class TestFold:
    def test_accents_and_case_go(self) -> None:
        assert fold("Jäkel É") == "jakel e"
