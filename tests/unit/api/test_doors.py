"""Each sender's door reads what that sender really posts, and says which field is wrong."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from watchkeeper.api.delivery import Delivery
from watchkeeper.api.webhooks import cloudevents, generic, grafana, kubernetes, pagerduty
from watchkeeper.api.webhooks import watchkeeper as own
from watchkeeper.domain.alert import AlertStatus
from watchkeeper.domain.errors import InvalidInput, NotAllowed
from watchkeeper.settings import DoorsSettings

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)


def delivery(
    body: Any, *, headers: dict[str, str] | None = None, query: dict[str, str] | None = None, **settings: Any
) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(raw, headers or {}, query or {}, NOW, DoorsSettings.model_validate(settings))


GRAFANA = {
    "receiver": "watchkeeper", "status": "firing", "orgId": 1, "state": "alerting", "title": "[FIRING:1] DatasourceError", "version": "1",
    "alerts": [
        {
            "status": "firing", "labels": {"alertname": "HighLatency", "grafana_folder": "shop", "service": "checkout"},
            "annotations": {"summary": "checkout is slow"}, "startsAt": "2026-11-24T20:55:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://grafana/alerting/grafana/abc/view", "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "http://grafana/silence", "dashboardURL": "http://grafana/d/1", "panelURL": "",
            "values": {"A": 1.2, "C": None}, "valueString": "[ var='A' labels={} value=1.2 ]",
        },
        {"status": "resolved", "labels": {"alertname": "Old"}, "annotations": None, "startsAt": "2026-11-24T20:00:00Z", "endsAt": "2026-11-24T20:58:00Z"},
    ],
}  # fmt: skip


def test_grafana_posts_firing_and_resolved_with_its_own_fields() -> None:
    firing, over = grafana.read(delivery(GRAFANA))
    assert (firing.name, firing.status, firing.ends_at) == ("HighLatency", AlertStatus.FIRING, None)
    assert firing.annotations["dashboard"] == "http://grafana/d/1"
    assert firing.annotations["value"].startswith("[ var='A'")
    assert over.status is AlertStatus.RESOLVED
    assert over.ends_at is not None
    assert over.fingerprint


def test_grafanas_signature_is_checked_and_replaces_the_token() -> None:
    body = json.dumps(GRAFANA).encode()
    good = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert grafana.proven(delivery(body, headers={grafana.SIGNATURE: good}, grafana_secret="s3cret"))
    assert not grafana.proven(delivery(body))
    for wrong in (good.upper(), good[:-1] + "0", ""):
        if wrong != good:
            with pytest.raises(NotAllowed):
                grafana.proven(delivery(body, headers={grafana.SIGNATURE: wrong}, grafana_secret="s3cret"))


def test_grafanas_signed_time_is_part_of_the_signature_and_must_be_near() -> None:
    body = json.dumps(GRAFANA).encode()
    settings = {"grafana_secret": "s3cret", "grafana_timestamp_header": "X-Sent"}

    def signed(at: float) -> Delivery:
        stamp = str(int(at))
        mac = hmac.new(b"s3cret", stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return delivery(body, headers={grafana.SIGNATURE: mac, "x-sent": stamp}, **settings)

    assert grafana.proven(signed(NOW.timestamp() - 20))
    with pytest.raises(NotAllowed, match="too far"):
        grafana.proven(signed(NOW.timestamp() - 3600))


TRIGGER = {
    "routing_key": "R0UT1NG", "event_action": "trigger", "dedup_key": "srv01/HTTP", "client": "Nagios", "client_url": "https://nagios/srv01",
    "payload": {
        "summary": "Example alert on host1", "source": "host1.example.com", "severity": "error", "timestamp": "2026-11-24T20:59:00.000+0000",
        "component": "postgres", "group": "prod-datapipe", "class": "deploy", "custom_details": {"ping time": "1500ms", "load avg": 0.75},
    },
}  # fmt: skip


def test_pagerduty_events_trigger_acknowledge_and_resolve_by_key() -> None:
    (trigger,) = pagerduty.read(delivery(TRIGGER))
    assert (trigger.fingerprint, trigger.labels["severity"], trigger.labels["service"]) == (
        "srv01/HTTP",
        "error",
        "postgres",
    )
    assert trigger.starts_at == datetime(2026, 11, 24, 20, 59, tzinfo=UTC)
    assert (
        pagerduty.read(delivery({"routing_key": "R", "event_action": "acknowledge", "dedup_key": "srv01/HTTP"})) == []
    )
    (over,) = pagerduty.read(delivery({"routing_key": "R", "event_action": "resolve", "dedup_key": "srv01/HTTP"}))
    assert (over.fingerprint, over.status) == (trigger.fingerprint, AlertStatus.RESOLVED)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"event_action": "page"}, "event_action"), ({"dedup_key": "x" * 256}, "dedup_key"), ({"payload": None}, "payload"),
     ({"event_action": "resolve", "dedup_key": ""}, "dedup_key")],
)  # fmt: skip
def test_pagerduty_bodies_that_cannot_be_read_name_the_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        pagerduty.read(delivery({**TRIGGER, **change}))
    assert caught.value.field == field


def test_pagerdutys_routing_key_is_its_proof() -> None:
    assert pagerduty.proven(delivery(TRIGGER, pagerduty_routing_key="R0UT1NG"))
    with pytest.raises(NotAllowed):
        pagerduty.proven(delivery(TRIGGER, pagerduty_routing_key="another"))


EVENT = {
    "specversion": "1.0", "id": "a-1", "source": "/ci/pipelines/7", "type": "com.example.build.failed", "subject": "checkout",
    "time": "2026-11-24T20:57:00Z", "severityhint": "high", "data": {"labels": {"service": "checkout", "severity": "high"}, "summary": "broken"},
}  # fmt: skip


def test_cloudevents_structured_batch_and_binary_say_the_same() -> None:
    structured = cloudevents.read(
        delivery(EVENT, headers={"content-type": "application/cloudevents+json; charset=utf-8"})
    )
    batch = cloudevents.read(delivery([EVENT], headers={"content-type": "application/cloudevents-batch+json"}))
    headers = {f"ce-{k}": str(v) for k, v in EVENT.items() if k != "data"}
    binary = cloudevents.read(delivery(EVENT["data"], headers={**headers, "content-type": "application/json"}))
    assert structured == batch == binary
    assert structured[0].labels["service"] == "checkout"
    assert structured[0].labels["severityhint"] == "high"


def test_a_cloudevent_that_recovers_has_the_fingerprint_of_the_one_that_was_raised() -> None:
    raised, over = ({**EVENT, "type": f"disk.{word}", "data": {}} for word in ("raised", "resolved"))
    kind = {"content-type": "application/cloudevents+json"}
    (first,), (second,) = (
        cloudevents.read(delivery(raised, headers=kind)),
        cloudevents.read(delivery(over, headers=kind)),
    )
    assert first.fingerprint == second.fingerprint
    assert second.status is AlertStatus.RESOLVED


def test_a_cloudevent_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(InvalidInput, match="specversion"):
        cloudevents.read(
            delivery({**EVENT, "specversion": "0.3"}, headers={"content-type": "application/cloudevents+json"})
        )


ZABBIX = {
    "alerts": "problems[]", "name": "trigger", "status": "state", "severity": "prio", "summary": "text", "starts_at": "clock",
    "labels": {"host": "host.name", "service": "tags.app"},
}  # fmt: skip


def test_any_json_is_read_by_a_mapping() -> None:
    body = {"problems": [
        {"trigger": "Disk full", "state": "PROBLEM", "prio": "High", "text": "95 %", "clock": "1795467600", "host": {"name": "db-1"}, "tags": {"app": "db"}},
        {"trigger": "Disk full", "state": "OK", "host": {"name": "db-1"}, "tags": {"app": "db"}},
    ]}  # fmt: skip
    firing, over = generic.read(delivery(body, query={"mapping": "zabbix"}, generic={"zabbix": ZABBIX}))
    assert (firing.name, firing.labels["severity"], firing.labels["host"]) == ("Disk full", "high", "db-1")
    assert firing.starts_at == datetime.fromtimestamp(1795467600, UTC)
    assert firing.fingerprint == over.fingerprint
    assert over.status is AlertStatus.RESOLVED


def test_a_mapping_that_is_not_there_or_finds_no_name_is_said() -> None:
    with pytest.raises(InvalidInput, match="no mapping"):
        generic.read(delivery({}, query={"mapping": "nagios"}, generic={"zabbix": ZABBIX}))
    with pytest.raises(InvalidInput, match="finds no name"):
        generic.read(delivery({"problems": [{"state": "OK"}]}, query={"mapping": "zabbix"}, generic={"zabbix": ZABBIX}))


def test_an_expression_that_does_not_compile_is_an_error_of_the_settings() -> None:
    with pytest.raises(ValueError, match="not JMESPath"):
        DoorsSettings.model_validate({"generic": {"x": {"name": "a[["}}})


OLD_STYLE = {
    "kind": "Event", "type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container", "count": 12,
    "firstTimestamp": "2026-11-24T20:40:00Z", "lastTimestamp": "2026-11-24T20:59:00Z", "eventTime": None,
    "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "checkout-7d9f8b6c5-x2x4z", "uid": "u-1"}, "source": {"component": "kubelet", "host": "node-3"},
}  # fmt: skip
NEW_STYLE = {
    "kind": "Event", "type": "Warning", "reason": "FailedScheduling", "message": "0/3 nodes are available", "firstTimestamp": None,
    "eventTime": "2026-11-24T20:58:00.123456Z", "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "pay-1"}, "source": {},
}  # fmt: skip


def test_kubernetes_events_of_both_styles_lists_and_watch_frames() -> None:
    back_off, scheduling = kubernetes.read(
        delivery({"kind": "EventList", "items": [OLD_STYLE, NEW_STYLE, {**OLD_STYLE, "type": "Normal"}]})
    )
    assert (back_off.labels["node"], back_off.labels["pod"], back_off.name) == (
        "node-3",
        "checkout-7d9f8b6c5-x2x4z",
        "BackOff",
    )
    assert back_off.starts_at == datetime(2026, 11, 24, 20, 40, tzinfo=UTC)
    assert scheduling.starts_at.microsecond == 123456
    assert kubernetes.read(delivery({"type": "ADDED", "object": OLD_STYLE})) == [back_off]
    assert kubernetes.read(delivery({"type": "DELETED", "object": OLD_STYLE})) == []
    again = kubernetes.read(delivery({**OLD_STYLE, "count": 13}))
    assert [a.key for a in again] == [back_off.key]


def test_our_own_words_are_read_strictly() -> None:
    body = {
        "alerts": [{"name": "UnusualLatency", "service": "checkout", "severity": "high", "summary": "3 times normal"}]
    }
    (alert,) = own.read(delivery(body))
    assert (alert.labels["service"], alert.labels["severity"], alert.starts_at) == ("checkout", "high", NOW)
    with pytest.raises(InvalidInput) as caught:
        own.read(delivery({"alerts": [{"name": "x", "sevrity": "high"}]}))
    assert caught.value.field == "alerts[0].sevrity"


def test_what_is_no_json_is_said_so() -> None:
    for door in (grafana, pagerduty, own, generic, kubernetes):
        with pytest.raises(InvalidInput):
            door.read(replace(delivery({}), body=b"\xff{"))
