"""One `config.yaml` with the specification's keys; the environment wins; frozen; a typo is an error naming the line.

An empty configuration starts: offline model, embedded database, dry run. Rooms get their section, never the whole.
`WATCHKEEPER_<SECTION>__<KEY>` overrides any key; the specification's own variables (PROMETHEUS_URL,
AZURE_OPENAI_*, KUBE_CONFIG_PATH, SLACK_BOT_TOKEN, DATABASE_URL, REDIS_URL, GITHUB_TOKEN) work as they are.
"""

from watchkeeper.settings.addresses import guarded
from watchkeeper.settings.ask import AskSettings
from watchkeeper.settings.chat import ChatSettings, SlackSettings, TeamsSettings
from watchkeeper.settings.ci import AzurePipelinesSettings, CiSettings, GithubActionsSettings, JenkinsSettings
from watchkeeper.settings.correlation import CorrelationSettings, InhibitRule
from watchkeeper.settings.detection import AnomalySettings
from watchkeeper.settings.doors import DoorsSettings, GenericMapping, IntakeSettings
from watchkeeper.settings.everything import Settings
from watchkeeper.settings.login import LoginSettings, OidcSettings
from watchkeeper.settings.memory import RecallSettings
from watchkeeper.settings.models import LlmCaps, LlmSettings
from watchkeeper.settings.notify import NoticeRoute, NotifySettings, PagerdutySettings, QuietHours, WebhookSettings
from watchkeeper.settings.process import LogSettings, ServerSettings, StoreSettings
from watchkeeper.settings.reading import ELSEWHERE, ENVIRONMENT, PREFIX, flatten, load
from watchkeeper.settings.remediation import (
    ApproverScope,
    AutonomyGrant,
    DeliverySettings,
    HelmValue,
    RemediationSettings,
)
from watchkeeper.settings.section import Section
from watchkeeper.settings.sources import (
    AlertmanagerSource,
    AzureMonitorSource,
    AzureResource,
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
    "AlertmanagerSource",
    "AnomalySettings",
    "ApproverScope",
    "AskSettings",
    "AutonomyGrant",
    "AzureMonitorSource",
    "AzurePipelinesSettings",
    "AzureResource",
    "Budget",
    "CaseFolderSource",
    "ChatSettings",
    "CiSettings",
    "CorrelationSettings",
    "DeliverySettings",
    "DoorsSettings",
    "EntitiesSettings",
    "EntityRule",
    "EvidenceSettings",
    "GenericMapping",
    "GithubActionsSettings",
    "HelmValue",
    "HttpSource",
    "InhibitRule",
    "IntakeSettings",
    "JenkinsSettings",
    "KubernetesSource",
    "LlmCaps",
    "LlmSettings",
    "LogSettings",
    "LoginSettings",
    "LokiSource",
    "NoticeRoute",
    "NotifySettings",
    "OidcSettings",
    "PagerdutySettings",
    "PrometheusSource",
    "QuietHours",
    "RecallSettings",
    "RemediationSettings",
    "Section",
    "ServerSettings",
    "Settings",
    "SlackSettings",
    "SourcesSettings",
    "StoreSettings",
    "TeamsSettings",
    "TempoSource",
    "WebhookSettings",
    "flatten",
    "guarded",
    "load",
]
