import gzip

import pytest

from app.web.encodings import MIN_BYTES, choose_encoding, gzip_body


class TestChooseEncoding:
    @pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP", "identity, *;q=0.1"])
    def test_packs_for_who_takes_it(self, accepted: str) -> None:
        assert choose_encoding(accepted, "application/json", MIN_BYTES) == "gzip"

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0, *", "identity", "gzip;q=x"])
    def test_leaves_it_for_who_does_not(self, accepted: str) -> None:
        assert choose_encoding(accepted, "application/json", MIN_BYTES) is None

    def test_small_bodies_are_not_worth_it(self) -> None:
        assert choose_encoding("gzip", "application/json", MIN_BYTES - 1) is None

    @pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "application/ld+json", "image/svg+xml", "application/atom+xml"])
    def test_texts_are_packed(self, media_type: str) -> None:
        assert choose_encoding("gzip", media_type, 5000) == "gzip"

    @pytest.mark.parametrize("media_type", ["image/png", "application/zip", "application/vnd.apache.parquet"])
    def test_what_is_packed_already_is_not(self, media_type: str) -> None:
        assert choose_encoding("gzip", media_type, 5000) is None


class TestGzipBody:
    def test_can_be_unpacked(self) -> None:
        assert gzip.decompress(gzip_body(b"x" * 5000)) == b"x" * 5000
