"""Questions to the services themselves: only with `--live`, never by itself, never on CI.

`./dev test tests/verification --live`
"""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live", action="store_true", help="ask PubMed, Europe PMC, Crossref and ClinicalTrials.gov over the network")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--live", default=False):
        return
    ours = [item for item in items if "verification" in item.path.parts]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]
