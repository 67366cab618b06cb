"""Read the configuration: a file, then the environment, which wins. A typo is an error naming the line."""

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr, ValidationError

from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.settings.everything import Settings
from watchkeeper.settings.section import Section

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "AZURE_OPENAI_ENDPOINT": ("llm", "endpoint"),
    "AZURE_OPENAI_KEY": ("llm", "api_key"),
    "AZURE_OPENAI_DEPLOYMENT": ("llm", "deployment"),
    "SLACK_BOT_TOKEN": ("chat", "slack", "bot_token"),
    "SLACK_APP_TOKEN": ("chat", "slack", "app_token"),
    "SLACK_SIGNING_SECRET": ("chat", "slack", "signing_secret"),
    "TEAMS_CLIENT_ID": ("chat", "teams", "client_id"),
    "TEAMS_CLIENT_SECRET": ("chat", "teams", "client_secret"),
    "TEAMS_TENANT_ID": ("chat", "teams", "tenant_id"),
    "KUBE_CONFIG_PATH": ("sources", "kubernetes", "kubeconfig"),
    "PROMETHEUS_URL": ("sources", "prometheus", "url"),
    "LOKI_URL": ("sources", "loki", "url"),
    "ALERTMANAGER_URL": ("sources", "alertmanager", "url"),
    "POD_NAMESPACE": ("notify", "own_namespace"),
    "PAGERDUTY_ROUTING_KEY": ("notify", "pagerduty", "routing_key"),
    "TEMPO_URL": ("sources", "tempo", "url"),
    "GITHUB_TOKEN": ("delivery", "token"),
    "DATABASE_URL": ("store", "database_url"),
    "REDIS_URL": ("store", "redis_url"),
}
"""Variables of the specification -> the key they set."""

PREFIX = "WATCHKEEPER_"
ELSEWHERE = frozenset({"WATCHKEEPER_CONFIG", "WATCHKEEPER_TOKEN", "WATCHKEEPER_URL"})
"""Variables with our prefix that the command line reads itself."""


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from a file (none: `config.yaml` here if there is one) and the environment, which wins.

    Raises ConfigurationError naming file, line and key.
    """
    environ = os.environ if environ is None else environ
    chosen = path or Path(environ.get("WATCHKEEPER_CONFIG") or "config.yaml")
    if path is None and "WATCHKEEPER_CONFIG" not in environ and not chosen.exists():
        content: dict[str, Any] = {}
        lines: dict[tuple[str, ...], int | str] = {}
    else:
        content, lines = _read(chosen)
    for variable, keys, value in _overrides(environ):
        _put(content, keys, value)
        lines[keys] = variable
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, chosen, lines)) from None


def _read(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int | str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigurationError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if content is None:
        return {}, {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}:1: expected keys and values, found {type(content).__name__}")
    return content, dict(_lines(node, ()))


def _lines(node: Any, at: tuple[str, ...]) -> list[tuple[tuple[str, ...], int | str]]:
    found: list[tuple[tuple[str, ...], int | str]] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*at, str(key.value))
            found.append((here, key.start_mark.line + 1))
            found.extend(_lines(value, here))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*at, str(index))
            found.append((here, value.start_mark.line + 1))
            found.extend(_lines(value, here))
    return found


def _overrides(environ: Mapping[str, str]) -> list[tuple[str, tuple[str, ...], Any]]:
    found: list[tuple[str, tuple[str, ...], Any]] = []
    for name in sorted(environ):
        value = environ[name]
        if name in ENVIRONMENT and value:
            found.append((name, ENVIRONMENT[name], value))
        elif name.startswith(PREFIX) and "__" in name and name not in ELSEWHERE:
            keys = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
            found.append((name, keys, _parse(value)))
    return found


def _parse(value: str) -> Any:
    if value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _put(content: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        inner = content.get(key)
        if not isinstance(inner, dict):
            inner = content[key] = {}
        content = inner
    content[keys[-1]] = value


def _explain(error: ValidationError, path: Path, lines: Mapping[tuple[str, ...], int | str]) -> str:
    words = []
    for problem in error.errors():
        keys = tuple(str(part) for part in problem["loc"])
        place = lines.get(keys) or next((lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in lines), 1)
        where = f"{path}:{place}" if isinstance(place, int) else f"environment variable {place}"
        name = ".".join(keys)
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(keys[-1], _known(keys[:-1]), 1)
            words.append(f"{where}: unknown key {name}" + (f" (did you mean {near[0]}?)" if near else ""))
        else:
            words.append(f"{where}: {name}: {problem['msg']}")
    return "\n".join(words)


def _known(keys: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for key in keys:
        field = model.model_fields.get(key)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def flatten(section: Section | None = None, prefix: str = "") -> list[tuple[str, str, str, str]]:
    """(key, type, default, meaning) of every setting, for the reference page and `config check`."""
    section = section or Settings()
    rows: list[tuple[str, str, str, str]] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = f"{prefix}{name}"
        if isinstance(value, Section):
            rows.extend(flatten(value, f"{key}."))
        else:
            shown = "(secret)" if isinstance(value, SecretStr) else json.dumps(value, default=str)
            kind = getattr(field.annotation, "__name__", str(field.annotation)).replace("typing.", "")
            rows.append((key, kind, shown, field.description or ""))
    return rows
