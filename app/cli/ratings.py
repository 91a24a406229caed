"""Commands that check the ledger and work ratings out anew."""

import argparse

from pydantic_core import to_json
from sqlalchemy import Engine

from app.actions import ledger
from app.actions.recompute import BATCH, Cause, recompute_all
from app.actions.verification import verify
from app.actor import MAINTENANCE
from app.cli.commands import Commands, complain
from app.cli.database import migrated
from app.database import reading, transaction
from app.queries.reproduction import Reproduction, list_moves, past_rating_to_json, reproduce

MAX_DIFFERENCES_SHOWN = 200


def add_to(commands: Commands) -> None:
    commands.add("verify", _verify, "Work everything out anew, compare, and exit 1 if anything differs.")
    commands.add("recompute", _recompute, "Rate everything anew, as of today; each rating that moves is a ledger entry.")
    again = commands.add("reproduce", _reproduce, "Compute past ratings again from their kept inputs; exit 1 if one comes out otherwise.")
    again.add_argument("pair", nargs="?", metavar="CONDITION/INTERVENTION", help="one rating; without it all")
    again.add_argument("--sequence", type=int, help="the rating that the history has at this ledger entry, whole, as JSON")


def _verify(_options: argparse.Namespace) -> int:
    with migrated() as engine:
        return 1 if print_differences(engine) else 0


def print_differences(engine: Engine) -> int:
    """Verify, print what differs, and give how much that is."""
    count = 0
    with reading(engine) as session:
        for count, difference in enumerate(verify(session), start=1):
            if count <= MAX_DIFFERENCES_SHOWN:
                print(difference)
    if count > MAX_DIFFERENCES_SHOWN:
        print(f"... and {count - MAX_DIFFERENCES_SHOWN} more")
    print("nothing differs" if count == 0 else f"{count} differences")
    return count


def _recompute(_options: argparse.Namespace) -> int:
    with migrated() as engine, transaction(engine) as session:
        change = ledger.append(
            session,
            by=MAINTENANCE,
            action="ledger.recomputed",
            subject="ledger:ratings",
            summary="Every rating was computed anew",
            details={},
        )
        moved = recompute_all(session, by=MAINTENANCE, cause=Cause(change, "every rating was computed anew", change.occurred_at.date()))
    print(f"{len(moved)} ratings moved")
    for move in moved:
        print(f"{move.condition} × {move.intervention}: {move.certainty}")
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    condition, _, intervention = (options.pair or "").partition("/")
    same = True
    with migrated() as engine, reading(engine) as session:
        moves = list_moves(session, (condition, intervention) if options.pair else None, options.sequence)
        for start in range(0, len(moves), BATCH):
            for again in reproduce(session, moves[start : start + BATCH]):
                same = same and again.reproduced is not False
                print(_reproduction_text(again, whole=options.sequence is not None))
    if not moves:
        return complain("the history of ratings has no such row")
    return 0 if same else 1


def _reproduction_text(again: Reproduction, *, whole: bool) -> str:
    content = past_rating_to_json(again)
    if whole:
        return to_json(content, indent=2).decode()
    outcome = {True: "comes out the same", False: "comes out otherwise", None: "cannot be computed again"}[again.reproduced]
    said = f"{content['condition']} × {content['intervention']} at entry {content['sequence']} ({content['certainty']}): {outcome}"
    return f"{said}. {again.reason}" if again.reason else said
