"""Make the generated pages: settings, plugins, a runbook for each action."""

from importlib import import_module
from pathlib import Path

from watchkeeper.domain.faults import FAULTS, FaultKind
from watchkeeper.remediate.action import Action
from watchkeeper.settings import ENVIRONMENT, flatten
from watchkeeper.shelf import plugins

ROOT = Path(__file__).parents[1]
ACTIONS = "watchkeeper.remediate.actions"
SHELVES = {
    "watchkeeper.telemetry.sources": ("build", "Telemetry sources: `sources.<name>` in `config.yaml`"),
    "watchkeeper.api.webhooks": ("read", "Senders of alerts: `POST /api/v1/webhooks/<name>`"),
    "watchkeeper.diagnose.analyzers": ("ANALYZER", "Analyzers: one symptom each"),
    "watchkeeper.diagnose.cluster.rules": ("RULE", "Rules over the objects of a cluster: `watchkeeper check`"),
    "watchkeeper.remediate.actions": ("ACTION", "Actions: one repair each"),
    "watchkeeper.estate.writers": ("WRITER", "Writers: one form of declaration each"),
    "watchkeeper.codehosts.hosts": ("build", "Code hosts: `delivery.host`"),
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


if __name__ == "__main__":
    (ROOT / "docs/reference/settings.md").write_text(settings_page())
    (ROOT / "docs/reference/plugins.md").write_text(plugins_page())
    for path, text in runbooks().items():
        (ROOT / "docs" / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / "docs" / path).write_text(text)
    print("docs: settings.md, plugins.md, runbooks/actions")
