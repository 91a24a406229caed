"""What a plot says in words: headings, the labels of the two sides, and the sentence that describes it to who cannot see it."""

from collections.abc import Iterable

from app.charts.numbers import EffectFormat, fixed, percent
from app.charts.shapes import Forest, PoolMark, Question, StudyMark
from app.vocabulary import Certainty, Finding, Measure

MEASURE_NAMES = {
    Measure.MD: "mean difference",
    Measure.SMD: "standardised mean difference",
    Measure.RR: "risk ratio",
    Measure.OR: "odds ratio",
    Measure.RD: "risk difference",
    Measure.HR: "hazard ratio",
}
CERTAINTY_NAMES = {
    Certainty.HIGH: "high certainty",
    Certainty.MODERATE: "moderate certainty",
    Certainty.LOW: "low certainty",
    Certainty.VERY_LOW: "very low certainty",
    Certainty.NO_EVIDENCE: "no evidence found",
}
FINDING_NAMES = {
    Finding.FAVOURS_INTERVENTION: "favours the treatment",
    Finding.FAVOURS_COMPARATOR: "favours the comparator",
    Finding.NO_IMPORTANT_DIFFERENCE: "no important difference",
    Finding.MIXED: "mixed",
    Finding.CONFLICTING: "conflicting",
    Finding.UNCLEAR: "unclear",
}
CHANGE_NAMES = {1: "better after treatment", -1: "worse after treatment", 0: "no difference reported", None: "no numbers"}
DIRECTION_NAMES = {1: "favours treatment", -1: "favours comparator", 0: "no difference reported", None: "no numbers"}
STANDING_NAMES = {"provisional": " (provisional)", "convention": " (by convention)"}
BIAS_NAMES = {"low": "low", "some-concerns": "some concerns", "high": "high", None: "no information"}
POOL_METHODS = {"hartung-knapp": "Hartung–Knapp", "wald": "Wald", "single-study": "single study"}
LEFT, RIGHT = "←", "→"
DOT = "\u00a0· "  # a line never begins with it


def heading(question: Question) -> str:
    return f"{question.outcome}: {question.intervention} against {question.comparator}"


def subheading(question: Question) -> str:
    """Condition, time, measure and which way is better."""
    parts = [question.condition, question.horizon, measure_name(question) + (", log scale" if question.ratio else "")]
    if question.treatment_side is not None and question.measure is not None:
        parts.append("lower is better" if question.treatment_side < 0 else "higher is better")
    return DOT.join(part for part in parts if part)


def measure_name(question: Question) -> str:
    if question.measure is None:
        return ""
    unit = f" ({question.unit})" if question.unit and question.measure is Measure.MD else ""
    return f"{MEASURE_NAMES[question.measure]}{unit}"


def side_labels(question: Question) -> tuple[str, str]:
    """What a value left and right of null means."""
    if question.treatment_side is None:
        return f"{LEFT} Lower with {question.intervention}", f"Higher with {question.intervention} {RIGHT}"
    meanings = [f"Favours {question.intervention}", f"Favours {question.comparator}"]
    if not question.controlled:
        meanings = ["Better after treatment", "Worse after treatment"]
    left, right = meanings[:: -question.treatment_side]
    return f"{LEFT} {left}", f"{right} {RIGHT}"


def direction_in_words(direction: int | None, *, controlled: bool) -> str:
    return (DIRECTION_NAMES if controlled else CHANGE_NAMES)[direction]


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def participants(studies: tuple[StudyMark, ...]) -> str:
    known = sum(study.n or 0 for study in studies)
    at_least = any(study.n is None for study in studies)
    about = any(study.n_estimated for study in studies)
    return ("at least " if at_least else "about " if about else "") + count(known, "participant", "participants")


def effect_in_words(pool: PoolMark, form: EffectFormat) -> str:
    return f"{form.one(pool.estimate)} (95 % CI {form.one(pool.ci_low)} to {form.one(pool.ci_high)})"


def favours_in_words(question: Question, pool: PoolMark) -> str:
    if pool.ci_low <= 0 <= pool.ci_high:
        return "the interval holds the value of no difference"
    if question.treatment_side is None:
        return "the interval lies on one side of no difference"
    return f"favouring {question.intervention if (pool.estimate > 0) == (question.treatment_side > 0) else question.comparator}"


def forest_sentence(forest: Forest, form: EffectFormat) -> str:
    """What the forest plot shows, for its description."""
    question = forest.question
    parts = [
        f"Forest plot of {count(len(forest.counted), 'study', 'studies')} with {participants(forest.counted)}: {heading(question)}, "
        f"{question.condition}, {question.horizon}."
    ]
    parts.append(_pool_sentence(forest, form))
    parts += _beside(forest, form)
    return " ".join(part for part in parts if part)


def concern_sentence(names: Iterable[str]) -> str:
    """Whose reports have an expression of concern; nothing where none has."""
    whose = list(dict.fromkeys(names))
    return f"An expression of concern stands on the report of {' and of '.join(whose)}, which counts." if whose else ""


def _pool_sentence(forest: Forest, form: EffectFormat) -> str:
    if forest.pool is None:
        return f"Not pooled: {(forest.not_pooled or 'no reason given').rstrip('.')}."
    pool = forest.pool
    text = f"Pooled {measure_name(forest.question)} {effect_in_words(pool, form)}, {favours_in_words(forest.question, pool)}."
    if pool.pi_low is not None and pool.pi_high is not None:
        text += f" 95 % prediction interval {form.one(pool.pi_low)} to {form.one(pool.pi_high)}."
    return text


def _beside(forest: Forest, form: EffectFormat) -> list[str]:
    directions = sum(study.effect is None for study in forest.counted)
    retracted = len(forest.studies) - len(forest.counted)
    return [
        mid_in_words(forest.question, form) if forest.question.measure is not None else "",
        f"{count(directions, 'study gives', 'studies give')} a direction only." if directions else "",
        f"{count(retracted, 'retracted study is', 'retracted studies are')} shown and not counted." if retracted else "",
        concern_sentence(study.name for study in forest.counted if study.concern),
    ]


def mid_in_words(question: Question, form: EffectFormat) -> str:
    """The band around null that is too small to matter."""
    if question.mid is None:
        return ""
    standing = STANDING_NAMES.get(question.mid_standing, "")
    low, high = form.bound(-question.mid), form.bound(question.mid)
    return f"Between {low} and {high} a difference is smaller than the minimal important one{standing}."


def heterogeneity_in_words(pool: PoolMark, *, ratio: bool) -> str:
    if pool.k < 2 or pool.i2 is None:
        return ""
    tau2 = "" if pool.tau2 is None else f"; τ² = {pool.tau2:.3g}{' (log scale)' if ratio else ''}"
    q_p = "" if pool.q_p is None else f"; p of Q {'< 0.001' if pool.q_p < 0.001 else '= ' + fixed(pool.q_p, 3)}"
    return f"Heterogeneity: I² = {percent(pool.i2 / 100)}{tau2}{q_p}"


def method_in_words(pool: PoolMark) -> str:
    """How the pool was made, such as `random effects, REML, Hartung–Knapp`."""
    if pool.k < 2:
        return "single study"
    model = "common effect" if pool.tau2_method == "EE" else f"random effects, {pool.tau2_method}"
    return f"{model}, {POOL_METHODS.get(pool.ci_method, pool.ci_method)}"
