"""Make the generated reference pages: settings and plugins."""

from importlib import import_module
from pathlib import Path

from watchkeeper.settings import ENVIRONMENT, flatten
from watchkeeper.shelf import plugins

ROOT = Path(__file__).parents[1]
SHELVES = {
    "watchkeeper.telemetry.sources": ("build", "Telemetry sources: `sources.<name>` in `config.yaml`"),
    "watchkeeper.api.webhooks": ("read", "Senders of alerts: `POST /api/v1/webhooks/<name>`"),
    "watchkeeper.diagnose.analyzers": ("ANALYZER", "Analyzers: one symptom each"),
    "watchkeeper.remediate.actions": ("ACTION", "Actions: one repair each"),
    "watchkeeper.codehosts.hosts": ("build", "Code hosts: `delivery.host`"),
    "watchkeeper.llm.providers": ("build", "Language models: `llm.provider`"),
    "watchkeeper.chat.platforms": ("build", "Chat platforms: `chat.<name>`"),
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


if __name__ == "__main__":
    (ROOT / "docs/reference/settings.md").write_text(settings_page())
    (ROOT / "docs/reference/plugins.md").write_text(plugins_page())
    print("docs: settings.md, plugins.md")
