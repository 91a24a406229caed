import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.synthesis.body import PairInput, RegistrationInput
from app.synthesis.explanation import explain_in_context
from app.synthesis.grade.thresholds import THRESHOLDS_OF_METHOD, Thresholds
from app.synthesis.rating import NOTHING_LEFT, rate_pair
from app.synthesis.what_if import NOTHING_TO_JUDGE, RATIO_ABOVE_ONE, OnOtherTerms, UnfitMid, WhatIf, published_until, rate_on, rate_what_if
from app.vocabulary import Certainty, Domain, Finding, MidStanding, RiskOfBiasLevel
from tests.synthesis.factories import arm, direction_only, pair, study, with_estimate, with_events, with_means
from tests.synthesis.grade.bodies import rob_2

BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
WITHOUT_HIGH = frozenset({RiskOfBiasLevel.HIGH})


def trials(k: int = 4, *, high_from: int = 99) -> PairInput:
    """Trials of 2010, 2011 ... with a like effect; the later ones at high risk of bias from a place on."""
    return pair(
        *(
            study(
                with_estimate(-14 + i, -19 + i, -9 + i),
                key=f"s{i}-20", year=2010 + i, risk_of_bias=(rob_2("high" if i >= high_from else "low"),),
            )
            for i in range(k)
        )
    )  # fmt: skip


def on(inputs: PairInput, **asked: Any) -> OnOtherTerms:
    found = rate_what_if(inputs, WhatIf(**asked), BODY)
    assert isinstance(found, OnOtherTerms)
    return found


class TestRateOn:
    def test_with_nothing_asked_it_is_the_rating(self) -> None:
        assert rate_on(trials(), WhatIf()).rating == rate_pair(trials())

    def test_an_earlier_literature_is_rated_as_of_the_end_of_its_year(self) -> None:
        found = rate_on(trials(), WhatIf(published_until=2011))
        assert found.rating.as_of == date(2011, 12, 31)
        assert found.rating.bodies[0].body.k == 2
        assert found.rating == rate_pair(replace(trials(2), as_of=date(2011, 12, 31)))

    def test_without_high_risk_the_rating_rests_on_the_others(self) -> None:
        found = rate_on(trials(4, high_from=2), WhatIf(without=WITHOUT_HIGH))
        assert [row.study.key for row in found.rating.bodies[0].body.studies] == ["s0-20", "s1-20"]
        assert found.left_out_of() == found.left_out_of(BODY) == ["s2-20", "s3-20"]
        assert found.left_out_of("another") == []
        assert found.rating.eligible_k == 4

    def test_where_all_are_left_out_the_rating_says_so(self) -> None:
        found = rate_on(trials(2, high_from=0), WhatIf(without=WITHOUT_HIGH))
        assert (found.rating.certainty, found.rating.direction, found.rating.bodies) == (Certainty.VERY_LOW, Finding.UNCLEAR, ())
        assert found.rating.sentence == NOTHING_LEFT
        assert [reason.rule for reason in found.rating.reasons] == ["rating/nothing-left"]

    def test_overdue_registrations_weigh_as_before(self) -> None:
        """The people of left-out studies still stand beside those of unreported trials."""
        registered = RegistrationInput("r-2020", None, "2020-01", 30)
        given = replace(trials(4, high_from=2), registrations=(registered,))
        plain, found = rate_pair(given), rate_on(given, WhatIf(without=WITHOUT_HIGH))
        shares = [
            rating.bodies[0].certainty.judgements[4].inputs["overdue_share"]
            for rating in (plain, found.rating)
            if rating.bodies[0].certainty.judgements[4].domain is Domain.PUBLICATION_BIAS
        ]
        assert shares[0] == shares[1] is not None

    def test_an_unknown_version_is_an_error(self) -> None:
        with pytest.raises(LookupError, match=r"certainty/9\.9\.9"):
            rate_on(trials(), WhatIf(method="certainty/9.9.9"))


class TestRateWhatIf:
    def test_a_larger_mid_moves_what_the_body_finds(self) -> None:
        plain, found = rate_pair(trials()).bodies[0], on(trials(), mid=40.0).find_body(BODY)
        assert found is not None
        assert (plain.finding, found.finding) == (Finding.FAVOURS_INTERVENTION, Finding.NO_IMPORTANT_DIFFERENCE)
        assert (found.body.mid.value, found.body.mid.source, found.body.mid.standing) == (40.0, "as asked: 40 mm", MidStanding.PROVISIONAL)
        assert found.body.pooled == plain.body.pooled

    def test_the_stored_mid_asked_for_changes_nothing(self) -> None:
        plain, found = rate_pair(trials()).bodies[0], on(trials(), mid=10.0).find_body(BODY)
        assert found is not None
        assert (found.certainty, found.finding, found.sentence) == (plain.certainty, plain.finding, plain.sentence)

    def test_it_does_what_the_smallest_change_said(self) -> None:
        inputs = pair(study(with_estimate(-6, -18, 6, treatment=arm(600), control=arm(600)), risk_of_bias=(rob_2("low"),)))
        given = on(inputs)
        rated = given.find_body(BODY)
        assert rated is not None
        explained: Any = explain_in_context(rated.body, given.context)
        [move] = [move for move in explained["smallest_change"]["down"] if move["kind"] == "smaller-mid"]
        for mid, certainty in ((move["amount"] * 0.999, move["certainty"]), (move["amount"] * 1.001, explained["certainty"])):
            moved = on(inputs, mid=mid).find_body(BODY)
            assert moved is not None
            assert moved.certainty.certainty == certainty

    def test_a_ratio_is_taken_as_its_logarithm(self) -> None:
        given = pair(*(study(with_events(5 + i, 60, 12, 60), key=f"s{i}-20") for i in range(3)))
        found = on(given, mid=1.5).find_body(BODY)
        assert found is not None
        assert found.body.mid.value == pytest.approx(math.log(1.5))
        assert found.body.mid.source == "as asked: 1.5"

    @pytest.mark.parametrize("mid", [1.0, 0.8])
    def test_a_ratio_has_to_be_above_one(self, mid: float) -> None:
        given = pair(*(study(with_events(5 + i, 60, 12, 60), key=f"s{i}-20") for i in range(3)))
        assert rate_what_if(given, WhatIf(mid=mid), BODY) == UnfitMid(RATIO_ABOVE_ONE)

    def test_standard_deviations_move_the_information_size(self) -> None:
        rows = [with_means(40, 20, 60, 50, 20, 60, instrument=name) for name in ("pain-vas-100", "mcgill-pain")]
        given = pair(*(study(row, key=f"s{i}-20") for i, row in enumerate(rows)))
        needed = []
        for mid in (0.2, 0.3, 0.9):
            rated = on(given, mid=mid).find_body(BODY)
            assert rated is not None
            needed.append(rated.certainty.judgements[3].inputs["information_size"])
        assert needed == [785, 400, 400]

    def test_where_nothing_is_pooled_it_changes_nothing(self) -> None:
        given = pair(study(direction_only(), key="a-20"), study(direction_only(), key="b-20"))
        assert on(given, mid=3.0).rating == rate_pair(given)
        assert "changes nothing" in NOTHING_TO_JUDGE

    def test_of_a_body_that_is_gone_there_is_no_mid(self) -> None:
        found = on(trials(), mid=3.0, published_until=1990)
        assert found.find_body(BODY) is None
        assert found.rating.certainty is Certainty.NO_EVIDENCE

    def test_everything_combines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(THRESHOLDS_OF_METHOD, "certainty/2.0.0", Thresholds(imprecision_levels=((1, 1, 1),) * 3))
        found = on(trials(5, high_from=2), published_until=2013, without=WITHOUT_HIGH, mid=5.0, method="certainty/2.0.0")
        rated = found.find_body(BODY)
        assert rated is not None
        assert found.rating.method == "certainty/2.0.0"
        assert [row.study.key for row in rated.body.studies] == ["s0-20", "s1-20"]
        assert found.left_out_of(BODY) == ["s2-20", "s3-20"]
        assert (rated.body.mid.value, rated.certainty.judgements[3].levels) == (5.0, 1)


class TestPublishedUntil:
    def test_of_an_unknown_year_nothing_is_kept(self) -> None:
        given = pair(study(with_estimate(), key="a-nd", year=None), study(with_estimate(), key="b-20", year=2011))
        assert [one.key for one in published_until(given, 2011).studies] == ["b-20"]

    def test_the_day_never_moves_forward(self) -> None:
        assert published_until(trials(), 2026).as_of == trials().as_of
