"""PagerDuty Events v2, outwards only: trigger and resolve by the incident's key."""

import json

from watchkeeper.chat.posting import post
from watchkeeper.chat.tools import PlatformTools
from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import PagerdutySettings
from watchkeeper.workflows.announcer import Announcer

_SEVERITY = {Severity.CRITICAL: "critical", Severity.HIGH: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


def build(section: PagerdutySettings, tools: PlatformTools) -> Announcer | None:
    """None where no routing key is set."""
    return PagerDuty(section, tools) if section.routing_key.get_secret_value() else None


class PagerDuty:
    """A trigger with a known key updates the page that is open: said twice, it pages once."""

    name = "pagerduty"

    def __init__(self, section: PagerdutySettings, tools: PlatformTools) -> None:
        self._section, self._tools = section, tools

    async def announce(self, notice: Notice) -> None:
        """Trigger, or resolve where it is over."""
        over = notice.kind is NoticeKind.RESOLVED
        event: dict[str, object] = {
            "routing_key": self._section.routing_key.get_secret_value(),
            "event_action": "resolve" if over else "trigger",
            "dedup_key": notice.dedup_key[:255],
        }
        if not over:
            event["payload"] = {
                "summary": notice.title[:1024], "source": "watchkeeper", "severity": _SEVERITY[notice.severity],
                "timestamp": self._tools.clock.now().isoformat(), "class": notice.kind,
                "custom_details": {"stage": notice.stage, "lines": list(notice.lines), "incident": notice.incident_id},
            }  # fmt: skip
            event["links"] = [{"href": address, "text": words} for words, address in notice.links]
        await post(self._section.url, json.dumps(event).encode(), {}, self._section.timeout_seconds)
