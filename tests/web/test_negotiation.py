import pytest

from app.errors import NotAcceptable
from app.web.negotiation import choose_media_type

OFFERED = ("application/json", "text/csv", "text/html")


class TestChooseMediaType:
    @pytest.mark.parametrize(
        ("accept", "chosen"),
        [
            (None, "application/json"),
            ("", "application/json"),
            ("*/*", "application/json"),
            ("text/csv", "text/csv"),
            ("TEXT/CSV", "text/csv"),
            ("text/*", "text/csv"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
            ("application/json;q=0.5, text/csv;q=0.6", "text/csv"),
            ("text/*;q=0.9, text/csv;q=0.1", "text/html"),
            ("application/json;q=0, */*", "text/csv"),
            ("application/json; charset=utf-8", "application/json"),
        ],
    )
    def test_takes_the_greatest_weight(self, accept: str | None, chosen: str) -> None:
        assert choose_media_type(accept, OFFERED) == chosen

    @pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "nonsense", "text/csv;q=x"])
    def test_nothing_fitting_is_406_with_the_choice(self, accept: str) -> None:
        with pytest.raises(NotAcceptable, match="application/json, text/csv, text/html"):
            choose_media_type(accept, OFFERED)
