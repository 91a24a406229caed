import re

import pytest

from app.errors import NotFound, Problem
from app.sources import errors
from app.sources.errors import SourceProblem, SourceReplyInvalid, SourceTimeout, SourceUnavailable, UnknownIdentifier

CONTRACT: dict[type[Problem], tuple[str, int]] = {
    SourceReplyInvalid: ("source-reply-invalid", 502),
    SourceUnavailable: ("source-unavailable", 503),
    SourceTimeout: ("source-timeout", 504),
    UnknownIdentifier: ("unknown-identifier", 404),
}


class TestTree:
    @pytest.mark.parametrize("cls", CONTRACT, ids=lambda cls: cls.__name__)
    def test_every_class_keeps_its_slug_and_status_and_says_what_to_do(self, cls: type[Problem]) -> None:
        assert (cls.slug, cls.status) == CONTRACT[cls]
        assert cls.title
        assert len(cls.advice) > 20

    def test_only_an_answer_makes_an_identifier_unknown(self) -> None:
        assert issubclass(UnknownIdentifier, NotFound)
        assert not issubclass(UnknownIdentifier, SourceProblem)

    def test_the_drawing_names_every_class(self) -> None:
        drawn = set(re.findall(r"[A-Z][A-Za-z]+", errors.__doc__ or ""))
        assert {cls.__name__ for cls in (*CONTRACT, SourceProblem)} <= drawn
