"""Every parser of outside input, each as a function of bytes. It reads them or raises an error of ours, and never anything else."""

import asyncio
import hashlib
import hmac
import io
import json
from collections.abc import Callable
from datetime import UTC
from functools import cache, partial
from typing import Any

import promql_parser

from tests_support import NOW
from watchkeeper.access.tokens import Access, Principal, Token
from watchkeeper.api.delivery import Delivery
from watchkeeper.ask.parse import parse
from watchkeeper.ask.question import Known
from watchkeeper.codehosts.ci import azure_pipelines, github_actions, jenkins
from watchkeeper.codehosts.test_reports import junit, read_archive, tap
from watchkeeper.console.markdown import rendered
from watchkeeper.console.sign_in import inside
from watchkeeper.detect.templates import TemplateMiner
from watchkeeper.domain.errors import NotAllowed, WatchkeeperError
from watchkeeper.domain.redaction import redact, redact_json
from watchkeeper.domain.severity import Role
from watchkeeper.domain.topology import Workload
from watchkeeper.estate import hcl
from watchkeeper.estate.effects import Intent
from watchkeeper.estate.manifests import locate
from watchkeeper.estate.units import units
from watchkeeper.estate.writer import write
from watchkeeper.pipelines.review import review
from watchkeeper.policy.documents import documents as change_documents
from watchkeeper.policy.review import load_waivers
from watchkeeper.recall.articles import article_of, belonging
from watchkeeper.recall.framing import said
from watchkeeper.recall.log_lines import logql
from watchkeeper.settings import DoorsSettings, ServerSettings, Settings
from watchkeeper.settings.addresses import guarded
from watchkeeper.shelf import plugins
from watchkeeper.store.postgres import _read_cursor
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.telemetry.sources.tempo import spans_of
from watchkeeper.testing import CountingIds

Parser = Callable[[bytes], object]
SECRET = "a secret of a webhook"  # nosec
DOORS = DoorsSettings.model_validate(
    {
        "generic": {
            "m": {
                "alerts": "alerts || @", "name": "name", "status": "status", "severity": "severity", "summary": "summary",
                "starts_at": "at", "fingerprint": "id", "labels": {"service": "labels.service", "pod": "labels.pod"},
            }
        }
    }
)  # fmt: skip
SENDERS = plugins("watchkeeper.api.webhooks", "read")
KNOWN = Known(services=("checkout", "payment"), namespaces=("shop",))
_INTENT = Intent(Workload("shop", "Deployment", "checkout"), ())


def text_of(data: bytes) -> str:
    """As every door decodes."""
    return data.decode("utf-8", "replace")


def survives(read: Parser, data: bytes) -> None:
    """Raises whatever is not an error of ours."""
    try:
        read(data)
    except WatchkeeperError:
        return


def tried(read: Callable[[], object]) -> None:
    """The same for something that has its input already."""
    survives(lambda _: read(), b"")


def sender(name: str) -> Parser:
    """The first line is a header, the rest the body."""

    def read(data: bytes) -> object:
        head, _, body = data.partition(b"\n")
        words = head.decode("latin-1")
        headers = {"ce-type": words, "ce-time": words, "ce-id": words, "ce-source": words, "ce-specversion": "1.0", "x-pagerduty-signature": words}  # fmt: skip
        for one in (body, data):
            tried(partial(lambda one: SENDERS[name](Delivery(one, headers, {"mapping": "m"}, NOW, DOORS)), one))
        return None

    return read


@cache
def _ci() -> dict[str, Any]:
    settings = Settings.model_validate(
        {
            "ci": {
                "github_actions": {"webhook_secret": SECRET, "token": "t"},
                "azure_pipelines": {"webhook_secret": SECRET},
                "jenkins": {"webhook_token": SECRET},
            }
        }
    ).ci
    return {
        "github_actions": github_actions.build(settings.github_actions),
        "azure_pipelines": azure_pipelines.build(settings.azure_pipelines),
        "jenkins": jenkins.build(settings.jenkins),
    }


def ci_webhook(name: str) -> Parser:
    """With a right signature or password, so that the body is read; and with the text itself as one."""

    def read(data: bytes) -> object:
        right = "sha256=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
        text = data.decode("latin-1")
        for signature in (right, SECRET, text):
            headers = {
                "x-hub-signature-256": signature, "x-github-event": "workflow_run", "x-github-delivery": text[:50],
                "authorization": signature, "x-watchkeeper-secret": signature,
            }  # fmt: skip
            tried(partial(lambda h: _ci()[name].notice(h, data), headers))
        return None

    return read


class Nobody:
    """A book without tokens."""

    async def keep(self, *_: object) -> None:
        """Nothing is kept."""

    async def find(self, secret_hash: str) -> Token | None:
        """Nobody is known."""
        return None


@cache
def _access() -> Access:
    server = ServerSettings.model_validate({"webhook_token": SECRET, "metrics_token": SECRET})
    return Access(Nobody(), CountingIds(), server, SECRET)  # type: ignore[arg-type]


def credentials(data: bytes) -> object:
    """Bearer tokens, cookies, form keys, the webhook's and the metrics' token: whatever is shown, nobody comes in."""
    access = _access()
    for text in (data.decode("latin-1"), text_of(data)):
        said = {"authorization": f"Bearer {text}"}
        doors: tuple[Callable[[], object], ...] = (
            lambda said=said: asyncio.run(access.principal(said, {}, "10.0.0.1")),
            lambda text=text: asyncio.run(access.principal({"authorization": text}, {"watchkeeper": text}, text)),
            lambda said=said: access.may_deliver(said, "10.0.0.1"),
            lambda said=said: access.may_scrape(said),
            lambda text=text: access.check_form(Principal("ann", Role.VIEWER), text, text),
        )  # type: ignore[misc]
        for door in doors:
            try:
                door()
            except NotAllowed:
                continue
            raise AssertionError(f"{data!r} came in")
        assert not inside(text).startswith(("//", "/\\"))
        guarded(text)
        tried(partial(lambda text: _read_cursor(text, 2), text))
    return None


def traces(data: bytes) -> object:
    """What Tempo may answer; a reader's errors become `Missing` at its boundary, so only KeyError and the like are fine."""
    try:
        return spans_of(json.loads(data), Resolver(Settings().entities).resolve)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def manifests(data: bytes) -> object:
    """YAML of a repository: plain, kustomize, Helm values."""
    text = text_of(data)
    name, _, rest = text.partition("\n")
    files = {"a.yaml": text, "kustomization.yaml": rest, f"charts/{'values' if len(name) % 2 else 'Chart'}.yaml": rest}
    locate(files, "Deployment", "shop", "checkout")
    units(files)
    write(files, _INTENT)
    return None


def changes(data: bytes) -> object:
    """What a policy of changes looks at: each kind of file."""
    text = text_of(data)
    names = ("a.yaml", "Dockerfile", "main.tf", "x.tfplan.json", "chart/values.yaml", ".github/workflows/a.yml")
    return change_documents(dict.fromkeys(names, text))


def terraform(data: bytes) -> object:
    """HCL."""
    text = text_of(data)
    hcl.blocks(text)
    return hcl.leaves(text)


def runbooks(data: bytes) -> object:
    """Markdown with front matter, and the addresses by which alerts name one."""
    text = text_of(data)
    return belonging([article_of("a/b.md", text)], {"alertname": text}, text)


def question(data: bytes) -> object:
    """The grammar of questions and commands."""
    return parse(text_of(data), KNOWN, NOW, UTC)


def configuration(data: bytes) -> object:
    """Values for the settings."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    try:
        return Settings.model_validate(value)
    except ValueError:
        return None


def telemetry_text(data: bytes) -> object:
    """Log lines to templates, redacted; a query that finds them again is one that a server can read."""
    text = text_of(data)
    said(text)
    miner = TemplateMiner()
    for number in miner.add_all(text.splitlines()):
        query = logql('{app="x"}', miner.template(number))
        query.encode()
    redact(text).encode()
    return redact_json({"a": [text], text: text})


def promql(data: bytes) -> object:
    """Rules that come with alerts: the library's parser."""
    try:
        return promql_parser.parse(text_of(data))
    except ValueError:
        return None


PARSERS: dict[str, Parser] = {
    **{f"webhook-{name}": sender(name) for name in sorted(SENDERS)},
    **{f"ci-{name.replace('_', '-')}": ci_webhook(name) for name in ("github_actions", "azure_pipelines", "jenkins")},
    "ci-logs": lambda data: review([data[n : n + 64] for n in range(0, len(data), 64)]),
    "test-reports": lambda data: [*read_archive(io.BytesIO(data)), *tap(text_of(data)), *junit(data)],
    "manifests": manifests,
    "changes": changes,
    "terraform": terraform,
    "credentials": credentials,
    "traces": traces,
    "markdown": lambda data: rendered(text_of(data)),
    "runbooks": runbooks,
    "waivers": lambda data: load_waivers(text_of(data)),
    "questions": question,
    "configuration": configuration,
    "telemetry": telemetry_text,
    "promql": promql,
}
