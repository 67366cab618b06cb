"""What once broke a parser breaks it no more; and, in the soak tier, a search for more of it (ten minutes a parser)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.parsers import PARSERS, survives
from fuzz.seeds import kept, seeds_of

SECONDS = float(os.environ.get("WATCHKEEPER_FUZZ_SECONDS") or 600)
RUN = Path(__file__).parent / "run.py"


@pytest.mark.parametrize("parser", sorted(PARSERS))
def test_seeds_and_what_once_broke_it(parser: str) -> None:
    for data in [*seeds_of(parser), *(path.read_bytes() for path in kept(parser))]:
        for cut in (data, data[: len(data) // 2], b""):
            survives(PARSERS[parser], cut)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 2 + 300)
@pytest.mark.parametrize("parser", sorted(PARSERS))
def test_nothing_breaks_it(parser: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(RUN), parser, str(SECONDS), str(tmp_path)], capture_output=True, text=True)  # fmt: skip
    said = done.stdout + done.stderr
    found = [p for p in tmp_path.iterdir() if p.is_file()]
    count = re.findall(r"Done (\d+) runs|: (\d+) inputs", said)
    print(f"fuzz {parser}: {''.join(count[-1]) if count else '?'} inputs in {SECONDS:g} s, {len(found)} crashes")
    shown = "\n".join(f"{p.name}: {p.read_bytes()[:300]!r}" for p in found)
    assert (done.returncode, found) == (0, []), f"{shown}\n{said[-3000:]}"
