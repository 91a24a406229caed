from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from tests.web.small_app import make_client


class TestRequestId:
    def test_is_made_where_none_is_given_and_echoed(self) -> None:
        client = make_client()
        first, second = (client.get("/v1/things").headers["X-Request-ID"] for _ in range(2))
        assert first < second

    def test_a_sane_one_is_kept(self) -> None:
        reply = make_client().get("/v1/things", headers={"X-Request-ID": "proxy-id-12345"})
        assert reply.headers["X-Request-ID"] == "proxy-id-12345"

    @pytest.mark.parametrize("offered", ["short", "with space in it", "x" * 129, "new\tline-12345", '{"a":1}-12345'])
    def test_any_other_is_replaced(self, offered: str) -> None:
        assert make_client().get("/v1/things", headers={"X-Request-ID": offered}).headers["X-Request-ID"] != offered

    def test_stands_in_the_problem(self) -> None:
        reply = make_client().get("/nowhere", headers={"X-Request-ID": "proxy-id-12345"})
        assert reply.json()["request_id"] == "proxy-id-12345"

    def test_does_not_leak_into_the_next_request(self) -> None:
        make_client().get("/v1/things")
        assert "request_id" not in structlog.contextvars.get_contextvars()


class TestAccessLog:
    def test_one_line_per_request(self) -> None:
        with capture_logs() as lines:
            make_client().get("/v1/things/3")
        (line,) = lines
        assert line["event"] == "request"
        assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/things/3", 200)
        assert line["bytes"] > 2000
        assert line["ms"] >= 0


class TestSequence:
    def test_is_read_at_every_answer(self) -> None:
        ledger = [5]
        client = make_client(lambda: ledger[-1])
        assert client.get("/v1/things").headers["Evidence-Revision"] == "5"
        ledger.append(6)
        assert client.get("/nowhere").headers["Evidence-Revision"] == "6"

    def test_a_sequence_that_cannot_be_read_takes_no_answer_down(self) -> None:
        def broken() -> int:
            raise OSError("no database")

        with capture_logs() as lines:
            reply = make_client(broken).get("/v1/things")
        assert reply.status_code == 200
        assert "Evidence-Revision" not in reply.headers
        assert "sequence unreadable" in [line["event"] for line in lines]


class TestHead:
    @pytest.mark.parametrize("path", ["/v1/things", "/v1/things/3", "/page", "/nowhere", "/v1/things/x"])
    def test_is_get_without_the_body(self, path: str) -> None:
        client = make_client()
        got, headed = client.get(path), client.head(path)
        assert headed.status_code == got.status_code
        assert headed.content == b""
        different = {"x-request-id"}
        assert {k: v for k, v in headed.headers.items() if k not in different} == {
            k: v for k, v in got.headers.items() if k not in different
        }
        assert int(headed.headers["Content-Length"]) == len(got.content)

    def test_answers_304_too(self) -> None:
        client = make_client()
        tag = client.get("/v1/things/3").headers["ETag"]
        assert client.head("/v1/things/3", headers={"If-None-Match": tag}).status_code == 304

    def test_where_nothing_is_read_is_405(self) -> None:
        assert make_client().head("/v1/things/raw/file").status_code == 405


class TestOptions:
    @pytest.mark.parametrize(
        ("path", "methods"),
        [
            ("/v1/things", "GET, HEAD, POST, OPTIONS"),
            ("/v1/things/3", "GET, HEAD, PATCH, OPTIONS"),
            ("/v1/things/raw/file", "POST, OPTIONS"),
            ("/page", "GET, HEAD, OPTIONS"),
        ],
    )
    def test_lists_what_a_known_address_takes(self, path: str, methods: str) -> None:
        reply = make_client().options(path)
        assert reply.status_code == 204
        assert reply.headers["Allow"] == methods
        assert reply.content == b""

    def test_an_unknown_address_is_404(self) -> None:
        reply = make_client().options("/nowhere")
        assert reply.status_code == 404
        assert reply.headers["Content-Type"] == "application/problem+json"


class TestCrossOrigin:
    PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}  # noqa: RUF012

    def test_everybody_may_read_and_see_the_headers(self) -> None:
        headers = make_client().get("/v1/things").headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        exposed = headers["Access-Control-Expose-Headers"]
        for name in ("ETag", "Link", "Evidence-Revision", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"):
            assert name in exposed
        assert "Access-Control-Allow-Credentials" not in headers

    @pytest.mark.parametrize("path", ["/nowhere", "/crash", "/v1/things?limit=x"])
    def test_a_page_can_read_problems_as_well(self, path: str) -> None:
        assert make_client().get(path).headers["Access-Control-Allow-Origin"] == "*"

    def test_a_preflight_is_answered(self) -> None:
        reply = make_client().options("/v1/things/3", headers=self.PREFLIGHT)
        assert reply.status_code == 204
        assert reply.headers["Access-Control-Allow-Methods"] == "GET, HEAD, PATCH, OPTIONS"
        for name in ("Authorization", "If-Match", "Idempotency-Key", "Content-Type"):
            assert name in reply.headers["Access-Control-Allow-Headers"]

    def test_listed_origins_are_named_and_others_are_not(self) -> None:
        client = make_client(cors_origins=("https://app.example",))
        allowed = client.get("/v1/things", headers={"Origin": "https://app.example"})
        refused = client.get("/v1/things", headers={"Origin": "https://evil.example"})
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert "Origin" in allowed.headers["Vary"]
        assert "Origin" in refused.headers["Vary"]

    def test_an_open_installation_does_not_vary_by_origin(self) -> None:
        assert make_client().get("/v1/things").headers["Vary"] == "Accept, Accept-Encoding"


class TestSecurityHeaders:
    @pytest.mark.parametrize("path", ["/v1/things", "/page", "/nowhere", "/crash"])
    def test_stand_on_every_answer(self, path: str) -> None:
        headers = make_client().get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")

    def test_pages_may_load_only_our_own_files(self) -> None:
        policy = make_client().get("/page").headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy

    def test_a_drawing_keeps_its_style(self) -> None:
        assert "style-src 'unsafe-inline'" in make_client().get("/badge.svg").headers["Content-Security-Policy"]

    def test_a_route_may_set_its_own_policy(self) -> None:
        assert make_client().get("/framed").headers["Content-Security-Policy"] == "frame-ancestors *"

    def test_https_is_pinned_where_the_installation_has_it(self) -> None:
        assert "Strict-Transport-Security" not in make_client().get("/page").headers
        assert "Strict-Transport-Security" in make_client(public_url="https://evidence.example").get("/page").headers


class TestBodyLimit:
    def test_a_body_at_the_limit_passes(self) -> None:
        assert make_client(max_body_bytes=100).post("/v1/things/raw/file", content=b"x" * 100).json() == {"bytes": 100}

    def test_a_stated_length_beyond_it_is_413(self) -> None:
        reply = make_client(max_body_bytes=100).post("/v1/things/raw/file", content=b"x" * 101)
        assert reply.status_code == 413
        assert reply.json()["type"] == "/problems/body-too-large"
        assert "100 bytes" in reply.json()["detail"]

    @pytest.mark.parametrize("path", ["/v1/things/raw/file", "/v1/things"])
    def test_a_chunked_body_beyond_it_is_413(self, path: str) -> None:
        def chunks() -> Iterator[bytes]:
            yield from [b"x" * 60] * 2

        reply = make_client(max_body_bytes=100).post(path, content=chunks(), headers={"Content-Type": "application/json"})
        assert reply.status_code == 413
        assert reply.headers["Content-Type"] == "application/problem+json"

    def test_a_packed_body_is_refused(self) -> None:
        reply = make_client().post("/v1/things/raw/file", content=b"x", headers={"Content-Encoding": "gzip"})
        assert reply.status_code == 415


class TestNul:
    def test_in_the_address_is_404(self) -> None:
        assert make_client().get("/v1/things/%00").status_code == 404

    def test_in_the_query_is_400(self) -> None:
        reply = make_client().get("/v1/things?q=%00")
        assert reply.status_code == 400
        assert reply.json()["type"] == "/problems/invalid-query"


class TestCrash:
    def test_is_500_without_a_trace_and_logged_with_one(self) -> None:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            reply = make_client().get("/crash")
        assert reply.status_code == 500
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert "secret" not in reply.text
        assert "RuntimeError" not in reply.text
        crash = next(line for line in lines if line["event"] == "crash")
        assert crash["request_id"] == reply.json()["request_id"]
        assert crash["exc_info"]

    def test_half_an_answer_is_cut_off(self) -> None:
        with pytest.raises(RuntimeError, match="broke off"):
            make_client().get("/half")


class TestRateLimit:
    def test_headers_say_what_is_left(self) -> None:
        client = make_client(rate_limit="3/minute")
        replies = [client.get("/v1/things") for _ in range(2)]
        assert [reply.headers["RateLimit"].split(";t=")[0] for reply in replies] == ['"reads";r=2', '"reads";r=1']
        assert replies[0].headers["RateLimit-Policy"] == '"reads";q=3;w=60'

    def test_one_too_many_is_429_with_retry_after(self) -> None:
        client = make_client(rate_limit="2/minute")
        reply = [client.get("/v1/things") for _ in range(3)][-1]
        assert reply.status_code == 429
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert 1 <= int(reply.headers["Retry-After"]) <= 60
        assert reply.headers["RateLimit"].startswith('"reads";r=0;t=')
        assert reply.headers["Access-Control-Allow-Origin"] == "*"

    def test_writes_are_counted_apart(self) -> None:
        client = make_client(rate_limit="1/minute", rate_limit_writes="2/minute")
        assert [client.post("/v1/things", json={"title": "x"}).status_code for _ in range(3)] == [201, 201, 429]
        assert client.get("/v1/things").status_code == 200

    def test_health_is_never_refused(self) -> None:
        client = make_client(rate_limit="1/minute")
        assert {client.get("/health/live").status_code for _ in range(5)} == {200}

    def test_off_means_no_header(self) -> None:
        assert "RateLimit" not in make_client().get("/v1/things").headers
