from app.sources.pacing import Pacer, pacer_for


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class TestPacer:
    def test_gives_out_evenly_spaced_moments(self) -> None:
        pacer = Pacer(4, Clock())
        assert [pacer.reserve(10) for _ in range(4)] == [0, 0.25, 0.5, 0.75]

    def test_time_that_passes_counts(self) -> None:
        clock = Clock()
        pacer = Pacer(4, clock)
        pacer.reserve(10)
        clock.now += 60
        assert [pacer.reserve(10), pacer.reserve(10)] == [0, 0.25]

    def test_a_moment_beyond_the_budget_is_not_taken(self) -> None:
        pacer = Pacer(1, Clock())
        assert pacer.reserve(0) == 0
        assert pacer.reserve(0.5) is None
        assert pacer.reserve(1) == 1

    def test_a_hold_moves_everybody(self) -> None:
        pacer = Pacer(4, Clock())
        pacer.hold(5)
        assert [pacer.reserve(10), pacer.reserve(10)] == [5, 5.25]

    def test_a_hold_never_shortens_the_wait(self) -> None:
        pacer = Pacer(0.1, Clock())
        pacer.reserve(0)
        pacer.hold(1)
        assert pacer.reserve(20) == 10


class TestPacerFor:
    def test_is_one_per_service_in_the_process(self) -> None:
        assert pacer_for("https://a.example", 3) is pacer_for("https://a.example", 3)
        assert pacer_for("https://a.example", 3) is not pacer_for("https://b.example", 3)
