"""The command line as a user meets it."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path


def watchkeeper(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WATCHKEEPER_") and not k.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "watchkeeper", *arguments], cwd=folder, env={**clean, **environment}, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_version_and_help(tmp_path: Path) -> None:
    assert watchkeeper("version", folder=tmp_path).stdout.startswith("watchkeeper ")
    help_ = watchkeeper("--help", folder=tmp_path).stdout
    for command in (
        "serve",
        "worker",
        "demo",
        "analyze",
        "incidents",
        "show",
        "approve",
        "reject",
        "doctor",
        "config",
        "migrate",
        "bench",
    ):
        assert command in help_


def test_an_empty_configuration_is_right_and_a_typo_names_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("")
    assert watchkeeper("config", "check", folder=tmp_path).stdout == "configuration: ok\n"
    (tmp_path / "config.yaml").write_text("llm:\n  provider: offline\nremediation:\n  dry_rum: true\n")
    said = watchkeeper("config", "check", folder=tmp_path)
    assert said.returncode == 2
    assert "config.yaml:4: unknown key remediation.dry_rum (did you mean dry_run?)" in said.stderr


def test_doctor_says_a_wrong_address_in_one_line(tmp_path: Path, database_url: str) -> None:
    said = watchkeeper("doctor", folder=tmp_path, DATABASE_URL=database_url, PROMETHEUS_URL="http://127.0.0.1:9/wrong")
    assert said.returncode == 1
    [line] = [x for x in said.stdout.splitlines() if x.startswith("FAIL")]
    assert line.startswith("FAIL prometheus: prometheus at http://127.0.0.1:9/wrong cannot be reached")


def test_doctor_is_content_with_an_empty_configuration(tmp_path: Path, database_url: str) -> None:
    said = watchkeeper("doctor", folder=tmp_path, DATABASE_URL=database_url)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "dry run: on" in said.stdout


def test_the_specifications_configuration_warns_and_falls_back(tmp_path: Path, root: Path, database_url: str) -> None:
    config = root / "tests/fixtures/config/specification.yaml"
    said = watchkeeper("doctor", "--config", str(config), folder=tmp_path, DATABASE_URL=database_url)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "llm.provider azure_openai needs llm.endpoint and llm.api_key: falling back to offline" in said.stderr
    assert "model: offline" in said.stdout


def test_a_bench_that_ran_nothing_fails(tmp_path: Path) -> None:
    said = watchkeeper("bench", "diagnose", str(tmp_path), folder=tmp_path)
    assert said.returncode == 2
    assert "holds no case" in said.stderr


def test_a_client_without_a_server_says_so(tmp_path: Path) -> None:
    said = watchkeeper("incidents", folder=tmp_path, WATCHKEEPER_URL="http://127.0.0.1:9")
    assert said.returncode == 2
    assert "no Watchkeeper answers at http://127.0.0.1:9" in said.stderr


def test_a_log_is_reviewed_from_a_file_packed_or_piped(tmp_path: Path) -> None:
    log = b"##[group]Run make\nsrc/a.c:3:1: error: expected ';'\n##[error]Process completed with exit code 2.\n"
    (tmp_path / "a.log").write_bytes(log)
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(log) + gzip.compress(b"more\n"))
    plain = watchkeeper("review-log", "a.log", folder=tmp_path)
    assert "compile: the code does not compile" in plain.stdout
    assert "line 2: src/a.c:3:1: error: expected ';'" in plain.stdout
    packed = json.loads(watchkeeper("review-log", "a.log.gz", "--json", folder=tmp_path).stdout)
    assert (packed["category"], packed["lines"], packed["step"]) == ("compile", 4, "make")
    piped = subprocess.run(
        [sys.executable, "-m", "watchkeeper", "review-log", "-"], input=log, capture_output=True, check=True
    )
    assert piped.stdout.decode() == plain.stdout
    (tmp_path / "b.gz").write_bytes(gzip.compress(log)[:20])
    assert watchkeeper("review-log", "none.log", folder=tmp_path).returncode == 2


def test_a_change_is_reviewed_with_the_users_policies_and_waivers(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nUSER 5\n")
    said = watchkeeper("review-change", ".", "--sarif", "out.sarif", folder=tmp_path)
    assert said.returncode == 1
    assert "WK-DOC-001 Dockerfile:1" in said.stdout
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    waiver = "- {policy: WK-DOC-001, path: Dockerfile, reason: a try, owner: me, expires: 2999-01-01}\n"
    (tmp_path / "policies/waivers.yaml").write_text(waiver)
    assert watchkeeper("review-change", ".", folder=tmp_path).returncode == 0
    mine = """package watchkeeper.change
import rego.v1
about["ACME-1"] := {"title": "no python", "severity": "error", "reason": "because", "fix": "use another"}
finding contains found("ACME-1", i, "python", "python") if {
	some i, doc in input.documents
	some step in doc.instructions
	contains(step.text, "python")
}
"""
    (tmp_path / "policies/mine.rego").write_text(mine)
    own = json.loads(watchkeeper("review-change", ".", "--json", folder=tmp_path).stdout)
    assert [(f["policy"], f["line"]) for f in own["findings"] if not f["waived"]] == [("ACME-1", 1)]
