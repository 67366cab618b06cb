"""The hash chain of the audit: each entry's digest covers its content and the digest before it."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from watchkeeper.store.port import AuditEntry

GENESIS = "0" * 64


def digest_of(seq: int, at: datetime, actor: str, action: str, subject: str, details: str, previous: str) -> str:
    """SHA-256 over the entry as a JSON list; times in UTC with microseconds."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = json.dumps([seq, moment, actor, action, subject, details, previous], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def verify(entries: Iterable[tuple[AuditEntry, str]]) -> tuple[bool, str]:
    """(whole?, words) for entries in order, each with its details as stored."""
    previous, count = GENESIS, 0
    for entry, details in entries:
        count += 1
        if entry.seq != count:
            return False, f"entry {count} is missing"
        expected = digest_of(entry.seq, entry.at, entry.actor, entry.action, entry.subject, details, previous)
        if entry.previous != previous or entry.digest != expected:
            return False, f"entry {entry.seq} ({entry.action}) was altered"
        previous = entry.digest
    return True, f"the chain of {count} entries is whole"
