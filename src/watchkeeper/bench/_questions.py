"""The table of questions, each with what must hold of its answer in the world of `bench/questions.py`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.ask.answer import Answer
from watchkeeper.domain.remediation import BlastRadius, FieldChange, Plan, Risk
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.topology import Workload
from watchkeeper.simulate import shop

Check = Callable[[Answer, Any], Any]
_SERVICES = {*shop.SERVICES, "coredns"}
"""The shop, and the cluster's own DNS, which is measured like any other workload."""


def plan(number: str, incident: str, action: str, service: str, before: str, after: str, now: datetime) -> Plan:
    """A plan as it would be kept."""
    path = {
        "raise_pool_size": f"spec.template.spec.containers[name={service}].env[name=DB_POOL_SIZE].value",
        "raise_memory_limit": f"spec.template.spec.containers[name={service}].resources.limits.memory",
    }[action]
    return Plan(
        id=number, incident_id=incident, action=action, target=Workload(shop.NAMESPACE, "Deployment", service), environment="production", severity=Severity.HIGH,
        arguments={}, because="", evidence_ids=("E1",), evidence_digest="d", confidence=0.9, independent_signals=2, trusted_signals=1, repository="shop/manifests",
        base_branch="main", edits=(), fields=(FieldChange(path, before, after),), blast_radius=BlastRadius((service,), 2, (), "2 pods"), risk=Risk.LOW, reversible=True,
        checks_before=(), checks_after=(), undo=(), undo_words="back", manual_commands=(), created_at=now - timedelta(minutes=5), expires_at=now + timedelta(minutes=25),
    ).sealed()  # fmt: skip


def at(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 3, 2, int(hour), int(minute), tzinfo=UTC)


_NOW = at("14:30")


def mean(service: str, what: str, start: str, end: str = "14:30", rel: float = 0.12, scale: float = 1.0) -> Check:
    """The number told of a service is the truth's mean over the span."""

    def check(a: Answer, s: Any) -> bool:
        true = s.truth.mean(what, service, at(start), at(end)) * scale
        return bool(abs(a.data["values"][service] - true) <= rel * abs(true))

    return check


def peak(service: str, what: str, start: str, end: str = "14:30", rel: float = 0.15) -> Check:
    """… is the truth's peak."""
    return lambda a, s: abs(a.data["values"][service] / s.truth.peak(what, service, at(start), at(end)) - 1) <= rel


def grown(service: str, what: str, start: str, end: str = "14:30", rel: float = 0.08) -> Check:
    """… is how far the truth's counter went."""
    return lambda a, s: abs(a.data["values"][service] / s.truth.grown(what, service, at(start), at(end)) - 1) <= rel


def first(service: str) -> Check:
    """It leads the ranking."""
    return lambda a, s: a.data["first"] == service


def says(*words: str, lacks: tuple[str, ...] = ()) -> Check:
    """The text has these words, and none of those."""
    return lambda a, s: (
        a.understood
        and all(w.lower() in a.text.lower() for w in words)
        and not any(w.lower() in a.text.lower() for w in lacks)
    )


def declined(*words: str) -> Check:
    """Not answered, and said so, with something near."""
    return lambda a, s: not a.understood and "values" not in a.data and all(w.lower() in a.text.lower() for w in words)


def only(*services: str) -> Check:
    """Numbers of exactly these."""
    return lambda a, s: set(a.data["values"]) == set(services)


def both(*checks: Check) -> Check:
    """All hold."""
    return lambda a, s: all(c(a, s) for c in checks)


CARD = both(
    says(
        "Cause: Connection pool exhausted in payment",
        "Impact: gateway latency +",
        "(p95",
        "Fix: raise pool size of payment",
        "4 → 8",
        "Status: Resolved at 2:04 PM",
    ),
    lambda a, s: a.data["cause_service"] == "payment",
)
"""The specification's card, filled with what happened."""

TABLE: tuple[tuple[str, Check], ...] = (
    ("Why did prod latency spike at 2 PM?", CARD),
    ("Show me CPU usage for all services in the last hour", both(only(*_SERVICES), *(mean(s, "cpu", "13:30") for s in ("gateway", "payment", "cart", "catalogue")))),
    ("what's cart's memory right now?", mean("cart", "mem", "14:28", rel=0.05)),
    ("How much CPU is payment using?", mean("payment", "cpu", "14:29")),
    ("current rps on the gateway", mean("gateway", "rps", "14:29", rel=0.1)),
    ("average traffic to checkout over the past 20 minutes", mean("checkout", "rps", "14:10", rel=0.05)),
    ("requests per second for frontend and cart, last 30m", both(only("frontend", "cart"), mean("frontend", "rps", "14:00", rel=0.06), mean("cart", "rps", "14:00", rel=0.06))),
    ("how many requests did the gateway get in the last 10 minutes?", grown("gateway", "served", "14:20")),
    ("how many failed requests at payment between 1:55 and 2:10 PM?", grown("payment", "failed", "13:55", "14:10", rel=0.15)),
    ("peak memory of cart today", peak("cart", "mem", "13:00", rel=0.05)),
    ("max cpu of catalogue in the last 15 min", peak("catalogue", "cpu", "14:15", rel=0.15)),
    ("memory of all services except database and cache", only(*(_SERVICES - {"database", "cache"}))),
    ("cpu by pod for payment", lambda a, s: len(a.data["values"]) == 2 and all(k.startswith("payment-") for k in a.data["values"])),
    ("which service uses the most memory?", both(first("database"), mean("database", "mem", "14:29", rel=0.05))),
    ("top 3 services by traffic", lambda a, s: next(iter(a.data["values"])) == max(shop.SERVICES, key=lambda n: s.truth.mean("rps", n, at("14:28"), _NOW)) and "4." not in a.text),
    ("what's the slowest service right now", lambda a, s: a.data["first"] in ("gateway", "frontend", "checkout")),
    ("which service had the highest error rate at 14:02?", both(lambda a, s: a.data["first"] in ("payment", "checkout", "frontend", "gateway"), lambda a, s: a.data["values"]["payment"] > 5)),
    ("which services use more than 200 MB of memory?", lambda a, s: set(a.data["values"]) == {n for n in shop.SERVICES if s.truth.mean("mem", n, at("14:28"), _NOW) > 200}),
    ("services with error rate above 1% right now", says("none")),
    ("which services were over 5% errors between 13:58 and 14:04", lambda a, s: "payment" in a.data["values"] and "cart" not in a.data["values"] and "cache" not in a.data["values"]),
    ("is the payment service healthy?", both(says("payment looks healthy"), lambda a, s: not any(v["bad"] for v in a.data["services"]["payment"].values()))),
    ("Is checkout slow?", says("no, checkout")),
    ("how is the gateway doing", says("gateway looks healthy")),
    ("is everything ok?", says("within their usual range", "inc-0142")),
    ("when did payment's latency start to rise?", lambda a, s: abs(a.data["moved"]["payment"]["since"] - at("13:57").timestamp()) < 90),
    ("since when are there errors in payment?", lambda a, s: abs(a.data["moved"]["payment"]["since"] - at("13:57").timestamp()) < 120),
    ("did cart's cpu spike in the last 30 minutes?", says("did not")),
    ("Why was payment slow at 14:00?", says("Cause: Connection pool exhausted in payment", "payment latency +")),
    ("what caused the errors in checkout around 2pm", says("Connection pool exhausted in payment")),
    ("root cause of inc-0140?", says("Connection pool exhausted in payment", "Resolved at 14:04")),
    ("why did latency spike at 1:20 PM?", both(says("no such change"), lambda a, s: a.data["cause"] is None)),
    ("why is the catalogue slow?", lambda a, s: a.data["cause"] is None),
    ("what incidents are open?", both(says("inc-0142", lacks=("inc-0140",)), lambda a, s: a.data["count"] == 1)),
    ("how many incidents today?", lambda a, s: a.data["count"] == 2),
    ("what happened in the last hour?", says("inc-0140", "inc-0142")),
    ("what is our MTTR this week?", lambda a, s: abs(a.data["mean_seconds"] - 360) < 1),
    ("which alerts are firing", both(says("HighPodMemory", "cart"), lambda a, s: a.data["count"] == 1)),
    ("is anything waiting for my approval?", both(says("plan-0142"), lambda a, s: a.data["count"] == 1)),
    ("what repairs were applied today?", both(says("raise pool size of payment", "4 → 8"), lambda a, s: a.data["count"] == 1)),
    ("what was deployed in the last hour?", both(says("1.4.3"), lambda a, s: [c["service"] for c in a.data["changes"]] == ["cart"] and a.data["changes"][0]["at"].startswith("2026-03-02T13:40"))),
    ("when was cart last deployed?", says("13:40", "1.4.3")),
    ("what changed in payment today?", says("no release or change")),
    ("show me error logs for payment between 13:58 and 14:04", both(says("timeout acquiring a connection from the pool"), lambda a, s: set(a.data["services"]) == {"payment"})),
    ('search the logs for "timeout acquiring" since 1:50 PM', lambda a, s: set(a.data["services"]) == {"payment"} and a.data["count"] > 5),
    ("any error logs in cart in the last 10 minutes?", lambda a, s: a.data["count"] == 0),
    ("how many pods does cart have?", lambda a, s: len(a.data["pods"]) == 2),
    ("which pods are not ready?", says("none")),
    ("did anything restart in the last hour?", says("none")),
    ("what version of cart is running?", lambda a, s: a.data["values"]["cart"].endswith("cart:1.4.3")),
    ("memory limit of the database", lambda a, s: a.data["values"] == {"database": "1024Mi"}),
    ("what's the pool size of payment?", lambda a, s: a.data["values"]["payment"].startswith("4")),
    ("how many replicas does checkout have?", says("2 wanted, 2 ready")),
    ("which node is cart on?", lambda a, s: set(a.data["nodes"]["cart"]) == {p.container.node for p in s.world.engine.of("cart")}),
    ("who calls payment?", lambda a, s: a.data["payment"]["direct"] == ["checkout"]),
    ("what does checkout depend on?", lambda a, s: set(a.data["checkout"]["direct"]) == {"cart", "payment", "shipping"}),
    ("what breaks if the database goes down?", lambda a, s: set(a.data["database"]["direct"]) == {"payment", "catalogue"} and "gateway" in a.data["database"]["further"]),
    ("how full is payment's connection pool?", lambda a, s: 0 < a.data["values"]["payment"] < 90),
    ("db connections in use at payment, peak between 13:57 and 14:04", peak("payment", "pool", "13:57", "14:04", rel=0.1)),
    ("p99 latency of checkout, last 10 minutes", lambda a, s: a.data["signal"] == "latency-99" and 0.6 < a.data["values"]["checkout"] / (2.9 * s.truth.mean("latency", "checkout", at("14:20"), _NOW)) < 1.7),
    ("compare gateway traffic now with an hour ago", lambda a, s: abs(a.data["values"]["gateway"]["then"] / s.truth.mean("rps", "gateway", at("13:00"), at("13:30")) - 1) < 0.1),
    ("latency of payment at 14:01 vs 13:30", lambda a, s: a.data["values"]["payment"]["now"] > 5 * a.data["values"]["payment"]["then"]),
    ("slowest endpoints in the last 10 minutes", lambda a, s: a.data["operations"][0]["service"] in ("gateway", "frontend", "checkout")),
    ("what services are there?", lambda a, s: set(a.data["services"]) == _SERVICES),
    ("queue depth", lambda a, s: 0 <= a.data["values"]["queue"] < 20),
    ("memory of the chekout service", mean("checkout", "mem", "14:28", rel=0.06)),
    # What is not seen, not known or not understood is declined.
    ("what's the cache hit rate?", declined()),
    ("latency of redis", declined("redis")),
    ("cpu usage of the billing service", declined("billing")),
    ("show me CPU in staging", declined("staging")),
    ("how many customers complained yesterday?", declined("customers")),
    ("restart payment", declined("plan")),
    ("disk usage of cart", says("no data")),
    ("what will the CPU of cart be tomorrow?", declined()),
    ("what was cart's memory last week?", says("the data begin at 12:4")),
    ("how much does payment cost us per month?", declined("cost")),
)  # fmt: skip
