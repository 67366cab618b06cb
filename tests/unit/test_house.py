"""The house guards itself: rooms, settings, errors and shelves are where the documents say."""

import re
from pathlib import Path

import pytest

from watchkeeper.domain import errors
from watchkeeper.domain.events import EVENT_KINDS
from watchkeeper.domain.faults import FAULTS
from watchkeeper.settings import flatten
from watchkeeper.shelf import plugins

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/watchkeeper"
SHELVES = {
    "watchkeeper.api.webhooks": "read",
    "watchkeeper.codehosts.ci": "build",
    "watchkeeper.chat.platforms": "build",
    "watchkeeper.codehosts.hosts": "build",
    "watchkeeper.pipelines.causes": "FAMILY",
    "watchkeeper.console.forms": "FORM",
    "watchkeeper.console.pages": "PAGE",
    "watchkeeper.detect.models": "build",
    "watchkeeper.diagnose.analyzers": "ANALYZER",
    "watchkeeper.diagnose.cluster.rules": "RULE",
    "watchkeeper.estate.writers": "WRITER",
    "watchkeeper.llm.embedders": "build",
    "watchkeeper.llm.indexes": "build",
    "watchkeeper.llm.providers": "build",
    "watchkeeper.remediate.actions": "ACTION",
    "watchkeeper.simulate.scenarios": "SCENARIO",
    "watchkeeper.telemetry.sources": "build",
    "watchkeeper.workflows.jobs": "JOB",
}
"""shelf -> what each of its files must define"""


def rooms() -> list[str]:
    return sorted(p.name for p in SOURCE.iterdir() if p.is_dir() and any(p.rglob("*.py")) and p.name != "__pycache__")


@pytest.mark.parametrize("room", rooms())
def test_every_room_is_on_the_map(room: str) -> None:
    assert f"`{room}/`" in (ROOT / "docs/where-things-live.md").read_text()


@pytest.mark.parametrize("shelf", SHELVES)
def test_every_plugin_keeps_its_shelfs_contract_and_is_documented(shelf: str) -> None:
    found = plugins(shelf, SHELVES[shelf])
    assert found
    page = (ROOT / "docs/reference/plugins.md").read_text()
    assert [name for name in found if f"`{name}`" not in page] == []


def test_every_setting_has_a_meaning() -> None:
    assert [key for key, _, _, meaning in flatten() if not meaning] == []


def test_the_error_tree_is_the_one_drawn() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    defined = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.WatchkeeperError) and name != "WatchkeeperError"
    ]
    assert sorted(drawn) == sorted(defined)


def test_actions_named_by_faults_are_on_the_shelf_and_the_other_way_round() -> None:
    named = {action for kind in FAULTS.values() for action in kind.actions}
    assert named == set(plugins("watchkeeper.remediate.actions", "ACTION"))


def test_timeline_kinds_used_are_known() -> None:
    used = set()
    for path in (SOURCE / "workflows").rglob("*.py"):
        used |= set(
            re.findall(r'"((?:incident|alert|plan|approval|change|recovery|person)\.[a-z_]+)"', path.read_text())
        )
    audited = {
        "plan.approved", "plan.rejected", "plan.outcome", "plan.removal", "incident.closed", "incident.taken_over", "incident.handed_back",
    }  # fmt: skip
    assert used - set(EVENT_KINDS) - audited == set()


def test_no_file_grows_beyond_its_room() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCE.rglob("*.py") if (n := len(p.read_text().splitlines())) > 450}
    assert long == {}


def test_no_room_has_a_name_that_says_nothing() -> None:
    vague = {"util", "utils", "helper", "helpers", "common", "manager", "base", "core", "misc"}
    assert [p for p in SOURCE.rglob("*.py") if p.stem in vague or p.parent.name in vague] == []


def test_exceptions_are_swallowed_at_the_job_boundary_only() -> None:
    broad = [
        str(p.relative_to(SOURCE))
        for p in SOURCE.rglob("*.py")
        if re.search(r"except (Base)?Exception\b", p.read_text())
    ]
    assert broad in ([], ["store/jobs.py"])


def test_each_command_of_the_specification_has_its_successor_on_the_map() -> None:
    page = (ROOT / "docs/where-things-live.md").read_text()
    for command in (
        "cp .env.example .env", "pip install -r requirements.txt", "alembic upgrade head", "uvicorn main:app", "pytest tests/unit/",
        "pytest tests/integration/", "pip install -r requirements-dev.txt", "pre-commit install", "kubectl run memory-leak",
        "terraform init", "helm install prometheus", "helm install loki", "python bot.py",
    ):  # fmt: skip
        assert command in page, command
