"""Which alerts are one incident."""

from pydantic import Field, field_validator

from watchkeeper.settings.section import Section


class InhibitRule(Section):
    """A cause that hides its symptoms. Matchers as Alertmanager writes them: `{alertname="NodeDown"}`."""

    source: str = Field(description="Matchers of the cause.")
    target: str = Field(description="Matchers of the symptoms.")
    equal: tuple[str, ...] = Field((), description="Labels that both must share.")


class TogetherRule(Section):
    """Alerts that are one incident whatever the call graph says."""

    match: str = Field(description="Matchers both alerts must fulfil.")
    equal: tuple[str, ...] = Field((), description="Labels that both must share.")
    words: str = Field("a rule of the configuration", description="Why, for people.")


class MaintenanceWindow(Section):
    """Work that is planned: alerts are stored, nobody is woken."""

    match: str = Field(description="Matchers of the alerts that are expected.")
    start: str = Field(description="RFC 3339.")
    end: str = Field(description="RFC 3339.")
    because: str = Field("planned maintenance", description="Why, for people.")


class CorrelationSettings(Section):
    """Which alerts are one incident."""

    join_minutes: float = Field(30, gt=0, description="Related alerts this close in time join one incident.")
    hops: int = Field(2, ge=0, description="Services this many calls apart are related.")
    same_onset_seconds: float = Field(
        75, ge=0, description="A second possible cause that starts later than this after the first is another incident."
    )
    clear_causes: int = Field(
        1,
        ge=0,
        description="Only an incident with so few deepest services has a clear cause that another one can stand against.",
    )
    spread_minutes: float = Field(
        5.5,
        ge=0,
        description="Without another cause in sight, alerts of one call graph this close in time are one incident.",
    )
    quiet_minutes: float = Field(10, ge=0, description="An alert that fires again this soon is the same incident.")
    flap_changes: int = Field(4, ge=2, description="On or off this often within flap_minutes is flapping.")
    flap_minutes: float = Field(30, gt=0, description="Span in which changes count as flapping.")
    storm_alerts_per_minute: int = Field(200, gt=0, description="More new alerts a minute are a storm.")
    grow_factor: float = Field(2, gt=1, description="This many times more alerts re-open the thinking.")
    grow_least: int = Field(10, ge=1, description="But not with fewer alerts than this.")
    rethink_minutes: float = Field(5, ge=0, description="Thinking is not re-opened more often, unless it gets worse.")
    text_alike: float = Field(0.9, gt=0, le=1, description="Likeness of two summaries that counts as the same text.")
    marks: tuple[str, ...] = Field(
        ("node", "host", "hostname", "volumename", "persistentvolumeclaim", "device", "queue", "topic", "datname",
         "database", "cluster_node", "zone", "datacenter", "rack"),
        description="Labels whose shared value relates two alerts.",
    )  # fmt: skip
    fingerprint_without: tuple[str, ...] = Field(
        ("pod", "instance", "pod_name", "pod_ip", "pod_uid", "uid", "id", "container_id", "replica", "prometheus",
         "prometheus_replica", "endpoint", "severity", "priority", "image", "image_id", "pod_template_hash",
         "controller_revision_hash", "trace_id", "span_id", "value"),
        description="Labels that change between replicas and restarts: not part of what a problem is.",
    )  # fmt: skip
    inhibit: tuple[InhibitRule, ...] = Field((), description="Causes that hide symptoms, beside those built in.")
    together: tuple[TogetherRule, ...] = Field((), description="Alerts that belong together by rule.")
    maintenance: tuple[MaintenanceWindow, ...] = Field((), description="Planned work.")

    @field_validator("maintenance")
    @classmethod
    def _readable(cls, value: tuple[MaintenanceWindow, ...]) -> tuple[MaintenanceWindow, ...]:
        from watchkeeper.domain.muting import matchers_of

        for window in value:
            matchers_of(window.match)
        return value
