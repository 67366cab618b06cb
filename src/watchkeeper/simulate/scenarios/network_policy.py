"""A new network policy forgets a caller: its calls run into time-outs."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "payment"
_MANIFEST = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {service}-guard, namespace: {space}}}
spec:
  podSelector: {{matchLabels: {{app: {service}}}}}
  policyTypes: [Ingress]
  ingress:
    - from: [{{podSelector: {{matchLabels: {{app: ledger}}}}}}]
      ports: [{{port: 8080}}]
"""


def begin(world: World, pace: float, service: str) -> None:
    """It lets in a service that does not exist yet, and nobody else."""
    world.declare(f"policies/{service}.yaml", _MANIFEST.format(service=service, space=world.shop.namespace))


SCENARIO = Scenario(
    "network_policy", "traffic_loss", SERVICE, "network_policy_rule", begin, also=("network",), incident=18
)
