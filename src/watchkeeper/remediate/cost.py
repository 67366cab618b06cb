"""What a repair changes on the bill, by prices of the settings. Requests are what is paid for; where none are set, limits."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.domain.remediation import Cost, FieldChange
from watchkeeper.estate.fields import quantity
from watchkeeper.settings import RemediationSettings

_HOURS = 730
_GIB = 2.0**30
_RESOURCE = re.compile(r"resources\.(requests|limits)\.(cpu|memory)$")


def cost_of(
    fields: Sequence[FieldChange], live: Mapping[str, Any], prices: RemediationSettings, nodes: int = 0
) -> Cost | None:
    """The change a month; None where no field has a price. `nodes`: further machines at most."""
    replicas = int(live.get("spec", {}).get("replicas", 1) or 1)
    monthly, priced = 0.0, False
    for field in fields:
        if field.path == "spec.replicas" or field.path == "spec.maxReplicas":
            monthly += (float(field.after) - float(field.before or 1)) * _pod(live, prices)
            priced = True
        elif found := _RESOURCE.search(field.path):
            if found.group(1) == "requests" or not _requested(live, found.group(2)):
                monthly += replicas * _difference(field, found.group(2), prices)
            priced = True
    if nodes:
        monthly += nodes * _HOURS * prices.price_node_hour
        priced = True
    return Cost(round(monthly, 2), _words(monthly)) if priced else None


def _words(monthly: float) -> str:
    if abs(monthly) < 0.005:
        return "costs the same: requests stay as they are"
    return f"costs {abs(monthly):.2f} a month {'more' if monthly > 0 else 'less'} at most, by the configured prices"


def _difference(field: FieldChange, resource: str, prices: RemediationSettings) -> float:
    more = (quantity(field.after) or 0.0) - (quantity(field.before) or 0.0)
    return _HOURS * (more * prices.price_cpu_hour if resource == "cpu" else more / _GIB * prices.price_gib_hour)


def _pod(live: Mapping[str, Any], prices: RemediationSettings) -> float:
    containers = live.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    cpu = sum(_amount(c, "cpu") for c in containers)
    memory = sum(_amount(c, "memory") for c in containers) / _GIB
    return _HOURS * (cpu * prices.price_cpu_hour + memory * prices.price_gib_hour)


def _amount(container: Mapping[str, Any], resource: str) -> float:
    said = container.get("resources") or {}
    return quantity((said.get("requests") or {}).get(resource, (said.get("limits") or {}).get(resource))) or 0.0


def _requested(live: Mapping[str, Any], resource: str) -> bool:
    containers = live.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    return any(resource in ((c.get("resources") or {}).get("requests") or {}) for c in containers)
