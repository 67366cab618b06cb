"""What stands on the shelf of analyzers: a name and a pure function from a case to findings."""

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.diagnose.case import Case
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal


@dataclass(frozen=True, slots=True)
class Analyzer:
    """One symptom, one file. `examine` sees the whole case and tells at most a few findings a service."""

    name: str
    signal: Signal
    examine: Callable[[Case], list[Finding]]
