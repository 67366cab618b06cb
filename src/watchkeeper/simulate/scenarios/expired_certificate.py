"""A certificate was not renewed: whoever calls the service refuses to speak with it."""

from watchkeeper.simulate.cluster.objects import iso
from watchkeeper.simulate.scenario import Scenario, role
from watchkeeper.simulate.world import World

SERVICE = "cache"


def begin(world: World, pace: float, service: str) -> None:
    """cert-manager says so; the secret itself is nobody's to read."""
    space = world.shop.namespace
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "Expired",
        "lastTransitionTime": iso(world.now),
        "message": f"Certificate expired on {iso(world.now)}",
    }
    certificate = {
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": f"{service}-tls", "namespace": space},
        "spec": {"secretName": f"{service}-tls", "dnsNames": [service, f"{service}.{space}.svc"], "issuerRef": {"name": "internal"}},
        "status": {"notAfter": iso(world.now), "conditions": [ready]},
    }  # fmt: skip
    world.cluster.apply(certificate, manager="cert-manager", now=world.now)
    world.expired[f"{service}-tls"] = service


SCENARIO = Scenario(
    "expired_certificate", "certificate", SERVICE, "renew_certificate", begin, suits=role("cache"), incident=22
)
