"""Make the generated pages: settings, plugins, commands, metrics, events, endpoints, a runbook for each action, lists of records."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import typer

from watchkeeper import observe
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.cli import build
from watchkeeper.domain.events import EVENT_KINDS
from watchkeeper.domain.faults import FAULTS, FaultKind
from watchkeeper.remediate.action import Action
from watchkeeper.settings import ENVIRONMENT, flatten
from watchkeeper.shelf import plugins
from watchkeeper.workflows.house import House

ROOT = Path(__file__).parents[1]
ACTIONS = "watchkeeper.remediate.actions"
SHELVES = {
    "watchkeeper.telemetry.sources": ("build", "Telemetry sources: `sources.<name>` in `config.yaml`"),
    "watchkeeper.api.webhooks": ("read", "Senders of alerts: `POST /api/v1/webhooks/<name>`"),
    "watchkeeper.diagnose.analyzers": ("ANALYZER", "Analyzers: one symptom each"),
    "watchkeeper.diagnose.cluster.rules": ("RULE", "Rules over the objects of a cluster: `watchkeeper check`"),
    "watchkeeper.detect.models": ("build", "Detectors: `anomaly_detection.model_type`"),
    "watchkeeper.remediate.actions": ("ACTION", "Actions: one repair each"),
    "watchkeeper.estate.writers": ("WRITER", "Writers: one form of declaration each"),
    "watchkeeper.chat.platforms": ("build", "Ways people hear: `notify.<name>`"),
    "watchkeeper.codehosts.hosts": ("build", "Code hosts: `delivery.host`"),
    "watchkeeper.llm.embedders": ("build", "Embedders: `recall.embedder`; `offline` is our own and needs none of them"),
    "watchkeeper.llm.indexes": ("build", "Vector indexes: `recall.index`"),
    "watchkeeper.codehosts.ci": ("build", "CI systems: `POST /api/v1/pipelines/webhooks/<name>`"),
    "watchkeeper.pipelines.causes": ("FAMILY", "Causes of failed runs: one category each"),
    "watchkeeper.llm.providers": ("build", "Language models: `llm.provider`"),
    "watchkeeper.console.pages": ("PAGE", "Pages of the console"),
    "watchkeeper.console.forms": ("FORM", "Forms of the console: `POST /do/<name>/<subject>`"),
    "watchkeeper.workflows.jobs": ("JOB", "Periodic jobs: once per interval in the whole installation"),
    "watchkeeper.simulate.scenarios": ("SCENARIO", "Scenarios of the simulated world"),
}


def settings_page() -> str:
    """Every key with type, default and meaning."""
    variables = {".".join(keys): name for name, keys in ENVIRONMENT.items()}
    rows = [
        f"| `{key}` | {kind} | `{default}` | {meaning}{f' Variable: `{variables[key]}`.' if key in variables else ''} |"
        for key, kind, default, meaning in flatten()
    ]
    head = "# Settings\n\nMade by `make docs`. A key can also be set by `WATCHKEEPER_<SECTION>__<KEY>`.\n\n"
    return head + "| key | type | default | meaning |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"


def plugins_page() -> str:
    """Every plugin with the first line of its file."""
    parts = ["# Plugins\n\nMade by `make docs`. Adding one is adding one file on its shelf.\n"]
    for shelf, (attribute, title) in SHELVES.items():
        parts.append(f"\n## {title}\n\nShelf: `{shelf}`; each file defines `{attribute}`.\n")
        for name in plugins(shelf, attribute):
            words = (import_module(f"{shelf}.{name}").__doc__ or "").strip().splitlines()
            parts.append(f"* `{name}`: {words[0] if words else ''}")
    return "\n".join(parts) + "\n"


def runbooks() -> dict[str, str]:
    """{path under docs: text}: a page for each action, and their list."""
    kinds = {name: [k for k in FAULTS.values() if name in k.actions] for name in plugins(ACTIONS, "ACTION")}
    pages = {
        f"runbooks/actions/{name}.md": _runbook(action, kinds[name])
        for name, action in plugins(ACTIONS, "ACTION").items()
    }
    rows = [
        f"| [{a.title}]({n}.md) | {'yes' if a.automatic else 'no'} | {', '.join(k.name for k in kinds[n])} |"
        for n, a in plugins(ACTIONS, "ACTION").items()
    ]
    head = "# Runbooks of the actions\n\nMade by `make docs` from the catalogue. Alone: may it run without a person, where policy, evidence and its record allow it?\n\n"
    pages["runbooks/actions/index.md"] = (
        head + "| action | alone | for |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )
    return pages


def _runbook(action: Action, kinds: list[FaultKind]) -> str:
    alone = (
        "It may run alone where policy, evidence and its record on this installation allow it."
        if action.automatic
        else "A person always agrees."
    )
    parts = [
        f"# {action.title}\n\nMade by `make docs` from `remediate/actions/{action.name}.py`. {alone}",
        f"**When it applies.** {action.applies} Kinds of fault: {', '.join(f'`{k.name}`' for k in kinds)}.",
        "**Preconditions**\n\n" + _bullets(action.preconditions),
        f"**Blast radius.** {action.radius}",
        f"**Risk.** {action.risk}",
        f"**What it sets.** Fields of {', '.join(f'`{k}`' for k in action.kinds)}.",
        "**Checked before, at the moment of use**\n\n" + _bullets(action.before),
        "**It worked when**\n\n" + _bullets(action.after),
        f"**Undo.** {action.undo}",
        "**It never**\n\n" + _bullets(action.never),
    ]
    return "\n\n".join(parts) + "\n"


def _bullets(words: tuple[str, ...]) -> str:
    return "\n".join(f"* {w}" for w in words)


def commands_page() -> str:
    """Every command with its arguments and options, as `--help` tells them."""
    parts = [
        "# Command line\n\nMade by `make docs`. Each answers `--help` with the same. Exit status 2: something is wrong, said in one line.\n"
    ]
    for name, command in _commands(typer.main.get_command(build()), ""):
        parts.append(f"\n## `watchkeeper {name}`\n\n{(command.help or '').strip()}\n")
        rows = [_parameter(p) for p in command.params if p.name != "help"]
        if rows:
            parts.append("\n".join(["| | meaning | default |", "| --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _parameter(parameter: Any) -> str:
    names = ", ".join(f"`{o}`" for o in (*parameter.opts, *parameter.secondary_opts) if o.startswith("-"))
    shown = names or f"`{(parameter.metavar or parameter.name or '').upper()}`"
    default = parameter.default
    known = default is not None and default != () and not callable(default) and "UNSET" not in repr(default).upper()
    return (
        f"| {shown} | {(getattr(parameter, 'help', '') or '').replace('|', '/')} | {f'`{default}`' if known else ''} |"
    )


def metrics_page() -> str:
    """Every metric we expose."""
    head = "# Metrics of Watchkeeper itself\n\nMade by `make docs`. `/metrics` of every process; a worker tells its own on `server.worker_port`.\n\n"
    rows = [
        f"| `{f.name}{'_total' if f.type == 'counter' else ''}` | {f.type} | {f.documentation} |"
        for f in sorted(observe.REGISTRY.collect(), key=lambda f: f.name)
        if f.name.startswith("aiops_")
    ]
    return head + "| metric | type | meaning |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"


def events_page() -> str:
    """Every kind of timeline event."""
    head = "# Events\n\nMade by `make docs`. Kinds of timeline lines, as `GET /api/v1/events`, `/api/v1/live` and an incident's detail name them.\n\n"
    rows = [f"| `{kind}` | {meaning} |" for kind, meaning in EVENT_KINDS.items()]
    return head + "| kind | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def endpoints_page() -> str:
    """Every endpoint with the first line of its description."""
    described = create_app(cast("House", None), access=cast("Access", None)).openapi()
    head = "# Endpoints\n\nMade by `make docs` from the OpenAPI description, which a running server shows at `/openapi.json` and `/docs`.\n\n"
    rows = [
        f"| `{method.upper()} {path}` | {(about.get('description') or about.get('summary') or '').strip().splitlines()[0].replace('|', '/')} |"
        for path, methods in sorted(described["paths"].items())
        for method, about in methods.items()
    ]
    return head + "| call | what |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def listed(folder: str, title: str, words: str) -> str:
    """The pages of a folder by their first headings."""
    found = sorted((ROOT / "docs" / folder).glob("*.md"))
    heads = [
        (p, next(x for x in p.read_text().splitlines() if x.startswith("# "))[2:])
        for p in found
        if p.name != "index.md"
    ]
    rows = "".join(f"* [{head}]({path.name})\n" for path, head in heads)
    return f"# {title}\n\nMade by `make docs`. {words}\n\n{rows}"


def pages() -> dict[str, str]:
    """{path under docs: text} of every page made here."""
    made = {
        "reference/settings.md": settings_page(), "reference/plugins.md": plugins_page(), "reference/commands.md": commands_page(),
        "reference/metrics.md": metrics_page(), "reference/events.md": events_page(), "reference/endpoints.md": endpoints_page(),
        "decisions/index.md": listed("decisions", "Decision records", "What was decided where a reader might be surprised, and why."),
        "runbooks/index.md": listed("runbooks", "Runbooks", "One for each alert that is shipped; [those of the actions](actions/index.md)."),
    }  # fmt: skip
    return {**made, **runbooks()}


if __name__ == "__main__":
    for path, text in pages().items():
        (ROOT / "docs" / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / "docs" / path).write_text(text)
    print(f"docs: {len(pages())} pages made anew")
