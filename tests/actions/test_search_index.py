"""One entry for each thing that can be found, replaced with it, and found on both engines."""

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.search_index import remove_entry, write_entry
from app.actions.studies import amend_study, create_study, submit_study
from app.database import reading, transaction
from app.models import SearchEntry
from tests.factories import ANNA, a_study, accept, an_accepted_study

FIND = {
    "sqlite": "SELECT reference FROM search_entry JOIN search_index ON search_index.rowid = id WHERE search_index MATCH :word",
    "postgresql": "SELECT reference FROM search_entry WHERE document_vector @@ plainto_tsquery('english', search_fold(:word))",
}


def find(engine: Engine, word: str) -> set[str]:
    with reading(engine) as session:
        return set(session.execute(text(FIND[engine.dialect.name]), {"word": word}).scalars())


def entry_of(session: Session, reference: str) -> SearchEntry | None:
    return session.execute(select(SearchEntry).where(col(SearchEntry.reference) == reference)).scalar_one_or_none()


class TestEntries:
    def test_a_draft_is_not_found(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, a_study(conclusion="zygomatic"), by=ANNA)
            assert entry_of(session, study.id) is None

    def test_an_accepted_study_is_found_by_its_words_and_its_conditions(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session, authors=["Ñandú-Müller Ö"], conclusion="zygomatic sensations", doi="10.1000/xyz")
        for word in ("zygomatic", "sensation", "nandu", "Müller", "neck"):
            assert study.id in find(vocabulary, word), word

    def test_an_amendment_takes_the_old_words_away(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session, conclusion="zygomatic")
            amend_study(session, study, a_study(conclusion="sphenoidal"), by=ANNA, base=1)
            submit_study(session, study, by=ANNA)
            accept(session, study)
        assert find(vocabulary, "zygomatic") == set()
        assert find(vocabulary, "sphenoidal") == {study.id}

    def test_a_removed_entry_is_not_found(self, engine: Engine) -> None:
        with transaction(engine) as session:
            write_entry(session, "reading", "one", title="A title", words=["zygomatic", None, "zygomatic"])
            assert entry_of(session, "one").words == "zygomatic"  # type: ignore[union-attr]
        assert find(engine, "zygomatic") == {"one"}
        with transaction(engine) as session:
            remove_entry(session, "reading", "one")
        assert find(engine, "zygomatic") == set()
