"""`evidence key` and `evidence audit`: what they print, and what they refuse."""

from collections.abc import Iterator

import pytest

from tests.command_line import Run, command_line

ORCID = "0000-0002-1825-0097"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    yield from command_line(monkeypatch, capsys)


def make(run: Run, url: str, name: str = "Anna", *more: str) -> str:
    status, out, err = run(url, "key", "create", name, "--role", "curator", *more)
    assert status == 0, err
    return "_".join(out.splitlines()[-1].split("_")[:2])


class TestList:
    def test_shows_what_each_key_is_and_no_secret(self, run: Run, small_url: str) -> None:
        assert run(small_url, "key", "list") == (0, "there is no key yet\n", "")
        prefix = make(run, small_url, "Anna", "--orcid", ORCID, "--expires", "2099-06-30")
        lines = run(small_url, "key", "list")[1].splitlines()
        assert lines[0].split() == ["prefix", "role", "state", "ORCID", "iD", "expires", "last", "used", "name"]
        assert lines[1].split() == [prefix, "curator", "active", ORCID, "end", "of", "2099-06-30", "UTC", "-", "Anna"]

    def test_show_says_it_line_by_line(self, run: Run, small_url: str) -> None:
        prefix = make(run, small_url)
        out = run(small_url, "key", "show", prefix)[1]
        assert f"prefix: {prefix}\nname: Anna\nrole: curator\norcid: -\nstate: active\n" in out
        assert run(small_url, "key", "show", "anna")[1] == out
        assert run(small_url, "key", "show", "el_nothing")[0] == 1


class TestChange:
    def test_role_orcid_and_expiry(self, run: Run, small_url: str) -> None:
        prefix = make(run, small_url)
        assert run(small_url, "key", "set-role", prefix, "contributor")[1] == f"{prefix} (Anna) has the role contributor\n"
        assert run(small_url, "key", "set-orcid", prefix, ORCID)[1] == f"{prefix} (Anna) has the ORCID iD {ORCID}\n"
        assert run(small_url, "key", "set-orcid", prefix, "none")[1] == f"{prefix} (Anna) has no ORCID iD\n"
        until = f"{prefix} (Anna) works until end of 2099-06-30 UTC\n"
        assert run(small_url, "key", "set-expiry", prefix, "2099-06-30", "--reason", "project")[1] == until
        assert run(small_url, "key", "set-expiry", prefix, "never")[1] == f"{prefix} (Anna) never expires\n"
        assert run(small_url, "verify")[0] == 0

    @pytest.mark.parametrize(
        ("act", "status", "said"),
        [
            (("set-orcid", "0000-0002-1825-0098"), 1, "its last character does not fit"),
            (("set-role", "owner"), 2, "invalid choice"),
            (("set-expiry", "30.6.2099"), 2, "not a day like"),
            (("set-expiry", "9999-12-31"), 2, "not a day like"),
            (("set-expiry", "2020-01-01"), 1, "in the past"),
            (("set-role", "curator", "--reason", ""), 1, "\n  --reason: "),
            (("set-role", "curator", "--reason", "x" * 5000), 1, "\n  --reason: "),
            (("rotate", "--reason", ""), 1, "\n  --reason: "),
            (("revoke", "--reason", ""), 1, "\n  --reason: "),
        ],
    )
    def test_what_is_not_one_is_told(self, run: Run, small_url: str, act: tuple[str, ...], status: int, said: str) -> None:
        prefix = make(run, small_url)
        got, _, err = run(small_url, "key", act[0], prefix, *act[1:])
        assert (got, said in err) == (status, True), err


class TestRotate:
    def test_prints_the_new_secret_alone_on_the_last_line(self, run: Run, small_url: str) -> None:
        prefix = make(run, small_url)
        status, out, _ = run(small_url, "key", "rotate", prefix)
        assert (status, "the old secret works until" in out, out.splitlines()[-1].startswith(f"{prefix}_")) == (0, True, True)
        assert "the old secret works no more" in run(small_url, "key", "rotate", prefix, "--grace", "0")[1]

    @pytest.mark.parametrize("grace", ["-1", "91", "1.5", "x"])
    def test_a_grace_that_is_none(self, run: Run, small_url: str, grace: str) -> None:
        assert run(small_url, "key", "rotate", make(run, small_url), f"--grace={grace}")[0] == 2


class TestAudit:
    def test_a_question_that_is_none(self, run: Run, small_url: str) -> None:
        status, _, err = run(small_url, "audit", "who-cares")
        assert (status, "one-person-approvals" in err) == (1, True)

    def test_tells_what_is_allowed_and_lists_it_on_demand(self, run: Run, seeded_url: str) -> None:
        status, out, _ = run(seeded_url, "audit", "one-person-approvals")
        assert (status, "allowed, seeding:" in out, "Founding data (system:seed)" in out) == (0, True, False)
        assert "Founding data (system:seed)" in run(seeded_url, "audit", "--exceptions")[1]
