"""Every parser of outside input meets text nobody meant: it reads it or says InvalidInput, and never anything else."""

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests_support import NOW
from watchkeeper.api.delivery import Delivery
from watchkeeper.ask.parse import parse
from watchkeeper.ask.question import Known
from watchkeeper.detect.templates import TemplateMiner
from watchkeeper.domain.errors import WatchkeeperError
from watchkeeper.domain.redaction import redact, redact_json
from watchkeeper.estate import hcl
from watchkeeper.estate.manifests import locate
from watchkeeper.settings import Settings
from watchkeeper.settings.addresses import guarded
from watchkeeper.shelf import plugins
from watchkeeper.store.postgres import _read_cursor

EXAMPLES = 60
TEXT = st.text(max_size=300)
NASTY = st.sampled_from(
    [
        "\x00",
        "\ud800",
        "{" * 50,
        "[" * 200,
        "\u202e",
        "9" * 400,
        "1e999",
        "-1",
        "NaN",
        "${",
        "<<EOT\n",
        '"',
        "'",
        "\\",
        "- - -",
        "&a *a",
        "!!python/object:os.system x",
        "2026-13-45T99:99:99Z",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | NASTY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.sampled_from(["alerts", "labels", "annotations", "status", "startsAt", "endsAt", "version", "fingerprint", "payload", "data", "specversion", "type", "source", "id", "time", "routing_key", "event_action", "dedup_key", "severity", "items", "metadata", "involvedObject", "groupLabels"]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip
SENDERS = plugins("watchkeeper.api.webhooks", "read")


def survives(read: Callable[[], Any]) -> None:
    try:
        read()
    except WatchkeeperError:
        return


@pytest.mark.parametrize("sender", sorted(SENDERS))
@settings(max_examples=EXAMPLES)
@given(value=VALUES, header=TEXT)
def test_senders(sender: str, value: Any, header: str) -> None:
    for body in (
        json.dumps(value).encode("utf-8", "replace"),
        str(value).encode("utf-8", "replace"),
        header.encode("utf-8", "replace"),
    ):
        delivery = Delivery(
            body,
            {"ce-type": header, "ce-time": header, "ce-id": header, "ce-specversion": "1.0"},
            {"mapping": header},
            NOW,
        )
        survives(lambda delivery=delivery: SENDERS[sender](delivery))


@settings(max_examples=EXAMPLES)
@given(lines=st.lists(TEXT | NASTY, max_size=20))
def test_the_log_miner(lines: list[str]) -> None:
    miner = TemplateMiner()
    numbers = miner.add_all(lines)
    assert len(numbers) == len(lines)
    for number in numbers:
        miner.template(number)


@settings(max_examples=EXAMPLES)
@given(text=TEXT | NASTY | st.lists(NASTY | TEXT, max_size=6).map("\n".join))
def test_manifests(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()  # files are decoded from UTF-8 before
    survives(lambda: locate({"a.yaml": text}, "Deployment", "shop", "checkout"))


@settings(max_examples=EXAMPLES)
@given(
    text=TEXT
    | st.lists(
        st.sampled_from(
            ['resource "a" "b" {', "}", "x = 1", 'y = "${a}"', "<<EOT", "EOT", "[", "]", "#", "/*", "*/", '"', "\n"]
        ),
        max_size=12,
    ).map("\n".join)
)
def test_terraform(text: str) -> None:
    hcl.blocks(text)
    hcl.leaves(text)


@settings(max_examples=EXAMPLES)
@given(text=TEXT | NASTY)
@example("eyJhIjogMX0")
@example("bnVsbA")
@example("W3t9LDFd")
def test_cursors(text: str) -> None:
    survives(lambda: _read_cursor(text, 2))


@settings(max_examples=EXAMPLES)
@given(value=VALUES)
def test_configurations(value: Any) -> None:
    if isinstance(value, dict):
        try:
            Settings.model_validate(value)
        except ValueError:
            return


@settings(max_examples=EXAMPLES)
@given(text=TEXT | NASTY, value=VALUES)
def test_redaction_gives_what_a_database_takes(text: str, value: Any) -> None:
    said = redact(text)
    said.encode()
    assert "\x00" not in said
    redact_json(value)


@settings(max_examples=EXAMPLES)
@given(host=TEXT | NASTY)
@example("[::ffff:169.254.169.254]")
@example("0xa9fea9fe")
def test_addresses(host: str) -> None:
    guarded(host)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "[fe80::1]",
        "::ffff:169.254.169.254",
        "metadata.google.internal.",
        "fd00:ec2::254",
        "100.100.100.200",
    ],
)
def test_metadata_is_guarded_however_it_is_written(host: str) -> None:
    assert guarded(host)


@pytest.mark.parametrize("host", ["prometheus", "10.0.0.1", "127.0.0.1", "192.168.1.1", "::1", "example.org", ""])
def test_other_addresses_are_not(host: str) -> None:
    assert not guarded(host)


def test_a_configured_url_to_metadata_is_refused_unless_meant() -> None:
    url = "http://169.254.169.254/latest"
    with pytest.raises(ValueError, match=r"sources\.loki\.url"):
        Settings.model_validate({"sources": {"loki": {"url": url}}})
    with pytest.raises(ValueError, match=r"delivery\.url"):
        Settings.model_validate({"delivery": {"url": url}})
    assert (
        Settings.model_validate({"sources": {"loki": {"url": url, "allow_link_local": True}}}).sources.loki.url == url
    )


@settings(max_examples=EXAMPLES)
@given(
    text=TEXT
    | st.lists(
        st.sampled_from(
            [
                "cpu",
                "of",
                "checkout",
                "last",
                "25:99",
                "between",
                "and",
                "yesterday",
                "31 february",
                "999999999999",
                "hours",
                "ago",
                "\x00",
                "scale",
                "to",
                "-1",
                "replicas",
                "?",
            ]
        ),
        max_size=10,
    ).map(" ".join)
)
def test_questions(text: str) -> None:
    survives(lambda: parse(text, Known(services=("checkout", "payment")), NOW, UTC))
