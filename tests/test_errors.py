import re

import pytest

from app import errors
from app.errors import FieldProblem, Problem, StaleRevision, problem_classes

# What DESIGN's contract and clients rely on: these never change.
CONTRACT = {
    "malformed-json": 400,
    "invalid-query": 400,
    "invalid-cursor": 400,
    "invalid-header": 400,
    "authentication-required": 401,
    "invalid-key": 401,
    "expired-key": 401,
    "not-allowed": 403,
    "own-submission": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "conflict": 409,
    "duplicate-study": 409,
    "state-conflict": 409,
    "edit-conflict": 409,
    "last-admin-key": 409,
    "gone": 410,
    "stale-revision": 412,
    "revision-not-reached": 412,
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "invalid-body": 422,
    "inconsistent-study": 422,
    "incomplete-study": 422,
    "unreadable-file": 422,
    "idempotency-key-reused": 422,
    "precondition-required": 428,
    "too-many-requests": 429,
    "internal-error": 500,
    "service-unavailable": 503,
    "source-problem": 502,
    "source-reply-invalid": 502,
    "source-unavailable": 503,
    "source-timeout": 504,
    "unknown-identifier": 404,
}


class TestTree:
    def test_every_slug_keeps_its_status(self) -> None:
        assert {cls.slug: cls.status for cls in problem_classes()} == CONTRACT

    def test_the_drawing_names_every_class(self) -> None:
        drawn = set(re.findall(r"[A-Z][A-Za-z]+", (errors.__doc__ or "").split("\n\n")[1]))
        assert {cls.__name__ for cls in problem_classes()} <= drawn

    @pytest.mark.parametrize("cls", problem_classes(), ids=lambda cls: cls.slug)
    def test_every_class_says_what_to_do(self, cls: type[Problem]) -> None:
        assert cls.title
        assert len(cls.advice) > 20
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.slug)


class TestSourceProblem:
    def test_only_an_answer_makes_an_identifier_unknown(self) -> None:
        assert issubclass(errors.UnknownIdentifier, errors.NotFound)
        assert not issubclass(errors.UnknownIdentifier, errors.SourceProblem)


class TestProblem:
    def test_without_detail_the_title_speaks(self) -> None:
        assert errors.NotFound().detail == "Nothing is here."

    def test_keeps_what_it_is_given(self) -> None:
        problem = errors.DuplicateStudy("Known.", errors=[FieldProblem("/doi", "taken")], study="/v1/studies/1")
        assert problem.members == {"study": "/v1/studies/1"}
        assert problem.errors[0].as_json() == {"pointer": "/doi", "detail": "taken", "allowed": None}
        assert problem.type == "/problems/duplicate-study"
        assert str(problem) == "Known."

    def test_own_headers_join_those_of_the_class(self) -> None:
        assert errors.AuthenticationRequired(headers={"X-A": "b"}).headers == {"WWW-Authenticate": "Bearer", "X-A": "b"}
        assert StaleRevision(headers={"ETag": '"r2"'}).headers == {"ETag": '"r2"'}
