from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from app.identifiers import (
    Doi,
    Isbn,
    Orcid,
    Pmcid,
    Pmid,
    RegistryNumber,
    Slug,
    StudyReference,
    deterministic_uuid7,
    normalise_doi,
    normalise_isbn,
    normalise_orcid,
    normalise_pmcid,
    normalise_pmid,
    normalise_registry_number,
    normalise_slug,
    orcid_check_digit,
    registry_of,
    study_reference,
    uuid7,
)

MOMENT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class TestNormaliseDoi:
    @pytest.mark.parametrize(
        "text",
        [
            "10.1186/s12891-019-3017-y",
            " 10.1186/S12891-019-3017-Y ",
            "doi:10.1186/s12891-019-3017-y",
            "DOI: 10.1186/s12891-019-3017-y",
            "https://doi.org/10.1186/s12891-019-3017-y",
            "http://dx.doi.org/10.1186/s12891-019-3017-y",
            "https://doi.org/10.1186%2Fs12891-019-3017-y",
        ],
    )
    def test_every_spelling_gives_the_same(self, text: str) -> None:
        assert normalise_doi(text) == "10.1186/s12891-019-3017-y"

    def test_a_suffix_keeps_its_odd_characters(self) -> None:
        odd = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"
        assert normalise_doi(odd.upper()) == odd

    @pytest.mark.parametrize("text", ["", "10.1186", "10.1186/", "11.1186/x", "10.12/x", "10.1186/a b", "https://example.org/10.1186/x"])
    def test_anything_else_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is not a DOI: it should look like 10\."):
            normalise_doi(text)


class TestNormalisePmid:
    @pytest.mark.parametrize("text", ["31892357", "pmid:31892357", "PMID: 31892357", "https://pubmed.ncbi.nlm.nih.gov/31892357/"])
    def test_every_spelling_gives_the_number(self, text: str) -> None:
        assert normalise_pmid(text) == "31892357"

    @pytest.mark.parametrize("text", ["", "0", "0123", "1234567890", "31892357x", "١٢٣"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not a PubMed id"):
            normalise_pmid(text)


class TestNormalisePmcid:
    @pytest.mark.parametrize(
        "text",
        [
            "PMC6938607",
            "pmc6938607",
            "pmcid:PMC6938607",
            "https://pmc.ncbi.nlm.nih.gov/articles/PMC6938607/",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC6938607/",
            "https://europepmc.org/article/PMC6938607",
        ],
    )
    def test_every_spelling_gives_the_same(self, text: str) -> None:
        assert normalise_pmcid(text) == "PMC6938607"

    @pytest.mark.parametrize("text", ["6938607", "PMC", "PMC0", "PMC12.1"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not a PubMed Central id"):
            normalise_pmcid(text)


REGISTRATIONS = [
    ("nct04826302", "NCT04826302", "ClinicalTrials.gov"),
    ("ISRCTN 30566933", "ISRCTN30566933", "ISRCTN"),
    ("drks00004258", "DRKS00004258", "DRKS"),
    ("ACTRN12605000001617", "ACTRN12605000001617", "ANZCTR"),
    ("chictr1900023456", "ChiCTR1900023456", "ChiCTR"),
    ("ChiCTR-trc-12345678", "ChiCTR-TRC-12345678", "ChiCTR"),
    ("CTRI/2019/05/019012", "CTRI/2019/05/019012", "CTRI"),
    ("EUCTR2014-001234-56-GB", "EUCTR2014-001234-56-GB", "EU CTR"),
    ("2022-500123-12-00", "2022-500123-12-00", "CTIS"),
    ("irct20190101012345n1", "IRCT20190101012345N1", "IRCT"),
    ("UMIN000012345", "UMIN000012345", "UMIN"),
    ("JPRN-UMIN000012345", "JPRN-UMIN000012345", "UMIN"),
    ("JRCTS031180123", "jRCTs031180123", "jRCT"),
    ("pactr202001234567890", "PACTR202001234567890", "PACTR"),
    ("crd42018092966", "CRD42018092966", "PROSPERO"),
    ("CRD420251012345", "CRD420251012345", "PROSPERO"),
    ("RBR-6ABC12", "RBR-6abc12", "ReBEC"),
]


class TestNormaliseRegistryNumber:
    @pytest.mark.parametrize(("text", "stored", "registry"), REGISTRATIONS)
    def test_numbers_get_their_registry_spelling(self, text: str, stored: str, registry: str) -> None:
        assert normalise_registry_number(text) == stored
        assert registry_of(stored) == registry

    @pytest.mark.parametrize("text", ["", "NCT0482630", "NCT048263021", "ISRCTN1", "CRD4201", "hello"])
    def test_anything_else_is_refused_with_the_registries(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"ClinicalTrials\.gov, ISRCTN"):
            normalise_registry_number(text)

    def test_a_stored_number_stays_as_it_is(self) -> None:
        for _, stored, _ in REGISTRATIONS:
            assert normalise_registry_number(stored) == stored


class TestNormaliseOrcid:
    @pytest.mark.parametrize("text", ["0000-0002-1825-0097", "0000000218250097", "https://orcid.org/0000-0002-1825-0097"])
    def test_every_spelling_gives_the_hyphens(self, text: str) -> None:
        assert normalise_orcid(text) == "0000-0002-1825-0097"

    def test_the_check_digit_may_be_x(self) -> None:
        assert normalise_orcid("0000-0002-1694-233x") == "0000-0002-1694-233X"

    def test_a_mistyped_digit_is_found(self) -> None:
        with pytest.raises(ValueError, match="mistyped"):
            normalise_orcid("0000-0002-1825-0098")

    def test_another_length_is_refused(self) -> None:
        with pytest.raises(ValueError, match="should look like 0000-0002"):
            normalise_orcid("0000-0002-1825")

    @given(st.integers(0, 10**15 - 1), st.integers(0, 14), st.integers(1, 9))
    def test_every_single_wrong_digit_changes_the_check_digit(self, number: int, place: int, shift: int) -> None:
        digits = f"{number:015}"
        wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
        assert orcid_check_digit(wrong) != orcid_check_digit(digits)


class TestNormaliseIsbn:
    @pytest.mark.parametrize(
        ("text", "stored"),
        [("978-0-306-40615-7", "9780306406157"), ("ISBN 0-306-40615-2", "0306406152"), ("0-8044-2957-x", "080442957X")],
    )
    def test_hyphens_and_prefix_go(self, text: str, stored: str) -> None:
        assert normalise_isbn(text) == stored

    @pytest.mark.parametrize("text", ["978-0-306-40615-8", "0-306-40615-3"])
    def test_a_wrong_check_digit_is_found(self, text: str) -> None:
        with pytest.raises(ValueError, match="check digit"):
            normalise_isbn(text)

    def test_another_length_is_refused(self) -> None:
        with pytest.raises(ValueError, match="10 or 13 digits"):
            normalise_isbn("12345")


class TestNormaliseSlug:
    def test_case_and_space_around_it_go(self) -> None:
        assert normalise_slug(" Irritable-Bowel-Syndrome ") == "irritable-bowel-syndrome"

    @pytest.mark.parametrize("text", ["", "-a", "a-", "a--b", "a_b", "a b", "é", "a" * 101])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not a slug"):
            normalise_slug(text)


class TestTypes:
    def test_models_store_the_normal_form(self) -> None:
        class Record(BaseModel):
            doi: Doi
            pmid: Pmid
            pmcid: Pmcid
            registration: RegistryNumber
            orcid: Orcid
            isbn: Isbn
            slug: Slug

        record = Record(
            doi="https://doi.org/10.1186/X",
            pmid="PMID: 1",
            pmcid="pmc2",
            registration="nct04826302",
            orcid="0000000218250097",
            isbn="978-0-306-40615-7",
            slug="Migraine",
        )
        assert list(record.model_dump().values()) == [
            "10.1186/x",
            "1",
            "PMC2",
            "NCT04826302",
            "0000-0002-1825-0097",
            "9780306406157",
            "migraine",
        ]

    def test_the_message_reaches_the_error(self) -> None:
        class Record(BaseModel):
            doi: Doi

        with pytest.raises(ValidationError, match="it should look like"):
            Record(doi="x")


class TestStudyReference:
    @pytest.mark.parametrize(
        ("text", "kind", "value"),
        [
            ("doi:10.1186/S12891", "doi", "10.1186/s12891"),
            ("pmid:31892357", "pmid", "31892357"),
            ("PMCID:pmc6938607", "pmcid", "PMC6938607"),
            ("019AB2C3-0000-7000-8000-000000000001", "id", "019ab2c3-0000-7000-8000-000000000001"),
        ],
    )
    def test_reads_ids_and_aliases(self, text: str, kind: str, value: str) -> None:
        reference = study_reference(text)
        assert (reference.kind, reference.value) == (kind, value)
        assert isinstance(reference, StudyReference)

    @pytest.mark.parametrize("text", ["", "31892357", "doi:", "pmid:x", "isbn:1", "019ab2c3"])
    def test_refuses_the_rest(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is not a|names no study"):
            study_reference(text)

    @given(st.text(max_size=80))
    def test_any_text_is_read_or_refused_as_a_value_error(self, text: str) -> None:
        try:
            reference = study_reference(text)
        except ValueError:
            return
        assert reference.value


class TestUuid7:
    def test_carries_version_variant_and_the_present_time(self) -> None:
        made = uuid7()
        age = datetime.now(UTC) - datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
        assert made.version == 7
        assert made.variant == UUID("019ab2c3-0000-7000-8000-000000000001").variant
        assert abs(age) < timedelta(seconds=5)

    def test_each_is_greater_than_the_one_before(self) -> None:
        made = [uuid7() for _ in range(5000)]
        assert made == sorted(made)
        assert len(set(made)) == len(made)

    def test_threads_never_get_the_same(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            made = [one for many in pool.map(lambda _: [uuid7() for _ in range(1000)], range(4)) for one in many]
        assert len(set(made)) == 4000


class TestDeterministicUuid7:
    def test_the_same_name_and_moment_give_the_same_id_everywhere(self) -> None:
        assert deterministic_uuid7(MOMENT, "accorsi-2014-adhd") == UUID("01a20d6d-5a00-7fd3-b56f-4793ff6e08fe")

    def test_the_zone_of_the_moment_does_not_matter(self) -> None:
        abroad = MOMENT.astimezone(timezone(timedelta(hours=9)))
        assert deterministic_uuid7(abroad, "a") == deterministic_uuid7(MOMENT, "a")

    def test_other_names_give_other_ids_in_order_of_time(self) -> None:
        first, other = deterministic_uuid7(MOMENT, "a"), deterministic_uuid7(MOMENT, "b")
        later = deterministic_uuid7(MOMENT + timedelta(milliseconds=1), "a")
        assert first != other
        assert later > max(first, other)
        assert first.version == 7

    def test_a_moment_without_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            deterministic_uuid7(MOMENT.replace(tzinfo=None), "a")
