"""A red herring: a batch job on the same machines burns CPU and memory and a pod of it was once killed; the shop is well."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

_POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nightly-report", "namespace": "batch", "labels": {"run": "nightly-report"}},
    "spec": {"containers": [{"name": "nightly-report", "image": "registry.shop.example/report:7", "args": ["--vm-bytes", "900M"]}]},
    "status": {"phase": "Pending"},
}  # fmt: skip


def begin(world: World, pace: float, service: str) -> None:
    """It lives in a namespace of its own."""
    world.cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "batch"}}, manager="batch", now=world.now
    )
    world.cluster.apply(_POD, manager="batch", now=world.now)


SCENARIO = Scenario("noisy_neighbour", "none", "", "", begin)
