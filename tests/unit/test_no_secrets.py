"""No secret lies in the tree: searched with the patterns by which telemetry is redacted."""

import re
import subprocess
from pathlib import Path

from watchkeeper.domain.redaction import _PATTERN_WHOLE

MADE_UP = ("tests/", "benchmarks/")
"""Folders whose files hold made-up secrets, for redaction to find."""
_URL_PASSWORD = re.compile(r"://[^/\s:@$\{\"']{1,40}:([^/\s@$\{\"'*…]{6,100})@[a-z0-9]")


def secrets_in(text: str) -> list[str]:
    found = [m.group(0)[:24] for m in _PATTERN_WHOLE.finditer(text)]
    return found + [m.group(0)[:24] for m in _URL_PASSWORD.finditer(text)]


def test_nothing_that_looks_like_a_secret_is_committed(root: Path) -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    wrong = []
    for name in filter(None, names):
        path = root / name
        if name.startswith(MADE_UP) or name == "uv.lock" or not path.is_file() or path.suffix in (".png", ".gz"):
            continue
        wrong += [f"{name}: {found}" for found in secrets_in(path.read_text(encoding="utf-8", errors="replace"))]
    assert not wrong


def test_the_search_finds_what_it_is_for() -> None:
    assert secrets_in("AKIA" + "ABCDEFGHIJKLMNOP")
    assert secrets_in("token: ghp_" + "a" * 36)
    assert secrets_in("-----BEGIN RSA " + "PRIVATE KEY-----\nMII")
    assert secrets_in("postgresql://root:" + "correcthorse@db.example")
    assert not secrets_in("postgresql://user:${POSTGRES_PASSWORD}@postgres:5432/x and sha256:abcdef")
