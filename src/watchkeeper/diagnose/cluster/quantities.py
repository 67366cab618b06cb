"""Quantities such as 512Mi or 250m as numbers."""

import re
from typing import Any

_QUANTITY = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_FACTORS = {
    None: 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def quantity(value: Any) -> float | None:
    """Bytes, cores or a count; None for what is no quantity."""
    found = _QUANTITY.fullmatch(str(value).strip()) if value is not None else None
    try:
        return float(found.group(1)) * _FACTORS[found.group(2)] if found else None
    except ValueError:
        return None
