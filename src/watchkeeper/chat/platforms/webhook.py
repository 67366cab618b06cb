"""Any server that takes JSON: the notice as it is, signed where a secret is set."""

import hmac
import json
from dataclasses import asdict
from hashlib import sha256

from watchkeeper.chat.posting import post
from watchkeeper.chat.tools import PlatformTools
from watchkeeper.domain.notice import Notice
from watchkeeper.settings import WebhookSettings
from watchkeeper.workflows.announcer import Announcer


def build(section: WebhookSettings, tools: PlatformTools) -> Announcer | None:
    """None where no address is set."""
    return Webhook(section, tools) if section.url else None


class Webhook:
    """Receivers tell repetitions by `dedup_key` and `kind`."""

    name = "webhook"

    def __init__(self, section: WebhookSettings, tools: PlatformTools) -> None:
        self._section, self._tools = section, tools

    async def announce(self, notice: Notice) -> None:
        """POST; `X-Watchkeeper-Signature` is the hex HMAC-SHA-256 of the body."""
        body = json.dumps({**asdict(notice), "at": self._tools.clock.now().isoformat()}).encode()
        secret = self._section.secret.get_secret_value()
        signed = {"X-Watchkeeper-Signature": hmac.new(secret.encode(), body, sha256).hexdigest()} if secret else {}
        await post(self._section.url, body, signed, self._section.timeout_seconds)
