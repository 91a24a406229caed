"""Random bodies through the real assembly, for tests that hold for any body: pooled and not, of means and of events."""

import random

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import Body, DirectnessInput, RegistrationInput, ResultInput
from app.synthesis.grade.publication_bias import PairContext
from app.synthesis.rating import pair_context
from app.vocabulary import Design, Directness, ResultDirection, RiskOfBiasJudgement
from tests.synthesis.factories import arm, direction_only, judgement, pair, study, with_estimate, with_events

LEVELS = (RiskOfBiasJudgement.LOW, RiskOfBiasJudgement.SOME_CONCERNS, RiskOfBiasJudgement.HIGH)
DIRECTIONS = (ResultDirection.FAVOURS_INTERVENTION, ResultDirection.FAVOURS_COMPARATOR, ResultDirection.NO_DIFFERENCE)


def random_body(seed: int, *, k: int | None = None) -> tuple[Body, PairContext]:
    """One body with its context; the same seed gives the same body."""
    chance = random.Random(seed)
    kind = chance.choice(("means", "means", "events", "directions"))
    size = k if k is not None else chance.randint(1, 12)
    centre, spread = chance.uniform(-20, 4), chance.choice((0.5, 4.0, 12.0))
    design = chance.choice((Design.RANDOMISED_TRIAL, Design.RANDOMISED_TRIAL, Design.NON_RANDOMISED_CONTROLLED))
    studies = [
        study(
            _row(kind, chance, centre, spread),
            key=f"s{number:02d}-2020",
            design=design,
            risk_of_bias=(judgement(chance.choice(LEVELS)),),
        )
        for number in range(size)
    ]
    overdue = [RegistrationInput(f"r{number}", None, "2020-01", chance.randint(20, 200)) for number in range(chance.choice((0, 0, 2)))]
    inputs = pair(*studies, registrations=tuple(overdue))
    assembly = assemble_bodies(inputs)
    return assembly.bodies[0], pair_context(inputs, assembly)


def _row(kind: str, chance: random.Random, centre: float, spread: float) -> ResultInput:
    n = chance.randint(10, 300)
    directness = DirectnessInput(population=chance.choice((Directness.DIRECT, Directness.DIRECT, Directness.INDIRECT)))
    arms = {"treatment": arm(n), "control": arm(n), "directness": directness}
    if kind == "directions":
        return direction_only(chance.choice(DIRECTIONS), **arms)
    if kind == "events":
        return with_events(chance.randint(1, n), n, chance.randint(1, n), n, directness=directness)
    effect, half = chance.gauss(centre, spread), 80 / n**0.5
    return with_estimate(effect, effect - half, effect + half, **arms)
