"""All of it, one after the other: `.venv/bin/python benchmarks/run.py --folder /tmp/bench`; at the end a table of what held.

Made-up ledgers are made in the folder where they are missing and kept: 10,080 and 100,800 studies, and a million with `--million`, which
takes most of an hour and 20 GB the first time. What needs PostgreSQL runs where `--postgresql URL` names an empty database.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES = (10_080, 100_800)
MILLION = 1_008_000


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, required=True)
    options.add_argument("--million", action="store_true")
    options.add_argument("--postgresql")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    held = {}
    for name, arguments in commands(
        given.folder.resolve(), million=given.million, postgresql=given.postgresql, rounds=given.rounds
    ).items():
        sys.stdout.write(f"\n# {name}\n")
        sys.stdout.flush()
        held[name] = subprocess.run([sys.executable, str(HERE / name), *arguments]).returncode == 0
    sys.stdout.write("\n| benchmark | what it asks for |\n|---|---|\n")
    for name, whole in held.items():
        sys.stdout.write(f"| {name} | {'held' if whole else 'missed'} |\n")
    return 0 if all(held.values()) else 1


def commands(folder: Path, *, million: bool, postgresql: str | None, rounds: int) -> dict[str, list[str]]:
    """Script to its arguments."""
    sizes = (*SIZES, MILLION) if million else SIZES
    ledgers = {size: f"sqlite:///{folder / f'ledger-{size}.sqlite3'}" for size in sizes}
    peers = {size: f"sqlite:///{folder / f'peer-{size}.sqlite3'}" for size in SIZES}
    small, large = SIZES
    turns = ["--rounds", str(rounds)]
    chosen = {
        "reads.py": ["--database", ledgers[small], "--peer", peers[small], "--studies", str(small), *turns],
        "cold.py": ["--database", ledgers[large], "--peer", peers[large], "--studies", str(large), *turns],
        "scale.py": [*(part for size, url in ledgers.items() for part in ("--ledger", f"{size}={url}")), *turns],
        "imports.py": [],
        "appends.py": ["--postgresql", postgresql] if postgresql else [],
        "engine.py": turns,
    }
    return chosen | ({"staleness.py": ["--database", postgresql]} if postgresql else {})


if __name__ == "__main__":
    sys.exit(main())
