import pytest

from app.synthesis.body import PairInput, RegistrationInput
from app.synthesis.inputs_hash import SplitText, canonical_text, inputs_hash, split_text
from app.synthesis.inputs_reading import UnreadableInput, read_pair
from app.synthesis.rating import rate_pair, to_json
from app.vocabulary import Comparator
from tests.synthesis.factories import direction_only, judgement, pair, study, with_estimate, with_events, with_means

REPORT = study(with_means(), key="report-2019", year=2019, linked_registration="NCT00000001")
WHOLE = pair(
    study(with_estimate(), direction_only(position=1), key="b-2021", risk_of_bias=(judgement(score=7),), n_randomised=40),
    study(with_events(), with_estimate(-3, -9, 3, comparator=Comparator.USUAL_CARE), key="a-2020", harms_reported=True),
    REPORT,
    registrations=(
        RegistrationInput("reg-2015", "NCT00000001", "2016-05", 60, (REPORT,)),
        RegistrationInput("reg-2010", None, "2011-05-01", None),
    ),
    shared_participants=(("a-2020", "b-2021"),),
)


def changed(pair_input: PairInput, old: str, new: str) -> SplitText:
    """The text of the input with one thing written otherwise, in the frame or in every part."""
    split = split_text(pair_input)
    assert old in split.joined()
    return SplitText(tuple(text.replace(old, new) for text in split.between), tuple(part.replace(old, new) for part in split.parts))


class TestReadPair:
    @pytest.mark.parametrize("written", [WHOLE, pair(), pair(study()), pair(study(with_estimate()), outcomes=())])
    def test_gives_what_was_written(self, written: PairInput) -> None:
        read = read_pair(split_text(written))
        assert canonical_text(read) == canonical_text(written)
        assert inputs_hash(read) == inputs_hash(written)

    def test_gives_the_same_rating(self) -> None:
        assert to_json(rate_pair(read_pair(split_text(WHOLE)))) == to_json(rate_pair(WHOLE))

    def test_words_become_enums_and_whole_numbers_floats_where_the_engine_keeps_floats(self) -> None:
        read = read_pair(split_text(pair(study(with_estimate(-10.0, -15.0, -5.0)))))
        [result] = read.studies[0].results
        assert result.comparator is Comparator.SHAM
        assert result.estimate is not None
        assert (type(result.estimate.value), type(result.treatment.n)) == (float, int)

    def test_a_study_that_two_ratings_hold_is_read_once(self) -> None:
        one, other = (read_pair(split_text(pair(REPORT, condition_name=name))) for name in ("One", "Other"))
        assert one.studies[0] is other.studies[0]

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ('"year":2020', '"year":2020,"mood":"good"', "this engine knows no mood"),
            ('"condition_name":"Neck pain",', "", "a member that this engine needs is missing"),
            ('"comparator":"sham"', '"comparator":"nothing"', "StudyInput.results.*comparator.*nothing"),
            ('"year":2020', '"year":true', "year: expected int, found bool"),
            ('"within_group":false', '"within_group":0', "within_group: expected bool, found int"),
            ('"as_of":"2026-11-22"', '"as_of":"22 November"', "as_of"),
            ('"as_of":"2026-11-22"', '"as_of":20261122', "as_of: expected str, found int"),
            ('"label":"first-2020"', '"label":["first-2020"]', "label: expected str, found list"),
            ('"results":[', '"results":{"a":1},"rest":[', "results: expected list|knows no rest"),
            ('"intervention":"craniosacral-therapy"', '"intervention":', "no JSON"),
            ('"key":"first-2020"', '"key":', "a part of the input is no JSON"),
        ],
    )
    def test_what_it_does_not_understand_is_named_never_guessed(self, old: str, new: str, complaint: str) -> None:
        with pytest.raises(UnreadableInput, match=complaint):
            read_pair(changed(pair(study(with_estimate())), old, new))

    def test_a_member_that_came_later_with_a_default_may_be_missing(self) -> None:
        older = changed(pair(study(with_estimate(), harms_reported=False)), '"harms_reported":false,', "")
        assert read_pair(older).studies[0].harms_reported is False

    @pytest.mark.parametrize("studies", ["[7]", "[-1]", '["0"]', "[null]"])
    def test_a_place_for_a_part_that_is_not_there(self, studies: str) -> None:
        empty = split_text(pair(outcomes=()))
        with pytest.raises(UnreadableInput, match=r"input\.studies"):
            read_pair(SplitText((empty.joined().replace('"studies":[]', f'"studies":{studies}'),), ()))
