import base64
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.database import make_engine, reading, transaction
from app.errors import InvalidCursor
from app.queries import search as searching
from app.queries.paging import PageRequest, encode_cursor
from app.queries.search import PLACE, Found, make_snippet, matching_references, search
from app.queries.search_words import SearchWords
from app.schemas.search import SearchKind
from tests.databases import Databases
from tests.factories import a_submission, an_accepted_study, write_vocabulary
from tests.query_count import counted_queries
from tests.require import require

KINDS = tuple(SearchKind)
QUESTIONS = (
    "IBS", "irritable bowel", "migraine", "migrain", "headaches", "infant colic", "low back pain", "neck pain sham", "Haller 2016",
    "Wójcik", "wojcik", "craniosacral", "craniosacral therapy", "upledger", "cst", "osteopath", "therap", "fibromyalgia 2018",
    "quality of life", "women's", "anxiety/depression", "safety", "adverse events", "randomised-trial", "10.3390/bs13110914",
    "DOI: 10.3390/BS13110914", "pmid:31892357", "31892357", "PMC6938607", "NCT04826302",
    "the pain", "the", "to be or not to be", "!?", "pain in the neck",
    "ear", "m79", "HIT-6", "SF-36", "hyperactivity", "NCT04826302 anxiety",
)  # fmt: skip
NASTY = (
    '"', "'", '""', "a*", "*", "(", "NEAR(a b)", "a AND", "NOT", "title:neck", "^neck", "-neck", "neck | pain", "a & !b", "neck:*", "\\",
    "<->", "neck <2> pain", "'neck':A", "½", "ʼ", "ª", "한국어", "naïve ʼtis", "a" * 200, "🙂", "%", "_", "neck;--", "{neck}",
    "neck\tpain\n", "\u200b",
)  # fmt: skip


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


def found_of_kind(session: Session, kind: str, question: str) -> set[str]:
    return set(session.execute(matching_references(kind, question)).scalars())


def key_of(session: Session, study_id: str) -> str:
    key: str = session.execute(text("SELECT key FROM study WHERE id = :id"), {"id": study_id}).scalar_one()
    return key


def pages(session: Session, question: str, limit: int) -> Iterator[list[Found]]:
    cursor: str | None = None
    while True:
        page = search(session, question, kinds=KINDS, asked=PageRequest(limit, cursor))
        yield page.items
        if page.next is None:
            return
        cursor = page.next


class TestMatchingReferences:
    def test_both_engines_find_the_same(self, databases: Databases) -> None:
        require("postgresql")
        answers = []
        for url in (databases.shared_seeded("sqlite"), databases.shared_seeded("postgresql")):
            engine = make_engine(url)
            with reading(engine) as session:
                answers.append({(question, kind): found_of_kind(session, kind, question) for question in QUESTIONS for kind in KINDS})
            engine.dispose()
        assert answers[0] == answers[1]

    def test_a_synonym_finds_the_condition_and_its_studies(self, session: Session) -> None:
        assert found_of_kind(session, "condition", "IBS") == {"irritable-bowel-syndrome"}
        about = text("SELECT study_id FROM study_condition WHERE condition = 'irritable-bowel-syndrome'")
        assert set(session.execute(about).scalars()) <= found_of_kind(session, "study", "ibs")

    def test_an_abbreviation_is_no_beginning_of_other_words(self, engine: Engine) -> None:
        write_vocabulary(engine)
        with transaction(engine) as session:
            meant = an_accepted_study(session, title="People with IBS").id
            an_accepted_study(session, title="Against ibuprofen")
        with reading(engine) as session:
            assert found_of_kind(session, "study", "IBS") == {meant}

    def test_every_word_must_occur(self, session: Session) -> None:
        both = found_of_kind(session, "study", "migraine sham")
        assert both
        assert both == found_of_kind(session, "study", "migraine") & found_of_kind(session, "study", "sham")

    def test_only_the_last_word_may_be_unfinished(self, session: Session) -> None:
        assert found_of_kind(session, "condition", "irritable bow") == {"irritable-bowel-syndrome"}
        assert found_of_kind(session, "condition", "irri bowel") == set()

    def test_accents_do_not_matter(self, session: Session) -> None:
        assert found_of_kind(session, "study", "Wójcik") == found_of_kind(session, "study", "wojcik") != set()

    @pytest.mark.parametrize(
        ("question", "key"),
        [
            ("10.1097/ajp.0000000000000290", "haller-2016-neck-pain"),
            ("https://doi.org/10.1097/AJP.0000000000000290", "haller-2016-neck-pain"),
            ("pmid:26340656", "haller-2016-neck-pain"),
            ("PMID 26340656", "haller-2016-neck-pain"),
            ("26340656", "haller-2016-neck-pain"),
        ],
    )
    def test_an_identifier_finds_its_study(self, session: Session, question: str, key: str) -> None:
        assert [key_of(session, study_id) for study_id in found_of_kind(session, "study", question)] == [key]

    def test_an_identifier_finds_nothing_else(self, session: Session) -> None:
        assert found_of_kind(session, "condition", "10.1097/ajp.0000000000000290") == set()

    @pytest.mark.parametrize("question", ["the", "who is it", "?!", " ", ""])
    def test_nothing_to_look_for_finds_nothing(self, session: Session, question: str) -> None:
        assert found_of_kind(session, "study", question) == set()

    @pytest.mark.parametrize("question", NASTY)
    def test_no_text_breaks_the_query(self, session: Session, question: str) -> None:
        assert found_of_kind(session, "study", question) <= found_of_kind(session, "study", "") | set(
            session.execute(text("SELECT id FROM study")).scalars()
        )
        search(session, question, kinds=KINDS, asked=PageRequest(3))

    def test_a_record_that_was_never_accepted_is_not_found(self, engine: Engine) -> None:
        write_vocabulary(engine)
        with transaction(engine) as session:
            a_submission(session, title="Unheard of zebras")
            accepted = an_accepted_study(session, title="Well known zebras").id
        with reading(engine) as session:
            assert found_of_kind(session, "study", "zebras") == {accepted}

    def test_sqlite_goes_from_the_words_to_the_rows(self, session: Session) -> None:
        if session.get_bind().dialect.name != "sqlite":
            assert "document_vector @@" in str(matching_references("study", "pain").compile(session.get_bind()))
            return
        sql = matching_references("study", "pain").compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
        assert plan[0] == "SEARCH search_entry USING INTEGER PRIMARY KEY (rowid=?)"


class TestSearch:
    def test_what_bears_the_very_name_comes_first(self, session: Session) -> None:
        found = search(session, "migraine", kinds=KINDS, asked=PageRequest(5))
        assert (found.items[0].kind, found.items[0].reference) == ("condition", "migraine")

    def test_a_title_counts_more_than_other_words(self, engine: Engine) -> None:
        write_vocabulary(engine)
        with transaction(engine) as session:
            in_title = an_accepted_study(session, title="Zebras and necks").id
            elsewhere = an_accepted_study(session, title="Necks in general", conclusion="Zebras have necks too.").id
        with reading(engine) as session:
            found = search(session, "zebras", kinds=KINDS, asked=PageRequest(5))
        assert [one.reference for one in found.items] == [in_title, elsewhere]
        best, second = (one.score for one in found.items)
        assert best is not None
        assert second is not None
        assert best > second

    def test_kinds_can_be_chosen(self, session: Session) -> None:
        found = search(session, "migraine", kinds=[SearchKind.CLAIM], asked=PageRequest(50))
        assert {one.kind for one in found.items} == {"claim"}
        assert found.items
        assert found.next is None

    def test_the_total_covers_all_and_the_items_only_the_best(self, session: Session) -> None:
        found = search(session, "pain", kinds=KINDS, asked=PageRequest(3, count=True))
        assert len(found.items) == 3
        assert found.total == sum(len(found_of_kind(session, kind, "pain")) for kind in KINDS)

    @pytest.mark.parametrize("ranked", [1, 5, 12, 2000])
    @pytest.mark.parametrize("limit", [5, 7])
    def test_the_pages_give_every_match_once(self, session: Session, monkeypatch: pytest.MonkeyPatch, ranked: int, limit: int) -> None:
        monkeypatch.setattr(searching, "RANKED_MATCHES", ranked)
        whole = search(session, "headache", kinds=KINDS, asked=PageRequest(1000)).items
        assert [one for page in pages(session, "headache", limit) for one in page] == whole
        assert {(one.kind, one.reference) for one in whole} == {
            (kind.value, reference) for kind in KINDS for reference in found_of_kind(session, kind, "headache")
        }

    def test_every_page_but_the_last_is_full(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(searching, "RANKED_MATCHES", 12)
        sizes = [len(page) for page in pages(session, "headache", 5)]
        assert len(sizes) > 3
        assert set(sizes[:-1]) == {5}
        assert 1 <= sizes[-1] <= 5

    def test_behind_the_ranked_ones_the_older_follow_newest_first(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(searching, "RANKED_MATCHES", 4)
        found = search(session, "osteopathic", kinds=[SearchKind.STUDY], asked=PageRequest(50))
        newest = text("SELECT reference FROM search_entry WHERE kind = 'study' ORDER BY id DESC")
        matching = found_of_kind(session, "study", "osteopathic")
        expected = [reference for reference in session.execute(newest).scalars() if reference in matching]
        got = [one.reference for one in found.items]
        assert set(got[:4]) == set(expected[:4])
        assert got[4:] == expected[4:50]
        scores = [one.score for one in found.items[:4] if one.score is not None]
        assert len(scores) == 4
        assert scores == sorted(scores, reverse=True)
        assert all(one.score is None for one in found.items[4:])

    def test_a_page_behind_the_last_is_empty(self, session: Session) -> None:
        asked = PageRequest(5, cursor=encode_cursor(PageRequest(5), PLACE, [100_000]))
        found = search(session, "headache", kinds=KINDS, asked=asked)
        assert (found.items, found.next) == ([], None)

    @pytest.mark.parametrize("place", [-1, 2**31, "a", None])
    def test_a_place_that_is_none_is_refused(self, session: Session, place: object) -> None:
        content = json.dumps(["", [place]]).encode()
        asked = PageRequest(5, cursor=base64.urlsafe_b64encode(content).rstrip(b"=").decode())
        with pytest.raises(InvalidCursor):
            search(session, "headache", kinds=KINDS, asked=asked)

    def test_an_identifier_gives_one_hit(self, session: Session) -> None:
        found = search(session, "pmid:26340656", kinds=KINDS, asked=PageRequest(5))
        assert [(one.kind, key_of(session, one.reference)) for one in found.items] == [("study", "haller-2016-neck-pain")]
        assert found.next is None

    @pytest.mark.parametrize("question", ["pain", "IBS", "10.1097/ajp.0000000000000290"])
    def test_one_query_and_one_for_the_total(self, session: Session, question: str) -> None:
        for count, queries in ((False, 1), (True, 2)):
            with counted_queries(session) as sent:
                search(session, question, kinds=KINDS, asked=PageRequest(25, count=count))
            assert len(sent) == queries

    def test_the_same_statement_serves_other_words(self, session: Session) -> None:
        first = search(session, "migraine", kinds=KINDS, asked=PageRequest(50))
        second = search(session, "colic", kinds=KINDS, asked=PageRequest(50))
        assert {one.reference for one in first.items} != {one.reference for one in second.items}
        assert "infant-colic" in {one.reference for one in second.items}


class TestMakeSnippet:
    def test_the_part_with_most_of_the_words_is_taken(self) -> None:
        snippet = make_snippet("A title", "Muster A · adults with neck pain · neck", SearchWords(("neck",), "pai"))
        assert snippet is not None
        assert snippet.text == "adults with neck pain"
        assert [snippet.text[start:end] for start, end in snippet.marked] == ["neck", "pain"]

    def test_no_snippet_where_only_the_title_has_the_words(self) -> None:
        assert make_snippet("Neck pain", "Muster A · 2024", SearchWords((), "neck")) is None

    def test_a_long_part_is_cut(self) -> None:
        snippet = make_snippet("A title", "neck " * 100, SearchWords((), "neck"))
        assert snippet is not None
        assert len(snippet.text) <= searching.SNIPPET_LENGTH
        assert snippet.text.endswith("…")
