"""One place in the evidence of a pair, outcome by comparator group: what was measured there, and on what terms it counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.synthesis.body import OutcomeInput, PairInput, PassedOver, StudyInput
from app.synthesis.candidates import Measured, measured_by
from app.synthesis.grade.risk_of_bias import LEVEL_WORDS, study_level
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.vocabulary import ComparatorGroup, Horizon, RiskOfBiasLevel

LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms bodies are assembled: the numbers of a method version, and what a reader wants to see without.

    `without`: studies at these levels of risk of bias, for the outcome and comparator group at hand, enter no body; what the pair
    shares (who is eligible, what was not usable) stays. `only`: the id of the one body to assemble, None for all.
    """

    thresholds: Thresholds = CURRENT
    without: frozenset[RiskOfBiasLevel] = frozenset()
    only: str | None = None


AS_RATED = Terms()


@dataclass(frozen=True, slots=True)
class Place:
    """One outcome against one comparator group, and what the studies measured there: `measured` counts, `left_out` does not."""

    pair: PairInput
    outcome: OutcomeInput
    group: ComparatorGroup
    measured: tuple[Measured, ...]
    left_out: tuple[Measured, ...]
    terms: Terms

    @property
    def everything(self) -> tuple[Measured, ...]:
        if not self.left_out:
            return self.measured
        return tuple(sorted((*self.measured, *self.left_out), key=lambda measured: measured.study.key))

    def body_id(self, horizon: Horizon) -> str:
        return ".".join((self.pair.condition, self.pair.intervention, self.outcome.slug, self.group, horizon))

    def left_out_at(self, horizon: Horizon) -> list[str]:
        return [measured.study.key for measured in self.left_out if measured.at(horizon)]

    def risk_of_bias(self, study: StudyInput) -> RiskOfBiasLevel:
        return study_level(study, self.outcome.slug, self.group, self.terms.thresholds).level

    def list_left_out(self, horizon: Horizon) -> list[PassedOver]:
        """What the terms keep out of the body, with the reason."""
        words = {measured.study.key: LEVEL_WORDS[self.risk_of_bias(measured.study)] for measured in self.left_out}
        return [
            PassedOver(key, None, LEFT_OUT, f"Risk of bias {words[key]} for this outcome: left out as asked.")
            for key in self.left_out_at(horizon)
        ]


def measured_at(pair: PairInput, outcome: OutcomeInput, group: ComparatorGroup, studies: Sequence[StudyInput], terms: Terms) -> Place:
    """Return what these studies measured of an outcome against a comparator group, those apart that the terms keep out."""
    measured = tuple(found for study in studies if (found := measured_by(study, pair, outcome, group)) is not None)
    place = Place(pair, outcome, group, measured, (), terms)
    if not terms.without:
        return place
    left_out = tuple(each for each in measured if place.risk_of_bias(each.study) in terms.without)
    return replace(place, measured=tuple(each for each in measured if each not in left_out), left_out=left_out)
