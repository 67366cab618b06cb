"""What a problem is, whatever the replica: a fingerprint that says which labels made it, and by which rule."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from watchkeeper.domain.alert import Alert

VERSION = "v1"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`value` names the problem through time; `chosen` are the labels it is made of, `left_out` those it is not."""

    value: str
    chosen: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]

    @property
    def words(self) -> str:
        """How it came about, for people."""
        made = ", ".join(f"{k}={v}" for k, v in self.chosen)
        return f"{VERSION}: {made}" + (f" (left out: {', '.join(self.left_out)})" if self.left_out else "")


def fingerprint(alert: Alert, service: str, without: Collection[str]) -> Fingerprint:
    """Version 1: every label but those that change between replicas, and the workload where one is known.

    Where the workload is known, labels that spell a pod of it are covered by it.
    """
    chosen = {k: v for k, v in alert.labels.items() if k not in without and v != ""}
    if service:
        chosen["workload"] = service
    pairs = tuple(sorted(chosen.items()))
    digest = hashlib.blake2b(repr(pairs).encode(), digest_size=10).hexdigest()
    return Fingerprint(f"{VERSION}:{digest}", pairs, tuple(sorted(set(alert.labels) & set(without))))
