"""The doors, the database and the log of a process."""

from typing import Literal

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


class ServerSettings(Section):
    """The doors."""

    host: str = Field("127.0.0.1", description="Address to listen on; beyond loopback tokens are required.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    worker_port: int = Field(
        0, ge=0, le=65535, description="Port on which a worker process tells its own metrics; 0: it does not."
    )
    public_url: str = Field("", description="How people reach the console, for links.")
    loopback_without_login: bool = Field(False, description="Only for the demo: loopback callers are admin.")
    requests_per_minute: float = Field(
        3000,
        ge=0,
        description="Requests a minute for each token or session, in each process; 0: no limit. More get 429.",
    )
    anonymous_per_minute: float = Field(
        600, ge=0, description="Requests a minute for each address that shows no token; 0: no limit. More get 429."
    )
    deliveries_per_minute: float = Field(
        30_000,
        ge=0,
        description="Webhook deliveries a minute for each address; 0: no limit. More get 503, so that they are sent again.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token Prometheus must show for /metrics; empty: whoever reaches it may read it.",
    )
    max_body_bytes: int = Field(
        10_000_000, gt=0, description="Larger requests get 413, with or without a stated length."
    )
    webhook_token: SecretStr = Field(SecretStr(""), description="Bearer token senders of alerts must show.")


class StoreSettings(Section):
    """Where everything is remembered."""

    database_url: SecretStr = Field(SecretStr(""), description="PostgreSQL; from DATABASE_URL; empty: embedded.")
    redis_url: SecretStr = Field(
        SecretStr(""), description="From REDIS_URL: event ids travel over it; empty: LISTEN/NOTIFY."
    )
    data_dir: str = Field(".watchkeeper", description="Folder of the embedded database and of keys.")
    pool_size: int = Field(10, gt=0, description="Database connections a process.")
    keep_alerts_days: float = Field(
        90, gt=0, description="Alerts that started earlier go, a week at a time; those of open incidents stay."
    )
    keep_events_days: float = Field(
        400, gt=0, description="Lines of timelines older than this go; the audit stays whole."
    )
    sweep_seconds: float = Field(30, gt=0, description="How often incidents that owe a step are enqueued again.")


class LogSettings(Section):
    """Our own logs."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is written.")
    format: Literal["json", "text"] = Field("json", description="One JSON object a line, or text.")
