"""The specification's own `kubectl run memory-leak …`, typed with the real kubectl: an incident, its cause, and no repair."""

import asyncio
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from watchkeeper import app as front
from watchkeeper.cli.demo import demo_settings, rules_text
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.settings import Settings
from watchkeeper.simulate.serve import Simulation, simulation

pytestmark = pytest.mark.server("kubectl")

LIMITS = """apiVersion: v1
kind: LimitRange
metadata: {name: defaults}
spec: {limits: [{type: Container, default: {memory: 256Mi, cpu: "1"}, defaultRequest: {memory: 64Mi, cpu: 50m}}]}
"""


async def kubectl(here: Simulation, *arguments: str, stdin: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        "kubectl", "--kubeconfig", str(here.kubeconfig), "-n", "shop", *arguments, stdin=-1, stdout=-1, stderr=-2,
        env={"HOME": str(here.kubeconfig.parent), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    out, _ = await process.communicate(stdin.encode())
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_a_leaking_pod_that_somebody_ran_by_hand(tmp_path: Path, database_url: str) -> None:
    stop = asyncio.Event()
    async with (
        simulation(tmp_path, history_minutes=3, history_tick=3.0, rules_text=rules_text()) as here,
        front.open_house(_settings(here, tmp_path, database_url)) as opened,
    ):
        port = front.free_port()
        tasks = [
            asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port)),
            asyncio.create_task(front.work(opened, stop)),
        ]
        here.webhook = f"http://127.0.0.1:{port}/api/v1/webhooks/alertmanager"
        before = here.git.head("main")
        await kubectl(here, "apply", "-f", "-", stdin=LIMITS)
        words = ["run", "memory-leak", "--image=polinux/stress", "--", "stress", "--vm", "1", "--vm-bytes", "512M"]
        assert "created" in await kubectl(here, *words)
        try:
            incident = await _settled(opened)
            pod = await kubectl(here, "get", "pod", "memory-leak", "-o", "json")
            assert '"256Mi"' in pod, "the LimitRange gave the container its limit"
            assert "OOMKilled" in pod
            assert (incident.cause_service, incident.cause_kind) == ("memory-leak", "memory")
            assert incident.stage is Stage.ESCALATED, "a bare pod has no owner that could be repaired: people decide"
            async with opened.store.transaction() as tx:
                plans = await tx.plans_of(incident.id)
            assert [p for p in plans if "pull_request" in p.facts] == []
            assert here.git.head("main") == before
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)


def _settings(here: Simulation, folder: Path, database_url: str) -> Settings:
    settings = demo_settings(here, folder, 0)
    store = settings.store.model_copy(update={"database_url": SecretStr(database_url)})
    return settings.model_copy(update={"store": store})


async def _settled(opened: front.Opened) -> Incident:
    """The first incident, once a person was called."""
    incident = None
    for _ in range(300):
        items = (await opened.store.list_incidents(limit=10)).items
        incident = items[-1] if items else None
        if incident is not None and incident.stage in (Stage.ESCALATED, Stage.RESOLVED):
            return incident
        await asyncio.sleep(0.3)
    raise AssertionError(f"no incident came to its end: {incident}")
