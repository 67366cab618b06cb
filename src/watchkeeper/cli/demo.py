"""Break a small simulated world and watch it being healed."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper import app as front
from watchkeeper.cli._running import until_told
from watchkeeper.cli._shown import plain
from watchkeeper.domain.errors import Conflict
from watchkeeper.domain.incident import Incident, IncidentEvent, Stage
from watchkeeper.domain.remediation import Decision
from watchkeeper.domain.severity import Role
from watchkeeper.domain.sighting import Sighting
from watchkeeper.observe import configure_logging
from watchkeeper.settings import AnomalySettings, Settings
from watchkeeper.shelf import plugin
from watchkeeper.simulate import shop
from watchkeeper.simulate.metrics.rules import scaled
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.serve import Simulation, simulation
from watchkeeper.store.port import PlanState
from watchkeeper.workflows.decide import decide
from watchkeeper.workflows.give_feedback import give_feedback

Say = Callable[..., None]
SCALE = 1 / 30
"""Minutes of the shipped alert rules become seconds, so that nobody has to wait."""
QUICK_EYES = {"scan_seconds": 5, "warm_up_hours": 0.3, "history_hours": 1}
"""The scanner, too, sees in seconds here what takes it minutes: it looks often and has learned from 25 minutes, not a day."""
_PATIENCE = 25.0
"""Seconds the demo waits, once recovery is proven, for what the scanner saw by itself."""
_LONGEST = 180.0
_FINAL = (Stage.RESOLVED, Stage.ESCALATED, Stage.ROLLED_BACK)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    scenario: Annotated[
        str, typer.Option(help="What breaks: pool_exhausted, bad_release, cpu_saturation, memory_leak, …")
    ] = "pool_exhausted",
    stay: Annotated[bool, typer.Option(help="Keep running afterwards, to look around in the console.")] = False,
    port: Annotated[int, typer.Option(help="Port of the console; 0: any.")] = 0,
    seed: Annotated[int, typer.Option(help="Another world.")] = 1,
    approve: Annotated[
        bool, typer.Option(help="Agree to the plan as a person would; --no-approve leaves it to you.")
    ] = True,
) -> None:
    """From alert to verified recovery in a simulated world. Exit status 0 when recovery was proven."""
    chosen: Scenario = plugin("watchkeeper.simulate.scenarios", "SCENARIO", scenario)
    configure_logging("error", json_lines=False)
    final = asyncio.run(_demo(chosen, stay, port, seed, approve))
    raise typer.Exit(0 if final is Stage.RESOLVED else 1)


def rules_text() -> str:
    """The shipped alert rules, with minutes as seconds."""
    return scaled(files("watchkeeper").joinpath("simulate/sre-alerts.yaml").read_text(encoding="utf-8"), SCALE)


def demo_settings(here: Simulation, folder: Path, port: int) -> Settings:
    """Watchkeeper pointed at the world: real adapters, short waits."""
    return Settings.model_validate(
        {
            "sources": {
                "prometheus": {"url": here.urls["prometheus"], "rate_window_seconds": 10, "step_seconds": 5},
                "loki": {"url": here.urls["loki"]}, "tempo": {"url": here.urls["tempo"], "max_traces": 200},
                "kubernetes": {"kubeconfig": str(here.kubeconfig)},
            },
            "delivery": {"url": here.urls["github"], "repository": here.github.repository},
            "entities": {"calls": [list(c) for c in shop.CALLS]},
            "evidence": {"normal_minutes": 20, "lead_minutes": 0.25, "settle_seconds": 3},
            "remediation": {
                "dry_run": False, "approval_timeout_minutes": 5, "checks_timeout_minutes": 2, "deploy_timeout_minutes": 2,
                "verify_after_seconds": 3, "verify_timeout_minutes": 1, "verify_healthy_seconds": 4, "poll_seconds": 1,
            },
            "store": {"data_dir": str(folder / "data"), "sweep_seconds": 5},
            "server": {"port": port, "loopback_without_login": True},
        }
    )  # fmt: skip


async def _demo(scenario: Scenario, stay: bool, port: int, seed: int, approve: bool) -> Stage | None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    began = time.monotonic()

    def say(words: str, style: str = "") -> None:
        console.print(f"{time.monotonic() - began:5.1f} s  {words}", style=style or None)

    async with AsyncExitStack() as stack:
        stop = await stack.enter_async_context(until_told())
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-demo-", ignore_cleanup_errors=True))
        )
        with console.status("starting the simulated shop and its history …"):
            here = await stack.enter_async_context(
                simulation(folder, seed=seed, history_minutes=25, history_tick=3.0, rules_text=rules_text())
            )
        say("a shop of ten services runs, with 25 minutes of history")
        chosen = port or front.free_port()
        with console.status("starting the embedded database and Watchkeeper …"):
            opened = await stack.enter_async_context(front.open_house(watchful(demo_settings(here, folder, chosen))))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        tasks.create_task(front.serve(opened, stop, host="127.0.0.1", port=chosen))
        tasks.create_task(front.work(opened, stop))
        here.webhook = f"http://127.0.0.1:{chosen}/api/v1/webhooks/alertmanager"
        here.scraped["watchkeeper"] = f"http://127.0.0.1:{chosen}/metrics"
        say(f"Watchkeeper watches; console at http://127.0.0.1:{chosen}/")
        await asyncio.sleep(1)
        here.break_(scenario)
        say(f"broken on purpose: {scenario.name.replace('_', ' ')}", "bold")
        final = await _watched(follow(opened, say, approve), stop)
        if final is None:
            say("stopped" if stop.is_set() else "gave up after three minutes", "red")
        if final is Stage.RESOLVED:
            say("resolved, and recovery is proven", "bold green")
        elif final is not None:
            say(f"ended as {final}: a person is called", "bold yellow")
        if final is Stage.RESOLVED and approve:
            await judge_sightings(opened, say)
        if stay and not stop.is_set():
            say(
                f"still running: http://127.0.0.1:{chosen}/ (Ctrl-C ends it); kubectl --kubeconfig {here.kubeconfig} get pods -A"
            )
            await stop.wait()
        stop.set()
    return final


async def _watched(story: Coroutine[None, None, Stage], stop: asyncio.Event) -> Stage | None:
    """How it ended; None where somebody said stop, or it took too long."""
    told, stopped = asyncio.create_task(story), asyncio.create_task(stop.wait())
    await asyncio.wait({told, stopped}, timeout=_LONGEST, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if told.done():
        return told.result()
    told.cancel()
    return None


async def follow(opened: front.Opened, say: Say, approve: bool) -> Stage:
    """Tell the timeline of the incidents as it grows; agree to plans where the demo plays the person."""
    seen = 0
    while True:
        incidents = list((await opened.store.list_incidents(limit=10)).items)
        for incident in reversed(incidents):
            async with opened.store.transaction() as tx:
                events = [e for e in await tx.events(incident.id) if e.id > seen]
            for event in events:
                seen = max(seen, event.id)
                say(told(event))
                for missing in event.data.get("missing", []) if event.kind == "incident.diagnosed" else []:  # type: ignore[attr-defined]
                    say(f"{'':20} could not see {plain(missing)[:160]}", "yellow")
            if approve and incident.stage is Stage.AWAITING_APPROVAL:
                await _agree(opened, incident, say)
        if incidents and all(i.stage in _FINAL for i in incidents):
            return incidents[-1].stage
        await asyncio.sleep(0.3)


def watchful(settings: Settings) -> Settings:
    """The same with the scanner's eyes as quick as the alert rules."""
    eyes = AnomalySettings.model_validate(settings.anomaly_detection.model_dump() | QUICK_EYES)
    return settings.model_copy(update={"anomaly_detection": eyes})


async def judge_sightings(opened: front.Opened, say: Say) -> None:
    """As a person would in the console: the broken service's departure was real, its echo at a caller wakes nobody next time."""
    real, echo = await _two_sightings(opened)
    if real is None:
        say("the scanner told nothing of its own this time, so nobody can call it right or wrong")
        return
    for sighting, word in ((real, "Real"), (echo, "Noise")):
        if sighting is not None:
            say(f"the scanner saw by itself: {plain(sighting.words)[:160]}")
            await give_feedback(opened.house, sighting.fingerprint, real=word == "Real", by="demo visitor")
            why = "the trouble began here" if word == "Real" else f"only an echo of {plain(real.service)}"
            say(f"(in the console you would press {word} now, {why}; the demo does it for you)")


async def _two_sightings(opened: front.Opened) -> tuple[Sighting | None, Sighting | None]:
    """That of the service found to be the cause (else the first), and one of another service, once the scanner told both."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        causes = {i.cause_service for i in (await opened.store.list_incidents(limit=10)).items}
        async with opened.store.transaction() as tx:
            seen = [s for s, _ in await tx.sightings(since=opened.house.clock.now() - timedelta(minutes=10))]
        seen.sort(key=lambda s: (s.service not in causes, s.began, s.service))
        echo = next((s for s in seen[1:] if s.service != seen[0].service), None)
        if echo is not None or time.monotonic() > deadline:
            return seen[0] if seen else None, echo
        await asyncio.sleep(1)


def told(event: IncidentEvent) -> str:
    """One line of the timeline for a terminal."""
    return f"{event.kind:20} {plain(event.text)[:200]}"


async def _agree(opened: front.Opened, incident: Incident, say: Say) -> None:
    async with opened.store.transaction() as tx:
        record = next((r for r in await tx.plans_of(incident.id) if r.state is PlanState.PROPOSED), None)
    if record is None:
        return
    say("(in the console you would press Approve now; the demo does it for you)")
    try:
        await decide(
            opened.house, record.plan.id, digest=record.plan.digest, decision=Decision.APPROVED, by="demo visitor",
            role=Role.APPROVER, door="cli", reason="demo",
        )  # fmt: skip
    except Conflict as error:
        say(str(error))
