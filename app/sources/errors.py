"""What can go wrong between us and a literature service.

Problem
└── SourceProblem
    ├── 502  SourceReplyInvalid   it answered, but not with what it should
    ├── 503  SourceUnavailable    it refuses, is overloaded, or cannot be reached
    └── 504  SourceTimeout        it did not answer in time
NotFound
└── 404  UnknownIdentifier        it answered: there is no such record

No other error of the HTTP client leaves `app/sources`.
"""

from app.errors import NotFound, Problem


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
