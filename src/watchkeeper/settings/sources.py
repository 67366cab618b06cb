"""Where the running system is read, and how its labels name workloads."""

from typing import Literal

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


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
    allow_link_local: bool = Field(
        False, description="Read it although its address is link-local or a cloud's metadata service."
    )
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


class AlertmanagerSource(HttpSource):
    """Silences, and what Alertmanager says is firing."""

    silences_seconds: float = Field(30, ge=0, description="How often silences are read; 0: never.")


class KubernetesSource(Section):
    """The cluster."""

    enabled: bool = Field(True, description="Read the cluster when a kubeconfig or an in-cluster account is there.")
    kubeconfig: str = Field("", description="Path, ~ expanded; from KUBE_CONFIG_PATH; empty: in-cluster.")
    context: str = Field("", description="Context of the kubeconfig; empty: its current one.")
    server: str = Field("", description="API address without a kubeconfig (kubectl proxy, the simulated world).")
    argocd_namespace: str = Field("argocd", description="Where Argo CD's own applications live.")
    timeout_seconds: float = Field(10, gt=0, description="Longest wait for one answer.")
    concurrency: int = Field(4, gt=0, description="Requests at the same time.")
    retries: int = Field(2, ge=0, description="Further tries after a transport error.")
    budget: Budget = Budget()


class AzureResource(Section):
    """One resource whose platform metrics are read."""

    id: str = Field(description="Resource id, /subscriptions/…")
    service: str = Field(description="Workload it belongs to.")
    metrics: dict[str, str] = Field(
        description="Name of the vocabulary -> Azure's name, such as cpu-rate -> cpu_percent."
    )


class AzureMonitorSource(Section):
    """Azure Monitor metrics and Log Analytics, read with workload identity."""

    workspace: str = Field("", description="Log Analytics workspace id (a GUID); empty: no logs from it.")
    resources: tuple[AzureResource, ...] = Field((), description="Resources whose metrics are read.")
    logs_url: str = Field(
        "https://api.loganalytics.io/v1", description="Log Analytics; another one in sovereign clouds."
    )
    management_url: str = Field(
        "https://management.azure.com", description="Resource manager; another one in sovereign clouds."
    )
    logs_query: str = Field(
        "ContainerLogV2 | where PodNamespace in ($namespaces) | order by TimeGenerated desc | take $lines "
        "| project TimeGenerated, LogLevel, LogMessage = tostring(LogMessage), PodNamespace, PodName, ContainerName",
        description="KQL; $namespaces and $lines are filled in.",
    )
    max_lines: int = Field(20_000, gt=0, description="Lines for one incident.")
    interval: str = Field("PT1M", description="Grain of metrics, ISO 8601.")
    timeout_seconds: float = Field(20, gt=0, description="Longest wait for one answer.")
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
    alertmanager: AlertmanagerSource = AlertmanagerSource()
    azure_monitor: AzureMonitorSource = AzureMonitorSource()
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


class EvidenceSettings(Section):
    """How much time is read around an incident."""

    normal_minutes: float = Field(30, gt=0, description="Read before the onset, as the picture of normal.")
    lead_minutes: float = Field(5, ge=0, description="The onset is looked for this long before the first alert.")
    settle_seconds: float = Field(20, ge=0, description="Wait after the first alert, so that symptoms can show.")
