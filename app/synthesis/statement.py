"""Plain sentences for a body of evidence and for a rating (method, section 6).

GRADE guidelines 26 (Santesso 2020, doi 10.1016/j.jclinepi.2019.10.014): the verb tells the certainty, the size is told in
minimal important differences. At very low certainty a sentence names no direction and no size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.synthesis.body import Body
from app.synthesis.display import display_value
from app.synthesis.findings import contradicting_directions
from app.synthesis.grade.crossings import BenefitView, benefit_view
from app.synthesis.grade.judgement import SHARE_DIGITS, people_in_words, studies_in_words
from app.synthesis.grade.weights import studies_with_numbers
from app.vocabulary import RATIO_MEASURES, Certainty, Comparator, ComparatorGroup, Finding, Horizon, Measure, MidStanding

NO_EVIDENCE = "No eligible study was found; this does not mean that the treatment has been shown to fail."
VERBS = {Certainty.HIGH: "", Certainty.MODERATE: "probably ", Certainty.LOW: "may "}

SIZES_IN_MIDS = (1.0, 2.0, 3.0)  # GRADE guidelines 26: little or none, small, moderate, large
SIZES_BY_CONVENTION = (1.0, 2.5, 4.0)  # 0.2, 0.5, 0.8 SD in units of m = 0.2 SD: Cohen 1988
SIZE_WORDS = ("a small", "a moderate", "a large")

INACTIVE_NAMES = {
    Comparator.USUAL_CARE: "usual care",
    Comparator.NO_TREATMENT: "no treatment",
    Comparator.WAIT_LIST: "a waiting list",
}
GROUP_NAMES = {
    ComparatorGroup.SHAM: "sham treatment",
    ComparatorGroup.INACTIVE: "usual care or no treatment",
    ComparatorGroup.ACTIVE: "another treatment",
    ComparatorGroup.NONE: "the time before treatment",
}
RATIO_NAMES = {Measure.RR: "risk ratio", Measure.OR: "odds ratio", Measure.HR: "hazard ratio"}
LATER = " more than 4 weeks after the end of treatment"
NOT_RULED_OUT = ", but no difference, or one the other way, cannot be ruled out"


@dataclass(frozen=True, slots=True)
class EvidenceCount:
    """How many studies and people stand behind a sentence; `unknown` studies do not say how many people took part."""

    k: int
    n: int
    estimated: bool = False
    unknown: int = 0


def body_sentence(body: Body, certainty: Certainty, finding: Finding, intervention_name: str) -> str:
    """One body in words: certainty, size, direction, and how many studies and people stand behind it."""
    subject, evidence = mid_sentence(intervention_name), evidence_in_words(count_body(body))
    if certainty is Certainty.VERY_LOW:
        difference = f"makes a difference to {_outcome(body)}{_against(body)}{_later(body)}{_uncontrolled(body)}"
        text = f"It is very uncertain whether {subject} {difference}"
    else:
        clause = verb_clause(body, certainty, finding, with_numbers=True)
        text = f"Compared with {comparator_name([body])},{_later(body, ',')} {subject} {clause}"
    return f"{text} ({evidence}{_directions_beside(body)}).{_contradiction(body)}{_provisional([body])}"


def headline_sentence(
    bodies: Sequence[Body],
    findings: Sequence[Finding],
    certainty: Certainty,
    evidence: EvidenceCount,
    *,
    intervention_name: str,
    condition_name: str,
    contradicted: Sequence[Body] = (),
) -> str:
    """A rating in words: all bodies it rests on, at the certainty of the rating (the lowest of theirs).

    `contradicted` holds direction-only bodies beside them whose participants mostly point the other way.
    """
    subject, people = mid_sentence(intervention_name), f"({evidence_in_words(evidence)})"
    if certainty is Certainty.VERY_LOW:
        outcomes = join_words([_outcome(body) + _later(body) for body in bodies])
        text = f"{condition_name}: it is very uncertain whether {subject} makes a difference to {outcomes}{_against(*bodies)}"
        return f"{text}{_uncontrolled(bodies[0])} {people}.{_provisional(bodies)}"
    clauses = [verb_clause(body, certainty, finding) + _later(body) for body, finding in zip(bodies, findings, strict=True)]
    text = f"{condition_name}: compared with {comparator_name(bodies)}, {subject} {'; it '.join(clauses)} {people}."
    if contradicted:
        text += f" Studies that give only a direction point the other way for {join_words([_outcome(body) for body in contradicted])}."
    return text + _provisional(bodies)


def not_usable_sentence(eligible: EvidenceCount, *, intervention_name: str, condition_name: str) -> str:
    """Eligible studies exist, but none gives a result that a body could take."""
    found = f"{studies_in_words(eligible.k)} ({_people(eligible)}) {'was' if eligible.k == 1 else 'were'} found"
    doubt = f"it is very uncertain whether {mid_sentence(intervention_name)} makes a difference"
    return f"{condition_name}: {found}, but without a result that can be used, so {doubt}."


def limited_only_sentence(bodies: Sequence[Body], evidence: EvidenceCount, *, intervention_name: str, condition_name: str) -> str:
    """Only outcomes of limited importance have a body: very uncertain, whatever they say."""
    outcomes = join_words([_outcome(body) for body in bodies])
    doubt = f"it is very uncertain whether {mid_sentence(intervention_name)} makes a difference that matters to people"
    return f"{condition_name}: {doubt}; only outcomes of limited importance were studied: {outcomes} ({evidence_in_words(evidence)})."


def verb_clause(body: Body, certainty: Certainty, finding: Finding, *, with_numbers: bool = False) -> str:
    """What the treatment does, from the verb on: `may lead to a small difference in ... in favour of the treatment`."""
    view = benefit_view(body)
    if view is None:
        return _unpooled_clause(body, certainty, finding)
    numbers = _numbers_in_words(body) if with_numbers else ""
    size = size_in_words(view, body)
    if finding is Finding.NO_IMPORTANT_DIFFERENCE or size == "little":
        return _verb(certainty, "make", "makes") + f"little or no difference to {_outcome(body)}{numbers}{_little_caveat(body, finding)}"
    clause = f"{size} difference in {_outcome(body)} in favour of {_favoured(body, view.estimate > 0)}"
    return _verb(certainty, "lead to", "leads to") + clause + numbers + _caveat(view, finding)


def size_in_words(view: BenefitView, body: Body) -> str:
    """|estimate|/m in words: below 1 `little`, to 2 small, to 3 moderate, above large; by convention 0.2, 0.5, 0.8 SD.

    Without a MID: `a`, as nothing can be said of the size.
    """
    if view.mid is None:
        return "a"
    by_convention = body.mid.standing is MidStanding.CONVENTION and body.measure not in RATIO_MEASURES
    limits = SIZES_BY_CONVENTION if by_convention else SIZES_IN_MIDS
    ratio = round(abs(view.estimate) / view.mid, SHARE_DIGITS)
    if ratio < limits[0]:
        return "little"
    return SIZE_WORDS[sum(ratio > limit for limit in limits[1:])]


def count_body(body: Body) -> EvidenceCount:
    """Studies and people of a body; of a pooled one those with numbers."""
    studies = body.studies if body.pooled is None else studies_with_numbers(body)
    unknown = sum(not study.n_known for study in studies)
    return EvidenceCount(len(studies), sum(study.n for study in studies), any(study.n_estimated for study in studies), unknown)


def evidence_in_words(count: EvidenceCount) -> str:
    """`2 studies, 120 people`; `about` when a number was estimated, `at least` when some are unknown."""
    return f"{studies_in_words(count.k)}, {_people(count)}"


def amount_in_words(value: float, unit: str | None) -> str:
    """`21 mm`, `1 point`, `3 hours a day`, or the bare number without a unit."""
    if unit is None:
        return f"{value:g}"
    first, _, rest = unit.partition(" ")
    word = first.removesuffix("s") if value == 1 and not rest.endswith("s") else first
    return f"{value:g} {word} {rest}".rstrip()


def join_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, each word once."""
    once = list(dict.fromkeys(words))
    return once[0] if len(once) == 1 else f"{', '.join(once[:-1])} and {once[-1]}"


def mid_sentence(name: str) -> str:
    """A name as it reads inside a sentence: first letter small, unless it opens an abbreviation."""
    return name if len(name) > 1 and (name[1].isupper() or not name[1].isalpha()) else name[:1].lower() + name[1:]


def comparator_name(bodies: Sequence[Body]) -> str:
    """What the treatment was compared with: the one kind if all studies share it, else the name of the group."""
    if bodies[0].comparator_label is not None:
        return bodies[0].comparator_label
    group = bodies[0].comparator_group
    kinds = {study.result.comparator for body in bodies for study in body.studies}
    if group is ComparatorGroup.INACTIVE and len(kinds) == 1:
        return INACTIVE_NAMES[kinds.pop()]
    return GROUP_NAMES[group]


def _people(count: EvidenceCount) -> str:
    if count.unknown and count.n == 0:
        return "number of people not known"
    return ("at least " if count.unknown else "about " if count.estimated else "") + people_in_words(count.n)


def _outcome(body: Body) -> str:
    return mid_sentence(body.outcome.name)


def _verb(certainty: Certainty, infinitive: str, indicative: str) -> str:
    verb = infinitive if certainty is Certainty.LOW else indicative
    return f"{VERBS[certainty]}{verb} "


def _against(*bodies: Body) -> str:
    return "" if bodies[0].comparator_group is ComparatorGroup.NONE else f" compared with {comparator_name(bodies)}"


def _uncontrolled(body: Body) -> str:
    return ", because there was no comparison group" if body.comparator_group is ComparatorGroup.NONE else ""


def _later(body: Body, end: str = "") -> str:
    return f"{LATER}{end}" if body.horizon is Horizon.FOLLOW_UP else ""


def _favoured(body: Body, treatment: bool) -> str:
    if treatment:
        return "the treatment"
    return "the other treatment" if body.comparator_group is ComparatorGroup.ACTIVE else comparator_name([body])


def _caveat(view: BenefitView, finding: Finding) -> str:
    text = ", of a size that could not be judged" if view.mid is None else ""
    return text + (NOT_RULED_OUT if finding is Finding.UNCLEAR else "")


def _little_caveat(body: Body, finding: Finding) -> str:
    if finding is Finding.UNCLEAR:
        return ", but a difference that matters cannot be ruled out"
    if finding is Finding.NO_IMPORTANT_DIFFERENCE:
        return ""
    favoured = _favoured(body, finding is Finding.FAVOURS_INTERVENTION)
    return f" (what was seen is in favour of {favoured}, but smaller than what matters)"


def _numbers_in_words(body: Body) -> str:
    """The pooled effect in its own units: a mean difference on its instrument, or a ratio; nothing for standardised ones."""
    if body.pooled is None or body.measure is None or body.measure is Measure.SMD:
        return ""
    value = display_value(body.pooled.estimate, body.measure)
    if body.measure in RATIO_MEASURES:
        return f", {RATIO_NAMES[body.measure]} about {value:g}"
    if body.instrument is None:
        return ""
    amount = amount_in_words(abs(value), body.instrument.unit)
    return f", about {amount} {'lower' if value < 0 else 'higher'} on average ({body.instrument.name})"


def _unpooled_clause(body: Body, certainty: Certainty, finding: Finding) -> str:
    """Direction of effect: how many studies point which way, and whether chance alone could do that."""
    count = body.directions
    if finding in (Finding.FAVOURS_INTERVENTION, Finding.FAVOURS_COMPARATOR):
        favours = finding is Finding.FAVOURS_INTERVENTION
        ahead = f"{count.favouring if favours else count.against} of {count.with_direction} studies with a direction point that way"
        clause = f"a difference in {_outcome(body)} in favour of {_favoured(body, favours)}, of unknown size: {ahead}"
        return _verb(certainty, "lead to", "leads to") + clause
    if count.with_direction == 0:
        return f"may or may not make a difference to {_outcome(body)}: no study reports a difference either way"
    chance = "chance alone could do that" if count.can_reach_significance else "too few to tell from chance"
    return f"may or may not make a difference to {_outcome(body)}: {_pointing(body)}, {chance}"


def _pointing(body: Body) -> str:
    """How many of the studies with a direction point to the treatment."""
    ahead, total = body.directions.favouring, body.directions.with_direction
    if total == 1:
        return f"the only study with a direction favours {_favoured(body, ahead == 1)}"
    return f"{ahead or 'none'} of {total} studies with a direction {'favours' if ahead <= 1 else 'favour'} the treatment"


def _directions_beside(body: Body) -> str:
    """Direction-only studies beside a pooled effect."""
    if body.pooled is None:
        return ""
    numbers = {study.study.key for study in studies_with_numbers(body)}
    others = [study for study in body.studies if study.study.key not in numbers]
    if not others:
        return ""
    count = EvidenceCount(len(others), sum(s.n for s in others), any(s.n_estimated for s in others), sum(not s.n_known for s in others))
    return f"; {studies_in_words(count.k)} more, {_people(count)}, {'gives' if count.k == 1 else 'give'} a direction only"


def _contradiction(body: Body) -> str:
    others = contradicting_directions(body)
    return " By participants, the studies that give a direction only point the other way." if others else ""


def _provisional(bodies: Sequence[Body]) -> str:
    """Says so when the smallest difference that matters is provisional, with its value where it has a unit."""
    resting = [body for body in bodies if body.pooled is not None and body.mid.standing is MidStanding.PROVISIONAL]
    if not resting:
        return ""
    values = join_words([_mid_in_words(body) for body in resting])
    return f" The smallest difference that matters ({values}) is a provisional value."


def _mid_in_words(body: Body) -> str:
    amount = amount_in_words(body.mid.value or 0.0, None if body.instrument is None else body.instrument.unit)
    return f"{amount} for {_outcome(body)}"
