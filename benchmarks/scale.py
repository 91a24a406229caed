"""The same reads, searches and acceptances on ledgers of several sizes.

    .venv/bin/python benchmarks/scale.py --ledger 10080=sqlite:////tmp/a.db --ledger 100800=sqlite:////tmp/b.db --ledger 1008000=…

Ledgers that are missing are made (`synthetic.py`). Reads: CPU of a server for each ledger, nothing kept, rounds interleaved, medians; the
last size against the one before it. Searches: 200 different questions to the largest, the best of five each. Acceptances: CPU of a whole
transaction, ledger, ratings and commit included, the last size against the first; each leaves a study in the ledger.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Engine, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.actions.reviews import review_study
from app.actions.studies import create_study, submit_study
from app.actor import Actor
from app.database import make_engine, reading, transaction
from app.models import Study
from app.queries.paging import PageRequest, encode_cursor
from app.queries.search import search
from app.queries.studies import STUDIES
from app.schemas.search import SearchKind
from app.schemas.study import StudyDocument
from app.vocabulary import Decision, Role
from benchmarks.serving import cost_of, say, serve_product
from benchmarks.synthetic import STUDIES_A_CONDITION, body, condition_slug, make_ledger, some_words, study, word

PLAIN = {"Accept-Encoding": "identity"}
AUTHOR, CURATOR = Actor("el_bench_author", "Author", Role.CONTRIBUTOR), Actor("el_bench_curator", "Curator", Role.CURATOR)
QUESTIONS, BEST_OF, ASKED, ACCEPTED = 200, 5, 200, 12
DEEP = 0.9


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ledger", action="append", required=True, help="SIZE=URL, the smallest first")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1.5)
    given = options.parse_args()
    ledgers = {int(size): url for size, _, url in (one.partition("=") for one in given.ledger)}
    for size, url in ledgers.items():
        make_ledger(url, size)
    held = [tell_reads(ledgers, given.rounds, given.seconds), *tell_searches(ledgers[max(ledgers)]), tell_acceptances(ledgers)]
    return 0 if all(held) else 1


def tell_reads(ledgers: Mapping[int, str], rounds: int, seconds: float) -> bool:
    costs: dict[tuple[str, int], list[float]] = {}
    asked = {size: reads_of(size, url) for size, url in ledgers.items()}
    with ExitStack() as stack:
        servers = {size: stack.enter_context(serve_product(url, {"EVIDENCE_REPLY_CACHE_BYTES": "0"})) for size, url in ledgers.items()}
        for turn in range(rounds + 1):
            for name in asked[min(ledgers)]:
                for size, server in servers.items():
                    cost = cost_of(server, asked[size][name], seconds, PLAIN)
                    if turn:  # the first warms up
                        costs.setdefault((name, size), []).append(cost)
    *_, before, last = sorted(ledgers)
    say("\nCPU of the server, us (median); the largest against the one before it\n")
    say(f"| read | {' | '.join(f'{size:,}' for size in ledgers)} | ratio | at most |")
    say("|---|" + "---|" * (len(ledgers) + 2))
    held = True
    for name in asked[min(ledgers)]:
        medians = {size: median(costs[name, size]) for size in ledgers}
        base, most = (medians[before], 1.3) if name != "deep page" else (median(costs["page of 50", last]), 1.5)
        ratio = medians[last] / base
        held = held and ratio <= most
        say(f"| {name} | {' | '.join(f'{value:.0f}' for value in medians.values())} | {ratio:.2f} | {most} |")
    say("\nThe deep page (90 % of all studies lie before it) is held against the first page of the same ledger.")
    return held


def reads_of(size: int, url: str) -> dict[str, list[str]]:
    chance = random.Random(1)
    slugs = [condition_slug(chance.randrange(size // STUDIES_A_CONDITION)) for _ in range(ASKED)]
    page = "/v1/studies?limit=50"
    return {
        "item": [f"/v1/studies/{study(chance.randrange(size)).id}" for _ in range(ASKED)],
        "page of 50": [page],
        "deep page": [f"{page}&cursor={deep_cursor(size, url)}"],
        "condition": [f"/v1/conditions/{slug}" for slug in slugs],
        "studies of a condition": [f"{page}&condition={slug}" for slug in slugs],
        "filtered by design": [f"{page}&design=cohort"],
        "filtered by intervention and comparator": [f"{page}&intervention=craniosacral-therapy&comparator=sham"],
        "by country and size": [f"{page}&country=BR&sort=-n_randomised"],
    }


def deep_cursor(size: int, url: str) -> str:
    engine = make_engine(url)
    with reading(engine) as session:
        there = "SELECT year, id FROM study WHERE live_revision IS NOT NULL ORDER BY year DESC, id LIMIT 1 OFFSET :place"
        row = session.execute(text(there), {"place": int(DEEP * size)}).one()
    engine.dispose()
    asked = STUDIES.parse("/v1/studies", [("limit", "50")])
    return encode_cursor(PageRequest(binding=asked.page.binding), asked.sort, list(row))


def tell_searches(url: str) -> list[bool]:
    chance = random.Random(5)
    distinct = [some_words(chance, chance.choice((1, 1, 2, 2, 3))) for _ in range(QUESTIONS)]
    prefixes = [word(chance.randrange(20_000))[:3] for _ in range(50)]
    engine = make_engine(url)
    say("\nSearch in the largest, ms, the best of five each\n\n| questions | median | 99 % | most | at most |\n|---|---|---|---|---|")
    words = best_times(engine, distinct)
    beginnings = best_times(engine, prefixes)
    engine.dispose()
    percentile = quantiles(words, n=100)[98]
    say(f"| {QUESTIONS} of one to three words | {median(words):.1f} | {percentile:.1f} | {max(words):.1f} | 5 and 60 |")
    say(f"| 50 of three letters | {median(beginnings):.1f} | {quantiles(beginnings, n=100)[98]:.1f} | {max(beginnings):.1f} | 20 |")
    return [median(words) <= 5, percentile <= 60, median(beginnings) <= 20]


def best_times(engine: Engine, questions: Sequence[str]) -> list[float]:
    def ask(question: str) -> float:
        begun = time.perf_counter()
        with reading(engine) as session:
            search(session, question, kinds=tuple(SearchKind), asked=PageRequest(25))
        return (time.perf_counter() - begun) * 1e3

    return [min(ask(question) for _ in range(BEST_OF)) for question in questions]


def tell_acceptances(ledgers: Mapping[int, str]) -> bool:
    costs: dict[int, list[float]] = {size: [] for size in ledgers}
    engines = {size: make_engine(url) for size, url in ledgers.items()}
    for turn in range(ACCEPTED):
        for size, engine in engines.items():
            cost = acceptance(engine, size, turn)
            if turn > 1:
                costs[size].append(cost)
    for engine in engines.values():
        engine.dispose()
    medians = {size: median(found) for size, found in costs.items()}
    ratio = medians[max(ledgers)] / medians[min(ledgers)]
    say(
        "\nAccepting a study, CPU ms: "
        + ", ".join(f"{size:,}: {value:.1f}" for size, value in medians.items())
        + f"; ratio {ratio:.2f}, at most 1.3"
    )
    return ratio <= 1.3


def acceptance(engine: Engine, size: int, turn: int) -> float:
    """CPU ms of the transaction that accepts a study which was added and submitted before."""
    chance = random.Random(turn)
    stamp = time.time_ns()
    place = chance.randrange(size // STUDIES_A_CONDITION) * STUDIES_A_CONDITION
    document = StudyDocument.model_validate(
        body(place, chance) | {"doi": f"10.5555/accepted.{stamp}", "title": f"Made up and accepted {stamp}"}
    )
    with transaction(engine) as session:
        added = create_study(session, document, by=AUTHOR)
        submit_study(session, added, by=AUTHOR)
    return timed(lambda: accept(engine, added.id))


def accept(engine: Engine, study_id: str) -> None:
    with transaction(engine) as session:
        found = session.get_one(Study, study_id)
        review_study(session, found, Decision.ACCEPT, by=CURATOR, comment=None, conflict_of_interest="none")


def timed(act: Callable[[], None]) -> float:
    begun = time.process_time()
    act()
    return (time.process_time() - begun) * 1e3


if __name__ == "__main__":
    sys.exit(main())
