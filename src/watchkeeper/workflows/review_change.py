"""Reading a change for review: a folder (charts rendered where Helm is there), or the files of a pull request."""

import asyncio
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.errors import InvalidInput, NotFound
from watchkeeper.domain.remediation import FileEdit
from watchkeeper.policy.documents import LARGEST, wanted
from watchkeeper.policy.review import ChangeReview, PolicyFinding, Waiver, load_policies, load_waivers, review_change

_SKIPPED = frozenset({".git", ".venv", "venv", "node_modules", ".terraform", "__pycache__", ".tox", "dist", "build"})
FILES = 2000
_RENDER_SECONDS = 60


def files_of(folder: Path) -> dict[str, str]:
    """Path in the folder -> text of all that policies can look at. Raises InvalidInput for no folder, or too many files."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder", field="change")
    out: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if _SKIPPED & set(inside.parts) or path.is_symlink() or not path.is_file() or not wanted(inside.as_posix()):
            continue
        if path.stat().st_size <= LARGEST:
            out[inside.as_posix()] = path.read_text(encoding="utf-8", errors="replace")
        if len(out) > FILES:
            raise InvalidInput(f"{folder} holds more than {FILES} files to review", field="change")
    return out | rendered(folder, out)


def rendered(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """What each chart renders to with its own values; nothing where Helm is not there or the chart does not render."""
    helm = shutil.which("helm")
    out = {}
    for path in [p for p in files if p.rsplit("/", 1)[-1] == "Chart.yaml"] if helm else []:
        chart = (folder / path).parent
        try:
            said = subprocess.run(
                [str(helm), "template", "review", str(chart)], capture_output=True, timeout=_RENDER_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            continue
        if said.returncode == 0:
            out[f"{path.removesuffix('Chart.yaml')}rendered.yaml"] = said.stdout.decode("utf-8", "replace")
    return out


async def files_of_pull_request(host: CodeHost, number: int, under: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """(files it changes or adds, the same files before). Raises CodeHostError."""
    pull = await host.pull_request(number)
    if not pull.head_sha:
        raise NotFound(f"no pull request {number}")
    paths = [p for p in await host.list_files(pull.head_sha, under) if wanted(p)][:FILES]
    after = {p: await host.read_file(p, pull.head_sha) for p in paths}
    before = {p: await host.read_file(p, pull.base) for p in paths}
    changed = {p: text for p, text in after.items() if text is not None and text != before[p]}
    return changed, {p: text for p, text in before.items() if text is not None and p in changed}


def reviewed(files: Mapping[str, str], policies: Path | None, today: date, *, production: bool = False) -> ChangeReview:
    """Against the shipped policies, and those and the waivers of a folder where there is one."""
    there = policies if policies is not None and policies.is_dir() else None
    if policies is not None and there is None:
        raise InvalidInput(f"{policies} is not a folder", field="policies")
    waivers: tuple[Waiver, ...] = ()
    if there and (there / "waivers.yaml").is_file():
        waivers = load_waivers((there / "waivers.yaml").read_text(encoding="utf-8"))
    return review_change(files, load_policies(there), waivers, today, production=production)


async def broken_by(edits: Sequence[FileEdit], today: date) -> tuple[PolicyFinding, ...]:
    """Policies that must hold and that these edits break; what was broken before is not theirs."""

    def compared() -> tuple[PolicyFinding, ...]:
        policies = load_policies()
        before = review_change({e.path: e.before for e in edits}, policies, (), today)
        after = review_change({e.path: e.after for e in edits}, policies, (), today)
        known = {(f.policy, f.path, f.what) for f in before.findings}
        return tuple(f for f in after.blocking if (f.policy, f.path, f.what) not in known)

    return await asyncio.to_thread(compared)
