"""Many drafts at once are what as many single ones would have been."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.ledger import members_of
from app.actions.studies import create_study
from app.actions.study_drafts import prepare_draft, write_drafts
from app.database import reading, transaction
from app.models import Change, ChangeSubject, Study, StudyRevision
from app.models.base import utc_now
from app.schemas.study import StudyDocument
from tests.factories import ANNA, a_study, differences, the_least

OWN = {"id", "study_id", "created_at", "updated_at", "doi", "title", "document", "subject", "salt"}
"""What is a study's own, so that it must differ."""


def documents(mark: str) -> list[StudyDocument]:
    full = a_study(title=f"A trial of {mark}", doi=f"10.5555/{mark}", registration="NCT99000001", country="Norway")
    return [full, StudyDocument.model_validate(the_least() | {"title": f"The least of {mark}"})]


def everything(engine: Engine, table: type[SQLModel], order: Any) -> list[dict[str, Any]]:
    with reading(engine) as session:
        rows = [members_of(row) for row in session.execute(select(table).order_by(order)).scalars()]
    return [{name: value for name, value in row.items() if name not in OWN} for row in rows]


def write(session: Session, studies: Sequence[StudyDocument]) -> None:
    drafts = [prepare_draft(document) for document in studies]
    write_drafts(session, [draft.stem for draft in drafts], drafts, by=ANNA, moment=utc_now())


class TestWriteDrafts:
    def test_writes_the_rows_and_entries_that_create_study_writes(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            for document in documents("one"):
                create_study(session, document, by=ANNA)
        with transaction(vocabulary) as session:
            write(session, documents("two"))
        singly, together = everything(vocabulary, Study, col(Study.id))[:2], everything(vocabulary, Study, col(Study.id))[2:]
        for before, after in zip(singly, together, strict=True):
            assert after == before | {"key": after["key"]}
        revisions = everything(vocabulary, StudyRevision, col(StudyRevision.study_id))
        assert revisions[2:] == revisions[:2]
        with reading(vocabulary) as session:
            contents = [
                json.loads(row.content) for row in session.execute(select(Change).order_by(col(Change.sequence).desc()).limit(4)).scalars()
            ]
            subjects = session.execute(select(ChangeSubject).order_by(col(ChangeSubject.sequence).desc()).limit(4)).scalars().all()
        assert {one["action"] for one in contents} == {"study.created"}
        assert len({json.dumps([one["summary"], one["actor"], sorted(one["details"])]) for one in contents}) == 1
        assert [one.subject for one in subjects] == [one["subject"] for one in contents]
        assert differences(vocabulary) == []

    def test_gives_each_a_key_that_nobody_has(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            for number in range(2):
                create_study(session, a_study(title=f"Single {number}"), by=ANNA)
        with transaction(vocabulary) as session:
            write(session, [a_study(title=f"Several {number}") for number in range(3)])
        with transaction(vocabulary) as session:
            create_study(session, a_study(title="The last"), by=ANNA)
        with reading(vocabulary) as session:
            keys = session.execute(select(col(Study.key)).order_by(col(Study.id))).scalars().all()
        assert keys == ["muster-2024-neck-pain", *(f"muster-2024-neck-pain-{number}" for number in range(2, 7))]

    def test_of_nothing_writes_nothing(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            write(session, [])
        assert differences(vocabulary) == []
