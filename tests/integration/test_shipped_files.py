"""What is shipped beside the code is right, as far as the real tools can tell."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from watchkeeper.cli.demo import rules_text
from watchkeeper.settings import load


@pytest.mark.server("promtool")
def test_the_alert_rules_do_what_their_tests_say(root: Path) -> None:
    folder = root / "observability/prometheus/alerts"
    done = subprocess.run(
        ["promtool", "test", "rules", "sre-alerts_test.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.server("promtool")
def test_scaled_rules_are_rules_too(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(rules_text())
    done = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.server("promtool", "amtool")
def test_the_stacks_configurations_are_accepted(root: Path, tmp_path: Path) -> None:
    folder = root / "observability/prometheus"
    text = (
        (folder / "prometheus.yml")
        .read_text()
        .replace("/etc/prometheus/sre-alerts.yaml", str(folder / "alerts/sre-alerts.yaml"))
        .replace("/etc/prometheus/watchkeeper-alerts.yaml", str(folder / "alerts/watchkeeper-alerts.yaml"))
    )
    (tmp_path / "prometheus.yml").write_text(text)
    done = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["amtool", "check-config", str(folder / "alertmanager.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_names_files_that_exist_and_services_that_are_there(root: Path) -> None:
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    services = compose["services"]
    assert {"postgres", "redis", "prometheus", "alertmanager", "loki", "tempo", "grafana", "watchkeeper"} <= set(
        services
    )
    for service in services.values():
        for volume in service.get("volumes", []):
            source = str(volume).split(":")[0]
            assert not source.startswith("./") or (root / source).exists(), source
        for other in service.get("depends_on", []):
            assert other in services
    hosts = set(
        re.findall(
            r"(?:http|redis|postgresql)://(?:[^@/\s]*@)?([a-z]+):\d+",
            (root / "docker-compose.yml").read_text() + (root / "compose.full.env").read_text(),
        )
    )
    assert hosts <= set(services)


def test_the_example_environment_is_understood(root: Path) -> None:
    lines = [x for x in (root / ".env.example").read_text().splitlines() if x and not x.startswith("#")]
    assert load(root / "config.yaml", dict(line.split("=", 1) for line in lines if line.split("=", 1)[1]))
