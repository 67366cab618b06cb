"""Quantities such as 512Mi as numbers."""

import re
from typing import Any

_UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}


def number(text: Any) -> float:
    """In base units; 0 for what is none."""
    found = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", str(text))
    return float(found.group(1)) * _UNITS[found.group(2)] if found else 0.0
