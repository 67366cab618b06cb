"""Reading Kubernetes objects: which service a pod belongs to, and what its containers say. Status fields only."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.diagnose.case import Case
from watchkeeper.diagnose.owners import service_of_name, service_of_pod

__all__ = ["container_states", "moment", "service_of_name", "service_of_pod", "since"]
_LEAD = timedelta(minutes=2)


def moment(text: str) -> datetime | None:
    """A time as the API writes it; None where it is none, or names no zone."""
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def container_states(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of init and normal containers; an unscheduled pod has none."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def since(case: Case) -> datetime:
    """What happened before this is old news."""
    return case.evidence.window.onset - _LEAD
