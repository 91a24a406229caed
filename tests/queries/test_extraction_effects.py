"""What a difference does by itself is what putting it into the record would do: the short way of working it out changes nothing."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from app.actions.extractions import base_document, complete_extraction, start_extraction
from app.database import reading, transaction
from app.formats.extraction_comparison import compare_extractions
from app.models import DoubleExtraction, Study
from app.queries.extraction_effects import MAX_WEIGHED, TOO_MANY, Effects, assess_differences, weighed_at_most
from app.queries.extractions import DOUBLE_EXTRACTIONS, extraction_table, list_double_extractions, list_extractions
from app.queries.rating_difference import explain_difference
from app.schemas.extraction import Extraction
from app.synthesis.rating import to_json
from tests.factories import ANNA, BEN, CLARA, a_body, a_result, an_accepted_study
from tests.query_count import counted_queries

AS_OF = date(2026, 11, 1)
READING = {name: a_body()[name] for name in ("comparators", "n_randomised", "results", "risk_of_bias")}
SD = READING | {"results": [a_result(treatment={"n": 60, "mean": 30, "sd": 80})]}
JUDGED = READING | {"risk_of_bias": [READING["risk_of_bias"][0] | {"overall": "high"}]}
TIMEPOINT = READING | {"results": [a_result(), a_result(timepoint_weeks=24, since_end_of_treatment_weeks=16)]}
CONDITION = READING | {"results": [a_result(), a_result(condition="migraine")]}
HARMS = READING | {"adverse_events": {"reported": True}}
PEOPLE = READING | {"n_randomised": 130}


def assess(engine: Engine, first: dict[str, Any], second: dict[str, Any]) -> Effects:
    with transaction(engine) as session:
        study = an_accepted_study(session, registration=None, linked_registration="NCT01234567", conditions=["neck-pain", "migraine"])
        registered: dict[str, Any] = {
            "kind": "registration", "design": "registered-trial", "publication_status": "registered", "registration": "NCT01234567",
            "completed_on": "2013-12", "n_randomised": 120, "results": [], "comparators": [], "risk_of_bias": [], "n_analysed": None,
        }  # fmt: skip
        an_accepted_study(session, title="Registered", **registered)
        an_accepted_study(session, BEN, title="A second trial", doi="10.1000/second")
        key, document = study.key, base_document(session, study)
    pair = Extraction.model_validate(first), Extraction.model_validate(second)
    with reading(engine) as session:
        return assess_differences(session, key, document, pair, compare_extractions(*pair), as_of=AS_OF)


class TestAssessDifferences:
    @pytest.mark.parametrize(
        "second", [SD, JUDGED, TIMEPOINT, CONDITION, HARMS, PEOPLE], ids=["sd", "judged", "timepoint", "condition", "harms", "people"]
    )
    def test_one_difference_alone_does_what_the_whole_second_extraction_does(self, vocabulary: Engine, second: dict[str, Any]) -> None:
        for one, other in ((READING, second), (second, READING)):
            effects = assess(vocabulary, one, other) if one is READING else self._again(vocabulary, one, other)
            [weight] = effects.weights.values()
            befores = {(impact.condition, impact.intervention): to_json(impact.after) for impact in effects.under_first}
            afters = {(impact.condition, impact.intervention): to_json(impact.after) for impact in effects.under_second}
            expected = {
                pair: found for pair in befores.keys() & afters.keys() if (found := explain_difference(befores[pair], afters[pair]))
            }
            assert weight.changed is not None
            assert {(row["condition"], row["intervention"]): row["reasons"] for row in weight.changed} == expected

    def _again(self, engine: Engine, first: dict[str, Any], second: dict[str, Any]) -> Effects:
        """On the study that is there already."""
        pair = Extraction.model_validate(first), Extraction.model_validate(second)
        with reading(engine) as session:
            study = session.query(Study).filter_by(linked_registration="NCT01234567").one()
            document = base_document(session, study)
            return assess_differences(session, study.key, document, pair, compare_extractions(*pair), as_of=AS_OF)

    def test_a_transposed_sd_changes_the_conclusion_and_says_so(self, vocabulary: Engine) -> None:
        [weight] = assess(vocabulary, READING, SD).weights.values()
        assert weight.changed
        assert any("effect" in reason for reason in weight.changed[0]["reasons"])

    def test_a_remark_changes_nothing(self, vocabulary: Engine) -> None:
        effects = assess(vocabulary, READING, READING | {"results": [a_result(note="As printed.")]})
        assert [weight.changed for weight in effects.weights.values()] == [[]]

    def test_of_very_many_differences_the_first_are_weighed(self, vocabulary: Engine) -> None:
        rows = [a_result(timepoint_weeks=week) for week in range(1, MAX_WEIGHED + 3)]
        others = [row | {"treatment": {"n": 60, "mean": 31, "sd": 20}} for row in rows]
        effects = assess(vocabulary, READING | {"results": rows}, READING | {"results": others})
        left = [weight.not_weighed for weight in effects.weights.values() if weight.changed is None]
        assert left == [TOO_MANY.format(MAX_WEIGHED)] * 2

    @pytest.mark.parametrize(("results", "most"), [(0, 40), (28, 40), (200, 40), (400, 20), (2000, 4)])
    def test_of_a_study_with_very_many_results_fewer_are_weighed(self, results: int, most: int) -> None:
        assert weighed_at_most(results) == most


class TestLists:
    def test_the_number_of_queries_does_not_grow_with_the_list(self, vocabulary: Engine) -> None:
        counts = []
        for round_ in range(2):
            with transaction(vocabulary) as session:
                for number in range(1 + 2 * round_):
                    study = an_accepted_study(session, title=f"Trial {round_} {number}", doi=f"10.1000/{round_}-{number}")
                    for by in (ANNA, BEN):
                        row = start_extraction(session, study.id, Extraction.model_validate(READING), by=by)
                        complete_extraction(session, row, by=by)
            with reading(vocabulary) as session, counted_queries(session) as sent:
                doubles = list_double_extractions(session, DOUBLE_EXTRACTIONS.parse("/", []), CLARA)
                rows = list_extractions(session, extraction_table(()).parse("/", []), CLARA)
                counts.append((len(doubles.items), len(rows.items), len(sent)))
        assert [count[:2] for count in counts] == [(1, 2), (4, 8)]
        assert counts[0][2] == counts[1][2]
        with reading(vocabulary) as session:
            assert session.query(DoubleExtraction).count() == 4
