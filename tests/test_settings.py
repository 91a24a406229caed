import pytest
from pydantic import SecretStr, ValidationError

from app.settings import PROJECT_ROOT, Settings, get_settings


class TestSettings:
    def test_the_default_database_lies_in_the_project(self) -> None:
        assert Settings().database_url == f"sqlite:///{PROJECT_ROOT}/var/evidence.sqlite3"

    def test_the_environment_sets_every_setting_by_its_prefix(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EVIDENCE_DATABASE_URL", "postgresql+psycopg://db/evidence")
        monkeypatch.setenv("EVIDENCE_MAX_BODY_BYTES", "1000")
        monkeypatch.setenv("EVIDENCE_ONE_PERSON", "true")
        monkeypatch.setenv("EVIDENCE_CORS_ORIGINS", "https://a.example, https://b.example")
        settings = Settings()
        assert settings.database_url == "postgresql+psycopg://db/evidence"
        assert settings.max_body_bytes == 1000
        assert settings.one_person
        assert settings.cors_origins == ("https://a.example", "https://b.example")

    def test_the_defaults_are_safe(self) -> None:
        settings = Settings()
        assert not settings.one_person
        assert settings.rate_limit != "off"
        assert settings.max_body_bytes == 5_000_000
        assert settings.cors_origins == ("*",)
        assert settings.database_read_url is None

    @pytest.mark.parametrize("rate", ["off", "600/minute", "1/second", "100000/day"])
    def test_a_rate_is_a_number_per_unit_or_off(self, rate: str) -> None:
        assert Settings(rate_limit=rate).rate_limit == rate

    @pytest.mark.parametrize("rate", ["", "600", "0/minute", "-1/minute", "600/fortnight", "OFF", "600 per minute"])
    def test_any_other_rate_is_refused_at_start(self, rate: str) -> None:
        with pytest.raises(ValidationError):
            Settings(rate_limit=rate)

    def test_the_public_url_loses_its_last_slash(self) -> None:
        assert Settings(public_url="https://evidence.example/").public_url == "https://evidence.example"

    def test_a_public_url_of_another_scheme_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="http"):
            Settings(public_url="evidence.example")

    def test_the_services_are_asked_by_https_and_their_replies_kept_in_the_project(self) -> None:
        settings = Settings()
        addresses = (settings.pubmed_url, settings.europe_pmc_url, settings.crossref_url, settings.clinicaltrials_gov_url)
        assert all(address.startswith("https://") for address in addresses)
        assert settings.source_cache == PROJECT_ROOT / "var" / "source-replies.sqlite3"

    def test_an_empty_place_for_replies_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EVIDENCE_SOURCE_CACHE", "")
        assert Settings().source_cache is None

    @pytest.mark.parametrize(
        "address", ["https://mirror.example/pubmed/", "http://127.0.0.1:8080/x", "http://localhost", "http://[::1]:80/a"]
    )
    def test_a_service_may_be_a_mirror_or_on_this_machine(self, address: str) -> None:
        assert Settings(pubmed_url=address).pubmed_url == address.rstrip("/")

    @pytest.mark.parametrize(
        "address",
        [
            "http://api.crossref.org",
            "ftp://a.example",
            "https://user:secret@a.example",
            "https://a.example/?q=1",
            "http://127.0.0.1.a.example",
            "",
        ],
    )
    def test_a_service_anywhere_else_is_refused(self, address: str) -> None:
        with pytest.raises(ValidationError, match="https"):
            Settings(crossref_url=address)

    def test_the_key_of_pubmed_is_not_printed(self) -> None:
        assert "sesame" not in repr(Settings(pubmed_api_key=SecretStr("sesame")))


class TestGetSettings:
    def test_reads_once(self) -> None:
        assert get_settings() is get_settings()
