"""On which scale a body is pooled: MD, SMD, RR or OR (method, section 2), and its minimal important difference (section 4)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.synthesis.body import BodyStudy, InstrumentInput, MidOnScale, OutcomeInput
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.selection import instrument_rank
from app.synthesis.study_effect import Family, StudyResult
from app.vocabulary import RATIO_MEASURES, AnalysedScore, Measure, MidStanding

MID_LOG_RATIO = math.log(1.25)  # method, section 4: convention, ratios of 0.80 to 1.25
CONVENTION = "convention"
NO_MID = MidOnScale(None, "nothing pooled", MidStanding.NONE)


@dataclass(frozen=True, slots=True)
class Scale:
    """The analysis scale of a body. MD: in the units of `instrument`; `factors` turn each instrument's scores into them."""

    measure: Measure
    instrument: InstrumentInput | None = None
    factors: Mapping[str, float] = field(default_factory=dict)

    def takes(self, candidate: StudyResult) -> bool:
        """Return whether a result gives an effect on this scale."""
        if self.measure is Measure.MD and candidate.row.instrument not in self.factors:
            return False
        return candidate.effect(self.measure) is not None

    def factor(self, candidate: StudyResult) -> float:
        return self.factors[candidate.row.instrument] if self.measure is Measure.MD else 1.0


def family_of(candidates: Sequence[StudyResult], outcome: OutcomeInput) -> Family | None:
    """Return whether the body is continuous or binary: the kind of the most preferred instrument that has numbers.

    None when no result has numbers. One instrument with both kinds: continuous.
    """
    for candidate in sorted(candidates, key=lambda candidate: instrument_rank(outcome, candidate.row.instrument)):
        same = [other for other in candidates if other.row.instrument == candidate.row.instrument]
        for family in Family:
            if any(other.has_numbers(family) for other in same):
                return family
    return None


def choose_scale(selected: Sequence[StudyResult], family: Family, outcome: OutcomeInput) -> Scale:
    """Return the scale for the selected results that have numbers of the family."""
    with_numbers = [candidate for candidate in selected if candidate.has_numbers(family)]
    return _continuous_scale(with_numbers, outcome) if family is Family.CONTINUOUS else _binary_scale(with_numbers)


def _continuous_scale(with_numbers: Sequence[StudyResult], outcome: OutcomeInput) -> Scale:
    """MD when every result gives one on one instrument or on instruments that differ by a factor; otherwise SMD.

    Several results on an instrument without a unit (a scale that was not stated) need not be on one scale: SMD.
    """
    mean_difference = mean_difference_scale(with_numbers, outcome)
    one_scale = all(mean_difference.takes(candidate) for candidate in with_numbers)
    stated = mean_difference.instrument is not None and mean_difference.instrument.unit is not None
    return mean_difference if one_scale and (stated or len(with_numbers) == 1) else Scale(Measure.SMD)


def mean_difference_scale(candidates: Sequence[StudyResult], outcome: OutcomeInput) -> Scale:
    """Return the MD scale of the instrument that stands first in the outcome's order among those present with an MD."""
    present = {candidate.row.instrument for candidate in candidates if candidate.effect(Measure.MD) is not None}
    if not present:
        return Scale(Measure.MD)
    slug = min(present, key=lambda slug: instrument_rank(outcome, slug))
    instrument = instrument_named(outcome, slug)
    return Scale(Measure.MD, instrument, factors_onto(instrument, outcome))


def instrument_named(outcome: OutcomeInput, slug: str) -> InstrumentInput:
    """Return an instrument of the outcome; one it does not name stands for itself, without unit and MID."""
    return next((each for each in outcome.instruments if each.slug == slug), InstrumentInput(slug, slug))


def factors_onto(target: InstrumentInput, outcome: OutcomeInput) -> dict[str, float]:
    """Return by how much to multiply the scores of each instrument of the target's linear group to have the target's units."""
    factors = {target.slug: 1.0}
    group = target.linear_group
    for other in outcome.instruments:
        if group is not None and other.linear_group is not None and other.linear_group.name == group.name:
            factors[other.slug] = other.linear_group.factor / group.factor
    return factors


def _binary_scale(with_numbers: Sequence[StudyResult]) -> Scale:
    """RR; OR when some result gives no RR (an OR without its control risk) and all give an OR."""
    if all(candidate.effect(Measure.RR) is not None for candidate in with_numbers):
        return Scale(Measure.RR)
    all_odds = all(candidate.effect(Measure.OR) is not None for candidate in with_numbers)
    return Scale(Measure.OR if all_odds else Measure.RR)


def change_scores_to_leave_out(selected: Sequence[StudyResult], scale: Scale) -> frozenset[str]:
    """Return the studies whose change scores an SMD pool leaves out: all that have some, where another brings post scores.

    Scores of unknown kind go with either. Source: Cochrane Handbook 9.4.5.2, 10.5.2.
    """
    if scale.measure is not Measure.SMD:
        return frozenset()
    kinds = {candidate.study.key: candidate.row.analysis for candidate in selected if scale.takes(candidate)}
    if AnalysedScore.POST_SCORE not in kinds.values():
        return frozenset()
    return frozenset(key for key, kind in kinds.items() if kind is AnalysedScore.CHANGE_SCORE)


def minimal_important_difference(
    scale: Scale | None, outcome: OutcomeInput, studies: Sequence[BodyStudy], thresholds: Thresholds = CURRENT
) -> MidOnScale:
    """Return m on the analysis scale: the instrument's MID (also through its linear group); SMD 0.2; ratios ln 1.25.

    An MD on an instrument without MID: 0.2 x SD, pooled over the studies that have one. No SD to be had: value None.
    """
    if scale is None:
        return NO_MID
    if scale.measure in RATIO_MEASURES:
        return MidOnScale(MID_LOG_RATIO, CONVENTION, MidStanding.CONVENTION)
    if scale.measure is Measure.SMD:
        return MidOnScale(thresholds.conventional_mid_in_sd, CONVENTION, MidStanding.CONVENTION)
    return _mid_of_instrument(scale, outcome) or _mid_from_sd(studies, thresholds.conventional_mid_in_sd)


def _mid_of_instrument(scale: Scale, outcome: OutcomeInput) -> MidOnScale | None:
    instruments = [scale.instrument] if scale.instrument is not None else []
    instruments += [each for each in outcome.instruments if each.slug in scale.factors]
    for instrument in instruments:
        if instrument.mid is not None:
            value = instrument.mid * scale.factors[instrument.slug]
            return MidOnScale(value, instrument.mid_source or CONVENTION, instrument.mid_standing)
    return None


def _mid_from_sd(studies: Sequence[BodyStudy], share_of_sd: float) -> MidOnScale:
    sd = common_sd(studies)
    if sd is None:
        return MidOnScale(None, "no minimal important difference and no SD to be had", MidStanding.NONE)
    return MidOnScale(share_of_sd * sd, f"{CONVENTION}: {share_of_sd:g} x SD", MidStanding.CONVENTION)


def common_sd(studies: Sequence[BodyStudy]) -> float | None:
    """Return the SD pooled over studies, sqrt(sum df sd^2 / sum df) with df = n1 + n2 - 2; None when no study has one."""
    parts = [(max(study.n - 2, 1), study.sd) for study in studies if study.effect is not None and study.sd is not None]
    if not parts:
        return None
    return math.sqrt(sum(df * sd**2 for df, sd in parts) / sum(df for df, _ in parts))
