"""Descriptions of APIs that their owners publish on npm: fetched once into a cache outside the repository, never copied."""

import json
import os
import re
import shutil
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchkeeper-contracts"


@cache
def member(package: str, path: str) -> bytes:
    """One file of the newest version of a package. Skips with the reason where npm cannot bring it; fails with CI=true."""
    kept = CACHE / package.replace("/", "__") / path
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(_fetched(package, path))
    return kept.read_bytes()


def _fetched(package: str, path: str) -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        _missing("npm is not on this machine")
    CACHE.mkdir(parents=True, exist_ok=True)
    said = subprocess.run(
        [str(npm), "pack", package, "--silent", "--pack-destination", str(CACHE)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=CACHE,
    )
    if said.returncode != 0 or not said.stdout.strip():
        _missing(f"npm cannot fetch {package}: {said.stderr.strip()[-200:]}")
    archive = CACHE / said.stdout.strip().splitlines()[-1]
    try:
        with tarfile.open(archive) as files:
            content = files.extractfile(f"package/{path}")
            assert content is not None, path
            return content.read()
    finally:
        archive.unlink()


def _missing(words: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@cache
def github() -> dict[str, Any]:
    """OpenAPI of api.github.com."""
    return dict(json.loads(member("@octokit/openapi", "generated/api.github.com.json")))


@cache
def github_webhooks() -> dict[str, Any]:
    """JSON schema of the webhooks."""
    return dict(json.loads(member("@octokit/webhooks-schemas", "schema.json")))


@cache
def azure_fields(file: str, interface: str) -> frozenset[str]:
    """Names of the members of an interface of azure-devops-node-api, with those it extends."""
    text = member("azure-devops-node-api", f"interfaces/{file}.d.ts").decode()
    found = re.search(rf"export interface {interface}(?:<\w+>)?(?: extends ([^{{]+))? \{{\n(.*?)\n\}}", text, re.DOTALL)
    assert found, f"{file} has no {interface}"
    names = set(re.findall(r"^    (\w+)\??:", found[2], re.MULTILINE))
    for parent in re.sub(r"<\w+>|\s", "", found[1] or "").split(","):
        if parent and "." not in parent:
            names |= azure_fields(file, parent)
    return frozenset(names)
