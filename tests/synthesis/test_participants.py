from app.synthesis.participants import count_once, participant_sets


class TestParticipantSets:
    def test_papers_about_the_same_people_stand_together(self) -> None:
        assert participant_sets(["c", "b", "a", "d"], [("a", "c", "elsewhere"), ("x", "y")]) == (("a", "c"), ("b",), ("d",))

    def test_nobody_shares(self) -> None:
        assert participant_sets([], []) == ()
        assert participant_sets(["b", "a"], []) == (("a",), ("b",))


class TestCountOnce:
    def test_the_largest_number_of_a_set_counts(self) -> None:
        assert count_once({"a": 60, "b": 50, "c": 40}, [("a", "b")]) == (2, 100)
        assert count_once({}, [("a", "b")]) == (0, 0)
