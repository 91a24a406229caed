"""Did somebody give his word on what he made himself? Asked of the sign-offs and appraisals that count now."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import BodyOfEvidence, DomainAppraisal, Rating, SignOff
from app.queries.appraisals import IN_FORCE
from app.queries.audit_acts import Act, Finding, Person
from app.queries.audit_hands import Hands
from app.queries.makers import load_makers_of_accepted
from app.queries.sign_offs import headline_studies
from app.vocabulary import AuditQuestion, WithoutSecondPerson

GIVING = frozenset({"sign-off.made", "appraisal.made"})


class Words:
    """Where the ledger tells of each word that was given."""

    def __init__(self, holders: Mapping[str, Person]) -> None:
        self._holders = holders
        self._given: dict[str, Act] = {}

    def read(self, act: Act) -> Iterator[Finding]:
        if act.action in GIVING:
            self._given[act.subject] = act
        yield from ()

    def ask_sign_offs(self, session: Session, hands: Hands) -> Iterator[Finding]:
        """Of those that were not withdrawn. One beside somebody independent says itself that it is not, and counts for nothing alone."""
        for row in session.execute(select(SignOff).where(col(SignOff.withdrawn_at).is_(None), col(SignOff.alone).is_(True))).scalars():
            yield self._sign_off(row, "signed alone, and not independent", WithoutSecondPerson.ONE_PERSON)
        standing: dict[tuple[str, str], list[SignOff]] = defaultdict(list)
        for signed in session.execute(_standing()).scalars():
            standing[signed.condition, signed.intervention].append(signed)
        for pair, rows in standing.items():
            for number, row in enumerate(rows):
                earlier = [one.signer for one in rows[:number] if hands.same_actor(row.signer, one.signer)]
                if earlier:
                    yield self._sign_off(row, f"signed by one person twice, as {', '.join(sorted({row.signer, *earlier}))}")
            makers = load_makers_of_accepted(session, headline_studies(session, *pair))
            for row in rows:
                own = _own(makers, row.signer, hands)
                if row.independent and own:
                    yield self._sign_off(row, f"signed as independent by a person who had a hand in {', '.join(own)}")

    def ask_appraisals(self, session: Session, hands: Hands) -> Iterator[Finding]:
        """Of those in force: told, and allowed by a named exception."""
        of_body: Any = select(DomainAppraisal, BodyOfEvidence).outerjoin(
            BodyOfEvidence, col(BodyOfEvidence.id) == col(DomainAppraisal.body)
        )
        for row, body in session.execute(of_body.where(IN_FORCE).order_by(col(DomainAppraisal.id))):
            keys = {study["study"] for study in body.explanation["studies"]} if body is not None else set()
            own = _own(load_makers_of_accepted(session, keys), row.author, hands)
            if own or row.appraiser_made_some:
                made = f"had a hand in {', '.join(own)}" if own else "had a hand in its studies when it was made"
                detail = f"{row.domain} of {row.body}: its author {made}"
                question = AuditQuestion.APPRAISALS_OF_OWN_WORK
                yield self._finding(question, f"appraisal:{row.id}", row.author, detail, WithoutSecondPerson.APPRAISAL)

    def _sign_off(self, row: SignOff, detail: str, exception: WithoutSecondPerson | None = None) -> Finding:
        about = f"{row.condition} × {row.intervention}: {detail}"
        return self._finding(AuditQuestion.SIGN_OFFS_OF_OWN_WORK, f"sign-off:{row.id}", row.signer, about, exception)

    def _finding(self, question: AuditQuestion, subject: str, actor: str, detail: str, exception: WithoutSecondPerson | None) -> Finding:
        act = self._given.get(subject)
        who = self._holders.get(actor, Person(actor, actor, None))
        sequence, at = (act.sequence, act.at) if act is not None else (None, None)
        return Finding(question, sequence, at, who, subject, None, detail, exception)


def _standing() -> Any:
    """Those that hold for their rating as it is, the first given first."""
    same_pair = and_(col(Rating.condition) == col(SignOff.condition), col(Rating.intervention) == col(SignOff.intervention))
    holds = (col(SignOff.withdrawn_at).is_(None), col(SignOff.stands_at) == col(Rating.inputs_hash))
    return select(SignOff).join(Rating, same_pair).where(*holds).order_by(col(SignOff.id))


def _own(makers: Mapping[str, Collection[str]], actor: str, hands: Hands) -> list[str]:
    return [key for key, made in makers.items() if any(hands.same_actor(actor, one) for one in made)]
