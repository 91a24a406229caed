"""The tables. Importing this package registers all of them on `SQLModel.metadata`."""

from app.models.access import ApiKey, IdempotencyKey
from app.models.appraisal import DomainAppraisal
from app.models.change import Change, ChangeSubject
from app.models.claim import Claim, Position, Reading, Source
from app.models.condition import Condition, ConditionOutcome
from app.models.evidence import BodyOfEvidence, Rating, RatingHistory
from app.models.intervention import AdverseEffect, Contraindication, Intervention
from app.models.outcome import Instrument, Outcome
from app.models.rating_input import RatingInput, RatingInputPart
from app.models.revision import Review, StudyRevision
from app.models.search import SearchEntry
from app.models.study import Comparison, IncludedStudy, Result, RiskOfBias, SharedParticipants, Study, StudyCondition

__all__ = [
    "AdverseEffect",
    "ApiKey",
    "BodyOfEvidence",
    "Change",
    "ChangeSubject",
    "Claim",
    "Comparison",
    "Condition",
    "ConditionOutcome",
    "Contraindication",
    "DomainAppraisal",
    "IdempotencyKey",
    "IncludedStudy",
    "Instrument",
    "Intervention",
    "Outcome",
    "Position",
    "Rating",
    "RatingHistory",
    "RatingInput",
    "RatingInputPart",
    "Reading",
    "Result",
    "Review",
    "RiskOfBias",
    "SearchEntry",
    "SharedParticipants",
    "Source",
    "Study",
    "StudyCondition",
    "StudyRevision",
]
