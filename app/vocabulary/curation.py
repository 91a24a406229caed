"""Words for the work on records: who may do what, in which state a thing is, what was decided."""

from enum import StrEnum


class AppraisalStatus(StrEnum):
    """Whether a curator's appraisal counts: it was not taken back, nor followed by another of the same domain."""

    IN_FORCE = "in-force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class RevisionStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHANGES_REQUESTED = "changes-requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class StudyStatus(StrEnum):
    """Where a study record stands as a whole."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHANGES_REQUESTED = "changes-requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RETRACTED = "retracted"


class Decision(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    REQUEST_CHANGES = "request-changes"


class FieldChange(StrEnum):
    """How a field, or an entry of a list, differs between two versions of a document."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"


class Side(StrEnum):
    """The three versions that a merge looks at: what both began with, what was accepted meanwhile, and the draft."""

    BASE = "base"
    THEIRS = "theirs"
    MINE = "mine"


class ExtractionStatus(StrEnum):
    """Where one person's extraction of one study stands; a completed one is frozen. `closed`: it was in progress when the double
    extraction was closed; stored it stays in progress, shown it never is."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class DoubleExtractionStatus(StrEnum):
    """Where the extraction of one study by two people stands."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ADJUDICATED = "adjudicated"
    CLOSED = "closed"


class Extracted(StrEnum):
    """How two people's extractions stand to each other in one member."""

    AGREE = "agree"
    DIFFER = "differ"
    ONLY_IN_FIRST = "only-in-first"
    ONLY_IN_SECOND = "only-in-second"


class ExtractedKind(StrEnum):
    """What a member of an extraction is, which says how two values of it are compared."""

    NUMBER = "number"
    COUNT = "count"
    CATEGORY = "category"
    JUDGEMENT = "judgement"
    WORDING = "wording"
    ENTRY = "entry"


class AdjudicatedChoice(StrEnum):
    """What an adjudicator takes where two extractions differ."""

    FIRST = "first"
    SECOND = "second"
    OTHER = "other"


class Role(StrEnum):
    CONTRIBUTOR = "contributor"
    CURATOR = "curator"
    ADMIN = "admin"


class WithoutSecondPerson(StrEnum):
    """The acts that one person may do alone; everything else that decides needs two people. A retraction stands also for the expression of
    concern that the check of the literature services finds."""

    SEEDING = "seeding"
    RETRACTION = "retraction"
    APPRAISAL = "appraisal"
    ONE_PERSON = "one-person"


class CommentAudience(StrEnum):
    """Who reads a comment: the authors of the revision and the curators, or everybody with a key."""

    DRAFT = "draft"
    KEY_HOLDERS = "key-holders"


class AssignmentEnd(StrEnum):
    """How the assignment of a submission to a curator ended; released it was by a curator, withdrawn by those who made the submission."""

    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    REASSIGNED = "reassigned"
    DECIDED = "decided"


class ThreadEvent(StrEnum):
    """What stands in the thread of a study record."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    DECIDED = "decided"
    MADE_LIVE = "made-live"
    WITHDRAWN = "withdrawn"
    COMMENTED = "commented"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    EXTRACTION_STARTED = "extraction-started"
    EXTRACTION_COMPLETED = "extraction-completed"
    EXTRACTION_WITHDRAWN = "extraction-withdrawn"
    ADJUDICATED = "adjudicated"


class SignOffStatus(StrEnum):
    """Whether a curator's sign-off of a rating holds for what it rests on now."""

    SIGNED_OFF = "signed-off"
    REQUIRES_REVIEW = "requires-review"
    NONE = "none"


class SignOffStanding(StrEnum):
    """The same of one sign-off."""

    STANDS = "stands"
    REQUIRES_REVIEW = "requires-review"
    RENEWED = "renewed"
    WITHDRAWN = "withdrawn"


class KeyState(StrEnum):
    """Whether a key opens anything now."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class AuditQuestion(StrEnum):
    """What an audit asks of the ledger and the tables; the answer to each should be that there is nothing."""

    ONE_PERSON_APPROVALS = "one-person-approvals"
    DECISIONS_ON_OWN_WORK = "decisions-on-own-work"
    ACCEPTANCES_WITHOUT_INTERESTS = "acceptances-without-interests"
    AMENDMENTS_WITHOUT_REASON = "amendments-without-reason"
    ACTS_BY_DEAD_KEYS = "acts-by-dead-keys"
    ACTS_BEYOND_ROLE = "acts-beyond-role"
    ACTS_WITHOUT_ORCID = "acts-without-orcid"
    SIGN_OFFS_OF_OWN_WORK = "sign-offs-of-own-work"
    APPRAISALS_OF_OWN_WORK = "appraisals-of-own-work"


class NoticeStatus(StrEnum):
    """What became of a notice about a study: a person decides on what is open."""

    OPEN = "open"
    ACTED_ON = "acted-on"
    KNOWN = "known"
    HANDLED = "handled"
    DISMISSED = "dismissed"


class JobKind(StrEnum):
    """What a worker can be asked to do."""

    READ_IMPORT = "read-import"
    COMMIT_IMPORT = "commit-import"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ImportState(StrEnum):
    """Uploaded: waits to be read. Failed: reading was given up, not for the file's sake. Read: the dry run is done.

    Refused: the file cannot be read. Committed: at least once.
    """

    UPLOADED = "uploaded"
    FAILED = "failed"
    READ = "read"
    REFUSED = "refused"
    COMMITTED = "committed"


class ImportStatus(StrEnum):
    """What the dry run, or the commit after it, found a record to be."""

    NEW = "new"
    DUPLICATE = "duplicate"
    POSSIBLE_DUPLICATE = "possible-duplicate"
    PROBLEM = "problem"


class ImportDecision(StrEnum):
    """What a person said of a record."""

    UNDECIDED = "undecided"
    NEW = "new"
    DUPLICATE = "duplicate"
    SKIP = "skip"
