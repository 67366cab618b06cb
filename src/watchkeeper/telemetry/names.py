"""Names that come from alerts, made safe for queries."""

import re
from collections.abc import Sequence

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NOBODY = "-"
"""Matches no namespace."""


def one_of(namespaces: Sequence[str]) -> str:
    """A regular expression of exactly these namespaces. What is no namespace's name matches nothing, never everything."""
    good = [name for name in namespaces if _NAME.fullmatch(name)]
    return "|".join(good) or NOBODY
