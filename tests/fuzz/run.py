"""Fuzz one parser: python tests/fuzz/run.py NAME SECONDS FOLDER. What breaks it is left in FOLDER; exit status 1 then.

With atheris (`uv sync --group fuzz`) inputs are guided by the paths they take; without it they are mutated blindly.
"""

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
try:
    import atheris
except ImportError:
    atheris = None
if atheris is not None:
    with atheris.instrument_imports(include=["watchkeeper"]):
        from fuzz.parsers import PARSERS, survives
else:
    from fuzz.parsers import PARSERS, survives
from fuzz.seeds import kept, seeds_of

_LARGEST = 4096
_PIECES = (b"\x00", b"\xff", b"[" * 3000, b"{\"a\":" * 500, b"9" * 400, b"1e999", b"NaN", b"-1", b"\xed\xa0\x80", b"\xe2\x80\xae", b"&a *a", b"<<EOT\n", b"${", b"%s", b"'", b'"', b"\\")  # fmt: skip


def guided(name: str, seconds: float, folder: Path) -> None:
    """Does not come back: libFuzzer ends the process."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*seeds_of(name), *(path.read_bytes() for path in kept(name))]):
        (corpus / f"seed-{number}").write_bytes(seed)
    # -timeout: an input that takes longer than this is a fault too.
    options = [f"-max_total_time={int(seconds)}", f"-max_len={_LARGEST}", "-timeout=20", "-rss_limit_mb=2048"]

    def once(data: bytes) -> None:
        try:
            survives(PARSERS[name], data)
        except BaseException:
            (folder / "crash").write_bytes(data)  # the alarm of -timeout may end the process before libFuzzer keeps it
            raise

    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/", str(corpus)], once)  # fmt: skip
    atheris.Fuzz()


def blind(name: str, seconds: float, folder: Path) -> int:
    """How many inputs were tried; 0 where one broke it."""
    dice, inputs, end, tried = random.Random(1), seeds_of(name), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = bytearray(dice.choice(inputs))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(data) + 1)
            match dice.randrange(4):
                case 0:
                    data[at:at] = dice.choice(_PIECES)
                case 1:
                    del data[at : at + dice.randint(1, 20)]
                case 2:
                    data[at : at + 1] = bytes([dice.randrange(256)])
                case _:
                    other = dice.choice(inputs)
                    data[at:at] = other[dice.randrange(len(other) + 1) :][:200]
        try:
            survives(PARSERS[name], bytes(data))
        except BaseException:
            (folder / "crash-blind").write_bytes(bytes(data))
            raise
        tried += 1
    print(f"{name}: {tried} inputs")
    return tried


if __name__ == "__main__":
    chosen, lasting, left = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    if atheris is not None:
        guided(chosen, lasting, left)
    else:
        blind(chosen, lasting, left)
