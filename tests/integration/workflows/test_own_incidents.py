"""What Watchkeeper itself stands on is diagnosed, never repaired, whatever policy allows."""

from dataclasses import replace

import pytest

from integration.night import night
from integration.test_delivery_faults import plan
from tests_support import ALERT, INCIDENT, NOW
from watchkeeper.domain.diagnosis import Diagnosis, Hypothesis, Sentence
from watchkeeper.domain.incident import Stage
from watchkeeper.testing import ManualClock

CAUSE = Diagnosis((Hypothesis("x", "cpu", "", 0.9, 0.95, ()),), (Sentence("x is busy", ()),))


@pytest.mark.parametrize(
    ("service", "namespace", "own"),
    [("watchkeeper-postgresql", "data", True), ("queue", "watchkeeper", True), ("queue", "shop", False)],
)
async def test_an_incident_about_ourselves_is_never_repaired(
    database_url: str, service: str, namespace: str, own: bool
) -> None:
    incident = replace(INCIDENT, stage=Stage.DIAGNOSED, service=service, cause_service=service, namespace=namespace)
    async with night(database_url, plan(), ManualClock(NOW)) as here:
        async with here.store.transaction() as tx:
            await tx.create_incident(incident)
            await tx.add_alert(ALERT, INCIDENT.id, "first")
            await tx.save_diagnosis(INCIDENT.id, CAUSE, NOW)
        after = await here.step()
        async with here.store.transaction() as tx:
            plans = await tx.plans_of(INCIDENT.id)
        assert after.stage is Stage.ESCALATED
        assert plans == []
        assert ("is Watchkeeper itself: diagnosed, never repaired" in await here.words()) is own
