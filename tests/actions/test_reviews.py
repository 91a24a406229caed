"""Which act is possible from which state, by whom; and what acceptance and retraction do in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import recompute
from app.actions.reviews import retract_study, review_study
from app.actions.studies import amend_study, create_study, document_of, revision, submit_study
from app.actor import Actor
from app.database import reading, transaction
from app.errors import DuplicateStudy, InvalidBody, NotAllowed, OwnSubmission, Problem, StateConflict
from app.models import Change, Rating, RatingHistory, Result, Review, Study
from app.models.base import utc_now
from app.queries.impact import assess_impact
from app.synthesis.rating import to_json
from app.vocabulary import Decision, PublicationStatus
from tests.factories import (
    ANNA,
    BEN,
    CARL,
    CLARA,
    a_result,
    a_study,
    a_submission,
    accept,
    an_accepted_study,
    differences,
    rating_content,
    row_counts,
    timeless,
)

Act = Callable[[Session, Study], object]


def submit(by: Actor) -> Act:
    return lambda session, study: submit_study(session, study, by=by)


def amend(by: Actor) -> Act:
    return lambda session, study: amend_study(session, study, a_study(year=2023), by=by, base=study.live_revision)


def decide(decision: Decision, by: Actor) -> Act:
    return lambda session, study: review_study(session, study, decision, by=by, comment="why", conflict_of_interest="none")


def retract(by: Actor) -> Act:
    return lambda session, study: retract_study(session, study, reason="fabricated", by=by)


def in_draft(session: Session) -> Study:
    return create_study(session, a_study(), by=ANNA)


def in_review(session: Session) -> Study:
    return a_submission(session, ANNA)


def sent_back(session: Session) -> Study:
    study = in_review(session)
    decide(Decision.REQUEST_CHANGES, CLARA)(session, study)
    return study


def turned_down(session: Session) -> Study:
    study = in_review(session)
    decide(Decision.REJECT, CLARA)(session, study)
    return study


def accepted(session: Session) -> Study:
    return an_accepted_study(session, ANNA)


def taken_back(session: Session) -> Study:
    study = accepted(session)
    retract_study(session, study, reason="fabricated", by=CLARA)
    return study


def amended(session: Session) -> Study:
    """An accepted study with Anna's amendment in review."""
    study = accepted(session)
    amend(ANNA)(session, study)
    submit_study(session, study, by=ANNA)
    return study


@dataclass(frozen=True)
class Transition:
    before: Callable[[Session], Study]
    act: Act
    then: str | type[Problem]
    """The status of the study afterwards, or how the act is refused."""


ACCEPT, REJECT, SEND_BACK = Decision.ACCEPT, Decision.REJECT, Decision.REQUEST_CHANGES
TRANSITIONS = {
    # a draft: its author and curators take it further; nobody decides on what was not handed in
    "draft, its author submits": Transition(in_draft, submit(ANNA), "submitted"),
    "draft, a curator submits": Transition(in_draft, submit(CLARA), "submitted"),
    "draft, a stranger submits": Transition(in_draft, submit(BEN), StateConflict),
    "draft, its author amends": Transition(in_draft, amend(ANNA), "draft"),
    "draft, a curator amends": Transition(in_draft, amend(CLARA), "draft"),
    "draft, a stranger amends": Transition(in_draft, amend(BEN), NotAllowed),
    "draft, a curator accepts": Transition(in_draft, decide(ACCEPT, CLARA), StateConflict),
    "draft, a curator retracts": Transition(in_draft, retract(CLARA), StateConflict),
    # in review: a curator decides; its author may still take it back by amending, not hand it in twice
    "in review, a curator accepts": Transition(in_review, decide(ACCEPT, CLARA), "accepted"),
    "in review, a curator rejects": Transition(in_review, decide(REJECT, CLARA), "rejected"),
    "in review, a curator asks for changes": Transition(in_review, decide(SEND_BACK, CLARA), "changes-requested"),
    "in review, a contributor accepts": Transition(in_review, decide(ACCEPT, BEN), NotAllowed),
    "in review, its author accepts": Transition(in_review, decide(ACCEPT, ANNA), NotAllowed),
    "in review, its author submits again": Transition(in_review, submit(ANNA), StateConflict),
    "in review, its author amends": Transition(in_review, amend(ANNA), "draft"),
    "in review, a curator retracts": Transition(in_review, retract(CLARA), StateConflict),
    # sent back: as a draft, with the reason on record
    "sent back, its author submits": Transition(sent_back, submit(ANNA), "submitted"),
    "sent back, its author amends": Transition(sent_back, amend(ANNA), "draft"),
    "sent back, a curator accepts": Transition(sent_back, decide(ACCEPT, CLARA), StateConflict),
    # turned down: over, unless its author drafts anew
    "turned down, its author submits": Transition(turned_down, submit(ANNA), StateConflict),
    "turned down, its author amends": Transition(turned_down, amend(ANNA), "draft"),
    "turned down, a curator accepts": Transition(turned_down, decide(ACCEPT, CARL), StateConflict),
    # accepted: stays so, whatever is drafted behind it; retraction needs no second person
    "accepted, its author submits": Transition(accepted, submit(ANNA), StateConflict),
    "accepted, a stranger amends": Transition(accepted, amend(BEN), "accepted"),
    "accepted, a curator accepts again": Transition(accepted, decide(ACCEPT, CARL), StateConflict),
    "accepted, a curator retracts": Transition(accepted, retract(CLARA), "retracted"),
    "accepted, a contributor retracts": Transition(accepted, retract(ANNA), NotAllowed),
    # an amendment in review: the accepted revision stays live whatever is decided
    "amended, a curator accepts": Transition(amended, decide(ACCEPT, CLARA), "accepted"),
    "amended, a curator rejects": Transition(amended, decide(REJECT, CLARA), "accepted"),
    "amended, a curator asks for changes": Transition(amended, decide(SEND_BACK, CLARA), "accepted"),
    "amended, a curator retracts": Transition(amended, retract(CARL), "retracted"),
    # retracted: not twice; an amendment can bring it back, through review
    "retracted, a curator retracts": Transition(taken_back, retract(CARL), StateConflict),
    "retracted, a stranger amends": Transition(taken_back, amend(BEN), "retracted"),
}


@pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=TRANSITIONS.keys())
def test_transitions(vocabulary: Engine, transition: Transition) -> None:
    with transaction(vocabulary) as session:
        study = transition.before(session)
    if isinstance(transition.then, str):
        with transaction(vocabulary) as session:
            study = session.get_one(Study, study.id)
            transition.act(session, study)
        assert study.status == transition.then
    else:
        before = row_counts(vocabulary)
        with pytest.raises(transition.then), transaction(vocabulary) as session:
            transition.act(session, session.get_one(Study, study.id))
        assert row_counts(vocabulary) == before
    assert differences(vocabulary) == []


class TestWhoMayDecide:
    def test_own_submission_is_refused(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, CLARA)
        with pytest.raises(OwnSubmission), transaction(vocabulary) as session:
            accept(session, session.get_one(Study, study.id), CLARA)

    def test_a_one_person_installation_may_decide_on_its_own(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, CLARA)
            review_study(session, study, ACCEPT, by=CLARA, comment=None, conflict_of_interest="none", one_person=True)
        assert study.status == "accepted"

    def test_a_contributor_stays_out_in_a_one_person_installation_too(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, ANNA)
            with pytest.raises(NotAllowed):
                review_study(session, study, ACCEPT, by=ANNA, comment=None, conflict_of_interest="none", one_person=True)

    @pytest.mark.parametrize(("decision", "missing"), [(ACCEPT, "/conflict_of_interest"), (REJECT, "/comment"), (SEND_BACK, "/comment")])
    def test_what_a_decision_must_say(self, vocabulary: Engine, decision: Decision, missing: str) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session)
            with pytest.raises(InvalidBody) as refused:
                review_study(session, study, decision, by=CLARA, comment=None, conflict_of_interest=None)
        assert refused.value.errors[0].as_json()["pointer"] == missing

    def test_a_comment_on_a_draft_does_not_stand_in_the_public_ledger(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session)
            review_study(session, study, SEND_BACK, by=CLARA, comment="the arms are swapped", conflict_of_interest=None)
        with reading(vocabulary) as session:
            assert session.execute(select(col(Review.comment))).scalar_one() == "the arms are swapped"
            newest = session.execute(select(col(Change.content)).order_by(col(Change.sequence).desc()).limit(1)).scalar_one()
        assert "swapped" not in newest


class TestAccept:
    def test_study_rows_rating_and_ledger_move_together(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session)
            moved = accept(session, study)
        assert [(impact.condition, impact.intervention) for impact in moved] == [("neck-pain", "craniosacral-therapy")]
        with reading(vocabulary) as session:
            rating = session.get_one(Rating, ("neck-pain", "craniosacral-therapy"))
            assert (rating.eligible_studies, rating.eligible_participants) == (1, 120)
            assert session.execute(select(func.count()).select_from(Result)).scalar_one() == 1
            actions = session.execute(select(col(Change.action)).order_by(col(Change.sequence).desc()).limit(2)).scalars().all()
            history = session.execute(select(RatingHistory).order_by(col(RatingHistory.sequence).desc()).limit(1)).scalar_one()
        assert actions == ["rating.changed", "study.accepted"]
        assert (history.sequence, history.certainty, history.cause["study"]) == (rating.sequence, rating.certainty, study.key)
        assert differences(vocabulary) == []

    def test_ratings_that_do_not_move_get_no_entry(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            moved = accept(session, a_submission(session, kind="synthesis", design="systematic-review", results=[], synthesis={}))
        assert moved == []
        with reading(vocabulary) as session:
            newest = session.execute(select(col(Change.action)).order_by(col(Change.sequence).desc()).limit(1)).scalar_one()
        assert newest == "study.accepted"
        assert differences(vocabulary) == []

    @pytest.mark.parametrize("broken", ["_announce", "_store", "_remember"])
    def test_a_failure_in_the_middle_leaves_nothing(self, vocabulary: Engine, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session)
        before = row_counts(vocabulary)

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError("the power went")

        monkeypatch.setattr(recompute, broken, fail)
        with pytest.raises(RuntimeError, match="power"), transaction(vocabulary) as session:
            accept(session, session.get_one(Study, study.id))
        assert row_counts(vocabulary) == before
        with reading(vocabulary) as session:
            assert session.get_one(Study, study.id).status == "submitted"
        assert differences(vocabulary) == []

    def test_an_amendment_of_what_is_no_longer_live_is_a_conflict(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = accepted(session)
            for author in (ANNA, BEN):
                amend_study(session, study, a_study(year=2020), by=author, base=1)
                submit_study(session, study, by=author)
            review_study(session, study, Decision.ACCEPT, by=CLARA, comment=None, conflict_of_interest="none", number=3)
        assert study.live_revision == 3
        with pytest.raises(StateConflict) as refused, transaction(vocabulary) as session:
            accept(session, session.get_one(Study, study.id))
        rebase = f"/v1/studies/{study.id}/revisions/2/rebase"
        assert refused.value.members == {"base_revision": 1, "live_revision": 3, "rebase": rebase}
        assert [problem.pointer for problem in refused.value.errors] == ["/year"]  # type: ignore[union-attr]
        assert differences(vocabulary) == []

    def test_a_curator_can_say_which_of_two_submissions_he_means(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = accepted(session)
            for author in (ANNA, BEN):
                amend_study(session, study, a_study(title=author.name), by=author, base=1)
                submit_study(session, study, by=author)
            review_study(session, study, ACCEPT, by=CLARA, comment=None, conflict_of_interest="none", number=2)
        assert (study.live_revision, study.title) == (2, "Anna")

    def test_a_doi_that_another_study_took_meanwhile_is_a_conflict(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = accepted(session)
            amend_study(session, study, a_study(doi="10.1000/xyz"), by=ANNA, base=1)
            submit_study(session, study, by=ANNA)
            an_accepted_study(session, BEN, doi="10.1000/xyz")
        with pytest.raises(DuplicateStudy), transaction(vocabulary) as session:
            accept(session, session.get_one(Study, study.id))
        assert differences(vocabulary) == []

    def test_a_rejected_record_frees_its_identifiers(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, doi="10.1000/xyz")
            decide(REJECT, CLARA)(session, study)
            other = create_study(session, a_study(doi="10.1000/xyz"), by=BEN)
        assert other.doi == "10.1000/xyz"
        with pytest.raises(DuplicateStudy), transaction(vocabulary) as session:
            amend_study(session, session.get_one(Study, study.id), a_study(doi="10.1000/xyz"), by=ANNA, base=None)
        assert differences(vocabulary) == []


class TestPreview:
    def test_a_new_study_moves_ratings_as_its_preview_said(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session, n_randomised=200, results=[a_result(treatment={"n": 100, "mean": 44, "sd": 21})])
            study = a_submission(session, BEN)
            document = document_of(revision(session, study, 1))
            said = assess_impact(session, {study.key: document}, as_of=utc_now().date())
            accept(session, study)
            assert [to_json(impact.after) for impact in said] == [
                session.get_one(Rating, (impact.condition, impact.intervention)).content for impact in said
            ]

    def test_an_amendment_moves_ratings_as_its_preview_said(self, vocabulary: Engine) -> None:
        """Also those of the condition that it leaves."""
        moved_to = a_study(conditions=["migraine"], results=[a_result(condition="migraine", treatment={"n": 60, "mean": 51, "sd": 20},
                                                                     direction="favours-comparator")])  # fmt: skip
        with transaction(vocabulary) as session:
            study = accepted(session)
            said = assess_impact(session, {study.key: moved_to}, as_of=utc_now().date())
            amend_study(session, study, moved_to, by=ANNA, base=1)
            submit_study(session, study, by=ANNA)
            accept(session, study)
            assert {impact.condition for impact in said} == {"neck-pain", "migraine"}
            for impact in said:
                assert session.get_one(Rating, (impact.condition, impact.intervention)).content == to_json(impact.after)
        assert differences(vocabulary) == []


class TestRetract:
    def test_the_rating_is_what_it_was_before_the_study_came(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            before = rating_content(session)
            study = accepted(session)
            assert rating_content(session) != before
            retract(CLARA)(session, study)
            assert rating_content(session) == before | {"ineligible": rating_content(session)["ineligible"]}
            assert [row["study"] for row in rating_content(session)["ineligible"]] == [study.key]

    def test_bringing_it_back_gives_the_same_rating(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session, BEN)
            study = accepted(session)
            with_it = rating_content(session)
            retract(CLARA)(session, study)
            assert rating_content(session) != with_it
            back = document_of(revision(session, study, 2)).model_copy(update={"publication_status": PublicationStatus.PUBLISHED})
            amend_study(session, study, back, by=ANNA, base=2)
            submit_study(session, study, by=ANNA)
            accept(session, study)
            assert study.status == "accepted"
            assert rating_content(session) == with_it
        assert differences(vocabulary) == []

    def test_the_reason_is_on_record(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = taken_back(session)
            assert revision(session, study, 2).reason == "fabricated"
            entry = session.execute(select(col(Change.content)).where(col(Change.action) == "study.retracted")).scalar_one()
        assert '"reason":"fabricated"' in entry

    def test_an_amendment_in_review_can_no_longer_be_accepted(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = amended(session)
            retract(CARL)(session, study)
        with pytest.raises(StateConflict), transaction(vocabulary) as session:
            accept(session, session.get_one(Study, study.id))


class TestSharedParticipants:
    def test_a_second_paper_on_the_same_people_adds_nobody(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            first = accepted(session)
            an_accepted_study(session, BEN, same_participants_as=[first.key], title="Follow-up of the same trial")
            rating = session.get_one(Rating, ("neck-pain", "craniosacral-therapy"))
            assert (rating.eligible_studies, rating.eligible_participants) == (1, 120)
        assert differences(vocabulary) == []

    def test_the_rating_of_another_condition_moves_when_papers_are_linked(self, vocabulary: Engine) -> None:
        migraine: dict[str, Any] = {"conditions": ["migraine"], "results": [a_result(condition="migraine")]}
        with transaction(vocabulary) as session:
            first = an_accepted_study(session, ANNA, **migraine)
            second = an_accepted_study(session, ANNA, **migraine, title="Second")
            linking = an_accepted_study(session, title="Links both", same_participants_as=[first.key, second.key])
            rating = session.get_one(Rating, ("migraine", "craniosacral-therapy"))
            session.refresh(rating)
            assert rating.eligible_studies == 1
            assert linking.live_revision == 1
        assert differences(vocabulary) == []


def test_timeless_leaves_out_the_day_and_nothing_else() -> None:
    assert timeless({"as_of": "2026-11-22", "inputs_hash": "x", "certainty": "low"}) == {"certainty": "low"}
