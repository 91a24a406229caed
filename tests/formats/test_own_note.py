"""The note that carries what a format has no field for."""

from typing import Any

import pytest

from app.formats.drafts import Draft
from app.formats.own_note import own_note, read_own_note
from app.formats.registry import FORMATS
from app.formats.sniff import FileFormat
from app.schemas.bibliography import Bibliography
from app.vocabulary import Design, StudyKind
from tests.formats.bibliographies import read, written

MEMBERS = ("country", "kind", "design", "author_orcids", "urls")


def found(text: str) -> dict[str, Any]:
    draft = Draft(1)
    assert read_own_note(draft, text, MEMBERS)
    return draft.found


class TestOwnNote:
    def test_says_what_the_publication_types_do_not(self) -> None:
        trial = Bibliography(title="A", country="Norway", kind=StudyKind.PRIMARY, design=Design.RANDOMISED_TRIAL)
        assert own_note(trial, MEMBERS) == 'Evidence Ledger: {"country":"Norway","kind":"primary","design":"randomised-trial"}'
        named = trial.model_copy(update={"publication_types": ["Randomized Controlled Trial"], "country": None})
        assert own_note(named, MEMBERS) is None

    @pytest.mark.parametrize("text", ["{", "[" * 100_000, "[]", '{"country": 5, "urls": "x", "kind": ["a"]}', '{"title": "Another"}'])
    def test_that_was_changed_says_nothing(self, text: str) -> None:
        assert found(f"Evidence Ledger: {text}") == {}

    def test_of_others_is_left_to_others(self) -> None:
        assert not read_own_note(Draft(1), "Seen in Oslo", MEMBERS)

    @pytest.mark.parametrize("file_format", sorted(FORMATS.keys() - {FileFormat.LEDGER_JSON}))
    def test_brings_kind_and_country_home_in_every_format(self, file_format: FileFormat) -> None:
        study = Bibliography(title="A safety report", country="Norway", completed_on="2019-05", kind=StudyKind.SAFETY, design=Design.SURVEY)
        [record] = read(file_format, written(file_format, [study]))
        assert record.bibliography is not None
        assert (record.bibliography.country, record.bibliography.completed_on) == ("Norway", "2019-05")
        assert (record.bibliography.kind, record.bibliography.design) == (StudyKind.SAFETY, Design.SURVEY)
        assert record.problems == ()
