"""A quota that is too small for the next rollout: the new pod may not be made."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.shop import image
from watchkeeper.simulate.world import World

SERVICE = "frontend"
_QUOTA = """apiVersion: v1
kind: ResourceQuota
metadata: {{name: team-quota, namespace: {space}}}
spec: {{hard: {{pods: "{pods}"}}}}
"""


def begin(world: World, pace: float, service: str) -> None:
    """Exactly the pods there are; somebody releases a version that asks for one more on the way."""
    pods = len(world.cluster.find("Pod", world.shop.namespace))
    world.declare("quota.yaml", _QUOTA.format(space=world.shop.namespace, pods=pods))
    text = world.shop.services[service]
    world.edit(service, f"image: {image(service)}", f"image: {image(service, '1.4.3')}", "release 1.4.3")
    world.edit(service, f"  replicas: {text.replicas} ", f"  replicas: {text.replicas + 1} ", "one more pod")


SCENARIO = Scenario("over_quota", "scheduling", SERVICE, "raise_quota", begin, incident=16)
