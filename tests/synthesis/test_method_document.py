"""docs/method.md cannot fall behind the rules: it names every rule that the engine can return, and its tests exist."""

import re
from pathlib import Path

from app.synthesis.grade.imprecision import table_levels
from app.synthesis.grade.thresholds import CURRENT
from app.synthesis.rating import METHOD_VERSION

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
FAMILIES = "start|risk-of-bias|inconsistency|indirectness|imprecision|publication-bias|upgrade|certainty|rating"


def rules_in(text: str) -> set[str]:
    return set(re.findall(rf"[\"`]((?:{FAMILIES})/[a-z0-9-]+)[\"`]", text))


def rules_of_the_engine() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "app" / "synthesis").rglob("*.py"))
    found = {rule for source in sources for rule in rules_in(source)}
    return found - {METHOD_VERSION}


class TestMethodDocument:
    def test_names_every_rule_and_no_other(self) -> None:
        assert len(rules_of_the_engine()) > 40
        assert rules_in(DOCUMENT) == rules_of_the_engine()

    def test_names_every_cell_of_the_imprecision_table(self) -> None:
        for crossings in range(len(CURRENT.imprecision_levels)):
            for fraction in (0.5, 0.3, 0.0):
                rule = table_levels(crossings, fraction)[1]
                assert f"`…{rule.removeprefix(f'imprecision/crossings-{crossings}')}`" in DOCUMENT

    def test_every_test_it_names_exists(self) -> None:
        named = set(re.findall(r"`(test_\w+)`", DOCUMENT))
        defined = {name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))}
        assert len(named) > 25
        assert named <= defined

    def test_carries_the_version(self) -> None:
        assert f"`{METHOD_VERSION}`" in DOCUMENT.splitlines()[0]
