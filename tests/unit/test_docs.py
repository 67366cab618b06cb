"""The documentation is true: generated pages are fresh, links lead somewhere, commands and settings exist as they are written."""

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
import yaml

from watchkeeper.cli import build
from watchkeeper.settings import ENVIRONMENT, PREFIX, Settings, load

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts/reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(text: str) -> list[tuple[str, str]]:
    """(language, content) of each fenced block, and of each indented one as language ""."""
    fenced = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return fenced + [("", m) for m in re.findall(r"(?:^    \S.*\n)+", rest, re.MULTILINE)]


def command_lines(text: str) -> list[str]:
    """Lines of code blocks, and inline code, that call us; shell's comments, redirections and ellipses are cut."""
    lines = [
        line.strip()
        for language, content in blocks(text)
        if language in ("", "bash", "sh", "console")
        for line in content.splitlines()
    ]
    lines += re.findall(r"`((?:watchkeeper|make) [^`]+)`", text)
    cut = (
        re.split(r"\s+#|\s[>|&]|…|\.\.\.", line)[0].strip().removeprefix("$ ").removeprefix(".venv/bin/")
        for line in lines
    )
    return [line for line in cut if re.match(r"(?:watchkeeper|make) \S", line)]


def test_generated_pages_are_fresh() -> None:
    made = reference().pages()
    stale = [
        path
        for path, text in made.items()
        if not (ROOT / "docs" / path).exists() or (ROOT / "docs" / path).read_text() != text
    ]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            dead.append(target)
    assert dead == []


def test_every_page_is_reached_from_the_first_one() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "docs/index.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)", page.read_text())
        todo += [(page.parent / t).resolve() for t in targets if not re.match(r"[a-z]+:", t)]
    assert [p for p in PAGES if (ROOT / "docs") in p.parents and p.resolve() not in seen] == []


def test_every_shipped_alert_has_a_runbook_that_is_found_by_its_name() -> None:
    named = {
        match[1]
        for page in (ROOT / "docs/runbooks").glob("*.md")
        if (match := re.search(r"^alertname: (\w+)$", page.read_text(), re.M))
    }
    shipped = (ROOT / "observability/prometheus/alerts").glob("*-alerts.yaml")
    alerts = {r["alert"] for path in shipped for g in yaml.safe_load(path.read_text())["groups"] for r in g["rules"]}
    assert alerts - named == set()


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_exist_as_they_are_written(page: Path) -> None:
    cli = typer.main.get_command(build())
    wrong = []
    for line in command_lines(page.read_text()):
        words = spoken(line)
        if words[0] == "make":
            targets = [w for w in words[1:] if "=" not in w and not w.startswith("-")]
            wrong += [line for w in targets if w not in TARGETS]
        elif (problem := misuse(cli, words[1:])) is not None:
            wrong.append(f"{line}: {problem}")
    assert wrong == []


def spoken(line: str) -> list[str]:
    """As a shell would split it; prose with a lone apostrophe by its spaces."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def misuse(cli: Any, words: list[str]) -> str | None:
    """What the command line would say against these words; missing arguments are no misuse, for prose leaves them out."""
    command, at = cli, 0
    while hasattr(command, "commands"):
        if at == len(words) or words[at].startswith("-"):
            return None
        found = command.commands.get(words[at])
        if found is None:
            return f"no command {words[at]}"
        command, at = found, at + 1
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    return next((f"no option {w}" for w in words[at:] if w.startswith("--") and w.split("=")[0] not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_settings_exist_as_they_are_written(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    for language, content in blocks(text):
        if language not in ("yaml", "yml"):
            continue
        indent = min((len(line) - len(line.lstrip()) for line in content.splitlines() if line.strip()), default=0)
        shown = "\n".join(line[indent:] for line in content.splitlines())
        parsed = yaml.safe_load(shown)
        if isinstance(parsed, dict) and parsed and set(parsed) <= set(Settings.model_fields):
            (tmp_path / "config.yaml").write_text(shown)
            load(tmp_path / "config.yaml", {})
    variables = set(re.findall(rf"\b{PREFIX}([A-Z_]+__[A-Z_]+)\b", text))
    keys = {k.upper() for k in flat(Settings())}
    assert {v for v in variables if v.replace("__", ".") not in keys and "SECTION" not in v} == set()


def flat(section: object, prefix: str = "") -> set[str]:
    out: set[str] = set()
    for name in type(section).model_fields:  # type: ignore[attr-defined]
        value = getattr(section, name)
        out |= flat(value, f"{prefix}{name}.") if hasattr(type(value), "model_fields") else {f"{prefix}{name}"}
    return out


def test_the_specifications_variables_are_settings() -> None:
    known = {".".join(keys).upper() for keys in ENVIRONMENT.values()}
    assert known <= {k.upper() for k in flat(Settings())}


def test_the_specifications_pages_are_there() -> None:
    for name in ("architecture.md", "incident-flow.md", "api-reference.md", "runbooks"):
        assert (ROOT / "docs" / name).exists()


def test_the_map_names_each_room_and_each_place_of_the_specification_once() -> None:
    rows = [
        line.split("|")[1:3]
        for line in (ROOT / "docs/where-things-live.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    places = [second.strip() if first.strip()[:1] in ("", *"123456") else first.strip() for first, second in rows]
    named = [p for p in places if p.startswith("`")]
    assert sorted({p for p in named if named.count(p) > 1}) == []
