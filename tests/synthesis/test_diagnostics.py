import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest

from app.synthesis.assembly import assemble_bodies
from app.synthesis.body import Body, StudyInput
from app.synthesis.body_study import effects_and_variances
from app.synthesis.diagnostics import ESTIMATORS, NO_COUNTS, NOT_BINARY, diagnose
from app.synthesis.fail_safe import FailSafe, rosenthal
from app.synthesis.grade.thresholds import CURRENT
from app.synthesis.influence import influence
from app.synthesis.mantel_haenszel import PooledTables, mantel_haenszel_risk_ratio, peto
from app.synthesis.not_computed import NotComputed
from app.synthesis.small_study_effects import RegressionTest, egger, peters
from app.synthesis.trim_and_fill import TrimAndFill, trim_and_fill
from app.vocabulary import Comparator, Design, Measure, RiskOfBiasTool
from tests.synthesis.factories import pair, study, with_estimate, with_events, with_means, within_group
from tests.synthesis.grade.bodies import rob_2

LEAVES = ("influence", "egger", "egger_mixed", "begg", "peters", "trim_and_fill", "peto")
GROUPS = ("fail_safe_n", "mantel_haenszel", "subgroups", "meta_regression")


def body_of(*studies: StudyInput) -> Body:
    return assemble_bodies(pair(*studies)).bodies[0]


def continuous(k: int = 6) -> Body:
    risks = ("low", "high", "low", "some-concerns")
    return body_of(
        *(
            study(
                with_means(40 + 3 * (i % 4), 18 + i, 20 + 9 * i, 50, 20, 20 + 9 * i),
                key=f"s{i}-20", year=2010 + i, risk_of_bias=(rob_2(risks[i % 4]),),
            )
            for i in range(k)
        )
    )  # fmt: skip


def binary(**last: Any) -> Body:
    rows = [(4, 40, 12, 40), (6, 55, 11, 50), (3, 30, 9, 32), (8, 70, 10, 75)]
    studies = [study(with_events(*row), key=f"s{i}-20", year=2015 + i) for i, row in enumerate(rows)]
    return body_of(*studies[:-1], replace(studies[-1], **last))


def numbers(body: Body) -> tuple[list[float], list[float]]:
    return effects_and_variances(body.studies)


def as_json(found: Any) -> Any:
    """What a client reads: tuples are lists."""
    return json.loads(json.dumps(found, allow_nan=False))


class TestDiagnose:
    def test_each_is_what_its_function_gives(self) -> None:
        given, found = continuous(), as_json(diagnose(continuous()))
        y, v = numbers(given)
        for name, result in (("egger", egger(y, v)), ("trim_and_fill", trim_and_fill(y, v))):
            assert isinstance(result, RegressionTest | TrimAndFill)
            by_name = {"pooled": result.pooled._asdict()} if isinstance(result, TrimAndFill) else {}
            assert found[name] == as_json({**asdict(result), **by_name})
        fail_safe = rosenthal(y, v)
        assert isinstance(fail_safe, FailSafe)
        assert found["fail_safe_n"]["rosenthal"] == asdict(fail_safe)
        assert found["begg"]["p"] == found["begg"]["p_exact"]

    def test_influence_names_each_study_with_its_weight(self) -> None:
        given, found = continuous(), as_json(diagnose(continuous()))
        expected = influence(*numbers(given))
        assert not isinstance(expected, NotComputed)
        assert given.pooled is not None
        assert [row["study"] for row in found["influence"]] == [row.study.key for row in given.studies]
        assert [row["weight"] for row in found["influence"]] == list(given.pooled.weights)
        assert [row["cook_d"] for row in found["influence"]] == [row.cook_d for row in expected]

    def test_all_eight_estimators_stand_side_by_side(self) -> None:
        given, found = continuous(), diagnose(continuous())
        assert given.pooled is not None
        rows = {row["tau2_method"]: row for row in as_json(found)["estimators"]}
        assert tuple(rows) == ESTIMATORS
        assert len(rows) == 8
        assert rows["REML"]["estimate"] == pytest.approx(given.pooled.estimate, rel=1e-9)
        assert rows["REML"]["ci_low"] == pytest.approx(given.pooled.ci_low, rel=1e-9)
        assert (rows["EE"]["tau2"], rows["EE"]["ci_method"]) == (None, "wald")

    def test_subgroups_are_tested_where_there_are_two(self) -> None:
        found = as_json(diagnose(continuous()))["subgroups"]
        assert [level["name"] for level in found["risk_of_bias"]["levels"]] == ["high", "low", "some-concerns"]
        assert (found["risk_of_bias"]["qm_df"], found["risk_of_bias"]["df"]) == (2, 3)
        assert found["comparator"] == found["design"] == {"not_computed": "there are fewer than two subgroups"}

    def test_the_risk_of_bias_of_a_subgroup_is_that_of_the_method_asked_for(self) -> None:
        scored = (replace(rob_2("low"), tool=RiskOfBiasTool.PEDRO, overall=None, score=6.0),)
        studies = [study(with_estimate(-12 + i, -20 + i, -4 + i), key=f"s{i}-20", risk_of_bias=scored if i < 2 else ()) for i in range(5)]
        given = body_of(*(replace(one, risk_of_bias=one.risk_of_bias or (rob_2("low"),)) for one in studies))
        today, stricter = (as_json(diagnose(given, numbers)) for numbers in (CURRENT, replace(CURRENT, pedro_some_concerns_from=7.0)))
        assert [level["name"] for level in today["subgroups"]["risk_of_bias"]["levels"]] == ["low", "some-concerns"]
        assert [level["name"] for level in stricter["subgroups"]["risk_of_bias"]["levels"]] == ["high", "low"]

    def test_effects_are_regressed_on_the_year(self) -> None:
        found = as_json(diagnose(continuous()))["meta_regression"]["year"]
        assert (found["k"], found["df"]) == (6, 4)
        assert 2010 < found["centre"] < 2015

    def test_a_study_of_no_known_year_is_named(self) -> None:
        studies = [study(with_estimate(-9 - i, -15 - i, -3 - i), key=f"s{i}-20", year=2000 + i) for i in range(3)]
        found = diagnose(body_of(*studies, study(with_estimate(), key="z-nd", year=None)))
        assert found["meta_regression"] == {"year": {"not_computed": "the year is not known of z-nd"}}

    def test_a_single_study_has_reasons(self) -> None:
        found = as_json(diagnose(body_of(study(with_estimate()))))
        assert found["influence"] == {"not_computed": "one study: nothing remains without it"}
        assert all("not_computed" in found[name] for name in ("egger", "begg", "trim_and_fill"))
        assert found["estimators"][0]["estimate"] == -10

    def test_nothing_is_computed_where_nothing_is_pooled(self) -> None:
        row = within_group(treatment=with_means().treatment, estimate=with_estimate(comparator=Comparator.NONE).estimate)
        given = body_of(*(study(row, key=f"s{i}-20", design=Design.CASE_SERIES) for i in range(3)))
        assert given.pooled is None
        reason, found = {"not_computed": given.not_pooled}, as_json(diagnose(given))
        assert all(found[name] == reason for name in LEAVES)
        assert all(set(map(str, found[name].values())) == {str(reason)} for name in GROUPS)
        assert all(row == {"tau2_method": name, **reason} for name, row in zip(ESTIMATORS, found["estimators"], strict=True))


class TestTables:
    def test_a_binary_body_has_its_tables_pooled(self) -> None:
        given, found = binary(), as_json(diagnose(binary()))
        assert given.measure is Measure.RR
        tables = ([4, 6, 3, 8], [40, 55, 30, 70], [12, 11, 9, 10], [40, 50, 32, 75])
        pooled, by_peto, asymmetry = mantel_haenszel_risk_ratio(*tables), peto(*tables), peters(*tables)
        assert isinstance(pooled, PooledTables)
        assert isinstance(by_peto, PooledTables)
        assert isinstance(asymmetry, RegressionTest)
        assert found["mantel_haenszel"]["risk_ratio"] == asdict(pooled)
        assert found["peto"] == asdict(by_peto)
        assert found["peters"] == asdict(asymmetry)
        assert found["mantel_haenszel"]["odds_ratio"]["cmh"]["df"] == 1
        assert found["without_counts"] == []

    def test_a_continuous_body_has_none(self) -> None:
        found = as_json(diagnose(continuous()))
        assert found["peto"] == found["mantel_haenszel"]["odds_ratio"] == found["peters"] == {"not_computed": NOT_BINARY}

    def test_counts_of_clusters_are_left_out_and_named(self) -> None:
        found = as_json(diagnose(binary(design=Design.CLUSTER_RANDOMISED, cluster_size=5.0)))
        assert found["without_counts"] == ["s3-20"]
        assert found["peto"]["k"] == 3

    def test_a_double_zero_table_counts_in_the_risk_difference(self) -> None:
        studies = [study(with_events(3, 30, 6, 30), key="a-20"), study(with_events(0, 25, 0, 25), key="b-20")]
        found = as_json(diagnose(body_of(*studies)))
        assert found["mantel_haenszel"]["risk_difference"]["k"] == 2
        assert found["without_counts"] == []

    def test_ratios_without_counts_have_no_table(self) -> None:
        rows = [with_estimate(0.6 + i / 10, 0.3, 1.4, measure=Measure.RR, instrument="pain-event") for i in range(3)]
        found = as_json(diagnose(body_of(*(study(row, key=f"s{i}-20") for i, row in enumerate(rows)))))
        assert found["peto"] == {"not_computed": NO_COUNTS}
        assert found["without_counts"] == ["s0-20", "s1-20", "s2-20"]

    def test_every_number_is_finite(self) -> None:
        for given in (continuous(), continuous(2), binary()):
            text = json.dumps(diagnose(given), allow_nan=False)
            assert not any(isinstance(value, float) and not math.isfinite(value) for value in json.loads(text))
