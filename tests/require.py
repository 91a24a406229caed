"""What a machine may lack. A test that needs it says so by `require`: its absence fails on CI and skips elsewhere, with what to install."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.postgres import find_binaries

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """The path of a Chromium, if there is one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def has_checkout() -> bool:
    if not shutil.which("git"):
        return False
    answer = subprocess.run(["git", "rev-parse", "--show-toplevel"], cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == ROOT


class Tool(NamedTuple):
    is_there: Callable[[], bool]
    install: str


TOOLS = {
    "postgresql": Tool(
        lambda: bool(os.environ.get("TEST_DATABASE_URL")) or find_binaries() is not None,
        "./dev setup (Linux, macOS), or apt-get install postgresql, or set TEST_DATABASE_URL=postgresql+psycopg://…",
    ),
    "chromium": Tool(lambda: find_browser() is not None, "apt-get install chromium"),
    "curl": Tool(lambda: shutil.which("curl") is not None, "apt-get install curl"),
    "git": Tool(has_checkout, "apt-get install git, and work in a clone"),
}


def require(tool: str) -> None:
    """Go on only where `tool` is there."""
    wanted = TOOLS[tool]
    if wanted.is_there():
        return
    message = f"{tool} is not there. To have it: {wanted.install}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
