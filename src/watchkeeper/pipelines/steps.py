"""Where steps begin and fail in the logs of CI systems: GitHub, Azure, Jenkins, Travis, GitLab, CircleCI, Buildkite."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A kind of line that parts a log. `begins`: a step; `fails`: the step that runs; else what follows is cleaning up."""

    kind: str
    needle: str
    expression: re.Pattern[str]


BEGINS, FAILS, CLEANS = "begins", "fails", "cleans"

MARKS: tuple[Mark, ...] = tuple(
    Mark(kind, needle, re.compile(expression))
    for kind, needle, expression in (
        (BEGINS, "travis_time:start", r"travis_time:start"),
        (BEGINS, "##[group]run ", r"^##\[group\]Run (?P<name>.+)"),
        (BEGINS, "##[section]starting:", r"^##\[section\]Starting: (?P<name>.+)"),
        (BEGINS, "[pipeline] { (", r"^\[Pipeline\] \{ \((?P<name>.+)\)"),
        (BEGINS, "[pipeline] stage", r"^\[Pipeline\] stage"),
        (BEGINS, "section_start:", r"section_start:\d+:(?P<name>\w+)"),
        (BEGINS, "~~~ running ", r"^~~~ Running (?P<name>.+)"),
        (FAILS, "exited with ", r"^The command \"(?P<name>.{1,400})\" (?:failed and )?exited with (?P<code>[1-9]\d*)"),
        (FAILS, "failed and exited", r"^The command \"(?P<name>.{1,400})\" failed and exited with (?P<code>\d+)"),
        (FAILS, "process completed with exit code", r"^##\[error\]Process completed with exit code (?P<code>\d+)"),
        (FAILS, "exited with code", r"^##\[error\].{0,40}exited with code '?(?P<code>\d+)"),
        (FAILS, "marked build as failure", r"^Build step '(?P<name>.{1,200})' (?:changed build result to|marked build as) failure"),
        (FAILS, "script returned exit code", r"^ERROR: script returned exit code (?P<code>\d+)"),
        (FAILS, "error: job failed", r"^ERROR: Job failed"),
        (FAILS, "exited with code exit status", r"^Exited with code exit status (?P<code>\d+)"),
        (FAILS, "the command exited with status", r"The command exited with status (?P<code>[1-9]\d*)"),
        (FAILS, "finished: failure", r"^Finished: (?:FAILURE|ABORTED)"),
        (CLEANS, "post job cleanup", r"^Post job cleanup"),
        (CLEANS, "##[section]finishing:", r"^##\[section\]Finishing:"),
        (CLEANS, "[pipeline] // stage", r"^\[Pipeline\] // stage"),
        (CLEANS, "[pipeline] end of pipeline", r"^\[Pipeline\] End of Pipeline"),
        (CLEANS, "travis_fold:start:cache", r"travis_fold:start:cache"),
        (CLEANS, "travis_fold:start:after_", r"travis_fold:start:after_"),
        (CLEANS, "section_start:", r"section_start:\d+:(?:after_script|cleanup|upload_artifacts)"),
        (CLEANS, "[ws-cleanup]", r"^\[WS-CLEANUP\]"),
    )
)  # fmt: skip


@dataclass(slots=True)
class Step:
    """A stretch of the log, 1-based and inclusive. `end` is the line that said it failed, 0 where none did."""

    name: str
    start: int
    end: int = 0
    code: str = ""

    @property
    def failed(self) -> bool:
        """Did a line say so?"""
        return self.end > 0
