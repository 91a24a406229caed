"""Words for studies, what they found, and how sure one can be."""

from enum import StrEnum


class Certainty(StrEnum):
    """GRADE certainty of the evidence; `no-evidence` is never a level, it says that no eligible study was found."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very-low"
    NO_EVIDENCE = "no-evidence"


class Finding(StrEnum):
    """What a body of evidence, or a rating, says of the intervention."""

    FAVOURS_INTERVENTION = "favours-intervention"
    FAVOURS_COMPARATOR = "favours-comparator"
    NO_IMPORTANT_DIFFERENCE = "no-important-difference"
    MIXED = "mixed"
    CONFLICTING = "conflicting"
    UNCLEAR = "unclear"


class StudyKind(StrEnum):
    PRIMARY = "primary"
    SYNTHESIS = "synthesis"
    GUIDELINE = "guideline"
    REGISTRATION = "registration"
    RELIABILITY = "reliability"
    SAFETY = "safety"


class Design(StrEnum):
    RANDOMISED_TRIAL = "randomised-trial"
    RANDOMISED_CROSSOVER = "randomised-crossover"
    CLUSTER_RANDOMISED = "cluster-randomised"
    NON_RANDOMISED_CONTROLLED = "non-randomised-controlled"
    COHORT = "cohort"
    CASE_CONTROL = "case-control"
    BEFORE_AFTER = "before-after"
    CASE_SERIES = "case-series"
    CASE_REPORT = "case-report"
    SYSTEMATIC_REVIEW = "systematic-review"
    META_ANALYSIS = "meta-analysis"
    OVERVIEW = "overview"
    GUIDELINE = "guideline"
    REGISTERED_TRIAL = "registered-trial"
    INTER_RATER_RELIABILITY = "inter-rater-reliability"
    SURVEY = "survey"


class DesignLevel(StrEnum):
    """What a design can carry; decided within each body of evidence (METHOD, section 1)."""

    RANDOMISED = "randomised"
    NON_RANDOMISED_CONTROLLED = "non-randomised-controlled"
    UNCONTROLLED = "uncontrolled"


class PublicationStatus(StrEnum):
    PUBLISHED = "published"
    PREPRINT = "preprint"
    THESIS = "thesis"
    CONFERENCE_ABSTRACT = "conference-abstract"
    REGISTERED = "registered"
    RETRACTED = "retracted"
    EXPRESSION_OF_CONCERN = "expression-of-concern"


class Comparator(StrEnum):
    SHAM = "sham"
    USUAL_CARE = "usual-care"
    NO_TREATMENT = "no-treatment"
    WAIT_LIST = "wait-list"
    ACTIVE = "active"
    NONE = "none"
    MIXED = "mixed"


class ComparatorGroup(StrEnum):
    SHAM = "sham"
    INACTIVE = "inactive"
    ACTIVE = "active"
    NONE = "none"


class Horizon(StrEnum):
    POST_TREATMENT = "post-treatment"
    FOLLOW_UP = "follow-up"


class AgeGroup(StrEnum):
    ADULT = "adult"
    CHILD = "child"
    INFANT = "infant"
    MIXED = "mixed"


class AnalysedScore(StrEnum):
    POST_SCORE = "post-score"
    CHANGE_SCORE = "change-score"
    UNKNOWN = "unknown"


class Measure(StrEnum):
    """Effect measures: mean difference, standardised mean difference, risk ratio, odds ratio, risk difference, hazard ratio."""

    MD = "MD"
    SMD = "SMD"
    RR = "RR"
    OR = "OR"
    RD = "RD"
    HR = "HR"


RATIO_MEASURES = frozenset({Measure.RR, Measure.OR, Measure.HR})


class SynthesisMeasure(StrEnum):
    """What a synthesis on request can be asked for: the measures above, and those that the rating has no rule for.

    SMDH: standardised by the mean of both variances; ROM: ratio of means; PETO: Peto's odds ratio; GEN: any effect on its own scale.
    """

    MD = "MD"
    SMD = "SMD"
    SMDH = "SMDH"
    ROM = "ROM"
    RR = "RR"
    OR = "OR"
    PETO = "PETO"
    RD = "RD"
    HR = "HR"
    GEN = "GEN"


class ResultDirection(StrEnum):
    """What a source reports of one result."""

    FAVOURS_INTERVENTION = "favours-intervention"
    FAVOURS_COMPARATOR = "favours-comparator"
    NO_DIFFERENCE = "no-difference"
    UNCLEAR = "unclear"


class Better(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"


class Importance(StrEnum):
    CRITICAL = "critical"
    IMPORTANT = "important"
    LIMITED = "limited"


class Directness(StrEnum):
    DIRECT = "direct"
    PROBABLY_DIRECT = "probably-direct"
    INDIRECT = "indirect"


class RiskOfBiasTool(StrEnum):
    ROB_2 = "rob-2"
    ROBINS_I = "robins-i"
    COCHRANE_2011 = "cochrane-2011"
    PEDRO = "pedro"
    AMSTAR_2 = "amstar-2"
    OTHER = "other"


class RiskOfBiasJudgement(StrEnum):
    """Overall judgements of all tools: RoB 2 and Cochrane 2011 use the first four, ROBINS-I the others as well."""

    LOW = "low"
    SOME_CONCERNS = "some-concerns"
    UNCLEAR = "unclear"
    HIGH = "high"
    MODERATE = "moderate"
    SERIOUS = "serious"
    CRITICAL = "critical"
    NO_INFORMATION = "no-information"


class RiskOfBiasLevel(StrEnum):
    """The study-level judgement that the rating uses, whatever tool it came from."""

    LOW = "low"
    SOME_CONCERNS = "some-concerns"
    HIGH = "high"


class RobinsILevel(StrEnum):
    """How ROBINS-I judges a domain and the whole; `no-information` is no level of risk, and stands in no order with the others."""

    LOW = "low"
    MODERATE = "moderate"
    SERIOUS = "serious"
    CRITICAL = "critical"
    NO_INFORMATION = "no-information"


class Concern(StrEnum):
    """FHIR's words for how far one GRADE domain lowers certainty (0, 1, 2, 3 levels)."""

    NO_CONCERN = "no-concern"
    SERIOUS_CONCERN = "serious-concern"
    VERY_SERIOUS_CONCERN = "very-serious-concern"
    EXTREMELY_SERIOUS_CONCERN = "extremely-serious-concern"


class Domain(StrEnum):
    RISK_OF_BIAS = "risk-of-bias"
    INCONSISTENCY = "inconsistency"
    INDIRECTNESS = "indirectness"
    IMPRECISION = "imprecision"
    PUBLICATION_BIAS = "publication-bias"


class LeavingOut(StrEnum):
    """Which studies a reader may want to see a body without."""

    HIGH_RISK = "high-risk"


class MidStanding(StrEnum):
    ESTABLISHED = "established"
    PROVISIONAL = "provisional"
    CONVENTION = "convention"
    NONE = "none"


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ClaimKind(StrEnum):
    EFFICACY = "efficacy"
    MECHANISM = "mechanism"
    SAFETY = "safety"
    EXTENT_OF_EVIDENCE = "extent-of-evidence"


class Verdict(StrEnum):
    SUPPORTED = "supported"
    WEAKLY_SUPPORTED = "weakly-supported"
    CONTRADICTED = "contradicted"
    DOUBTFUL = "doubtful"
    UNCERTAIN = "uncertain"
    NO_EVIDENCE = "no-evidence"
    NOT_RATED = "not-rated"


class ConclusionDirection(StrEnum):
    """What the authors of a published review concluded."""

    FAVOURS_INTERVENTION = "favours-intervention"
    FAVOURS_COMPARATOR = "favours-comparator"
    NO_IMPORTANT_DIFFERENCE = "no-important-difference"
    MIXED = "mixed"
    INCONCLUSIVE = "inconclusive"


class Agreement(StrEnum):
    AGREES = "agrees"
    PARTLY = "partly"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not-comparable"


class CertaintyComparison(StrEnum):
    """How sure the authors of a published review were, beside how sure the rating here is."""

    SAME = "same"
    MORE_CERTAIN = "more-certain"
    LESS_CERTAIN = "less-certain"
    NOT_COMPARABLE = "not-comparable"


class InclusionCell(StrEnum):
    """What a published review has to do with a primary study."""

    INCLUDED = "included"
    NOT_INCLUDED = "not-included"
    PUBLISHED_LATER = "published-later"


class OverlapBand(StrEnum):
    """How much reviews rest on the same studies (Pieper 2014)."""

    SLIGHT = "slight"
    MODERATE = "moderate"
    HIGH = "high"
    VERY_HIGH = "very-high"


class RegistrationStatus(StrEnum):
    """Where a registered trial stands towards one condition (METHOD, section 4)."""

    REPORTED = "reported"
    OVERDUE = "overdue"
    AWAITED = "awaited"
    RUNNING = "running"
    UNKNOWN = "unknown"


class ContraindicationSeverity(StrEnum):
    ABSOLUTE = "absolute"
    RELATIVE = "relative"


class HarmSeverity(StrEnum):
    MILD = "mild"
    MODERATE = "moderate"
    SERIOUS = "serious"
    UNKNOWN = "unknown"


class Stance(StrEnum):
    AGAINST_USE = "against-use"
    CLAIMS_NOT_SUPPORTED = "claims-not-supported"
    INSUFFICIENT_EVIDENCE = "insufficient-evidence"
    PRECAUTIONS = "precautions"
    NO_POSITION = "no-position"
