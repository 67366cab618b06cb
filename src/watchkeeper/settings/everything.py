"""The whole configuration, composed of its sections."""

from pydantic import model_validator

from watchkeeper.settings.addresses import guarded_urls
from watchkeeper.settings.ask import AskSettings
from watchkeeper.settings.chat import ChatSettings
from watchkeeper.settings.ci import CiSettings
from watchkeeper.settings.correlation import CorrelationSettings
from watchkeeper.settings.detection import AnomalySettings
from watchkeeper.settings.doors import DoorsSettings, IntakeSettings
from watchkeeper.settings.login import LoginSettings
from watchkeeper.settings.memory import RecallSettings
from watchkeeper.settings.models import LlmSettings
from watchkeeper.settings.notify import NotifySettings
from watchkeeper.settings.process import LogSettings, ServerSettings, StoreSettings
from watchkeeper.settings.remediation import DeliverySettings, RemediationSettings
from watchkeeper.settings.section import Section
from watchkeeper.settings.sources import EntitiesSettings, EvidenceSettings, SourcesSettings


class Settings(Section):
    """The whole; only `app` sees it."""

    llm: LlmSettings = LlmSettings()
    ask: AskSettings = AskSettings()
    chat: ChatSettings = ChatSettings()
    anomaly_detection: AnomalySettings = AnomalySettings()
    remediation: RemediationSettings = RemediationSettings()
    sources: SourcesSettings = SourcesSettings()
    entities: EntitiesSettings = EntitiesSettings()
    correlation: CorrelationSettings = CorrelationSettings()
    intake: IntakeSettings = IntakeSettings()
    doors: DoorsSettings = DoorsSettings()
    notify: NotifySettings = NotifySettings()
    evidence: EvidenceSettings = EvidenceSettings()
    recall: RecallSettings = RecallSettings()
    delivery: DeliverySettings = DeliverySettings()
    ci: CiSettings = CiSettings()
    server: ServerSettings = ServerSettings()
    login: LoginSettings = LoginSettings()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _leads_nowhere_it_must_not(self) -> "Settings":
        if keys := ", ".join(guarded_urls(self)):
            raise ValueError(
                f"{keys}: link-local and metadata addresses are refused (sources have allow_link_local for it)"
            )
        return self
