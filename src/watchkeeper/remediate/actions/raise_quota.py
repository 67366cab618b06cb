"""Raise the one limit of a namespace's quota that is used up."""

import math
import re
from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.estate.fields import quantity
from watchkeeper.remediate.action import Action, Draft, Situation

_FULL = 0.95


def draft(situation: Situation) -> Draft | str:
    """Fits the one entry of the one quota that is nearly all used."""
    full = used_up(situation)
    if len(full) != 1:
        return "no quota of its namespace is used up" if not full else "several quotas are used up: a person decides"
    quota, key = full[0]
    name, before = str(quota["metadata"]["name"]), quota["spec"]["hard"][key]
    after = _more(before)
    change = FieldChange(f'spec.hard["{key}"]', before, after)
    words = f"raise {key} of the quota {name} from {before} to {after}"
    return Draft(
        {"resource": key, "hard": after},
        (change,),
        words,
        f"put it back to {before}",
        Risk.MEDIUM,
        situation.beside("ResourceQuota", name),
        quota,
    )


def used_up(situation: Situation) -> list[tuple[Mapping[str, Any], str]]:
    """(quota, entry) of every limit of the namespace that leaves no room for another pod."""
    return [(quota, key) for quota in situation.objects("ResourceQuota") for key in _full(quota)]


def _full(quota: Mapping[str, Any]) -> list[str]:
    hard, used = quota.get("spec", {}).get("hard") or {}, quota.get("status", {}).get("used") or {}
    return [
        k
        for k, v in hard.items()
        if (quantity(v) or 0) > 0 and (quantity(used.get(k)) or 0) >= _FULL * (quantity(v) or 0)
    ]


def _more(value: Any) -> str:
    """A quarter more, in the same unit."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)", str(value))
    if found is None:
        return str(value)
    return f"{math.ceil(float(found.group(1)) * 1.25)}{found.group(2)}"


ACTION = Action(
    "raise_quota", "Raise a quota", draft,
    applies="Pods are refused because the namespace has used up its quota.",
    preconditions=("exactly one entry of one quota is used to 95 %",),
    radius="The namespace may take more of the cluster.",
    risk="Medium: others share the nodes.",
    undo="Put the quota back.",
    never=("removes a quota", "raises by more than a quarter"),
    kinds=("ResourceQuota",),
)  # fmt: skip
