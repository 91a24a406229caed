"""The rows that queries use are those of the accepted document, and of no other."""

from typing import Any

from sqlalchemy import Engine, select
from sqlmodel import SQLModel

from app.actions.projection import CHILD_TABLES, study_columns
from app.actions.studies import amend_study, submit_study
from app.database import reading, transaction
from app.models import Comparison, IncludedStudy, Result, RiskOfBias, SharedParticipants, StudyCondition
from tests.factories import ANNA, a_result, a_study, accept, an_accepted_study, differences

EVERYTHING: dict[str, Any] = {
    "conditions": ["neck-pain", "migraine"],
    "comparators": [{"kind": "sham", "label": "light touch"}, {"kind": "wait-list", "label": "waiting"}],
    "n_randomised": 240,
    "n_analysed": 230,
    "results": [
        a_result(estimate={"measure": "MD", "value": -20.0, "ci_low": -27.5, "ci_high": -12.5, "p": 0.0001, "p_is_upper_bound": True}),
        a_result(condition="migraine", comparator="wait-list", treatment={"n": 60, "events": 5}, control={"n": 55, "events": 11}),
    ],
    "doi": "https://doi.org/10.1000/ABC",
    "pmid": "31892357",
    "linked_registration": "NCT01526447",
    "country": "Germany",
    "language": "de",
    "age_group": "adult",
    "confidence": "high",
}


def rows(engine: Engine, table: type[SQLModel]) -> list[dict[str, Any]]:
    with reading(engine) as session:
        return sorted((row.model_dump() for row in session.execute(select(table)).scalars()), key=str)


class TestWriteProjection:
    def test_every_part_of_the_document_is_found(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session, **EVERYTHING)
        assert (study.doi, study.pmid, study.language, study.n_analysed) == ("10.1000/abc", "31892357", "de", 230)
        assert [row["condition"] for row in rows(vocabulary, StudyCondition)] == ["migraine", "neck-pain"]
        assert [row["kind"] for row in rows(vocabulary, Comparison)] == ["sham", "wait-list"]
        assert [row["tool"] for row in rows(vocabulary, RiskOfBias)] == ["rob-2"]
        first, second = sorted(rows(vocabulary, Result), key=lambda row: row["position"])
        assert (first["measure"], first["value"], first["ci_low"], first["p"], first["p_is_upper_bound"]) == (
            "MD",
            -20,
            -27.5,
            0.0001,
            True,
        )
        assert (second["treatment_events"], second["control_n"], second["measure"], second["value"]) == (5, 55, None, None)
        assert differences(vocabulary) == []

    def test_an_accepted_amendment_replaces_all_of_it(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session, **EVERYTHING)
            amend_study(session, study, a_study(doi="10.1000/new", risk_of_bias=[]), by=ANNA, base=1)
            submit_study(session, study, by=ANNA)
            accept(session, study)
        assert (study.doi, study.pmid, study.country) == ("10.1000/new", None, None)
        assert [row["condition"] for row in rows(vocabulary, StudyCondition)] == ["neck-pain"]
        assert len(rows(vocabulary, Result)) == 1
        assert rows(vocabulary, RiskOfBias) == []
        assert differences(vocabulary) == []

    def test_other_studies_are_linked_by_their_ids(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            first = an_accepted_study(session)
            second = an_accepted_study(session, same_participants_as=[first.key], title="Second paper")
            both = [first.key, second.key]
            review = an_accepted_study(
                session, kind="synthesis", design="meta-analysis", results=[], comparators=[], synthesis={"included": both}
            )
        assert rows(vocabulary, SharedParticipants) == [{"study_id": second.id, "other_id": first.id}]
        assert {(row["review_id"], row["study_id"]) for row in rows(vocabulary, IncludedStudy)} == {
            (review.id, first.id),
            (review.id, second.id),
        }
        assert differences(vocabulary) == []


class TestStudyColumns:
    def test_the_columns_of_a_study_are_those_of_its_document(self) -> None:
        columns = study_columns(a_study(**EVERYTHING))
        assert columns["authors"] == ["Muster A"]
        assert (columns["kind"], columns["publication_status"], columns["confidence"]) == ("primary", "published", "high")

    def test_every_child_table_is_keyed_by_its_study(self) -> None:
        assert all("study_id" in table.model_fields for table in CHILD_TABLES)
