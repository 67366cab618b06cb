"""Lines that only say that something is wrong, the stop-list of headlines, and what a command is usually about."""

import re

from watchkeeper.pipelines.cause import family

GENERIC = family(
    "",
    [
        ("annotated", "##[error]", r"^##\[error\](?P<what>.{3,})", 5.6, "", "##[error]Something is wrong here"),
        ("error_of", "error: |error - ", r"^.{0,60}?\b(?:[eE]rror|ERROR)(?: -|:) (?P<what>.{3,})", 4.2, "", "foo: error: something is wrong"),
        ("error_head", "error", r"^\W{0,4}(?:ERROR|Error|error|ERR!)\b.{3,}", 3.8, "", "ERROR something is wrong"),
        ("error_numbered", "error ", r"^(?:.{0,100}\s)?error (?P<code>[A-Z]{2,8}\d{2,6})\b", 5, "", "error XYZ123: something is wrong"),
        ("exception", "exception|error", r"^(?:Caused by: |Exception in thread \S+ |Unhandled (?:exception|rejection)[: ]{1,2})?(?:[\w$]{1,60}\.){0,8}[A-Z][\w$]{1,80}(?:Exception|Error)(?:: .{0,300})?$", 5, "", "java.lang.IllegalStateException: something is wrong"),
        ("caused_by", "caused by: ", r"^\s{0,12}Caused by: (?P<what>.+)", 4.4, "", "Caused by: java.lang.IllegalStateException: x"),
        ("uncaught", "uncaught|unhandled", r"(?i)(?:uncaught|unhandled) (?:exception|error|promise|rejection|runtime)", 5, "", "Uncaught exception: something is wrong"),
        ("traceback", "traceback (most recent call last)", r"Traceback \(most recent call last\)", 4.3, "", "Traceback (most recent call last):"),
        ("fatal", "fatal", r"^.{0,40}\b(?:FATAL|fatal|Fatal)\b.{3,}", 4.6, "", "FATAL: something is wrong"),
        ("aborted", "aborted", r"(?i)^.{0,30}(?:aborted[!.:]|aborting)", 3.4, "", "rake aborted!"),
        ("failed_to", "fail", r"(?i)^.{0,60}\bfail(?:ed|ure) (?:to|with|while|because|in|on|at|for)\b.{3,}", 4, "", "failed to do a thing"),
        ("cannot", "cannot |can't |could not |couldn't |unable to |unexpected ", r"(?i)^.{0,60}\b(?:cannot|can't|could ?n[o']t|could not|unable to|unexpected) .{3,}", 3.4, "", "cannot do a thing"),
        ("invalid", "invalid |missing |illegal |not found|denied|refused|mismatch|conflict|rejected|unsupported|does not|not supported", r"(?i)^.{0,80}\b(?:invalid|missing|illegal|not found|denied|refused|mismatch|conflict|rejected|unsupported|does not (?:exist|match)|not supported)\b", 2.8, "", "invalid thing"),
        ("failed", "failed|failure|fail:", r"^.{0,120}\b(?:FAILED|FAIL|Failed|failed|FAILURE|Failure)\b", 2.6, "", "thing FAILED"),
        ("issues", "issue", r"(?i)^.{0,40}\b[1-9]\d* (?:issues?|problems?|errors?)\b", 2.6, "", "found 3 issues"),
        ("crashed", "crash|panic|abort", r"(?i)^.{0,60}\b(?:crashed|panicked|segfault|abort trap)", 3.6, "", "the thing crashed"),
    ],
)  # fmt: skip

HEADLINE = re.compile(
    r"(?i)^\W{0,6}(?:error:? )?(?:"
    r"build (?:failed|failure|error)|build step '|finished: failure|failure: build failed|the command \"|done\. your build"
    r"|process completed with exit code|(?:bash|cmd\.exe|powershell|the process '.{1,200}') (?:exited|failed) with (?:exit )?code"
    r"|npm (?:err!|error) (?:code elifecycle|errno|exit status|test failed|lifecycle|failed at the|this is probably not|a complete log|there is likely|\S+@\S+ \w+:|in workspace|path|command|enoent this)"
    r"|npm (?:err!|error)\s*$|command failed with exit code|error command failed|lerna err|elifecycle|script returned exit code"
    r"|make(?:\[\d+\])?: \*\*\*|gmake|ninja: build stopped|subcommand failed|error: job failed|for more information about|re-run maven"
    r"|to see the full stack|after correcting|\[help \d\]|failed to execute goal|tests? failed\.?\s*(?:see above.*)?$|there (?:are|were) test failures"
    r"|(?:task )?'?\S{1,40}'? (?:errored|failed) after|exited with (?:code|status)|exit (?:code|status)|error: process completed|what went wrong"
    r"|run with --(?:stacktrace|info|debug)|\* try:|errors? occurred|failed tests?:?$|failures?:?$|failing tests?:?$|fail$|error$|fail\s+\S+\s+[\d.]+s$|failed!$"
    r"|error: script|error: command failed|command \S{1,80} failed|please review|see (?:the )?(?:above|log)|at least one|one or more|some (?:tests|checks)"
    r"|invocationerror|error: could not compile|error: aborting due to|\d+ errors? generated|stop\.|a fatal error|bundler? could not|exit \d+"
    r"|warning|warn\b|npm warn|\[warn|info\b|\[info|debug|\[debug|note:|deprecat|using |installing |downloading |fetching |compiling |running |checking )"
)
"""A line that stands above, below or beside the cause and is not it."""

PASSED = re.compile(
    r"^\s{0,24}(?:✓|✔|√|\[\+\]|PASS\b|PASSED|ok\b|OK\b|--- PASS|\[       OK|\[32m|\+ |\$ |> |Requirement already|Collecting |Get:\d|Hit:\d|Selecting |Unpacking |Setting up |Preparing to|\d+% |Downloaded |inflating:|\s*creating:|creating |copying |adding )"
    r"|(?:\bok\s{1,8}\d+ ms\b.{0,80}| PASSED(?:\s.{0,20})?| \.\.\. ok| OK| passed| ✓)$|\b0 (?:errors?|failures?|failed|failing|issues|problems|warnings)\b|(?:errors?|failures?|failed)[:=] ?0\b"
)
"""A line about something that went well, or a command as it is echoed."""

WARNING = re.compile(
    r"(?i)^\W{0,4}(?:\[?warn(?:ing)?\b|npm warn|\[info\]|\[debug\]|info:|debug:|note:|w:)|\bwarning:|DeprecationWarning|: note: "
)

COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (category, re.compile(words))
    for category, words in (
        ("terraform", r"\b(?:terraform|terragrunt|tofu|pulumi|packer|ansible)\b"),
        ("k8s_deploy", r"\b(?:kubectl|helm|kustomize|argocd|skaffold|helmfile)\b"),
        ("docker", r"\b(?:docker|podman|buildah|kaniko|buildx)\b"),
        (
            "lint",
            r"(?i)lint|flake8|pylint|rubocop|\bstandard\b|\bblack\b|prettier|checkstyle|\bfmt\b|format|pre-commit|\bmypy\b|clippy|shellcheck|proof|awesome|phpcs|phpstan|isort|\bruff\b|\bvet\b|style|spell|links?\b|markdown|critic|validate",
        ),
        ("git", r"\bgit (?:clone|checkout|fetch|submodule|push|merge)\b|[Cc]heckout"),
        (
            "test",
            r"(?i)\btests?\b|pytest|jest|rspec|mocha|karma|phpunit|\btox\b|ctest|nosetests|\bspec\b|junit|\bprove\b|cypress|playwright|coverage|\bcheck\b|verify",
        ),
        (
            "dependency",
            r"(?i)\binstall\b|npm ci|composer|restore|apt-get|\byarn$|\bpip\d?\b|dependenc|mod download|brew",
        ),
        ("compile", r"(?i)build|compile|\bmake\b|\bgcc\b|\btsc\b|webpack|xcodebuild|assemble|package|javac|cargo"),
    )
)


def usual(command: str) -> str:
    """The category failures of such a command usually have; "" where it tells nothing."""
    return next((category for category, words in COMMANDS if words.search(command)), "")
