"""A certificate was not renewed: whoever calls the service refuses to speak with it."""

from watchkeeper.simulate.cluster.objects import iso
from watchkeeper.simulate.scenario import Scenario, role
from watchkeeper.simulate.world import World

SERVICE = "cache"
_MANIFEST = """apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: {service}-tls, namespace: {space}}}
spec:
  secretName: {service}-tls
  dnsNames: [{service}, {service}.{space}.svc]
  issuerRef: {{name: internal}}
"""


def begin(world: World, pace: float, service: str) -> None:
    """cert-manager says so; the secret itself is nobody's to read. A rule to renew it earlier would renew it now."""
    space, name = world.shop.namespace, f"{service}-tls"
    world.declare(f"certificates/{service}.yaml", _MANIFEST.format(service=service, space=space))
    ready = {
        "type": "Ready", "status": "False", "reason": "Expired", "lastTransitionTime": iso(world.now),
        "message": f"Certificate expired on {iso(world.now)}",
    }  # fmt: skip
    world.expired[name] = service
    world.certificates[name] = {"notAfter": iso(world.now), "conditions": [ready]}


SCENARIO = Scenario(
    "expired_certificate", "certificate", SERVICE, "renew_certificate", begin, suits=role("cache"), incident=22
)
