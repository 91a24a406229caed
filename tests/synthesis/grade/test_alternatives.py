from app.synthesis.grade.alternatives import (
    CERTAINTY_BY_DOWNGRADES,
    NOT_APPLICABLE,
    AlternativeDomain,
    RuleSet,
    from_downgrades,
    known,
    not_applicable,
)

RULES = RuleSet("Some rules", "1", "doi")


class TestFromDowngrades:
    def test_the_sum_decides(self) -> None:
        found = from_downgrades(RULES, [known("a", 1, "A."), known("b", 1, "B.")], CERTAINTY_BY_DOWNGRADES)
        assert (found.level, found.could_be, found.reasons) == ("low", None, ("A.", "B."))

    def test_beyond_the_last_level_it_stays_there(self) -> None:
        assert from_downgrades(RULES, [known("a", 9, "A.")], CERTAINTY_BY_DOWNGRADES).level == "very-low"

    def test_an_unknown_input_bounds_the_level(self) -> None:
        found = from_downgrades(RULES, [known("a", 1, "A."), AlternativeDomain("b", 0, 2, "B.")], CERTAINTY_BY_DOWNGRADES)
        assert found.level == NOT_APPLICABLE
        assert found.could_be == ("moderate", "very-low")
        assert found.reasons == ("B.",)

    def test_an_unknown_input_that_decides_nothing_leaves_a_level(self) -> None:
        found = from_downgrades(RULES, [known("a", 3, "A."), AlternativeDomain("b", 0, 2, "B.")], CERTAINTY_BY_DOWNGRADES)
        assert (found.level, found.could_be) == ("very-low", None)


class TestNotApplicable:
    def test_says_why(self) -> None:
        found = not_applicable(RULES, "Nothing is pooled.")
        assert (found.level, found.reasons, found.domains) == (NOT_APPLICABLE, ("Nothing is pooled.",), ())
