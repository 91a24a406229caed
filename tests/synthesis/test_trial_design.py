import pytest

from app.synthesis.reported_effect import NoEffect
from app.synthesis.trial_design import cluster_factor, variance_of_paired
from app.vocabulary import Design
from tests.synthesis.factories import study


class TestClusterFactor:
    def test_it_is_one_without_clusters(self) -> None:
        assert cluster_factor(study(cluster_size=30.0)) == 1.0

    def test_it_is_the_root_of_the_design_effect(self) -> None:
        assert cluster_factor(study(design=Design.CLUSTER_RANDOMISED, cluster_size=61.0)) == pytest.approx(2.0)

    @pytest.mark.parametrize("size", [None, 0.0])
    def test_without_a_cluster_size_it_is_a_reason(self, size: float | None) -> None:
        found = cluster_factor(study(design=Design.CLUSTER_RANDOMISED, cluster_size=size))
        assert isinstance(found, NoEffect)
        assert found.code == "cluster-size-unknown"


class TestVarianceOfPaired:
    def test_equal_variances_are_halved(self) -> None:
        assert variance_of_paired(2.0, 2.0) == pytest.approx(2.0)
