"""`evidence` run in this process, for tests of its commands."""

from collections.abc import Callable, Iterator

import pytest

from app.cli.main import main
from app.settings import get_settings

Run = Callable[..., tuple[int, str, str]]
"""`run(url, "key", "list")` gives exit status, output, complaints."""


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """For a fixture: `yield from command_line(monkeypatch, capsys)`."""

    def run(url: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("EVIDENCE_DATABASE_URL", url)
        get_settings.cache_clear()
        capsys.readouterr()
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    yield run
    get_settings.cache_clear()
