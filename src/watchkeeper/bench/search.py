"""Plain questions over the log templates of a folder; rankings in the form the data's own scorer reads."""

import csv
import json
import re
import time
from pathlib import Path
from typing import Any

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.recall.search import Document, SearchIndex

_TEN = 10
_LETTERS = re.compile(r"[A-Za-z][\w.$()\-]*")


def run(asked: Asked) -> dict[str, Any]:
    """Writes one ranking a question. Raises InvalidInput where the folder holds no questions or no templates."""
    directory = asked.folder()
    questions_file = directory / "search_queries.jsonl"
    systems = sorted(p.parent for p in directory.glob("*/truth.csv"))
    if not systems or not questions_file.is_file():
        raise InvalidInput(
            f"{directory} holds no questions", hint="it needs search_queries.jsonl and <System>/truth.csv"
        )
    # Of a question only its words are read, never its answer.
    questions = [json.loads(line)["query"] for line in questions_file.read_text(encoding="utf-8").splitlines()]
    documents = [d for system in systems for d in documents_of(system)]
    began = time.monotonic()
    index = SearchIndex(documents)
    built = time.monotonic() - began
    answers = []
    for number, question in enumerate(questions, 1):
        answers.append({"query": question, "ranking": [h.id for h in index.search(question, _TEN)]})
        asked.progress(number, len(questions))
    if asked.predictions is not None:
        asked.predictions.write_text("".join(json.dumps(a) + "\n" for a in answers), encoding="utf-8")
    figures = {
        "benchmark": "search", "directory": directory.name, "documents": len(documents), "questions": len(questions),
        "seconds_to_build": round(built, 3), "milliseconds_a_question": round(1e3 * (time.monotonic() - began - built) / len(questions), 2),
    }  # fmt: skip
    write_json(asked.json_out, figures)
    return figures


def documents_of(system: Path) -> list[Document]:
    """Each template of a system, with the header of its first line (host, component, level) as context."""
    with (system / "truth.csv").open(newline="", encoding="utf-8") as rows:
        truth = list(csv.DictReader(rows))
    sample = system / "sample.log"
    raw = sample.read_text(encoding="utf-8", errors="replace").splitlines() if sample.is_file() else []
    found: dict[str, Document] = {}
    for number, row in enumerate(truth):
        if row["EventId"] not in found:
            line = raw[number] if number < len(raw) else ""
            header = line.removesuffix(row["Content"]) if line.endswith(row["Content"]) else ""
            context = f"{system.name} {' '.join(_LETTERS.findall(header))}"
            found[row["EventId"]] = Document(f"{system.name}/{row['EventId']}", row["EventTemplate"], context)
    return list(found.values())
