"""Cold reads: what an answer that is not kept costs, beside the plain peer with the same studies.

    .venv/bin/python benchmarks/cold.py --database sqlite:////tmp/l.db --peer sqlite:////tmp/p.db --studies 100800

Both databases are made where they are missing (`synthetic.py`). Ratios of the server's CPU time in one run: rounds interleaved, median
of the rounds. Above 1: the product is cheaper. Its replies are not kept; nobody packs.
"""

import argparse
import random
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.peers.fill import fill
from benchmarks.serving import cost_of, say, serve_peer, serve_product
from benchmarks.synthetic import STUDIES_A_CONDITION, condition_slug, make_ledger, study

PLAIN = {"Accept-Encoding": "identity"}
ASKED = 200
WANTED = {"item": 5, "page of 50": 4, "condition": 25, "condition, eager peer": 10}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", required=True)
    options.add_argument("--peer", required=True)
    options.add_argument("--studies", type=int, default=100_800)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    given = options.parse_args()
    make_ledger(given.database, given.studies)
    fill(given.peer, given.studies)
    ours, theirs = paths(given.studies)
    with ExitStack() as stack:
        product = stack.enter_context(serve_product(given.database, {"EVIDENCE_REPLY_CACHE_BYTES": "0"}))
        peer = stack.enter_context(serve_peer("benchmarks.peers.plain:app", {"PEER_DATABASE": given.peer}, "/docs"))
        costs: dict[tuple[str, str], list[float]] = {}
        for turn in range(given.rounds + 1):
            for server, whose, asked in ((product, "product", ours), (peer, "peer", theirs)):
                for name, addresses in asked.items():
                    cost = cost_of(server, addresses, given.seconds, PLAIN)
                    if turn:  # the first warms up
                        costs.setdefault((whose, name), []).append(cost)
    enough = True
    say(f"{given.studies:,} studies; CPU of the server, median of {given.rounds} rounds (range of the ratio)")
    for name, wanted in WANTED.items():
        own, other = costs["product", name], costs["peer", name]
        ratios = [theirs / ours for ours, theirs in zip(own, other, strict=True)]
        enough = enough and median(ratios) >= wanted
        told = f"{median(ratios):5.1f}x ({min(ratios):.1f} to {max(ratios):.1f}), wanted {wanted}"
        say(f"  {name:<22} {median(own):8.0f} us, peer {median(other):9.0f} us: {told}")
    return 0 if enough else 1


def paths(studies: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    chance = random.Random(1)
    ids = [study(chance.randrange(studies)).id for _ in range(ASKED)]
    slugs = [condition_slug(chance.randrange(studies // STUDIES_A_CONDITION)) for _ in range(ASKED)]
    page = ["/studies?limit=50"]
    conditions = [f"/conditions/{slug}" for slug in slugs]
    own = [f"/v1{path}" for path in conditions]
    ours = {"item": [f"/v1/studies/{one}" for one in ids], "page of 50": [f"/v1{page[0]}"], "condition": own, "condition, eager peer": own}
    theirs = {
        "item": [f"/studies/{one}" for one in ids],
        "page of 50": page,
        "condition": conditions,
        "condition, eager peer": [f"/eager/{slug}" for slug in slugs],
    }
    return ours, theirs


if __name__ == "__main__":
    sys.exit(main())
