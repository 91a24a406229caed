"""How commands are declared: each file of commands has a function `add_to(commands)` that names them, with their options."""

import argparse
import sys
from collections.abc import Callable
from typing import TypeAlias

Command: TypeAlias = Callable[[argparse.Namespace], int]
"""Does what the options say; its answer is the exit status."""


class Commands:
    """The commands of `evidence`, or the actions of one command that has several."""

    def __init__(self, parser: argparse.ArgumentParser, metavar: str) -> None:
        self._parsers = parser.add_subparsers(required=True, metavar=metavar)

    @property
    def names(self) -> list[str]:
        return list(self._parsers.choices)

    def add(self, name: str, command: Command, text: str) -> argparse.ArgumentParser:
        """Add a command; its options are added to what this returns."""
        parser = self._parsers.add_parser(name, help=text, description=text)
        parser.set_defaults(command=command)
        return parser

    def family(self, name: str, text: str) -> "Commands":
        """Add a command that needs an action: `evidence NAME ACTION`."""
        return Commands(self._parsers.add_parser(name, help=text, description=text), "ACTION")


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def complain(text: str) -> int:
    """Say on the error output what is wrong; returns the exit status."""
    print(f"evidence: {text}", file=sys.stderr)
    return 1
