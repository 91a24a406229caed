"""What the ledger says stands now, gathered while its entries are read in their order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import NoResultFound

from app.actions.import_ledger import ImportsState
from app.actions.workflow_state import READERS as WORKFLOW_ACTIONS
from app.actions.workflow_state import WorkflowState
from app.vocabulary import RevisionStatus, StudyStatus

STATUS_AFTER = {
    "study.created": RevisionStatus.DRAFT,
    "study.amended": RevisionStatus.DRAFT,
    "study.submitted": RevisionStatus.SUBMITTED,
    "study.changes-requested": RevisionStatus.CHANGES_REQUESTED,
    "study.rejected": RevisionStatus.REJECTED,
    "study.withdrawn": RevisionStatus.WITHDRAWN,
    "study.accepted": RevisionStatus.ACCEPTED,
    "study.retracted": RevisionStatus.ACCEPTED,
}
"""What a revision is after an act on it."""
LIVE_ACTIONS = frozenset({"study.accepted", "study.retracted"})
MAKING_ACTIONS = frozenset({"study.created", "study.amended"})
PINNED = ("extraction", "double-extraction", "adjudication")
"""What is pinned row by row: each act on one says the hash of every row that it touches."""
NOT_ENDED = dict.fromkeys(("withdrawn_at", "withdrawn_by", "withdrawal_reason", "replaced_by"))
"""What the row of an appraisal holds while it is in force."""
NEVER_ROTATED = dict.fromkeys(("previous_hash_sha256", "previous_valid_until"))
"""What the row of a key holds while it has its first secret."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, NoResultFound)
"""What reading a row raises that was tampered with: broken JSON, a word that is in no vocabulary, a missing member, a missing row."""


@dataclass(frozen=True, slots=True)
class Difference:
    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}"


def guarded(place: str, found: Iterator[Difference]) -> Iterator[Difference]:
    """The differences; what cannot be read is one, and never an error."""
    try:
        yield from found
    except UNREADABLE as error:
        yield Difference(place, f"cannot be read ({type(error).__name__})")


@dataclass(slots=True)
class RevisionState:
    """`pin` is the newest of its entries. What entries from before there were salts pinned instead is its document and its making."""

    created_by: str
    created_at: str
    pin: str | None = None
    document_sha256: str | None = None
    revision_sha256: str | None = None
    status: RevisionStatus = RevisionStatus.DRAFT
    submitted_by: str | None = None
    submitted_at: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Its pin, or from before there were salts its hash."""

    pin: str | None
    review_sha256: str | None


@dataclass(slots=True)
class StudyState:
    created_by: str
    created_at: str
    updated_at: str
    status: StudyStatus = StudyStatus.DRAFT
    newest_revision: int = 1
    live_revision: int | None = None
    key: str | None = None
    revisions: dict[int, RevisionState] = field(default_factory=dict)
    reviews: dict[str, ReviewState] = field(default_factory=dict)
    """By the identifier of the review."""


class LedgerState:
    """Filled by `read`, entry by entry."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.versions: dict[str, int] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.studies: dict[str, StudyState] = {}
        self.imports = ImportsState()
        self.workflow = WorkflowState()
        self.ratings: dict[str, dict[int, Mapping[str, Any]]] = {}
        """Pair to sequence to the content of the entry that said it moved."""
        self.appraisals: dict[str, dict[str, Any]] = {}
        """Identifier of an appraisal to the members that its row should have."""
        self.notices: list[Mapping[str, Any]] = []
        """The entries about notices, in their order."""
        self.pins: dict[str, dict[str, str]] = {name: {} for name in PINNED}
        """Of each kind in `PINNED`: identifier to the newest hash of the row."""
        self.causes: dict[int, tuple[str, str | None]] = {}
        """Sequence to action and study key of every entry that can make ratings move."""

    def read(self, content: Mapping[str, Any]) -> Iterator[Difference]:
        action, subject, details = content["action"], content["subject"], content["details"]
        name = subject.partition(":")[2]
        if action.startswith("study."):
            yield from self._read_study(name, action, content)
        elif action == "rating.changed":
            self.ratings.setdefault(name, {})[content["sequence"]] = content
        elif action.startswith("appraisal."):
            yield from self._read_appraisal(name, action, content)
        elif action in WORKFLOW_ACTIONS:
            if not self.workflow.read(content):
                yield Difference(f"ledger entry {content['sequence']}", f"is about {subject}, which no entry made")
        elif action.partition(".")[0] in PINNED:
            for pinned, pin in details["pins"].items():
                kind, _, row_id = pinned.partition(":")
                self.pins[kind][row_id] = pin
        elif action.startswith("notice."):
            self.notices.append(content)
        elif action.startswith("import."):
            self.imports.read(name, content)
        elif action.startswith("key."):
            yield from self._read_key(name, action, content)
        else:
            self.causes[content["sequence"]] = (action, None)
            if "after" in details:
                yield from self._read_record(subject, content["sequence"], details)

    def _read_key(self, prefix: str, action: str, content: Mapping[str, Any]) -> Iterator[Difference]:
        details, moment = content["details"], content["occurred_at"]
        if action == "key.created":
            stated = {name: details.get(name) for name in ("name", "role", "orcid", "hash_sha256", "expires_at")}
            self.keys[prefix] = {**stated, "created_at": moment, "version": 1, **NEVER_ROTATED, "revoked_at": None}
            return
        key = self.keys.setdefault(prefix, {"version": 0})
        key["version"] += 1
        if action == "key.revoked":
            key["revoked_at"] = moment
        elif action == "key.rotated":
            until = details["previous_valid_until"]
            earlier = key["hash_sha256"] if until is not None else None
            key |= {"hash_sha256": details["hash_sha256"], "previous_hash_sha256": earlier, "previous_valid_until": until}
            key["expires_at"] = details["expires_at"]
        elif {name: key.get(name) for name in details["before"]} == details["before"]:
            key |= details["after"]
        else:
            yield Difference(f"ledger entry {content['sequence']}", f"its `before` is not what the key {prefix} was")

    def _read_appraisal(self, appraisal: str, action: str, content: Mapping[str, Any]) -> Iterator[Difference]:
        details, moment, actor = dict(content["details"]), content["occurred_at"], content["actor"]["id"]
        if action == "appraisal.withdrawn":
            ended, how = appraisal, {"withdrawal_reason": details["reason"]}
        else:
            ended, how = details.pop("replaces"), {"replaced_by": appraisal}
            self.appraisals[appraisal] = {"id": appraisal, **details, "author": actor, "made_at": moment, **NOT_ENDED}
        if ended in self.appraisals:
            self.appraisals[ended] |= {"withdrawn_at": moment, "withdrawn_by": actor, **how}
        elif ended is not None:
            yield Difference(f"ledger entry {content['sequence']}", f"ends appraisal {ended}, which no entry made")

    def _read_record(self, subject: str, sequence: int, details: Mapping[str, Any]) -> Iterator[Difference]:
        if self.records.get(subject) != details["before"] and details["before"] is not None:
            yield Difference(f"ledger entry {sequence}", f"its `before` is not what {subject} was")
        self.records[subject] = details["after"]
        self.versions[subject] = self.versions.get(subject, 0) + 1

    def _read_study(self, study_id: str, action: str, content: Mapping[str, Any]) -> Iterator[Difference]:
        details, moment, actor = content["details"], content["occurred_at"], content["actor"]["id"]
        number = details["revision"]
        if action == "study.created":
            self.studies[study_id] = StudyState(actor, moment, moment)
        study = self.studies.get(study_id)
        if study is not None and action in MAKING_ACTIONS:
            study.revisions[number] = RevisionState(actor, moment)
            study.newest_revision = number
        if study is None or number not in study.revisions:
            yield Difference(f"ledger entry {content['sequence']}", f"is about revision {number}, which no entry made")
            return
        study.updated_at = moment
        for superseded in details.get("supersedes", ()):
            study.revisions[superseded].status = RevisionStatus.SUPERSEDED
        if "review" in details:
            study.reviews[details["review"]] = ReviewState(details.get("review_pin"), details.get("review_sha256"))
        _apply(study, number, action, content)
        if action in LIVE_ACTIONS:
            self.causes[content["sequence"]] = (action, study.key)


def _apply(study: StudyState, number: int, action: str, content: Mapping[str, Any]) -> None:
    """What the act made of the revision and of the study."""
    revision, moment, actor = study.revisions[number], content["occurred_at"], content["actor"]["id"]
    _read_pins(revision, action, content["details"])
    if action == "study.submitted":
        revision.submitted_by, revision.submitted_at = actor, moment
    elif action not in MAKING_ACTIONS:
        revision.decided_by, revision.decided_at = actor, moment
    if action in LIVE_ACTIONS:
        if study.live_revision is not None:
            study.revisions[study.live_revision].status = RevisionStatus.SUPERSEDED
        study.live_revision, study.key = number, content["details"]["key"]
        stays = content["details"].get("study_status", StudyStatus.ACCEPTED)
        study.status = StudyStatus.RETRACTED if action == "study.retracted" else StudyStatus(stays)
    revision.status = STATUS_AFTER[action]
    if study.live_revision is None:
        study.status = StudyStatus(revision.status)


def _read_pins(revision: RevisionState, action: str, details: Mapping[str, Any]) -> None:
    """An entry that names a `revision_pin` is salted, any other is from before there were salts and names its plain hashes."""
    if "revision_pin" in details:
        revision.pin, revision.revision_sha256 = details["revision_pin"], None
    elif action in MAKING_ACTIONS:
        revision.revision_sha256 = details["revision_sha256"]
    if "revision_pin" not in details or action in LIVE_ACTIONS:
        revision.document_sha256 = details["document_sha256"]
