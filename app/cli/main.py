"""`evidence`: the command line. Every command reads EVIDENCE_DATABASE_URL and the other settings."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from app.cli import audit, copying, database, imports, keys, ratings, registrations, retractions, service, waiting_imports
from app.cli.commands import Commands, complain
from app.errors import Problem
from app.settings import Settings

FAMILIES = (database, service, imports, waiting_imports, ratings, keys, audit, retractions, registrations, copying)
"""The files of commands, in the order of `evidence --help`."""

READER_LEFT = 141
"""What a shell says of a command whose reader left: 128 + SIGPIPE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when it did what it should."""
    options = _parser()[0].parse_args(arguments)
    try:
        status = int(options.command(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing complains once more at the end
        return READER_LEFT
    except Problem as problem:
        details = "".join(f"\n  {_in_words(error.as_json())}" for error in problem.errors)
        return complain(f"{problem.detail}{details}")
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise  # a fault of ours
        for fault in error.errors():
            complain(f"EVIDENCE_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}")
        return 2
    except OperationalError as error:
        return complain(f"the database does not answer: {error.orig}")


def _in_words(error: dict[str, Any]) -> str:
    """What is wrong with one member, as a line of text."""
    place = error.get("pointer") or error.get("parameter") or ""
    allowed = f" (one of: {', '.join(map(str, error['allowed']))})" if error.get("allowed") else ""
    return f"{place}: {error['detail']}{allowed}" if place else f"{error['detail']}{allowed}"


def command_names() -> list[str]:
    """Every command, as `evidence --help` lists them."""
    return _parser()[1].names


def _parser() -> tuple[argparse.ArgumentParser, Commands]:
    parser = argparse.ArgumentParser(prog="evidence", description="Evidence Ledger: studies in, explained ratings out.")
    commands = Commands(parser, "COMMAND")
    for family in FAMILIES:
        family.add_to(commands)
    return parser, commands
