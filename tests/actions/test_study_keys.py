"""A key that is proposed is one that no study has, however keys and the beginnings of keys lie behind one another."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from app.actions.studies import create_study
from app.actions.study_drafts import prepare_draft, write_drafts
from app.actions.study_keys import free_key, free_keys
from app.database import reading, transaction
from app.models import Study
from app.models.base import utc_now
from app.schemas.study import StudyDocument
from tests.factories import ANNA, BEN, CARL, CLARA, a_study, differences, the_least

X = "anon-nd-x"


def bare(title: str) -> StudyDocument:
    """A record whose key begins with `anon-nd-` and the title."""
    return StudyDocument.model_validate(the_least() | {"title": title})


def have(engine: Engine, keys: Sequence[str]) -> None:
    with transaction(engine) as session:
        for number, key in enumerate(keys):
            create_study(session, bare(f"Number {number}"), by=ANNA, key=key)


class TestKey:
    def test_first_author_year_and_condition(self, vocabulary: Engine) -> None:
        with reading(vocabulary) as session:
            assert free_key(session, a_study(authors=["Müller-Lüdenscheidt H"])) == "muller-ludenscheidt-2024-neck-pain"
            assert free_key(session, a_study(authors=["Sørensen Þ"])) == "sorensen-2024-neck-pain"

    def test_no_author_no_year_no_condition(self, vocabulary: Engine) -> None:
        bare = StudyDocument.model_validate(the_least() | {"title": "On the rhythm of it"})
        with reading(vocabulary) as session:
            assert free_key(session, bare) == "anon-nd-on-the-rhythm"

    def test_a_number_behind_it_when_it_is_taken(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            keys = [create_study(session, a_study(), by=ANNA).key for _ in range(3)]
        assert keys == ["muster-2024-neck-pain", "muster-2024-neck-pain-2", "muster-2024-neck-pain-3"]

    def test_a_long_name_still_gives_a_key_that_others_can_name(self, vocabulary: Engine) -> None:
        # 102 letters and the year end one character before the cut, so the hyphen would stand last
        with transaction(vocabulary) as session:
            keys = [create_study(session, a_study(authors=[f"{'x' * 104} A"]), by=ANNA).key for _ in range(2)]
            others = a_study(same_participants_as=keys)
        assert others.same_participants_as == keys


TAKEN_AND_WANTED = [
    ([f"{X}-2"], ["x", "x"], [X, f"{X}-3"]),
    ([f"{X}-2"], ["x", "x", "x 2"], [X, f"{X}-3", f"{X}-2-2"]),
    ([f"{X}-2-2"], ["x", "x", "x 2"], [X, f"{X}-2", f"{X}-2-3"]),
    ([X, f"{X}-2", f"{X}-2-2"], ["x 2", "x", "x 2 2"], [f"{X}-2-3", f"{X}-3", f"{X}-2-2-2"]),
    ([X, *(f"{X}-{number}" for number in range(2, 40))], ["x", "x"], [f"{X}-40", f"{X}-41"]),
]


class TestFreeKeys:
    @pytest.mark.parametrize(("taken", "wanted", "given"), TAKEN_AND_WANTED)
    def test_a_stem_that_looks_like_a_numbered_key_gets_what_nobody_has(
        self, vocabulary: Engine, taken: list[str], wanted: list[str], given: list[str]
    ) -> None:
        have(vocabulary, taken)
        drafts = [prepare_draft(bare(title)) for title in wanted]
        with transaction(vocabulary) as session:
            write_drafts(session, [draft.stem for draft in drafts], drafts, by=BEN, moment=utc_now())
        with reading(vocabulary) as session:
            mine = select(col(Study.key)).where(col(Study.created_by) == BEN.id).order_by(col(Study.id))
            assert list(session.execute(mine).scalars()) == given
        assert differences(vocabulary) == []

    def test_many_of_one_stem_are_numbered_in_their_order(self, vocabulary: Engine) -> None:
        have(vocabulary, [X, f"{X}-7", f"{X}-2-2"])
        with reading(vocabulary) as session:
            given = list(free_keys(session, [X] * 1500))
        assert given == [f"{X}-{number}" for number in range(2, 1502 + 1) if number != 7]

    def test_those_who_come_at_once_get_each_his_own(self, vocabulary: Engine) -> None:
        have(vocabulary, [f"{X}-2"])

        def create(number: int) -> str:
            with transaction(vocabulary) as session:
                return create_study(session, bare("x"), by=(ANNA, BEN, CARL, CLARA)[number % 4]).key

        with ThreadPoolExecutor(4) as people:
            keys = list(people.map(create, range(12)))
        assert sorted(keys) == sorted([X, *(f"{X}-{number}" for number in range(3, 14))])
