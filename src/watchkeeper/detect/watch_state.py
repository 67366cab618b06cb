"""A `Watch` as bytes and back: numpy arrays and JSON in one npz, never pickled. About 3 to 6 KiB a series, compressed less."""

import io
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import Together
from watchkeeper.detect.limits import LimitWatch
from watchkeeper.detect.model import Model
from watchkeeper.detect.watch import SeriesKey, Terms, Watch
from watchkeeper.domain.sighting import Sighting

FORMAT = 2
_ARRAYS = ("recent", "hourly", "seen", "flagged_at", "began", "usual")


def saved(watch: Watch) -> bytes:
    """Everything it knows."""
    head = {
        "format": FORMAT, "at": watch.at, "keys": [[k.namespace, k.service, k.metric] for k in watch.keys],
        "open": {slot: asdict(s) for slot, s in watch.open.items()}, "past": watch.past,
        "terms": asdict(watch.terms), "slot": watch.limits.slot, "fuse": watch.fuse.newest, "blocks": len(watch.blocks),
    }  # fmt: skip
    arrays: dict[str, Any] = {name: getattr(watch, name) for name in _ARRAYS}
    arrays |= {f"limits_{name}": getattr(watch.limits, name) for name in ("limits", "ring", "agreed")}
    arrays |= {f"fuse_{name}": getattr(watch.fuse, name) for name in Together.ARRAYS}
    arrays |= {f"block_{n}": np.frombuffer(block.state(), np.uint8) for n, block in enumerate(watch.blocks)}
    out = io.BytesIO()
    np.savez(out, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)
    return out.getvalue()


def restored(state: bytes, terms: Terms, model: Model | None = None) -> Watch | None:
    """A watch that goes on where `state` was taken, on new terms; None where another version or interval wrote it."""
    with np.load(io.BytesIO(state), allow_pickle=False) as stored:
        head = json.loads(bytes(stored["head"]))
        if head["format"] != FORMAT or head["terms"]["interval"] != terms.interval:
            return None
        watch = Watch(terms, model)
        watch.at, watch.keys = head["at"], [SeriesKey(*k) for k in head["keys"]]
        for name in _ARRAYS:
            setattr(watch, name, stored[name])
        watch.limits = LimitWatch(stored["limits_limits"])
        watch.limits.ring, watch.limits.agreed, watch.limits.slot = (
            stored["limits_ring"],
            stored["limits_agreed"],
            head["slot"],
        )
        watch.open = {slot: Sighting.of(s) for slot, s in head["open"].items()}
        watch.past = [(float(at), str(who), str(metrics)) for at, who, metrics in head["past"]]
        watch.blocks = [_block(bytes(stored[f"block_{n}"]), terms.false_pages_per_day) for n in range(head["blocks"])]
        watch.index()
        watch.fuse.newest = head["fuse"]
        for name in Together.ARRAYS:
            setattr(watch.fuse, name, stored[f"fuse_{name}"])
    return watch


def _block(state: bytes, knob: float) -> AdaptiveDetector:
    """The detector with what it learnt and today's knob: what was learnt does not depend on it."""
    out = io.BytesIO()
    with np.load(io.BytesIO(state), allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    np.savez(out, **arrays | {"false_pages": np.float64(knob)})
    return AdaptiveDetector.restored(out.getvalue())
