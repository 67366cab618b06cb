"""The search benchmark on a folder made here: rankings in the scorer's form, without a look at any answer."""

import json
from pathlib import Path

import pytest

from watchkeeper.bench import search
from watchkeeper.bench._asked import Asked
from watchkeeper.domain.errors import InvalidInput


def test_rankings_are_written_without_answers(tmp_path: Path) -> None:
    system = tmp_path / "Shop"
    system.mkdir()
    rows = ["1,no space left on device,E1,no space left on device", "2,user ann refused,E2,user <*> refused"]
    (system / "truth.csv").write_text("LineId,Content,EventId,EventTemplate\n" + "\n".join(rows) + "\n")
    (system / "sample.log").write_text("12:00 ledger: no space left on device\n12:01 sshd: user ann refused\n")
    questions = ("disk full", "who could not log in by secure shell")
    (tmp_path / "search_queries.jsonl").write_text("".join(json.dumps({"query": q}) + "\n" for q in questions))
    out = tmp_path / "answers.jsonl"
    figures = search.run(Asked(tmp_path, out))
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [a["ranking"][0] for a in answers] == ["Shop/E1", "Shop/E2"]
    assert (figures["documents"], figures["questions"]) == (2, 2)


def test_an_empty_folder_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        search.run(Asked(tmp_path))
