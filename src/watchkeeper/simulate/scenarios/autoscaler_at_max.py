"""More visitors than the autoscaler's maximum can serve: nothing is broken, its bound is too low."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "catalogue"
_MANIFEST = """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {service}, namespace: {space}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {service}}}
  minReplicas: {replicas}
  maxReplicas: {replicas}
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 300}}}}}}]
"""


def begin(world: World, pace: float, service: str) -> None:
    """Requests cost several times the CPU, and no pod may be added."""
    replicas = world.shop.services[service].replicas
    world.declare(
        f"scalers/{service}.yaml", _MANIFEST.format(service=service, space=world.shop.namespace, replicas=replicas)
    )
    world.afflict(service, Effects(cpu_factor=1.17 / max(world.busy(service), 0.02), pace=pace))


SCENARIO = Scenario("autoscaler_at_max", "overload", SERVICE, "autoscaler_bounds", begin, also=("cpu",), incident=17)
