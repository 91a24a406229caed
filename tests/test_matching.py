import random
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from app.matching import CERTAIN_FROM, GREY_FROM, Match, MatchIndex, MatchRecord, compare, family_of, find_matches, same_wording, words_of
from app.schemas.bibliography import Bibliography

TRIAL = MatchRecord(
    "trial",
    "Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial",
    "Haller H",
    2016,
    doi="10.5555/trial",
    pmid="26340656",
    pmcid="PMC5",
    kind="primary",
    publication_status="published",
)


def like(**changes: Any) -> MatchRecord:
    """The trial under another key and without identifiers, but for the changes."""
    bare = replace(TRIAL, key="other", doi=None, pmid=None, pmcid=None, registration=None)
    return replace(bare, **changes)


def only(candidate: MatchRecord, known: MatchRecord = TRIAL) -> Match:
    (match,) = find_matches(candidate, [known])
    return match


class TestByIdentifier:
    @pytest.mark.parametrize("name", ["doi", "pmid", "pmcid"])
    def test_one_shared_identifier_is_certain(self, name: str) -> None:
        match = only(like(title=None, first_author=None, year=None, **{name: getattr(TRIAL, name)}))
        assert match.certain
        assert match.score == 100
        assert match.reason.startswith("same ")

    def test_a_shared_registration_is_certain(self) -> None:
        known = like(key="known", registration="NCT04826302")
        assert only(like(registration="NCT04826302"), known).certain

    def test_another_identifier_that_contradicts_makes_it_uncertain(self) -> None:
        match = only(like(doi=TRIAL.doi, pmid="1"))
        assert not match.certain
        assert match.reason == "same DOI; but another PubMed id"

    def test_a_year_far_off_makes_it_uncertain(self) -> None:
        match = only(like(doi=TRIAL.doi, year=2006))
        assert (match.certain, match.reason) == (False, "same DOI; but another year")
        assert only(like(doi=TRIAL.doi, year=2015)).certain

    @pytest.mark.parametrize(
        "changes", [{"year": 2015}, {"year": None}, {"publication_status": "conference-abstract"}, {"kind": "registration"}]
    )
    def test_a_trial_has_several_publications_so_its_registration_alone_is_not_certain(self, changes: dict[str, object]) -> None:
        known = replace(like(key="known", registration="NCT04826302"), publication_status="published", kind="primary")
        assert not only(like(registration="NCT04826302", **changes), known).certain

    def test_a_paper_that_was_retracted_is_the_same_paper(self) -> None:
        assert only(like(publication_status="retracted")).certain

    def test_quite_another_title_makes_it_uncertain(self) -> None:
        match = only(like(doi=TRIAL.doi, title="Acupuncture in dogs"))
        assert not match.certain
        assert "quite another title" in match.reason

    def test_a_protocol_and_its_registration_are_not_merged_unseen(self) -> None:
        protocol = MatchRecord(
            "protocol", "Touch in migraine: protocol of a feasibility study", "Mann JD", 2008, registration="NCT00665236"
        )
        registered = MatchRecord(
            "registered", "Craniosacral Therapy in Migraine: a Feasibility Trial", None, 2008, registration="NCT00665236"
        )
        assert not only(protocol, registered).certain


class TestByTitle:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"title": "CRANIOSACRAL THERAPY FOR THE TREATMENT OF CHRONIC NECK PAIN: A RANDOMIZED SHAM-CONTROLLED TRIAL."},
            {"title": "Craniosacral therapy for the treatment of chronic neck pain – a randomised sham controlled trial"},
            {"title": "[Craniosacral therapy for treatment of chronic neck pain. A randomized, sham-controlled trial]"},
            {"title": "RETRACTED: Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"},
            {"title": "<i>Craniosacral</i> therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"},
            {"first_author": "HALLER H"},
            {"first_author": "Haller HA Jr"},
            {"first_author": None},
        ],
        ids=str,
    )
    def test_the_same_paper_written_otherwise_is_certain(self, changes: dict[str, object]) -> None:
        match = only(like(**changes))
        assert match.certain
        assert match.score >= CERTAIN_FROM

    @pytest.mark.parametrize(
        "changes",
        [
            {"title": "Craniosacral therapy for the treatment of chronic back pain: a randomized sham-controlled trial"},
            {"title": "Craniosacral therapy for the treatment of chronic neck pain"},
            {"title": "Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial, part 2"},
            {"title": "Craniosacral therapy for the treatment of acute neck pain: a randomized sham-controlled trial"},
            {"title": "Correction to: Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"},
            {"title": "Erratum: Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"},
            {"title": "Response to Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"},
            {"title": "Re: Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"},
            {"title": "Craniosacral therapy for the treatment of chronic neck pain: study protocol for a randomized sham-controlled trial"},
            {"first_author": "Dobos G"},
            {"year": 2015},
            {"year": 2011},
            {"publication_status": "conference-abstract"},
            {"publication_status": "preprint"},
            {"kind": "synthesis"},
            {"year": None, "first_author": None},
            {"doi": "10.5555/preprint"},
            {"pmid": "1"},
        ],
        ids=str,
    )
    def test_what_may_be_another_paper_is_shown_and_not_certain(self, changes: dict[str, object]) -> None:
        match = only(like(**changes))
        assert not match.certain
        assert match.score >= GREY_FROM
        assert "; but " in match.reason

    @pytest.mark.parametrize(
        "changes",
        [
            {"title": "Osteopathic manipulation for headache: a cohort study"},
            {"title": "Craniosacral therapy"},
            {"title": "Craniosacral therapy in fibromyalgia: a pilot trial"},
            {"title": None},
            {"title": "…"},
            {
                "title": "Craniosacral therapy for the treatment of chronic back pain: a randomized sham-controlled trial",
                "first_author": "Dobos G",
                "year": 2001,
            },
        ],
        ids=str,
    )
    def test_what_is_different_is_not_reported(self, changes: dict[str, object]) -> None:
        assert find_matches(like(**changes), [TRIAL]) == []

    def test_two_corrections_of_one_title_are_never_certain(self) -> None:
        title = "Correction to: Craniosacral therapy for the treatment of chronic neck pain: a randomized sham-controlled trial"
        assert not only(like(title=title), like(key="known", title=title)).certain

    def test_a_short_title_tells_nothing(self) -> None:
        short = like(title="Craniosacral therapy")
        match = only(replace(short, key="candidate"), short)
        assert not match.certain
        assert "too short" in match.reason

    def test_without_an_author_the_title_must_be_longer(self) -> None:
        title = "Light touch therapy for neck pain"
        assert only(like(title=title), like(key="k", title=title)).certain
        assert not only(like(title=title, first_author=None), like(key="k", title=title)).certain

    @pytest.mark.parametrize(("one", "other"), [("van der Berg JP", "Berg JP"), ("Müller K", "Muller K"), ("O'Brien T", "O’Brien T")])
    def test_names_are_the_same_however_they_are_printed(self, one: str, other: str) -> None:
        assert only(like(first_author=one), like(key="k", first_author=other)).certain

    def test_a_title_in_another_script_is_compared_as_it_stands(self) -> None:
        title = "颅骶疗法治疗慢性颈痛的随机对照试验"
        match = only(like(title=title, first_author="王 X"), like(key="k", title=title, first_author="王 X"))
        assert match.score == 100


class TestSameWording:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("randomised behaviour paediatric", "randomized behavior pediatric"),
            ("anaesthesia tumour centre", "anesthesia tumor center"),
            ("infants trial", "trial infant"),
        ],
    )
    def test_spellings_are_the_same(self, one: str, other: str) -> None:
        assert same_wording(tuple(one.split()), tuple(other.split()))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("adults", "infants"),
            ("women", "men"),
            ("hypertension", "hypotension"),
            ("male", "female"),
            ("part 1", "part 2"),
            ("24month outcome", "12month outcome"),
            ("acute pain", "pain"),
            ("with", "without"),
        ],
    )
    def test_other_words_are_not(self, one: str, other: str) -> None:
        assert not same_wording(tuple(one.split()), tuple(other.split()))


class TestNormalisation:
    def test_words(self) -> None:
        assert words_of("<b>Effét</b> of H₂O: “p<0.05” – α-blockers") == "effet of h2o p 0 05 α blockers"

    @pytest.mark.parametrize(
        ("author", "family"),
        [("Haller H", "haller"), ("van der Berg JP", "van der berg"), ("Smith JA Jr", "smith"), ("COVID Group", "covid group"), ("", "")],
    )
    def test_family(self, author: str, family: str) -> None:
        assert family_of(author) == family

    def test_a_bibliography_is_a_record(self) -> None:
        record = MatchRecord.of(
            "x", Bibliography(title="T", authors=["A B", "C D"], year=2020, doi="10.5555/X", registration="nct04826302")
        )
        assert record == MatchRecord("x", "T", "A B", 2020, doi="10.5555/x", registration="NCT04826302")
        assert MatchRecord.of("x", Bibliography()) == MatchRecord("x")


class TestMatchIndex:
    def test_finds_what_it_was_given_later(self) -> None:
        index = MatchIndex()
        assert index.find(like()) == []
        index.add(TRIAL)
        assert len(index) == 1
        assert [match.key for match in index.find(like())] == ["trial"]

    def test_the_certain_come_first_then_the_likest(self) -> None:
        other_year = like(key="old", year=2010)
        other_pain = like(key="back", title=str(TRIAL.title).replace("neck", "back"))
        found = MatchIndex([other_pain, other_year, TRIAL]).find(like(key="candidate"))
        assert [(match.key, match.certain) for match in found] == [("trial", True), ("back", False), ("old", False)]

    def test_a_record_with_nothing_matches_nothing(self) -> None:
        assert MatchIndex([MatchRecord("a"), TRIAL]).find(MatchRecord("b")) == []

    def test_finds_the_same_as_comparing_all_near_in_time(self) -> None:
        rng = random.Random(3)
        known = list(invented(rng, 300, "k"))
        index = MatchIndex(known)
        for record in [altered(rng, rng.choice(known)) for _ in range(300)]:
            every = {match.key: match for other in known if near(record, other) and (match := compare(record, other))}
            assert {match.key: match for match in index.find(record)} == every

    def test_the_same_title_is_found_whatever_the_year(self) -> None:
        assert [match.key for match in MatchIndex([TRIAL]).find(like(year=1999))] == ["trial"]

    def test_five_thousand_against_five_thousand_take_seconds(self) -> None:
        assert seconds_for(5_000) < 10  # about 1 s; the bound is for slow machines

    @pytest.mark.full
    def test_fifty_thousand_against_fifty_thousand_take_less_than_half_a_minute(self) -> None:
        assert seconds_for(50_000) < 30


def seconds_for(count: int) -> float:
    """CPU time to index `count` records and look for each of them, as another database might have it."""
    rng = random.Random(4)
    known = list(invented(rng, count, "k"))
    candidates = [altered(rng, record) for record in known]
    began = time.process_time()
    index = MatchIndex(known)
    found = [index.find(candidate) for candidate in candidates]
    took = time.process_time() - began
    right = sum(1 for matches, record in zip(found, known, strict=True) if matches and matches[0].key == record.key)
    assert right > 0.99 * count
    return took


SYLLABLES = (("ba", "ko", "li", "mu", "ne"), ("dra", "fle", "gri", "spo"), ("no", "ra", "si", "te", "mu"), ("l", "n", "r", "s", "t", "x"))
WORDS = ["".join(parts) for parts in product(*SYLLABLES)]
USUAL = ("randomised", "trial", "controlled", "pain", "patients", "effect", "therapy", "treatment", "study", "chronic", "review")


def invented(rng: random.Random, count: int, prefix: str) -> Iterator[MatchRecord]:
    for number in range(count):
        words = [*rng.sample(WORDS, rng.randint(5, 9)), *rng.sample(USUAL, 4)]
        rng.shuffle(words)
        author = f"{rng.choice(WORDS).title()} {rng.choice('ABC')}"
        doi = f"10.5555/{prefix}{number}" if rng.random() < 0.5 else None
        yield MatchRecord(f"{prefix}{number}", " ".join(words).capitalize(), author, rng.randint(1990, 2026), doi=doi)


def altered(rng: random.Random, record: MatchRecord) -> MatchRecord:
    """As another database might have it."""
    title = str(record.title).replace("randomised", rng.choice(("randomized", "randomised"))) + rng.choice((".", "", ": a report"))
    year = None if record.year is None else record.year + rng.choice((0, 0, 0, 1, -1))
    return replace(record, key="candidate", title=title, year=year, doi=rng.choice((None, record.doi)))


def near(one: MatchRecord, other: MatchRecord) -> bool:
    same_words = sorted(one.telling_words) == sorted(other.telling_words)
    shared = one.doi is not None and one.doi == other.doi
    return shared or same_words or one.year is None or other.year is None or abs(one.year - other.year) <= 1


class TestManyOfOneTitle:
    def test_are_compared_in_bounded_time_and_the_same_author_is_still_found(self) -> None:
        index = MatchIndex(MatchRecord(str(number), "Editorial", f"Family{number} A", 2020) for number in range(20_000))
        begun = time.perf_counter()
        for _ in range(20):
            found = index.find(MatchRecord("candidate", "Editorial", "Family19000 A", 2020))
        assert time.perf_counter() - begun < 5
        assert found[0].key == "19000"
        assert len(found) <= 200
