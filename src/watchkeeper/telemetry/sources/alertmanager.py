"""Alertmanager's API v2: the silences people set there."""

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from watchkeeper.domain.errors import SourceError, SourceRefused
from watchkeeper.domain.evidence import Signal
from watchkeeper.domain.muting import Matcher, Mute
from watchkeeper.settings import AlertmanagerSource
from watchkeeper.telemetry.budget import Purse
from watchkeeper.telemetry.http import SourceClient
from watchkeeper.telemetry.port import Probe, Reading, Scope, Source, SourceTools

NAME = "alertmanager"


class _Matcher(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    value: str
    isRegex: bool
    isEqual: bool = True
    """absent in old versions"""


class _Status(BaseModel):
    model_config = ConfigDict(extra="ignore")

    state: str


class _Silence(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    status: _Status
    matchers: list[_Matcher]
    startsAt: AwareDatetime
    endsAt: AwareDatetime
    createdBy: str = ""
    comment: str = ""


_SILENCES: TypeAdapter[list[_Silence]] = TypeAdapter(list[_Silence])


class Alertmanager:
    """Gives no evidence: what fires comes by its webhook."""

    name = NAME
    signals: frozenset[Signal] = frozenset()

    def __init__(
        self, settings: AlertmanagerSource, tools: SourceTools, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        purse = Purse(NAME, settings.budget, tools.ledger, tools.clock)
        self._client = SourceClient(NAME, settings, purse, transport=transport)

    async def silences(self) -> list[Mute]:
        """Those that are active or pending. Raises SourceError."""
        try:
            found = _SILENCES.validate_python((await self._client.get("/api/v2/silences")).json())
        except (ValidationError, ValueError) as error:
            raise SourceRefused(f"{NAME}: not a list of silences: {str(error).splitlines()[0]}") from None
        return [_mute(s) for s in found if s.status.state in ("active", "pending")]

    async def read(self, scope: Scope) -> Reading:
        """Nothing."""
        return Reading()

    async def probe(self) -> list[Probe]:
        """Does it answer, and may we read silences?"""
        try:
            found = await self.silences()
        except SourceError as error:
            return [Probe(NAME, False, str(error), error.hint)]
        return [Probe(NAME, True, f"answers at {self._client.url}, {len(found)} silences")]

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


def _mute(silence: _Silence) -> Mute:
    matchers = tuple(Matcher(m.name, m.value, m.isRegex, m.isEqual) for m in silence.matchers)
    return Mute(silence.id, "silence", matchers, silence.startsAt, silence.endsAt, silence.comment, silence.createdBy)


def build(section: AlertmanagerSource, tools: SourceTools) -> Source:
    """From `sources.alertmanager`."""
    return Alertmanager(section, tools)
