"""An audit: named questions to the ledger and the tables whose answer should be that there is nothing.

What a named exception allows (founding data, retractions, an installation of one person) is told beside the findings, never left out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Change, Review
from app.queries.audit_acts import Act, Finding, Person, acts, finding, load_holders, load_orcids
from app.queries.audit_hands import ACCEPTING, Hands, decisions_in_tables
from app.queries.audit_words import Words
from app.queries.filters import Field, FilterTable, ListQuery
from app.queries.listed import page_of
from app.queries.paging import Page, SortKey
from app.vocabulary import AssignmentEnd, AuditQuestion, Role, WithoutSecondPerson

ASKED = {
    AuditQuestion.ONE_PERSON_APPROVALS: "What was accepted by a person who had a hand in it?",
    AuditQuestion.DECISIONS_ON_OWN_WORK: "What was rejected or sent back by a person who had a hand in it?",
    AuditQuestion.ACCEPTANCES_WITHOUT_INTERESTS: "What was accepted without a statement of interests?",
    AuditQuestion.AMENDMENTS_WITHOUT_REASON: "Which accepted record was amended, and neither author nor reviewer said why?",
    AuditQuestion.ACTS_BY_DEAD_KEYS: "What was done by a key that was revoked, had expired, or never was?",
    AuditQuestion.ACTS_BEYOND_ROLE: "What was done by a key whose role, by the ledger, did not allow it then?",
    AuditQuestion.ACTS_WITHOUT_ORCID: "What was done by a key that has no ORCID iD, neither then nor now?",
    AuditQuestion.SIGN_OFFS_OF_OWN_WORK: "Which rating is signed off by a person who had a hand in it, or twice by one person?",
    AuditQuestion.APPRAISALS_OF_OWN_WORK: "Which appraisal in force is by a person who had a hand in the studies?",
}
REVIEWS_AT_ONCE = 500
ORDER = list(Role)
"""From the least to the most that a role allows."""
CURATORS_ACTS = frozenset(
    {
        "study.accepted", "study.rejected", "study.changes-requested", "study.retracted", "sign-off.made", "sign-off.withdrawn",
        "appraisal.made", "appraisal.withdrawn", "notice.handled", "notice.dismissed", "assignment.made",
        "double-extraction.asked-for", "double-extraction.closed",
    }
)  # fmt: skip
ENDED_BY_CURATORS = frozenset(AssignmentEnd) - {AssignmentEnd.WITHDRAWN}
"""An assignment ends also when those who made the submission take it back."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The answers: findings, and what a named exception allows, in the order of the ledger."""

    findings: Mapping[AuditQuestion, list[Finding]]
    exceptions: Mapping[AuditQuestion, list[Finding]]

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.findings.values())


def audit(session: Session) -> Audit:
    """Ask everything: one walk through the ledger, then the tables."""
    holders = load_holders(session)
    hands, keys, acceptances, words = Hands(load_orcids(session, holders)), _Keys(holders), _Acceptances(), Words(holders)
    readers: tuple[Callable[[Act], Iterator[Finding]], ...] = (hands.read, keys.read, acceptances.read, words.read)
    found = [one for act in acts(session) for read in readers for one in read(act)]
    found += decisions_in_tables(session, hands, holders)
    found += acceptances.ask_reviews(session)
    found += [*words.ask_sign_offs(session, hands), *words.ask_appraisals(session, hands)]
    found.sort(key=lambda one: (one.sequence is None, one.sequence or 0))
    return Audit(
        {question: [one for one in found if one.question is question and one.exception is None] for question in AuditQuestion},
        {question: [one for one in found if one.question is question and one.exception is not None] for question in AuditQuestion},
    )


AUDIT_FINDINGS = FilterTable(
    fields=(
        Field("excepted", None, bool, ("eq",), condition=lambda _: true(), description="Without it `false`: what no exception allows."),
        Field("exception", None, WithoutSecondPerson, condition=lambda _: true(), description="With `excepted=true`: which exception."),
    ),
    sort_keys=(SortKey("sequence", col(Change.sequence), int),),
    tie=SortKey("id", col(Change.subject), nullable=False),
    default_sort="sequence,id",
)


def list_findings(found: Audit, question: AuditQuestion, asked: ListQuery) -> Page[Finding]:
    """A page of what answers one question, in the order of the ledger; what only the tables tell of comes last."""
    rows = (found.exceptions if asked.values.get("excepted") == [True] else found.findings)[question]
    only, but = asked.values.get("exception"), asked.values.get("exception__not", ())
    kept = [row for row in rows if row.exception not in but and (only is None or row.exception in only)]
    return page_of(kept, asked.sort, asked.page, lambda row, key: row.sequence if key == "sequence" else finding_id(row))


def finding_id(row: Finding) -> str:
    """What it is about, and by whom: unique among the answers to one question."""
    return "/".join((row.subject, str(row.revision or ""), row.who.id, str(row.sequence or "")))


class _Keys:
    """Which keys work at each moment, by the ledger."""

    def __init__(self, holders: Mapping[str, Person]) -> None:
        self._holders = holders
        self._known: set[str] = set()
        self._revoked: dict[str, int] = {}
        self._ends: dict[str, datetime | None] = {}
        self._roles: dict[str, Role] = {}

    def read(self, act: Act) -> Iterator[Finding]:
        if act.who.is_key:
            yield from self._judge(act)
        if act.action.startswith("key."):
            self._note(act)

    def _judge(self, act: Act) -> Iterator[Finding]:
        key, end = act.who.id, self._ends.get(act.who.id)
        why = None
        if key not in self._known:
            why = "no entry before this one makes the key"
        elif key in self._revoked:
            why = f"the key was revoked by entry {self._revoked[key]}"
        elif end is not None and end <= act.at:
            why = f"the key had expired on {end.isoformat()}"
        if why is not None:
            yield finding(AuditQuestion.ACTS_BY_DEAD_KEYS, act, f"{act.action}: {why}")
        needed, held = _role_for(act), self._roles.get(key)
        if held is not None and ORDER.index(held) < ORDER.index(needed):
            yield finding(AuditQuestion.ACTS_BEYOND_ROLE, act, f"{act.action} needs the role {needed}; the key had the role {held}")
        now = self._holders.get(key)
        if act.who.orcid is None and (now is None or now.orcid is None):
            yield finding(AuditQuestion.ACTS_WITHOUT_ORCID, act, f"{act.action}: the key has no ORCID iD")

    def _note(self, act: Act) -> None:
        key, details = act.subject.partition(":")[2], act.details
        if act.action == "key.created":
            self._known.add(key)
            self._roles[key] = Role(details["role"])
            self._ends[key] = _moment(details.get("expires_at"))
        elif act.action == "key.revoked":
            self._revoked[key] = act.sequence
        elif act.action == "key.rotated":
            self._ends[key] = _moment(details["expires_at"])
        else:
            after = details.get("after", {})
            if "expires_at" in after:
                self._ends[key] = _moment(after["expires_at"])
            if "role" in after:
                self._roles[key] = Role(after["role"])


@dataclass(slots=True)
class _Acceptances:
    """What was accepted, and what has to be said of it."""

    amended: dict[tuple[str, int], str | None] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    waiting: list[tuple[Act, bool]] = field(default_factory=list)
    """Acceptances whose review is still to be looked at, each with whether a reason is still to be found there."""

    def read(self, act: Act) -> Iterator[Finding]:
        study, number = act.study, act.details.get("revision")
        if study is None or number is None:
            return
        if act.action == "study.amended":
            self.amended[study, number] = act.details.get("reason")
        elif act.action in ACCEPTING:
            said = act.details.get("reason") or self.amended.get((study, number))
            unexplained = study in self.accepted and not said
            self.accepted.add(study)
            exception = act.exception
            if exception in (WithoutSecondPerson.SEEDING, WithoutSecondPerson.RETRACTION):
                detail = "there is no review: it needs no second person"
                yield finding(AuditQuestion.ACCEPTANCES_WITHOUT_INTERESTS, act, detail, exception=exception)
            else:
                self.waiting.append((act, unexplained))

    def ask_reviews(self, session: Session) -> Iterator[Finding]:
        for start in range(0, len(self.waiting), REVIEWS_AT_ONCE):
            part = self.waiting[start : start + REVIEWS_AT_ONCE]
            wanted = {act.details.get("review") for act, _ in part} - {None}
            columns = (col(Review.id), col(Review.comment), col(Review.conflict_of_interest))
            reviews: dict[str, Any] = {row.id: row for row in session.execute(select(*columns).where(col(Review.id).in_(wanted)))}
            for act, unexplained in part:
                review = reviews.get(act.details.get("review") or "")
                if review is None or not (review.conflict_of_interest or "").strip():
                    missing = "there is no review of it" if review is None else "the review states none"
                    yield finding(AuditQuestion.ACCEPTANCES_WITHOUT_INTERESTS, act, missing)
                if unexplained and not (review is not None and review.comment):
                    yield finding(AuditQuestion.AMENDMENTS_WITHOUT_REASON, act, "an amendment was accepted and nobody said why")


def _role_for(act: Act) -> Role:
    """The least role that an act needs."""
    if act.action.startswith("key."):
        return Role.ADMIN
    ended = act.action == "assignment.ended" and act.details["how"] in ENDED_BY_CURATORS
    return Role.CURATOR if ended or act.action in CURATORS_ACTS else Role.CONTRIBUTOR


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
