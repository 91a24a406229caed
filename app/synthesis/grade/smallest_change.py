"""The smallest single change that would move the level of a body, found by asking the rules (method, section 8).

Each kind of change is tried alone, everything else as it is. A number is the smallest of its kind at which the rules give
another level: the places where a rule can turn are probed in order, and the turn between two probes is found by halving.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from app.synthesis.body import PooledEffect
from app.synthesis.display import shown
from app.synthesis.grade.certainty import CERTAINTY_OF_LEVEL
from app.synthesis.grade.crossings import view_of
from app.synthesis.grade.information_size import with_more_participants
from app.synthesis.grade.judgement import people_in_words
from app.synthesis.grade.level_parts import LevelParts, level_at_mid, level_of, with_study_level
from app.synthesis.grade.publication_bias import PairContext, judge_publication_bias
from app.synthesis.grade.risk_of_bias import CAUTION, LEVEL_WORDS
from app.synthesis.grade.turning_points import (
    first_turn,
    mid_factors_to_probe,
    narrowings_to_probe,
    participants_to_probe,
    with_variance,
)
from app.vocabulary import Certainty

WIDEST = 16.0
"""How far an interval is widened in search of a turn, as a multiple of its variance."""
LEVELS_OF_CAUTION = {caution: level for level, caution in CAUTION.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one kind: how much of what, or which study, and the certainty that it leads to."""

    kind: str
    text: str
    certainty: Certainty
    amount: float | None = None
    study: str | None = None
    others: tuple[str, ...] = ()
    """Other studies of which the same would move the level the same way."""


@dataclass(frozen=True, slots=True)
class SmallestChanges:
    """For each kind the smallest change that moves the level up, and down; nothing of a kind that cannot."""

    up: tuple[Change, ...]
    down: tuple[Change, ...]


class LevelsAlong:
    """The level of a body as one number of it moves; each place is asked once, for the way up and for the way down."""

    def __init__(self, parts: LevelParts) -> None:
        self.parts = parts
        self.base = level_of(parts)
        self.with_participants = cache(lambda extra: level_of(more_participants(parts, round(extra))))
        self.at_variance = cache(lambda ratio: level_of(_with_variance(parts, ratio)))
        self.at_mid = cache(lambda factor: level_at_mid(parts, factor))


def find_smallest_changes(whole: LevelParts, left_out: Mapping[str, LevelParts], context: PairContext) -> SmallestChanges:
    """Try every kind of change; `left_out` holds the parts without each study on which the level rests."""
    levels = LevelsAlong(whole)
    return SmallestChanges(
        up=_in_direction(levels, left_out, context, upwards=True),
        down=_in_direction(levels, left_out, context, upwards=False),
    )


def _in_direction(levels: LevelsAlong, left_out: Mapping[str, LevelParts], context: PairContext, *, upwards: bool) -> tuple[Change, ...]:
    whole, base = levels.parts, levels.base

    def moves(level: int) -> bool:
        return level > base if upwards else level < base

    found = [
        _participants(levels, moves),
        *(_interval(levels, moves, narrower=narrower) for narrower in (True, False)),
        *(_mid(levels, moves, larger=larger) for larger in (True, False)),
        _one_judgement(whole, moves, better=upwards),
        _one_retraction(whole, left_out, moves),
        _one_report(whole, context, moves),
    ]
    return tuple(change for change in found if change is not None)


def more_participants(parts: LevelParts, extra: int) -> LevelParts:
    """The parts with `extra` people more who find the same: the variance of the pooled effect shrinks as n / (n + extra)."""
    if parts.size is None or parts.body.pooled is None:
        return replace(parts, n=parts.n + extra)
    pooled = with_variance(parts.body.pooled, parts.size.n / (parts.size.n + extra))
    return replace(_with_pool(parts, pooled), size=with_more_participants(parts.size, extra))


def _participants(levels: LevelsAlong, moves: Callable[[int], bool]) -> Change | None:
    probes = [float(extra) for extra in participants_to_probe(levels.parts)]
    turn = first_turn(levels.with_participants, moves, 0.0, probes, whole_numbers=True)
    if turn is None:
        return None
    extra, level = round(turn[0]), turn[1]
    return Change("participants", f"{people_in_words(extra)} more at the same effect.", CERTAINTY_OF_LEVEL[level], extra)


def _interval(levels: LevelsAlong, moves: Callable[[int], bool], *, narrower: bool) -> Change | None:
    """The same estimate and the same people, another width."""
    probes = [ratio for ratio in narrowings_to_probe(levels.parts, WIDEST) if (ratio < 1) is narrower]
    turn = first_turn(levels.at_variance, moves, 1.0, probes)
    if turn is None:
        return None
    width = turn[0] ** 0.5
    text = f"A confidence interval {abs(1 - width):.1%} {'narrower' if narrower else 'wider'} around the same estimate."
    return Change("narrower-interval" if narrower else "wider-interval", text, CERTAINTY_OF_LEVEL[turn[1]], width)


def _mid(levels: LevelsAlong, moves: Callable[[int], bool], *, larger: bool) -> Change | None:
    body = levels.parts.body
    mid, measure = body.mid.value, body.measure
    probes = [factor for factor in mid_factors_to_probe(levels.parts) if (factor > 1) is larger]
    turn = first_turn(levels.at_mid, moves, 1.0, probes)
    if turn is None or mid is None:
        return None
    text = f"A smallest difference that matters of {shown(mid * turn[0], measure)} instead of {shown(mid, measure)}."
    return Change("larger-mid" if larger else "smaller-mid", text, CERTAINTY_OF_LEVEL[turn[1]], mid * turn[0])


def _one_judgement(parts: LevelParts, moves: Callable[[int], bool], *, better: bool) -> Change | None:
    """One study judged one step lower, or higher, for its risk of bias."""
    found = []
    for study, weight in parts.shares.weighed:
        key = study.study.key
        now = parts.shares.levels[key].level
        then = LEVELS_OF_CAUTION.get(CAUTION[now] - 1 if better else CAUTION[now] + 1)
        if then is not None and moves(level := level_of(with_study_level(parts, key, then))):
            text = f"Risk of bias of {key} judged as {LEVEL_WORDS[then]} instead of {LEVEL_WORDS[now]}."
            found.append((weight, key, Change("risk-of-bias", text, CERTAINTY_OF_LEVEL[level], study=key)))
    return _smallest(found)


def _one_retraction(parts: LevelParts, left_out: Mapping[str, LevelParts], moves: Callable[[int], bool]) -> Change | None:
    """One study taken out of this body; what that does elsewhere in the pair is not looked at."""
    weights = {study.study.key: weight for study, weight in parts.shares.weighed}
    found = []
    for key, remaining in left_out.items():
        if moves(level := level_of(remaining)):
            risk = LEVEL_WORDS[parts.shares.levels[key].level]
            text = f"{key} (risk of bias: {risk}) retracted."
            found.append((weights[key], key, Change("retraction", text, CERTAINTY_OF_LEVEL[level], study=key)))
    return _smallest(found)


def _one_report(parts: LevelParts, context: PairContext, moves: Callable[[int], bool]) -> Change | None:
    """One overdue trial of the pair reported with a usable result, its people then counted among the controlled ones."""
    found = []
    for row in context.overdue:
        others = tuple(other for other in context.overdue if other is not row)
        reported = PairContext(others, context.controlled_n + (row.n or 0))
        levels = judge_publication_bias(parts.body, reported, parts.thresholds).levels
        if moves(level := level_of(replace(parts, publication_bias=levels))):
            change = Change("registration-reported", f"{row.key} reported.", CERTAINTY_OF_LEVEL[level], study=row.key)
            found.append((float(row.n or 0), row.key, change))
    return _smallest(found)


def _smallest(found: Iterable[tuple[float, str, Change]]) -> Change | None:
    """The change of the study with the least weight, with the others named; None where there is none."""
    ordered = sorted(found, key=lambda row: row[:2])
    if not ordered:
        return None
    return replace(ordered[0][2], others=tuple(key for _, key, _ in ordered[1:]))


def _with_variance(parts: LevelParts, ratio: float) -> LevelParts:
    return parts if parts.body.pooled is None else _with_pool(parts, with_variance(parts.body.pooled, ratio))


def _with_pool(parts: LevelParts, pooled: PooledEffect) -> LevelParts:
    body = replace(parts.body, pooled=pooled)
    return replace(parts, body=body, view=view_of(pooled, body.outcome.better, body.mid.value))
