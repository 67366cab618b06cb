"""A small LSTM (PyTorch, `pip install watchkeeper[lstm]`), one for all series: what it did not foresee is unusual.

It reads the last 32 standings of a series (`features.standing`) and foretells the next; the error is held against a tail fitted to
the errors on the history, at the depth that the allowed false pages ask for. Weights are saved and loaded as plain tensors.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.features import WINDOW, squeezed, standing
from watchkeeper.detect.model import Array, Model, ModelTerms, Progress
from watchkeeper.domain.errors import ConfigurationError, InvalidInput

_STEPS, _HIDDEN = 32, 24
_WINDOWS, _EPOCHS, _BATCH, _RATE = 12_000, 5, 256, 4e-3
_CHUNK = 16_384
_QUANTILE, _TRIMMED = 0.98, 0.999
"""The tail is fitted between these: the history has anomalies of its own, which must not teach that they are usual."""
_CLIP = 8.0


class LstmModel:
    """Deterministic for one seed and one build of torch."""

    name = "lstm"
    lookback = WINDOW + _STEPS

    def __init__(self, terms: ModelTerms) -> None:
        self._terms, self._torch = terms, _torch()
        self._net: Any = None
        self._border = float("inf")

    def _fresh(self) -> Any:
        nn = self._torch.nn
        self._torch.manual_seed(self._terms.seed)
        return nn.ModuleDict({"memory": nn.LSTM(1, _HIDDEN, batch_first=True), "word": nn.Linear(_HIDDEN, 1)})

    def fit(self, history: Sequence[Array], progress: Progress) -> None:
        """Windows drawn over all series. Raises InvalidInput where there are too few."""
        dice = np.random.default_rng(self._terms.seed)
        share = max(_WINDOWS // max(len(history), 1), 1)
        drawn = [_drawn(values, share, dice) for values in history]
        windows = np.concatenate(drawn) if drawn else np.zeros((0, _STEPS + 1))
        if len(windows) < 100:
            raise InvalidInput("too little history to train on", hint="at least three hours of samples are needed")
        torch, net = self._torch, self._fresh()
        data = torch.from_numpy(windows.astype(np.float32))
        steps = torch.optim.Adam(net.parameters(), lr=_RATE)
        for epoch in range(_EPOCHS):
            for part in np.array_split(dice.permutation(len(data)), max(len(data) // _BATCH, 1)):
                steps.zero_grad()
                batch = data[torch.from_numpy(part)]
                error = torch.nn.functional.smooth_l1_loss(_foretold(net, batch[:, :-1]), batch[:, -1])
                error.backward()
                steps.step()
            progress(epoch + 1, _EPOCHS)
        self._net = net
        self._border = self._fitted(np.abs(self._errors(windows)))

    def _fitted(self, errors: Array) -> float:
        """The error that the allowed share of samples exceeds: an exponential tail beyond a high quantile."""
        quantile = float(np.quantile(errors, _QUANTILE))
        beyond = errors[(errors > quantile) & (errors <= np.quantile(errors, _TRIMMED))] - quantile
        length = float(beyond.mean()) if len(beyond) else 1e-3
        chance = min(self._terms.false_pages_per_day * self._terms.interval / 86400, 1 - _QUANTILE)
        return quantile + length * float(np.log((1 - _QUANTILE) / chance))

    def _errors(self, windows: Array) -> Array:
        torch, out = self._torch, np.zeros(len(windows))
        with torch.no_grad():
            for begin in range(0, len(windows), _CHUNK):
                part = torch.from_numpy(windows[begin : begin + _CHUNK].astype(np.float32))
                out[begin : begin + _CHUNK] = (part[:, -1] - _foretold(self._net, part[:, :-1])).numpy()
        return out

    def score(self, values: Array) -> Array:
        """Error over the border: above 1 is unusual; 0 where it cannot be judged."""
        if self._net is None:
            raise InvalidInput("the network was not trained", hint="run `watchkeeper train`")
        out = np.zeros(values.shape)
        z = _standings(values)
        for column in range(values.shape[1]):
            windows = _windows(z[:, column])
            known = np.flatnonzero(np.isfinite(windows).all(axis=1))
            if len(known):
                out[known + _STEPS, column] = np.abs(self._errors(windows[known])) / self._border
        return out

    def flag(self, values: Array) -> npt.NDArray[np.bool_]:
        """Beyond the border."""
        flags: npt.NDArray[np.bool_] = self.score(values) > 1
        return flags

    def save(self, folder: Path) -> None:
        """Weights and border."""
        self._torch.save(self._net.state_dict(), folder / "weights.pt")
        (folder / "border.json").write_text(json.dumps({"border": self._border}))

    def load(self, folder: Path) -> None:
        """Tensors only: `weights_only` refuses everything else."""
        net = self._fresh()
        net.load_state_dict(self._torch.load(folder / "weights.pt", weights_only=True))
        self._net, self._border = net, float(json.loads((folder / "border.json").read_text())["border"])


def _torch() -> Any:
    """The library, where it is installed; loaded here and nowhere else."""
    try:
        import torch
    except ImportError:
        hint = "pip install 'watchkeeper[lstm]' (a CPU build is enough), or set anomaly_detection.model_type: adaptive"
        raise ConfigurationError(
            "anomaly_detection.model_type is lstm, but PyTorch is not installed", hint=hint
        ) from None
    torch.set_num_threads(1)
    return torch


def _foretold(net: Any, past: Any) -> Any:
    told, _ = net["memory"](past.unsqueeze(-1))
    return net["word"](told[:, -1]).squeeze(-1)


def _standings(values: Array) -> Array:
    out: Array = np.clip(squeezed(standing(values)[0]), -_CLIP, _CLIP)
    return out


def _windows(z: Array) -> Array:
    if len(z) <= _STEPS:
        return np.zeros((0, _STEPS + 1))
    return np.lib.stride_tricks.sliding_window_view(z, _STEPS + 1)


def _drawn(values: Array, share: int, dice: np.random.Generator) -> Array:
    """Some windows of every series, as many of each."""
    z = _standings(values)
    each, out = max(share // max(z.shape[1], 1), 1), [np.zeros((0, _STEPS + 1))]
    for column in range(z.shape[1]):
        windows = _windows(z[:, column])
        known = np.flatnonzero(np.isfinite(windows).all(axis=1))
        out.append(windows[dice.permutation(known)[:each]])
    return np.concatenate(out)


def build(terms: ModelTerms) -> Model:
    """Of these terms. Raises ConfigurationError where PyTorch is missing."""
    return LstmModel(terms)
