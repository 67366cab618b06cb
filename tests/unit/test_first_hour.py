"""A developer's first hour: what `make new-…` writes works as it is, and a package of its own joins a shelf."""

import asyncio
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader

from watchkeeper.console import render

ROOT = Path(__file__).parents[2]


def loaded(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


new_plugin = loaded("new_plugin", ROOT / "scripts/new_plugin.py")


@pytest.mark.parametrize("kind", list(new_plugin.KINDS))
def test_what_is_begun_works_as_it_is(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = new_plugin.begin(kind, "odd_queues", tmp_path)
    environment = render._environment()
    here = FileSystemLoader(tmp_path / "src/watchkeeper/console/templates")
    monkeypatch.setattr(environment, "loader", ChoiceLoader([environment.loader or here, here]))
    dotted = written[0].relative_to(tmp_path / "src").with_suffix("").as_posix().replace("/", ".")
    monkeypatch.setitem(sys.modules, dotted, None)
    loaded(dotted, written[0])
    begun = loaded(f"begun_{kind}", written[-1])
    tests = [value for name, value in vars(begun).items() if name.startswith("test_")]
    assert tests
    for test in tests:
        if inspect.iscoroutinefunction(test):
            asyncio.run(test())
        else:
            test()


def test_nothing_is_written_over_and_names_are_checked(tmp_path: Path) -> None:
    new_plugin.begin("job", "sweep_up", tmp_path)
    with pytest.raises(SystemExit, match="already there"):
        new_plugin.begin("job", "sweep_up", tmp_path)
    with pytest.raises(SystemExit, match="snake_case"):
        new_plugin.begin("job", "../Evil", tmp_path)
    with pytest.raises(SystemExit, match="one of"):
        new_plugin.begin("sandwich", "cheese", tmp_path)


def test_every_kind_has_a_target_of_make() -> None:
    targets = set(re.findall(r"^new-([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets == set(new_plugin.KINDS)


def test_a_package_of_its_own_joins_the_shelf(tmp_path: Path) -> None:
    """As an installer leaves it: the modules, and a folder of metadata with its entry points."""
    example = ROOT / "examples/saturated_disks"
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    metadata = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    asked = (
        "from watchkeeper.shelf import plugins\n"
        "found = plugins('watchkeeper.diagnose.analyzers', 'ANALYZER')\n"
        "print(found['saturated_disks'].name, len(found) > 5)"
    )
    path = os.pathsep.join([str(tmp_path), str(example / "src")])
    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )  # fmt: skip
    assert said.stdout.split() == ["saturated_disks", "True"], said.stderr
