"""One result per study, and one study per set of participants, in each body (method, section 1)."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.synthesis.body import OutcomeInput, PassedOver
from app.synthesis.horizon import nearness
from app.synthesis.study_effect import Family, StudyResult
from app.vocabulary import AnalysedScore, Horizon, Measure

HasNumbers = Callable[[StudyResult], bool]
SelectionKey = tuple[int, tuple[int, str], bool, int, tuple[float, float], int]

REASONS = {
    "numbers": "Another result of the study has numbers that this body can use.",
    "instrument-order": "Another result of the study is on an instrument that stands earlier in the outcome's order.",
    "score-type": "Post scores are preferred to change scores where differences are standardised.",
    "intention-to-treat": "Another result of the study is by intention to treat.",
    "time": "Another result of the study is nearer to the time that the horizon asks for.",
    "position": "Another result of the study stands earlier in its record.",
}
RULES = tuple(REASONS)


@dataclass(frozen=True, slots=True)
class Selected:
    """The results a body takes, by study key, and what it passed over."""

    chosen: tuple[StudyResult, ...]
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True, slots=True)
class Preference:
    """What selection needs to know of a body. `standardised`: post scores go before change scores (SMD).

    `one_instrument`: the body's scale was set by the instrument order (MD), which then is what an other instrument lost by.
    """

    outcome: OutcomeInput
    horizon: Horizon
    has_numbers: HasNumbers
    standardised: bool = False
    one_instrument: bool = False

    def key(self, candidate: StudyResult) -> SelectionKey:
        """Return the sort key of a result, smallest first, its members in the order of `RULES`."""
        row = candidate.row
        is_change = self.standardised and row.analysis is AnalysedScore.CHANGE_SCORE
        return (
            self._numbers_rank(candidate),
            instrument_rank(self.outcome, row.instrument),
            is_change,
            intention_to_treat_rank(row.intention_to_treat),
            nearness(row, self.horizon),
            row.position,
        )

    def _numbers_rank(self, candidate: StudyResult) -> int:
        """Numbers that the body can use, then numbers on another scale, then a direction that is only reported."""
        if self.has_numbers(candidate):
            return 0
        return 1 if any(candidate.has_numbers(family) for family in Family) else 2


def instrument_rank(outcome: OutcomeInput, slug: str) -> tuple[int, str]:
    """Return the place of an instrument in the outcome's order of preference; instruments it does not name come last, by slug."""
    slugs = [instrument.slug for instrument in outcome.instruments]
    return (slugs.index(slug), slug) if slug in slugs else (len(slugs), slug)


def intention_to_treat_rank(flag: bool | None) -> int:
    """Intention to treat first, then not stated, then known not to be."""
    return {True: 0, None: 1, False: 2}[flag]


def select(candidates: Iterable[StudyResult], preference: Preference, shared: Sequence[Sequence[str]]) -> Selected:
    """Return one result for each study, then one study for each set of shared participants; studies by key."""
    by_study: dict[str, list[StudyResult]] = {}
    for candidate in candidates:
        by_study.setdefault(candidate.study.key, []).append(candidate)
    chosen: dict[str, StudyResult] = {}
    passed_over: list[PassedOver] = []
    for key in sorted(by_study):
        ranked = sorted(by_study[key], key=preference.key)
        chosen[key] = ranked[0]
        passed_over += [_passed_over(ranked[0], other, preference) for other in ranked[1:]]
    kept, repeated = one_per_participant_set(chosen, preference.has_numbers, shared)
    return Selected(tuple(kept.values()), (*passed_over, *repeated))


def _passed_over(chosen: StudyResult, other: StudyResult, preference: Preference) -> PassedOver:
    """Name the first rule on which the two results differ."""
    pairs = zip(RULES, preference.key(chosen), preference.key(other), strict=True)
    rule = next(rule for rule, better, worse in pairs if better != worse)
    if preference.one_instrument and rule == "numbers" and other.effect(Measure.MD) is not None:
        rule = "instrument-order"
    return PassedOver(other.study.key, other.row.position, rule, REASONS[rule])


def one_per_participant_set(
    chosen: Mapping[str, StudyResult],
    has_numbers: HasNumbers,
    shared: Sequence[Sequence[str]],
) -> tuple[dict[str, StudyResult], tuple[PassedOver, ...]]:
    """Return the studies that count where papers report the same people, and those passed over.

    One counts: the one with numbers, then the larger n, then the earlier year (unknown last), then the key.
    """
    kept = dict(chosen)
    passed_over = []
    for members in sorted(sorted(set(each)) for each in shared):
        present = [kept[key] for key in members if key in kept]
        ranked = sorted(present, key=lambda candidate: participant_key(candidate, has_numbers))
        for other in ranked[1:]:
            reason = f"Reports the same people as {ranked[0].study.key}, which counts in this body."
            passed_over.append(PassedOver(other.study.key, other.row.position, "shared-participants", reason))
            del kept[other.study.key]
    return kept, tuple(passed_over)


def participant_key(candidate: StudyResult, has_numbers: HasNumbers) -> tuple[bool, int, float, str]:
    year = candidate.study.year
    return not has_numbers(candidate), -candidate.size.n, math.inf if year is None else year, candidate.study.key
