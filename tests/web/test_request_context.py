import json
from collections.abc import Iterator

import pytest
import structlog

from app.settings import Settings
from app.web.request_context import configure_logging, request_id_of


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class TestConfigureLogging:
    def test_json_lines_hold_level_time_and_the_bound_id(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(Settings(log_format="json"))
        with structlog.contextvars.bound_contextvars(request_id="abc"):
            structlog.get_logger().info("request", status=200)
        line = json.loads(capsys.readouterr().out)
        assert (line["event"], line["level"], line["status"], line["request_id"]) == ("request", "info", 200, "abc")
        assert line["timestamp"].endswith("Z")

    def test_a_trace_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(Settings(log_format="json"))
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            structlog.get_logger().exception("crash")
        assert "RuntimeError: broken" in json.loads(capsys.readouterr().out)["exception"]

    def test_lower_levels_are_left_out(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(Settings(log_level="warning"))
        structlog.get_logger().info("request")
        assert capsys.readouterr().out == ""

    def test_the_console_form_is_for_people(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(Settings(log_format="console"))
        structlog.get_logger().info("request")
        assert "request" in capsys.readouterr().out


class TestRequestIdOf:
    def test_is_none_without_a_door(self) -> None:
        assert request_id_of({"type": "http"}) is None
