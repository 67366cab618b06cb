"""The cards we send to Teams, read by the parser that Adaptive Cards publish, with long and strange texts."""

import json
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from contracts.published import CACHE, member
from tests_support import INCIDENT, NOW
from watchkeeper.bench._questions import plan as plan_of
from watchkeeper.chat.cards import card_of
from watchkeeper.chat.platforms.teams import adaptive_card_of
from watchkeeper.domain.diagnosis import Diagnosis, Sentence
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.remediation import NeedsApproval
from watchkeeper.store.port import PlanRecord, PlanState

HOSTILE = "<at>everyone</at> [Approve](https://evil.example) \u202e\x1b[31m" * 40


PARSER = """
const AC = require(process.argv[1]);
const context = new AC.SerializationContext(AC.Versions.v1_4);
const card = new AC.AdaptiveCard();
card.parse(JSON.parse(require('fs').readFileSync(0, 'utf8')), context);
const said = Array.from({length: context.eventCount}, (_, i) => context.getEventAt(i).message);
console.log(JSON.stringify(said.concat(card.validateProperties().validationEvents.map(e => e.message))));
"""


def problems(card: dict[str, Any]) -> list[str]:
    """What the owners' own parser says of a card of version 1.4. Their package holds no schema file; its parser holds the rules."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine: it runs the published parser")
    member("adaptivecards", "dist/adaptivecards.js")
    library = CACHE / "adaptivecards" / "dist/adaptivecards.js"
    said = subprocess.run(
        [node, "-e", PARSER, str(library)],
        input=json.dumps(card),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(json.loads(said.stdout))


def cards() -> list[dict[str, Any]]:
    plan = plan_of("plan-1", INCIDENT.id, "raise_pool_size", "payment", "4", "8", NOW)
    record = PlanRecord(plan, NeedsApproval(("configured",)), PlanState.PROPOSED)
    waiting = replace(INCIDENT, stage=Stage.AWAITING_APPROVAL, title=HOSTILE)
    diagnosis = Diagnosis((), (Sentence(HOSTILE, ("E1",)),))
    return [
        adaptive_card_of(card_of(waiting, diagnosis, [record], "ask-1", "https://watch.example")),
        adaptive_card_of(card_of(waiting, None, [], "", "")),
        adaptive_card_of(card_of(replace(INCIDENT, stage=Stage.RESOLVED), diagnosis, [record], "", "")),
    ]


def test_every_card_is_what_the_published_parser_expects() -> None:
    for card in cards():
        assert problems(card) == []
    broken = cards()[0]
    broken["body"][0] |= {"size": "Gigantic"}
    broken["actions"].append({"type": "Action.Shell"})
    assert len(problems(broken)) == 2
