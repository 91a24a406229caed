from datetime import date

import pytest
from sqlalchemy import Engine

from app.database import reading
from app.queries.what_if import NOTHING_ASKED, Asked, left_out, load_pair, records_behind, what_was_asked
from app.synthesis.what_if import WhatIf
from app.vocabulary import LeavingOut, RiskOfBiasLevel
from tests.query_count import counted_queries

YEARS = [("b-2020", 2020), ("a-2019", 2019), ("c-2018", 2018), ("nd", None)]


class TestAsked:
    @pytest.mark.parametrize("asked", [Asked(2020), Asked(without=LeavingOut.HIGH_RISK), Asked(method="certainty/1.0.0"), Asked(mid=1.0)])
    def test_one_parameter_is_something(self, asked: Asked) -> None:
        assert not asked.nothing
        assert NOTHING_ASKED.nothing

    def test_without_a_method_the_stored_one_counts(self) -> None:
        assert Asked(mid=2.0).as_what_if("certainty/0.9.0") == WhatIf(mid=2.0, method="certainty/0.9.0")
        assert Asked(method="certainty/1.0.0").as_what_if("certainty/0.9.0").method == "certainty/1.0.0"

    def test_high_risk_is_a_level_of_the_engine(self) -> None:
        assert Asked(without=LeavingOut.HIGH_RISK).as_what_if("certainty/1.0.0").without == {RiskOfBiasLevel.HIGH}


class TestLoadPair:
    @pytest.mark.parametrize("condition", ["neck-pain", "infant-colic", "tinnitus"])
    def test_takes_seven_queries_and_one_for_each_step_to_papers_on_the_same_people(self, seeded_engine: Engine, condition: str) -> None:
        with reading(seeded_engine) as session, counted_queries(session) as sent:
            pair = load_pair(session, condition, "craniosacral-therapy", date(2026, 11, 22))
        steps = len([statement for statement in sent if "shared_participants" in statement])
        assert len(sent) == 7 + steps
        assert steps <= 2
        assert (pair.condition, pair.as_of) == (condition, date(2026, 11, 22))


class TestRecordsBehind:
    def test_of_one_outcome_itself_and_its_instruments(self, seeded_engine: Engine) -> None:
        with reading(seeded_engine) as session:
            pair = load_pair(session, "neck-pain", "craniosacral-therapy", date(2026, 11, 22))
        found, everything = records_behind(pair, "pain-intensity"), records_behind(pair)
        assert {"outcome:pain-intensity", "instrument:pain-vas-100", "condition-outcomes:all"} <= set(found)
        assert "outcome:quality-of-life" not in found
        assert set(found) < set(everything)
        assert "outcome:quality-of-life" in everything


class TestWhatWasAsked:
    def test_says_what_each_parameter_leaves_out(self) -> None:
        found = what_was_asked(Asked(2018, LeavingOut.HIGH_RISK), YEARS, ["z-2017", "y-2016"])
        assert found == {
            "published_until": 2018,
            "without": "high-risk",
            "method": None,
            "left_out": {"later": ["a-2019", "b-2020"], "unknown_year": ["nd"], "high_risk": ["y-2016", "z-2017"]},
        }


class TestLeftOut:
    def test_tells_later_studies_from_those_without_a_year(self) -> None:
        assert left_out(YEARS, 2018) == {"later": ["a-2019", "b-2020"], "unknown_year": ["nd"]}

    def test_without_a_year_nothing_is_left_out(self) -> None:
        assert left_out(YEARS, None) == {"later": [], "unknown_year": []}
