"""One `config.yaml` with the specification's keys; the environment wins; frozen; a typo is an error naming the line.

An empty configuration starts: offline model, embedded database, dry run. Rooms get their section, never the whole.
`WATCHKEEPER_<SECTION>__<KEY>` overrides any key; the specification's own variables (PROMETHEUS_URL,
AZURE_OPENAI_*, KUBE_CONFIG_PATH, SLACK_BOT_TOKEN, DATABASE_URL, REDIS_URL, GITHUB_TOKEN) work as they are.
"""

from watchkeeper.settings.ask import AskSettings
from watchkeeper.settings.chat import ChatSettings, SlackSettings, TeamsSettings
from watchkeeper.settings.correlation import CorrelationSettings
from watchkeeper.settings.detection import AnomalySettings
from watchkeeper.settings.everything import Settings
from watchkeeper.settings.models import LlmCaps, LlmSettings
from watchkeeper.settings.process import LogSettings, ServerSettings, StoreSettings
from watchkeeper.settings.reading import ELSEWHERE, ENVIRONMENT, PREFIX, flatten, load
from watchkeeper.settings.remediation import DeliverySettings, RemediationSettings
from watchkeeper.settings.section import Section
from watchkeeper.settings.sources import (
    Budget,
    CaseFolderSource,
    EntitiesSettings,
    EntityRule,
    EvidenceSettings,
    HttpSource,
    KubernetesSource,
    LokiSource,
    PrometheusSource,
    SourcesSettings,
    TempoSource,
)

__all__ = [
    "ELSEWHERE",
    "ENVIRONMENT",
    "PREFIX",
    "AnomalySettings",
    "AskSettings",
    "Budget",
    "CaseFolderSource",
    "ChatSettings",
    "CorrelationSettings",
    "DeliverySettings",
    "EntitiesSettings",
    "EntityRule",
    "EvidenceSettings",
    "HttpSource",
    "KubernetesSource",
    "LlmCaps",
    "LlmSettings",
    "LogSettings",
    "LokiSource",
    "PrometheusSource",
    "RemediationSettings",
    "Section",
    "ServerSettings",
    "Settings",
    "SlackSettings",
    "SourcesSettings",
    "StoreSettings",
    "TeamsSettings",
    "TempoSource",
    "flatten",
    "load",
]
