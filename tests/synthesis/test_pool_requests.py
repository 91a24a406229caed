from app.synthesis.assembly import assemble_bodies, assemble_many
from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.body_study import NO_NUMBERS, pool_studies
from app.synthesis.pool_many import pool_many
from app.synthesis.pool_requests import PoolRequests
from app.synthesis.pooling_model import BY_METHOD, COMMON
from app.synthesis.rating import rate_many, rate_pair
from tests.synthesis.factories import direction_only, pair, study, with_estimate

THREE = (
    assemble_bodies(
        pair(
            study(with_estimate(-10, -15, -5), key="a"),
            study(with_estimate(-4, -10, 2), key="b"),
            study(with_estimate(-20, -26, -14), key="c"),
            study(direction_only(), key="d"),
        )
    )
    .bodies[0]
    .studies
)


class TestPoolRequests:
    def test_every_ticket_gets_its_own_pool(self) -> None:
        requests = PoolRequests()
        three, common, two = requests.ask(THREE), requests.ask(THREE, COMMON), requests.ask(THREE[1:])
        pools = requests.pool_all()
        effects = [study.effect or 0.0 for study in THREE[:3]]
        variances = [(study.se or 0.0) ** 2 for study in THREE[:3]]
        assert pools.of(three) == pool_many([effects], [variances], BY_METHOD).rows()[0]
        assert pools.of(common) == pool_many([effects], [variances], COMMON).rows()[0]
        assert pools.of(two) == pool_many([effects[1:]], [variances[1:]], BY_METHOD).rows()[0]

    def test_a_study_alone_keeps_its_printed_numbers(self) -> None:
        requests = PoolRequests()
        ticket = requests.ask(THREE[:1])
        pooled = requests.pool_all().of(ticket)
        assert isinstance(pooled, PooledEffect)
        assert (pooled.estimate, pooled.ci_low, pooled.ci_high) == (-10, -15, -5)
        assert pooled == pool_studies(THREE[:1])

    def test_studies_without_numbers_are_not_pooled(self) -> None:
        requests = PoolRequests()
        ticket = requests.ask(THREE[3:])
        assert requests.pool_all().of(ticket) == NotPooled(NO_NUMBERS) == pool_studies(THREE[3:])


class TestManyPairs:
    PAIRS = (
        pair(study(with_estimate(-10, -15, -5), key="a"), study(with_estimate(-4, -10, 2), key="b")),
        pair(),
        pair(study(with_estimate(-1, -3, 1), key="e"), study(with_estimate(-2, -3, -1), key="f"), study(with_estimate(), key="g")),
    )

    def test_no_pair_changes_a_digit_of_another(self) -> None:
        assert assemble_many(self.PAIRS) == tuple(assemble_bodies(each) for each in self.PAIRS)
        assert rate_many(self.PAIRS) == tuple(rate_pair(each) for each in self.PAIRS)

    def test_of_none_there_is_none(self) -> None:
        assert assemble_many([]) == ()
        assert rate_many([]) == ()
