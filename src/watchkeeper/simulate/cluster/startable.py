"""Can a container be started at all? Its ConfigMaps and Secrets, its command, the port its probe asks."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.simulate.cluster.objects import Object, Objects

_PROGRAMS = frozenset({"sh", "/bin/sh", "java", "python", "node", "stress", "sleep", "/app/server", "server"})
"""What the images of this world hold."""


def missing_reference(objects: Objects, pod: Object, container: Mapping[str, Any]) -> str:
    """The kubelet's words for a ConfigMap, Secret or key that is not there; "" where all are."""
    namespace = pod["metadata"]["namespace"]
    for source in container.get("envFrom") or []:
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = (source.get(field) or {}).get("name")
            if name and objects.get(kind, namespace, name) is None:
                return f'{kind.lower()} "{name}" not found'
    for variable in container.get("env") or []:
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            said = (variable.get("valueFrom") or {}).get(field)
            if not said:
                continue
            there = objects.get(kind, namespace, said["name"])
            if there is None:
                return f'{kind.lower()} "{said["name"]}" not found'
            if said["key"] not in (there.get("data") or {}):
                return f"couldn't find key {said['key']} in {kind} {namespace}/{said['name']}"
    return ""


def missing_program(container: Mapping[str, Any]) -> str:
    """The runtime's words for a command that the image does not hold; "" where it does."""
    command = container.get("command") or []
    if not command or command[0] in _PROGRAMS:
        return ""
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f'unable to start container process: exec: "{command[0]}": executable file not found in $PATH: unknown'
    )


def probe_failure(container: Mapping[str, Any], ip: str) -> str:
    """The kubelet's words where the readiness probe asks a port on which nobody listens; "" where somebody does."""
    probe = container.get("readinessProbe") or {}
    asks = probe.get("httpGet") or probe.get("tcpSocket") or {}
    ports = {p.get("containerPort") for p in container.get("ports") or []} | {
        p.get("name") for p in container.get("ports") or []
    }
    port = asks.get("port")
    if port is None or not ports or port in ports:
        return ""
    return f'Readiness probe failed: Get "http://{ip}:{port}{asks.get("path", "/")}": dial tcp {ip}:{port}: connect: connection refused'
