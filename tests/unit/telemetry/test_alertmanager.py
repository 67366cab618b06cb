"""Silences as a real Alertmanager tells them."""

import pytest

from tests_support import NOW
from watchkeeper.domain.errors import SourceRefused
from watchkeeper.settings import AlertmanagerSource, EntitiesSettings
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.telemetry.port import SourceTools
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.telemetry.sources.alertmanager import Alertmanager
from watchkeeper.testing import ManualClock
from wire import playing


def source(name: str) -> Alertmanager:
    tools = SourceTools(ManualClock(NOW), Resolver(EntitiesSettings()), MemoryLedger())
    return Alertmanager(AlertmanagerSource(url="http://alertmanager"), tools, playing(name))


async def test_recorded_silences_mute_what_they_match_while_they_last() -> None:
    (mute,) = await source("alertmanager/silences_list").silences()
    assert (mute.owner, mute.because, str(mute.matchers[0])) == (
        "watchkeeper",
        "maintenance",
        'alertname="DBPoolExhausted"',
    )
    assert mute.covers({"alertname": "DBPoolExhausted"}, mute.starts_at)
    assert not mute.covers({"alertname": "DBPoolExhausted"}, mute.ends_at)
    assert not mute.covers({"alertname": "Other"}, mute.starts_at)


async def test_what_is_no_list_of_silences_is_refused() -> None:
    with pytest.raises(SourceRefused):
        await source("prometheus/query_vector").silences()
