"""Label selectors as Kubernetes reads them, and how far a selector is from labels."""

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Does every pair of the selector hold?"""
    return all(labels.get(k) == v for k, v in selector.items())


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """matchLabels and matchExpressions; an empty selector takes everything."""
    if not matches(selector.get("matchLabels") or {}, labels):
        return False
    return all(_holds(e, labels) for e in selector.get("matchExpressions") or [])


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = str(expression.get("key", "")), expression.get("values") or []
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "Gt" | "Lt" as sign:
            said = labels.get(key, "")
            if not said.lstrip("-").isdigit() or not values:
                return False
            return int(said) > int(values[0]) if sign == "Gt" else int(said) < int(values[0])
        case _:
            return False


def difference(selector: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """Pairs of the selector that the labels break, such as `app=carts (the pods have app=cart)`."""
    out = []
    for key, value in sorted(selector.items()):
        if labels.get(key) != value:
            has = f"the pods have {key}={labels[key]}" if key in labels else f"the pods have no label {key}"
            out.append(f"{key}={value} ({has})")
    return out
