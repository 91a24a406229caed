"""Hot reads: what an answer that is kept costs, beside a server that does nothing but send the same bytes, and beside the plain peer.

    .venv/bin/python benchmarks/reads.py --database sqlite:////tmp/l.db --peer sqlite:////tmp/p.db

Both are made where they are missing (`synthetic.py`). Ratios of the server's CPU time in one run: rounds interleaved, median of the
rounds. Above 1: the product is cheaper. The peer sends a condition with 240 studies, which it makes anew each time.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.peers.fill import fill
from benchmarks.serving import Server, cost_of, say, serve_peer, serve_product
from benchmarks.synthetic import condition_slug, make_ledger

PATH = "/v1/conditions/migraine"
PACKED = {"Accept-Encoding": "gzip"}
WANTED = {
    ("product", "Starlette route"): 1.1,
    ("product", "bare ASGI"): 0.70,
    ("product", "plain peer"): 1300.0,
    ("product 304", "Starlette route"): 1.2,
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", required=True)
    options.add_argument("--peer", required=True)
    options.add_argument("--studies", type=int, default=10_080)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    given = options.parse_args()
    make_ledger(given.database, given.studies)
    fill(given.peer, given.studies)
    with ExitStack() as stack:
        product = stack.enter_context(serve_product(given.database))
        body, tag = fetch(product)
        floor = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".gz"))
        floor.write(body)
        floor.flush()
        place = {"FLOOR_BODY": floor.name}
        bare = stack.enter_context(serve_peer("benchmarks.peers.floors:bare", place))
        starlette = stack.enter_context(serve_peer("benchmarks.peers.floors:starlette", place))
        peer = stack.enter_context(serve_peer("benchmarks.peers.plain:app", {"PEER_DATABASE": given.peer}, "/docs"))
        asked: dict[str, tuple[Server, str, dict[str, str]]] = {
            "product": (product, PATH, PACKED),
            "product 304": (product, PATH, {**PACKED, "If-None-Match": tag}),
            "bare ASGI": (bare, PATH, PACKED),
            "Starlette route": (starlette, PATH, PACKED),
            "plain peer": (peer, f"/conditions/{condition_slug(7)}", {}),
        }
        costs: dict[str, list[float]] = {name: [] for name in asked}
        for server, path, headers in asked.values():
            cost_of(server, [path], 0.5, headers)
        for _ in range(given.rounds):
            for name, (server, path, headers) in asked.items():
                costs[name].append(cost_of(server, [path], given.seconds, headers))
    say(f"{len(body)} bytes packed; CPU of the server, median of {given.rounds} rounds (range)")
    for name, values in costs.items():
        say(f"  {name:<16} {median(values):6.1f} us ({min(values):.1f} to {max(values):.1f})")
    held = True
    for (ours, other), wanted in WANTED.items():
        ratios = [other_cost / own for own, other_cost in zip(costs[ours], costs[other], strict=True)]
        held = held and median(ratios) >= wanted
        say(f"  {ours} against {other}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), wanted {wanted}")
    return 0 if held else 1


def fetch(server: Server) -> tuple[bytes, str]:
    """The bytes as they travel, and their tag."""
    with httpx.stream("GET", f"http://127.0.0.1:{server.port}{PATH}", headers=PACKED) as response:
        return b"".join(response.iter_raw()), response.headers["ETag"]


if __name__ == "__main__":
    sys.exit(main())
