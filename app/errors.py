"""Everything that can go wrong between us and a client, each with its status, its slug and what to do about it.

Problem
├── 400  MalformedJson · InvalidQuery · InvalidCursor · InvalidHeader
├── 401  AuthenticationRequired · InvalidKey ── ExpiredKey
├── 403  NotAllowed ── OwnSubmission
├── 404  NotFound ── UnknownIdentifier      405  MethodNotAllowed      406  NotAcceptable
├── 409  Conflict ─┬─ DuplicateStudy
│                  ├─ StateConflict
│                  ├─ EditConflict
│                  └─ LastAdminKey
├── 410  Gone
├── 412  StaleRevision · RevisionNotReached
├── 413  BodyTooLarge  415  UnsupportedMediaType
├── 422  InvalidBody ── InconsistentStudy · IncompleteStudy
│        UnreadableFile
│        IdempotencyKeyReused
├── 428  PreconditionRequired
├── 429  TooManyRequests
├── 500  InternalError · 503  ServiceUnavailable
└── 502  SourceProblem ── SourceReplyInvalid · 503  SourceUnavailable · 504  SourceTimeout

Raised anywhere, rendered by `web/problems.py` as application/problem+json (RFC 9457). `/problems/<slug>` explains each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one member of a body; `pointer` is a JSON Pointer (RFC 6901)."""

    pointer: str
    detail: str
    allowed: Sequence[str] | None = None

    def as_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "detail": self.detail, "allowed": list(self.allowed) if self.allowed is not None else None}


@dataclass(frozen=True, slots=True)
class FieldDoubt(FieldProblem):
    """What should be looked at again and may yet be right: told, and refused nowhere."""


@dataclass(frozen=True, slots=True)
class ParameterProblem:
    """What is wrong with one parameter of a query or a path."""

    parameter: str
    detail: str
    allowed: Sequence[str] | None = None

    def as_json(self) -> dict[str, Any]:
        return {"parameter": self.parameter, "detail": self.detail, "allowed": list(self.allowed) if self.allowed is not None else None}


class Problem(Exception):
    """What a client is told: the class says what kind, the instance what happened."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    advice: ClassVar[str] = ""
    fixed_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldProblem | ParameterProblem] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or f"{self.title}."
        self.errors = tuple(errors)
        self.headers = {**self.fixed_headers, **(headers or {})}
        self.members = members

    @property
    def type(self) -> str:
        """An absolute path, so that it resolves against whatever address the client used."""
        return f"/problems/{self.slug}"


class MalformedJson(Problem):
    status = 400
    slug = "malformed-json"
    title = "The body is not valid JSON"
    advice = "Send UTF-8 JSON as in RFC 8259: no NaN or Infinity, no member twice in one object, no deeper nesting than 64 levels."


class InvalidQuery(Problem):
    status = 400
    slug = "invalid-query"
    title = "The query is not valid"
    advice = "Each entry of `errors` names a parameter and, where the choice is closed, the allowed values."


class InvalidCursor(Problem):
    status = 400
    slug = "invalid-cursor"
    title = "The cursor is not valid here"
    advice = "A cursor belongs to the filters and the sort it was given for. Start again without `cursor`, or follow `Link: rel=next`."


class InvalidHeader(Problem):
    status = 400
    slug = "invalid-header"
    title = "A header is not valid"
    advice = "The detail names the header and the form it should have."


class AuthenticationRequired(Problem):
    status = 401
    slug = "authentication-required"
    title = "This needs an API key"
    advice = "Send `Authorization: Bearer <key>`. An administrator of the installation can give you a key."
    fixed_headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class InvalidKey(Problem):
    status = 401
    slug = "invalid-key"
    title = "The API key is not valid"
    advice = "The key is mistyped, unknown or revoked. Ask an administrator for a new one, or leave the header out to read."
    fixed_headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class ExpiredKey(InvalidKey):
    slug = "expired-key"
    title = "The API key has expired"
    advice = "It was good until the moment that the detail names. Use the secret that took its place, or ask an administrator for one."


class NotAllowed(Problem):
    status = 403
    slug = "not-allowed"
    title = "Your role does not allow this"
    advice = "The detail names the role that is needed. An administrator can change the role of a key."


class OwnSubmission(NotAllowed):
    slug = "own-submission"
    title = "You cannot decide on your own submission"
    advice = "A second curator has to review it. One-person installations can switch this off by the setting `one_person`."


class NotFound(Problem):
    status = 404
    slug = "not-found"
    title = "Nothing is here"
    advice = "Check the address, the slug or the id; the lists under /v1 show what exists."


class MethodNotAllowed(Problem):
    status = 405
    slug = "method-not-allowed"
    title = "This address does not take that method"
    advice = "The header `Allow` lists the methods it takes."


class NotAcceptable(Problem):
    status = 406
    slug = "not-acceptable"
    title = "None of the formats you accept is served here"
    advice = "Change the header `Accept`; the detail lists the formats of this address."


class Conflict(Problem):
    status = 409
    slug = "conflict"
    title = "This conflicts with what is stored"
    advice = "Read the current state, then decide anew."


class DuplicateStudy(Conflict):
    slug = "duplicate-study"
    title = "This study is already here"
    advice = "`study` links to the record; amend that one instead of adding a second."


class StateConflict(Conflict):
    slug = "state-conflict"
    title = "What this is about is not in a state that allows it"
    advice = "The detail names the state it is in and the states from which the action is possible."


class EditConflict(Conflict):
    slug = "edit-conflict"
    title = "Somebody else's accepted change and yours touch the same fields"
    advice = "`conflicts` holds each field with its three values. Decide each in `resolutions` of a POST to `rebase`; then submit."


class LastAdminKey(Conflict):
    slug = "last-admin-key"
    title = "Nobody could manage keys any more"
    advice = "Make another key with the role admin first, one that lasts at least as long; then repeat this."


class Gone(Problem):
    status = 410
    slug = "gone"
    title = "This has been withdrawn"
    advice = "It existed and was taken back; the detail says why."


class StaleRevision(Problem):
    status = 412
    slug = "stale-revision"
    title = "The record has changed since you read it"
    advice = "Read it again, look at what changed, and repeat your change with the new `ETag` in `If-Match`."


class RevisionNotReached(Problem):
    status = 412
    slug = "revision-not-reached"
    title = "The ledger has not come to that revision"
    advice = (
        "`newest` is where the ledger stands. Whoever was told of a later one read another installation, or the ledger was put back from "
        "a backup since: forget what you kept from it, and read again without `Min-Evidence-Revision`."
    )


class BodyTooLarge(Problem):
    status = 413
    slug = "body-too-large"
    title = "The body is too large"
    advice = "Send it in parts. The detail states the limit."


class UnsupportedMediaType(Problem):
    status = 415
    slug = "unsupported-media-type"
    title = "The body has a media type that is not taken here"
    advice = "Set `Content-Type` to the type named in the detail, and send the body without `Content-Encoding`."


class InvalidBody(Problem):
    status = 422
    slug = "invalid-body"
    title = "The body does not fit its schema"
    advice = "Each entry of `errors` points at a member (JSON Pointer) and says what it should be."


class InconsistentStudy(InvalidBody):
    slug = "inconsistent-study"
    title = "The parts of the study contradict each other"
    advice = "Each entry of `errors` points at the member that does not fit the rest; check it against the source."


class IncompleteStudy(InvalidBody):
    slug = "incomplete-study"
    title = "The study is not complete yet"
    advice = "A draft may leave out what each entry of `errors` points at; a submission says it. Add it and submit again."


class UnreadableFile(Problem):
    status = 422
    slug = "unreadable-file"
    title = "The file cannot be read"
    advice = "The detail says what is wrong, and where. Export the references again as RIS, NBIB, BibTeX, CSL-JSON, CSV or XLSX."


class IdempotencyKeyReused(Problem):
    status = 422
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
    advice = "Make a new key for every new request; keep the old one only to repeat the very same request."


class PreconditionRequired(Problem):
    status = 428
    slug = "precondition-required"
    title = "This needs If-Match"
    advice = "Send the `ETag` of the record you read in `If-Match`, so that nobody's change is overwritten unseen."


class TooManyRequests(Problem):
    status = 429
    slug = "too-many-requests"
    title = "Too many requests"
    advice = "Wait as long as `Retry-After` says; `RateLimit` and `RateLimit-Policy` show what is left."


class InternalError(Problem):
    advice = "Try again; if it stays, report it with the `request_id`."


class ServiceUnavailable(Problem):
    status = 503
    slug = "service-unavailable"
    title = "The service is not ready"
    advice = "Try again after `Retry-After` seconds."
    fixed_headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


class SourceProblem(Problem):
    """A service failed us; the identifier may well exist."""

    status = 502
    slug = "source-problem"
    title = "A literature service failed"
    advice = "`unavailable` names the services and what happened. Try again later, or enter the study by hand."


class SourceReplyInvalid(SourceProblem):
    status = 502
    slug = "source-reply-invalid"
    title = "A literature service sent a reply that cannot be read"
    advice = "The service may be under maintenance or may have changed. Try again later; report it if it stays."


class SourceUnavailable(SourceProblem):
    status = 503
    slug = "source-unavailable"
    title = "A literature service does not answer now"
    advice = "Try again after `Retry-After` seconds where it is given, otherwise later; or enter the study by hand."


class SourceTimeout(SourceProblem):
    status = 504
    slug = "source-timeout"
    title = "A literature service took too long"
    advice = "Try again in a moment; or enter the study by hand."


class UnknownIdentifier(NotFound):
    slug = "unknown-identifier"
    title = "No literature service knows this identifier"
    advice = "Check it for a typing error against the publication. Very new records can take days to appear in PubMed and Europe PMC."


def problem_classes() -> list[type[Problem]]:
    """Every class of the tree, by status, then slug."""

    def walk(parent: type[Problem]) -> Iterator[type[Problem]]:
        for child in parent.__subclasses__():
            yield child
            yield from walk(child)

    return sorted((cls for cls in walk(Problem) if cls.__module__ == __name__), key=lambda cls: (cls.status, cls.slug))
