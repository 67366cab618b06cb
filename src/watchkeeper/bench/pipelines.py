"""Failed CI logs: the three lines and the category per log, and how fast a large log is read."""

import gzip
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.pipelines.review import Review, review
from watchkeeper.pipelines.scan import CHUNK

_LARGE = 500_000_000


def run(asked: Asked) -> dict[str, Any]:
    """Reads `logs/*.gz` and nothing else. Raises InvalidInput where there is none."""
    paths = sorted((asked.folder() / "logs").glob("*.gz"))
    if not paths:
        raise InvalidInput(f"{asked.directory} holds no logs/*.gz", hint="one gzip file a log, named by its id")
    review([b"warm up\n"])
    rows, size, seconds = [], 0, 0.0
    for number, path in enumerate(paths, 1):
        content = gzip.decompress(path.read_bytes())
        began = time.process_time()
        said = review([content])
        seconds, size = seconds + time.process_time() - began, size + len(content)
        rows.append(_answer(path, said))
        asked.progress(number, len(paths) + 1)
    if asked.predictions is not None:
        asked.predictions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    content = b"".join(gzip.decompress(p.read_bytes()) for p in paths)
    before, began, cpu = _peak(), time.perf_counter(), time.process_time()
    review(_repeated(content, _LARGE))
    large, cpu = time.perf_counter() - began, time.process_time() - cpu
    figures = {
        "benchmark": "pipelines", "logs": len(rows), "bytes": size, "megabytes_per_cpu_second": round(size / 1e6 / seconds, 1),
        "large_log_megabytes": _LARGE // 1_000_000, "large_log_megabytes_per_second": round(_LARGE / 1e6 / large, 1),
        "large_log_megabytes_per_cpu_second": round(_LARGE / 1e6 / cpu, 1),
        "peak_memory_mib": _peak(), "memory_added_by_the_large_log_mib": _peak() - before,
    }  # fmt: skip
    write_json(asked.json_out, figures)
    return figures


def _answer(path: Path, said: Review) -> dict[str, Any]:
    name = path.name.removesuffix(".gz").removesuffix(".log").removesuffix(".txt")
    return {"id": name, "lines": [f.line for f in said.findings], "category": said.category}


def _repeated(content: bytes, total: int) -> Iterator[bytes]:
    """The same bytes over and over until `total` is reached, in blocks."""
    sent = 0
    while sent < total:
        for at in range(0, len(content), CHUNK):
            block = content[at : at + min(CHUNK, total - sent)]
            sent += len(block)
            yield block
            if sent >= total:
                return


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
