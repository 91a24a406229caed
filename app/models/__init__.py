"""The tables. Importing this package registers all of them on `SQLModel.metadata`."""

from app.models.access import ApiKey, IdempotencyKey
from app.models.appraisal import DomainAppraisal
from app.models.assignment import Assignment
from app.models.change import Change, ChangeSubject
from app.models.claim import Claim, Position, Reading, Source
from app.models.comment import Comment
from app.models.condition import Condition, ConditionOutcome
from app.models.evidence import BodyOfEvidence, Rating, RatingHistory
from app.models.extraction import Adjudication, DoubleExtraction, StudyExtraction
from app.models.imports import ImportFilePart, ImportRecord, ReferenceImport
from app.models.intervention import AdverseEffect, Contraindication, Intervention
from app.models.job import Job
from app.models.notice import PublicationNotice, SourceCheck, SourceHealth
from app.models.outcome import Instrument, Outcome
from app.models.rating_input import RatingInput, RatingInputPart
from app.models.revision import Review, StudyRevision
from app.models.search import SearchEntry
from app.models.sign_off import SignOff
from app.models.study import Comparison, IncludedStudy, Result, RiskOfBias, SharedParticipants, Study, StudyCondition

__all__ = [
    "Adjudication",
    "AdverseEffect",
    "ApiKey",
    "Assignment",
    "BodyOfEvidence",
    "Change",
    "ChangeSubject",
    "Claim",
    "Comment",
    "Comparison",
    "Condition",
    "ConditionOutcome",
    "Contraindication",
    "DomainAppraisal",
    "DoubleExtraction",
    "IdempotencyKey",
    "ImportFilePart",
    "ImportRecord",
    "IncludedStudy",
    "Instrument",
    "Intervention",
    "Job",
    "Outcome",
    "Position",
    "PublicationNotice",
    "Rating",
    "RatingHistory",
    "RatingInput",
    "RatingInputPart",
    "Reading",
    "ReferenceImport",
    "Result",
    "Review",
    "RiskOfBias",
    "SearchEntry",
    "SharedParticipants",
    "SignOff",
    "Source",
    "SourceCheck",
    "SourceHealth",
    "Study",
    "StudyCondition",
    "StudyExtraction",
    "StudyRevision",
]
