"""One `config.yaml` with the specification's keys; the environment wins; frozen; a typo is an error naming the line.

An empty configuration starts: offline model, embedded database, dry run. Rooms get their section, never the whole.
`WATCHKEEPER_<SECTION>__<KEY>` overrides any key; the specification's own variables (PROMETHEUS_URL,
AZURE_OPENAI_*, KUBE_CONFIG_PATH, SLACK_BOT_TOKEN, DATABASE_URL, REDIS_URL, GITHUB_TOKEN) work as they are.
"""

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from watchkeeper.domain.errors import ConfigurationError


class Section(BaseModel):
    """A frozen part of the configuration in which unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class LlmSettings(Section):
    """Which language model words the diagnosis. `offline` needs no key and sends nothing."""

    provider: str = Field("offline", description="A name on the provider shelf: offline, azure_openai, openai.")
    model: str = Field("gpt-4o", description="Model or deployment name.")
    temperature: float = Field(0.2, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(2000, gt=0, description="Longest answer, in tokens.")
    endpoint: str = Field("", description="Base URL; from AZURE_OPENAI_ENDPOINT.")
    api_key: SecretStr = Field(SecretStr(""), description="From AZURE_OPENAI_KEY; never written to a file by us.")
    deployment: str = Field("", description="Azure deployment; from AZURE_OPENAI_DEPLOYMENT.")


class AnomalySettings(Section):
    """Detection of the unusual."""

    model_type: Literal["adaptive", "isolation_forest", "lstm"] = Field(
        "adaptive", description="Which detector scans. Not used yet."
    )
    contamination: float = Field(
        0.02, gt=0, lt=0.5, description="Expected share of anomalies, for isolation_forest. Not used yet."
    )
    retrain_interval_hours: float = Field(24, gt=0, description="How often models are trained anew. Not used yet.")


class RemediationSettings(Section):
    """What may be done without a person, and how."""

    auto_approve_threshold: float = Field(0.85, ge=0, le=1, description="Least calibrated confidence for acting alone.")
    dry_run: bool = Field(True, description="Render plans, change nothing.")
    require_human_approval: tuple[dict[str, str], ...] = Field(
        ({"severity": "critical"}, {"environment": "production"}),
        description="A person must agree where ANY entry matches; within an entry ALL keys must match. "
        "Keys: severity, environment, namespace, action, service.",
    )
    approval_timeout_minutes: float = Field(30, gt=0, description="No answer by then means no.")
    checks_timeout_minutes: float = Field(30, gt=0, description="Pull request checks must report by then.")
    deploy_timeout_minutes: float = Field(15, gt=0, description="The rollout must be complete by then.")
    verify_after_seconds: float = Field(60, ge=0, description="Wait this long after the rollout before measuring.")
    verify_timeout_minutes: float = Field(15, gt=0, description="Recovery must be proven by then.")
    verify_healthy_seconds: float = Field(60, ge=0, description="Symptoms must stay in band this long.")
    poll_seconds: float = Field(5, gt=0, description="How often a waiting step looks again.")
    max_per_target_per_hour: int = Field(2, ge=0, description="Repairs of one workload in an hour.")
    protected_namespaces: tuple[str, ...] = Field(
        ("kube-system", "watchkeeper"), description="Diagnosed, never repaired."
    )
    policies: str = Field("", description="Folder of Rego files; empty: those shipped.")
    kill_switch: bool = Field(False, description="Stops every action, at once.")
    freeze_windows: tuple[dict[str, str], ...] = Field(
        (), description="Entries with start and end (RFC 3339) in which nothing is changed."
    )


class Budget(Section):
    """What one source may be asked, shared by all workers."""

    queries_per_minute: int = Field(600, gt=0, description="Queries a minute, over all incidents.")
    queries_per_incident: int = Field(200, gt=0, description="Queries for one incident.")
    bytes_per_incident: int = Field(200_000_000, gt=0, description="Answer bytes for one incident.")
    series_per_incident: int = Field(20_000, gt=0, description="Series for one incident.")
    seconds_per_incident: float = Field(60, gt=0, description="Time spent waiting for one incident.")


class HttpSource(Section):
    """A server that is read over HTTP."""

    url: str = Field("", description="Base URL, path prefix included; empty: this source is off.")
    tenant: str = Field("", description="X-Scope-OrgID header, for multi-tenant servers.")
    username: str = Field("", description="Basic authentication.")
    password: SecretStr = Field(SecretStr(""), description="Basic authentication.")
    token: SecretStr = Field(SecretStr(""), description="Bearer token.")
    ca_file: str = Field("", description="Private certificate authority (PEM).")
    cert_file: str = Field("", description="Client certificate for mTLS (PEM).")
    key_file: str = Field("", description="Key of the client certificate (PEM).")
    timeout_seconds: float = Field(10, gt=0, description="Longest wait for one answer.")
    concurrency: int = Field(4, gt=0, description="Requests at the same time.")
    retries: int = Field(2, ge=0, description="Further tries after a transport error, 429, 502, 503 or 504.")
    budget: Budget = Budget()


class PrometheusSource(HttpSource):
    """Metrics."""

    step_seconds: float = Field(15, gt=0, description="Resolution of range queries.")
    rate_window_seconds: float = Field(120, gt=0, description="Window of rates; at least four scrape intervals.")
    queries: dict[str, str] = Field({}, description="Vocabulary metric -> PromQL, over the shipped ones.")


class LokiSource(HttpSource):
    """Logs."""

    max_lines: int = Field(50_000, gt=0, description="Lines for one incident.")
    selector: str = Field('{namespace=~"$namespace"}', description="LogQL stream selector.")


class TempoSource(HttpSource):
    """Traces."""

    max_traces: int = Field(300, gt=0, description="Traces for one incident, normal and suspect time alike.")


class KubernetesSource(Section):
    """The cluster."""

    enabled: bool = Field(True, description="Read the cluster when a kubeconfig or an in-cluster account is there.")
    kubeconfig: str = Field("", description="Path, ~ expanded; from KUBE_CONFIG_PATH; empty: in-cluster.")
    context: str = Field("", description="Context of the kubeconfig; empty: its current one.")
    server: str = Field("", description="API address without a kubeconfig (kubectl proxy, the simulated world).")
    timeout_seconds: float = Field(10, gt=0, description="Longest wait for one answer.")
    concurrency: int = Field(4, gt=0, description="Requests at the same time.")
    retries: int = Field(2, ge=0, description="Further tries after a transport error.")
    budget: Budget = Budget()


class CaseFolderSource(Section):
    """A recorded incident, in the layout of docs/reference/case-folder.md."""

    path: str = Field("", description="Folder of the case; empty: off.")


class SourcesSettings(Section):
    """Where the running system is read."""

    prometheus: PrometheusSource = PrometheusSource()
    loki: LokiSource = LokiSource()
    tempo: TempoSource = TempoSource()
    kubernetes: KubernetesSource = KubernetesSource()
    case_folder: CaseFolderSource = CaseFolderSource()


class EntityRule(Section):
    """One way to read a workload's name from labels; the first rule that fits wins."""

    signal: Literal["any", "metrics", "logs", "traces", "kubernetes"] = "any"
    label: str = Field(description="Label to read.")
    pattern: str = Field("", description="Regular expression with a group `name`; empty: the whole value.")


class EntitiesSettings(Section):
    """How labels name workloads."""

    rules: tuple[EntityRule, ...] = Field((), description="Looked at before the shipped rules.")
    aliases: dict[str, str] = Field({}, description="Name as it appears -> name of the workload.")
    calls: tuple[tuple[str, str], ...] = Field((), description="Declared calls, [caller, callee], beside those traced.")
    environment_label: str = Field("environment", description="Alert label that names the environment.")
    default_environment: str = Field("production", description="Where an alert names none: the careful guess.")


class DeliverySettings(Section):
    """Where repairs are proposed."""

    host: str = Field("github", description="A name on the code host shelf.")
    url: str = Field("https://api.github.com", description="API address.")
    repository: str = Field("", description="owner/name of the manifests repository; empty: plans stay suggestions.")
    base_branch: str = Field("main", description="Branch that is deployed.")
    path: str = Field("", description="Folder of the manifests in it; empty: the whole repository.")
    token: SecretStr = Field(SecretStr(""), description="From GITHUB_TOKEN.")
    timeout_seconds: float = Field(15, gt=0, description="Longest wait for one answer.")
    auto_merge: bool = Field(True, description="Merge when approved and green; else a person merges.")


class CorrelationSettings(Section):
    """Which alerts are one incident."""

    join_minutes: float = Field(30, gt=0, description="Related alerts this close in time join one incident.")
    hops: int = Field(2, ge=0, description="Services this many calls apart are related.")


class EvidenceSettings(Section):
    """How much time is read around an incident."""

    normal_minutes: float = Field(30, gt=0, description="Read before the onset, as the picture of normal.")
    lead_minutes: float = Field(5, ge=0, description="The onset is looked for this long before the first alert.")
    settle_seconds: float = Field(20, ge=0, description="Wait after the first alert, so that symptoms can show.")


class ServerSettings(Section):
    """The doors."""

    host: str = Field("127.0.0.1", description="Address to listen on; beyond loopback tokens are required.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field("", description="How people reach the console, for links.")
    loopback_without_login: bool = Field(False, description="Only for the demo: loopback callers are admin.")
    max_body_bytes: int = Field(10_000_000, gt=0, description="Larger requests get 413.")
    webhook_token: SecretStr = Field(SecretStr(""), description="Bearer token senders of alerts must show.")


class StoreSettings(Section):
    """Where everything is remembered."""

    database_url: SecretStr = Field(SecretStr(""), description="PostgreSQL; from DATABASE_URL; empty: embedded.")
    redis_url: SecretStr = Field(
        SecretStr(""), description="From REDIS_URL: event ids travel over it; empty: LISTEN/NOTIFY."
    )
    data_dir: str = Field(".watchkeeper", description="Folder of the embedded database and of keys.")
    pool_size: int = Field(10, gt=0, description="Database connections a process.")
    sweep_seconds: float = Field(30, gt=0, description="How often incidents that owe a step are enqueued again.")


class LogSettings(Section):
    """Our own logs."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is written.")
    format: Literal["json", "text"] = Field("json", description="One JSON object a line, or text.")


class Settings(Section):
    """The whole; only `app` sees it."""

    llm: LlmSettings = LlmSettings()
    anomaly_detection: AnomalySettings = AnomalySettings()
    remediation: RemediationSettings = RemediationSettings()
    sources: SourcesSettings = SourcesSettings()
    entities: EntitiesSettings = EntitiesSettings()
    correlation: CorrelationSettings = CorrelationSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    delivery: DeliverySettings = DeliverySettings()
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()


ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "AZURE_OPENAI_ENDPOINT": ("llm", "endpoint"),
    "AZURE_OPENAI_KEY": ("llm", "api_key"),
    "AZURE_OPENAI_DEPLOYMENT": ("llm", "deployment"),
    "KUBE_CONFIG_PATH": ("sources", "kubernetes", "kubeconfig"),
    "PROMETHEUS_URL": ("sources", "prometheus", "url"),
    "LOKI_URL": ("sources", "loki", "url"),
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
    except yaml.YAMLError as error:
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
