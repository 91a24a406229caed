"""`verify` finds every tampering with comments, assignments and sign-offs, and nothing after any honest act."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.actions.api_keys import create_key
from app.actions.assignments import assign_study, release_study
from app.actions.comments import comment_on, withdraw_comment
from app.actions.reviews import retract_study
from app.actions.sign_offs import sign_off_rating, withdraw_sign_off
from app.actor import Actor
from app.database import make_engine, transaction
from app.models import Assignment, Comment, Rating, SignOff
from app.queries.comments import load_seen
from app.vocabulary import Role
from tests.actions.test_verification import change, drop, found_after, sql
from tests.databases import ENGINES, Databases
from tests.factories import ANNA, CARL, CLARA, a_result, a_submission, accept, an_accepted_study, differences
from tests.require import require

PAIR = ("neck-pain", "craniosacral-therapy")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def sign(session: Session, by: Actor) -> SignOff:
    return sign_off_rating(session, *PAIR, by=by, comment="Read.", conflict_of_interest="none")


def do_everything(session: Session) -> None:
    """Comments that stay and one that was taken back, assignments that ended in every way, sign-offs in every state."""
    create_key(session, name="Cora", role=Role.CURATOR)
    study = a_submission(session, ANNA)
    seen = load_seen(session, study, CLARA)
    first = comment_on(session, study, text="See table 2.", by=CLARA, seen=seen, pointer="/results/0")
    comment_on(session, study, text="Seen.", by=CLARA, seen=seen, reply_to=first.id)
    withdraw_comment(session, study, comment_on(session, study, text="A mistake.", by=CLARA, seen=seen).id, by=CLARA, seen=seen)
    assign_study(session, study, "me", by=CLARA)
    assign_study(session, study, "Cora", by=CLARA)
    release_study(session, study, by=CLARA)
    assign_study(session, study, "me", by=CLARA)
    accept(session, study, CARL)
    assign_study(session, a_submission(session, ANNA, title="In work"), "me", by=CLARA)
    sign(session, CLARA)
    withdraw_sign_off(session, sign(session, CARL).id, by=CARL, reason="Too early.")
    second = an_accepted_study(session, ANNA, title="Second", results=[a_result(treatment={"n": 60, "mean": 49, "sd": 20})])
    sign(session, CARL)
    retract_study(session, second, reason="fabricated", by=CLARA)
    sign(session, CLARA)


@pytest.fixture(scope="module", params=ENGINES)
def honest(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    """Made once for the module: what a test changes is never committed."""
    if request.param == "postgresql":
        require("postgresql")
    with databases.on(request.param).copy("small") as url:
        engine = make_engine(url)
        with transaction(engine) as session:
            do_everything(session)
        yield engine
        engine.dispose()


def add_comment(session: Session) -> None:
    first = session.execute(select(Comment).limit(1)).scalar_one()
    session.add(Comment(**first.model_dump() | {"id": "added"}))


def add_sign_off(session: Session) -> None:
    first = session.execute(select(SignOff).limit(1)).scalar_one()
    session.add(SignOff(**first.model_dump() | {"id": "added"}))


def pretend_that_it_holds(session: Session) -> None:
    inputs_hash = session.get_one(Rating, PAIR).inputs_hash
    for row in session.execute(select(SignOff)).scalars():
        row.stands_at = inputs_hash


TAMPERINGS: dict[str, tuple[Callable[[Session], object], str]] = {
    "a comment's text": (change(Comment, text="Other."), "its text is not the one that was written"),
    "a comment's text and its hash": (change(Comment, text_sha256="f" * 64), "is not the one the ledger pinned"),
    "a comment's text taken away": (change(Comment, text=None), "its text is not the one that was written"),
    "a comment's salt": (change(Comment, salt="00"), "its text is not the one that was written"),
    "who said it": (change(Comment, author="somebody"), "is not the one the ledger pinned"),
    "when it was said": (change(Comment, created_at=LONG_AGO), "is not the one the ledger pinned"),
    "what it was said of": (change(Comment, pointer="/year"), "is not the one the ledger pinned"),
    "of which revision": (change(Comment, revision=7), "is not the one the ledger pinned"),
    "who reads it": (change(Comment, audience="key-holders"), "is not the one the ledger pinned"),
    "what it answers": (sql("UPDATE comment SET reply_to = NULL"), "is not the one the ledger pinned"),
    "a comment taken back by hand": (change(Comment, withdrawn_at=LONG_AGO), "column withdrawn_at: is '2020"),
    "a withdrawn comment brought back": (sql("UPDATE comment SET withdrawn_at = NULL"), "column withdrawn_at: is None"),
    "a withdrawn text put back": (sql("UPDATE comment SET text = 'A mistake.' WHERE text IS NULL"), "something of its text is still there"),
    "who took it back": (sql("UPDATE comment SET withdrawn_by = 'somebody' WHERE withdrawn_by IS NOT NULL"), "column withdrawn_by"),
    "a comment dropped": (sql("DELETE FROM comment WHERE text IS NULL"), "is in the ledger and not in its table"),
    "a comment added": (add_comment, "comment added: is in no ledger entry"),
    "who has a submission": (change(Assignment, curator="somebody"), "column curator: is 'somebody'"),
    "who gave it": (change(Assignment, made_by="somebody"), "column made_by: is 'somebody'"),
    "when it was given": (change(Assignment, made_at=LONG_AGO), "column made_at: is '2020"),
    "of which revision it was given": (change(Assignment, revision=7), "column revision: is 7"),
    "how it ended": (sql("UPDATE assignment SET ended_how = 'decided' WHERE ended_how = 'released'"), "column ended_how"),
    "who ended it": (sql("UPDATE assignment SET ended_by = 'somebody' WHERE ended_by IS NOT NULL"), "column ended_by"),
    "an assignment dropped": (drop(Assignment), "is in the ledger and not in its table"),
    "who signed": (change(SignOff, signer="somebody"), "column signer: is 'somebody'"),
    "what the signer said": (change(SignOff, comment="Other."), "column comment: is 'Other.'"),
    "his statement of interests": (change(SignOff, conflict_of_interest="Some."), "column conflict_of_interest"),
    "his independence": (change(SignOff, independent=False), "column independent: is False"),
    "the certainty that was signed": (change(SignOff, certainty="high"), "column certainty: is 'high'"),
    "what the rating rested on": (change(SignOff, evidence_hash="f" * 64), "column evidence_hash"),
    "which rating was read": (change(SignOff, inputs_hash="f" * 64), "column inputs_hash"),
    "when it was signed": (change(SignOff, signed_at=LONG_AGO), "column signed_at: is '2020"),
    "why a sign-off was withdrawn": (
        sql("UPDATE sign_off SET withdrawal_reason = 'Other' WHERE withdrawn_at IS NOT NULL"),
        "withdrawal_reason",
    ),
    "a sign-off brought back": (sql("UPDATE sign_off SET withdrawn_at = NULL"), "column withdrawn_at: is None"),
    "a sign-off made to hold": (pretend_that_it_holds, "says that it holds, and the rating has changed"),
    "a sign-off made not to hold": (sql("UPDATE sign_off SET stands_at = ''"), "holds, and does not say so"),
    "what a sign-off held for last": (sql("UPDATE sign_off SET stands_at = 'junk'"), "column stands_at: is no hash of inputs"),
    "a rating that was signed off dropped": (sql("DELETE FROM rating"), "is of a rating that is not there"),
    "of which rating it is": (change(SignOff, condition="migraine"), "column condition: is 'migraine'"),
    "a sign-off dropped": (drop(SignOff), "is in the ledger and not in its table"),
    "a sign-off added": (add_sign_off, "sign-off added: is in no ledger entry"),
}


class TestVerifyWorkflow:
    def test_finds_nothing_after_every_act(self, honest: Engine) -> None:
        assert differences(honest) == []

    @pytest.mark.parametrize(("tamper", "place"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
    def test_finds_tampering(self, honest: Engine, tamper: Callable[[Session], object], place: str) -> None:
        found = found_after(honest, tamper)
        assert any(place in difference for difference in found), found
