"""What a machine lacks fails a test on CI and skips it elsewhere."""

import pytest

from tests import require as subject
from tests.require import Tool, require


class TestRequire:
    @pytest.fixture(autouse=True)
    def tools(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subject, "TOOLS", {"loom": Tool(lambda: False, "buy a loom"), "hammer": Tool(lambda: True, "")})

    def test_a_tool_that_is_there_lets_the_test_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "1")
        require("hammer")

    def test_a_missing_tool_fails_on_ci(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match=r"loom is not there\. To have it: buy a loom"):
            require("loom")

    def test_a_missing_tool_skips_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception, match="buy a loom"):
            require("loom")
