"""A test that did not pass, as a test report tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailedTest:
    """`name` with its class or suite in front; `message` and `file` are "" where the report has none."""

    name: str
    message: str
    file: str = ""
    seconds: float = 0.0
