from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.actions.reviews import retract_study
from app.database import reading, transaction
from app.models import Study
from app.queries.evidence import get_evidence
from app.queries.plot_rows import load_judgements, load_retracted
from tests.factories import CLARA, a_result, an_accepted_study
from tests.query_count import counted_queries

BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
Retract = Callable[..., Study]


@pytest.fixture
def session(vocabulary: Engine) -> Iterator[Session]:
    """A body of one trial on a 100 mm scale."""
    with transaction(vocabulary) as opened:
        an_accepted_study(opened, title="The one that stays", authors=["Bleibt B"])
    with transaction(vocabulary) as opened:
        yield opened


@pytest.fixture
def retracted(session: Session) -> Retract:
    def make(title: str, **overrides: Any) -> Study:
        study = an_accepted_study(session, title=title, authors=[f"{title.split()[0]} A"], **overrides)
        retract_study(session, study, reason="fabricated", by=CLARA)
        session.flush()
        return study

    return make


def rows(session: Session) -> list[dict[str, Any]]:
    return load_retracted(session, get_evidence(session, BODY))


class TestLoadRetracted:
    def test_a_retracted_trial_has_the_numbers_it_would_count_with(self, session: Session, retracted: Retract) -> None:
        study = retracted("Gone with the wind")
        row = rows(session)[0]
        counted = get_evidence(session, BODY)["studies"][0]
        assert (row["study"], row["label"]) == (study.key, "Gone 2024")
        assert [row[name] for name in ("effect", "se", "n", "direction")] == [counted[name] for name in ("effect", "se", "n", "direction")]
        assert row["risk_of_bias"]["level"] == "low"
        assert "weight" not in row

    def test_of_another_horizon_or_comparator_it_is_not_of_this_body(self, session: Session, retracted: Retract) -> None:
        retracted("Later follow-up alone", results=[a_result(since_end_of_treatment_weeks=26, timepoint_weeks=34)])
        retracted("Compared with waiting", results=[a_result(comparator="wait-list")], comparators=[{"kind": "wait-list", "label": "none"}])
        assert rows(session) == []

    def test_on_another_scale_it_keeps_its_direction_alone(self, session: Session, retracted: Retract) -> None:
        retracted("Numeric scale instead", results=[a_result(instrument="pain-nrs", treatment={"n": 60, "mean": 3, "sd": 2})])
        row = rows(session)[0]
        assert (row["effect"], row["se"], row["ci_low"], row["ci_high"], row["direction"]) == (None, None, None, None, 1)

    def test_costs_one_query_where_nothing_was_retracted_and_no_more_with_every_study(self, session: Session, retracted: Retract) -> None:
        body = get_evidence(session, BODY)
        with counted_queries(session) as sent:
            assert load_retracted(session, body) == []
        assert len(sent) == 1
        counts = []
        for title in ("First of several", "Second of several"):
            retracted(title)
            with counted_queries(session) as sent:
                load_retracted(session, body)
            counts.append(len(sent))
        assert counts[0] == counts[1]


class TestLoadJudgements:
    def test_gives_them_as_the_record_has_them_in_one_query(self, seeded_engine: Engine) -> None:
        with reading(seeded_engine) as session, counted_queries(session) as sent:
            found = load_judgements(session, ["haller-2016-neck-pain", "no-such-study"])
        assert len(sent) == 1
        assert list(found) == ["haller-2016-neck-pain"]
        assert any(one["domains"].get("random allocation") == "yes" for one in found["haller-2016-neck-pain"])
