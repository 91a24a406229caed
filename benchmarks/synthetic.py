"""A ledger of any size whose studies are made up: `python benchmarks/synthetic.py --database URL --studies 100000`.

Everything goes the way of the founding data: the same checks, revisions, rows, ledger entries and ratings. A condition has 240 studies at
every size, so that only the number of conditions grows. The words of titles follow Zipf's law, as words do. Nothing here is a figure
about a treatment: every title says that it is made up.
"""

import argparse
import itertools
import math
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.actions import ledger
from app.actions.founding_studies import FoundingStudy, write_founding_studies
from app.actions.recompute import Cause, recompute_pairs
from app.actions.reference_records import KINDS, put_record
from app.actor import SEEDING
from app.cli.database import migrate_database
from app.database import make_engine, transaction
from app.identifiers import deterministic_uuid7
from app.models import Condition
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study import StudyDocument
from app.seed import FOUNDED_AT, seed

Json = dict[str, Any]
STUDIES_A_CONDITION = 240
REGISTRATIONS = range(100, 110, 2)
REVIEWS = (150, 190, 230)
SECOND_PAPERS = (5, 25, 45, 65)
CONDITIONS_A_TRANSACTION = 42
NEEDED = "list_index_of_condition"  # by which ratings find their studies
WORDS = 20_000
COMMON_WORDS = (
    "trial therapy treatment effect patients randomised controlled pain study adults manual care clinical efficacy chronic pilot quality "
    "outcomes symptoms placebo sleep anxiety children headache function disability sham massage osteopathic craniosacral neck back women"
)
COMMON = tuple(COMMON_WORDS.split())
SYLLABLES = tuple("".join(pair) for pair in itertools.product("bcdfglmnprstv", ("a", "e", "i", "o", "u", "an", "er", "is", "ol", "um")))
MEASURES = (
    ("pain-intensity", "pain-vas-100", 48, 20, 6),
    ("disability", "odi", 32, 12, 3),
)
COMPARATORS = ("sham", "usual-care", "active", "wait-list", "no-treatment")
DESIGNS = ("randomised-trial",) * 7 + ("non-randomised-controlled", "before-after", "cohort")
COUNTRIES = ("DE", "ES", "US", "GB", "IT", "BR", "IN", "TR", None)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", required=True)
    options.add_argument("--studies", type=int, default=10_000)
    given = options.parse_args()
    make_ledger(given.database, given.studies)
    return 0


def make_ledger(url: str, studies: int) -> None:
    """The founding data, and as many studies more; goes on where it was broken off."""
    migrate_database(url)
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA cache_size=-500000"))
    seed(engine)
    with lists_made_afterwards(engine):
        _fill(engine, studies)
    engine.dispose()


@contextmanager
def lists_made_afterwards(engine: Engine) -> Iterator[None]:
    """What only reading needs, the indexes of lists and of words, is made from the whole when all is there: a quarter of the time."""
    if engine.dialect.name != "sqlite":
        yield
        return
    with engine.connect() as connection:
        lifted = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name LIKE 'list_index_%' OR type = 'trigger' ORDER BY name"
        ).all()
        for kind, name, _ in lifted:
            if name != NEEDED:
                connection.exec_driver_sql(f"DROP {kind} {name}")
        connection.commit()
        try:
            yield
        finally:
            again = [definition for _, name, definition in lifted if name != NEEDED]
            for statement in (*again, "INSERT INTO search_index(search_index) VALUES ('rebuild')"):
                connection.exec_driver_sql(statement)
                connection.commit()


def _fill(engine: Engine, studies: int) -> None:
    conditions, begun = math.ceil(studies / STUDIES_A_CONDITION), time.process_time()
    for start in range(0, conditions, CONDITIONS_A_TRANSACTION):
        stop = min(conditions, start + CONDITIONS_A_TRANSACTION)
        last = min(studies, stop * STUDIES_A_CONDITION)
        with transaction(engine) as session:
            if session.get(Condition, condition_slug(stop - 1)) is not None:
                continue
            for number in range(start, stop):
                put_record(session, KINDS["condition"], KINDS["condition"].shape.model_validate(condition(number)), by=SEEDING)
            made = (study(number) for number in range(start * STUDIES_A_CONDITION, last))
            pairs = write_founding_studies(session, made, by=SEEDING, known=load_known_slugs(session))
            change = ledger.append(session, by=SEEDING, action="ledger.recomputed", subject="ledger:ratings", summary="Made-up studies")
            recompute_pairs(session, pairs, by=SEEDING, cause=Cause(change, "made-up studies were added", FOUNDED_AT.date()))
        sys.stderr.write(f"\r{last:,} studies, {(time.process_time() - begun) / last * 1e6:,.0f} us each ")
    sys.stderr.write("\n")


def condition_slug(number: int) -> str:
    return f"made-up-{number:05d}"


def condition(number: int) -> Json:
    name = f"Made-up {word(number * 7 + 300)} {word(number * 3 + 900)} {number}"
    return {
        "slug": condition_slug(number),
        "name": name,
        "synonyms": [f"MU{number}"],
        "description": "A condition that nobody has, to measure with.",
        "body_system": "musculoskeletal",
        "age_group": "adult",
    }


def word(rank: int) -> str:
    """The word of this rank: the first are common in the field, the others are made of syllables, each rank its own."""
    if rank < len(COMMON):
        return COMMON[rank]
    first, second = divmod(rank - len(COMMON), len(SYLLABLES))
    return SYLLABLES[first % len(SYLLABLES)] + SYLLABLES[second] + SYLLABLES[(first // len(SYLLABLES) * 17 + second * 5) % len(SYLLABLES)]


def some_words(chance: random.Random, many: int) -> str:
    """By Zipf's law: the word of rank r about as often as 1 / r."""
    return " ".join(word(int(math.exp(chance.random() * math.log(WORDS))) - 1) for _ in range(many))


def study_key(number: int) -> str:
    return f"made-up-study-{number:07d}"


def study(number: int) -> FoundingStudy:
    chance, place, key = random.Random(number), number % STUDIES_A_CONDITION, study_key(number)
    shape = registration if place in REGISTRATIONS else review if place in REVIEWS else body
    document = StudyDocument.model_validate(shape(number, chance))
    return FoundingStudy(str(deterministic_uuid7(FOUNDED_AT + timedelta(milliseconds=number), key)), key, document)


def registration(number: int, chance: random.Random) -> Json:
    """Every other one reported: by the study behind it."""
    no_trial = {"kind": "registration", "design": "registered-trial", "publication_status": "registered", "doi": None, "results": []}
    numbered = {"registration": registry_number(number), "completed_on": f"{chance.randint(2015, 2026)}-05-01", "risk_of_bias": []}
    return body(number, chance) | no_trial | numbered | {"comparators": [], "n_analysed": None}


def registry_number(number: int) -> str:
    return f"NCT{90_000_000 + number}"


def review(number: int, chance: random.Random) -> Json:
    included = sorted({study_key(number - chance.randint(1, 80)) for _ in range(12)})
    synthesis = {"n_studies": len(included), "included": included, "conclusion_direction": "inconclusive"}
    reviewed = {"kind": "synthesis", "design": "systematic-review", "synthesis": synthesis, "results": [], "risk_of_bias": []}
    return body(number, chance) | reviewed | {"comparators": []}


def body(number: int, chance: random.Random) -> Json:
    slug, n = condition_slug(number // STUDIES_A_CONDITION), chance.randint(12, 140)
    kind = chance.choice(COMPARATORS)
    design = chance.choice(DESIGNS)
    craniosacral = chance.random() < 0.5
    place = number % STUDIES_A_CONDITION
    return {
        "title": f"Made-up study of {some_words(chance, chance.randint(6, 12))}",
        "kind": "primary",
        "design": design,
        "authors": [f"{word(chance.randint(500, 6000)).capitalize()} {chance.choice('ABCDEFGH')}" for _ in range(chance.randint(2, 6))],
        "year": chance.randint(1985, 2026),
        "journal": f"Journal of {word(chance.randint(40, 400)).capitalize()}",
        "doi": f"10.5555/made-up.{number}",
        "country": chance.choice(COUNTRIES),
        "language": "en",
        "intervention": "craniosacral-therapy" if craniosacral else "osteopathic-manipulative-treatment",
        "fidelity": "craniosacral-therapy" if craniosacral else "mixed-osteopathic-package",
        "comparators": [{"kind": kind, "label": "the other group"}] if design not in ("before-after", "cohort") else [],
        "population": f"people with {some_words(chance, 4)}",
        "age_group": "adult",
        "n_randomised": 2 * n,
        "n_analysed": 2 * n,
        "conditions": [slug],
        "same_participants_as": [study_key(number - 3)] if place in SECOND_PAPERS else [],
        "linked_registration": registry_number(number - 1) if place - 1 in REGISTRATIONS[::2] else None,
        "results": results(slug, kind, n, design, chance),
        "risk_of_bias": [
            {"tool": "rob-2", "overall": chance.choice(("low", "some-concerns", "high")), "judged_by": "nobody", "source": "made up"}
        ]
        if design == "randomised-trial"
        else [],
        "conclusion": f"Made up: {some_words(chance, 14)}.",
        "sources": ["https://example.org/made-up"],
    }


def results(slug: str, kind: str, n: int, design: str, chance: random.Random) -> list[Json]:
    if design in ("before-after", "cohort"):
        return []
    found = []
    for outcome, instrument, mean, sd, shift in MEASURES:
        for weeks in (0, 12)[: chance.randint(1, 2)]:
            difference = shift + chance.gauss(0, shift)
            arms = {
                "treatment": {"n": n, "mean": round(mean - difference, 1), "sd": round(sd * chance.uniform(0.8, 1.2), 1)},
                "control": {"n": n, "mean": float(mean), "sd": round(sd * chance.uniform(0.8, 1.2), 1)},
            }
            found.append(
                {
                    "condition": slug,
                    "outcome": outcome,
                    "instrument": instrument,
                    "comparator": kind,
                    "timepoint_weeks": 8 + weeks,
                    "since_end_of_treatment_weeks": weeks,
                    "direction": "unclear",
                    "source_of_figure": "full text",
                    "locator": "made up",
                    **arms,
                }
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
