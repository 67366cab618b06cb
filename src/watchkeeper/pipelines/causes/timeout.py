"""It took too long."""

from watchkeeper.pipelines.cause import family

FAMILY = family(
    "timeout",
    [
        ("job_time", "exceeded the maximum execution time|the operation was canceled|has exceeded the maximum|ran longer than the maximum time|maximum time limit|exceeded the maximum time|execution took longer than", r"(?i)(?:exceeded the maximum (?:execution )?time|ran longer than the maximum time(?: of (?P<limit>\d+ minutes))?|maximum time limit for jobs|execution took longer than (?P<seconds>[\w ]+))", 9, "Raise the limit, or find the step that hangs.", "The job running on runner X has exceeded the maximum execution time of 360 minutes."),
        ("jenkins_time", "build timed out|timeout has been exceeded|cancelling nested steps due to timeout|hudson timeout", r"(?:Build timed out \(after (?P<limit>[\w ]+)\)|Timeout has been exceeded|Cancelling nested steps due to timeout)", 9.2, "Raise the limit of {limit}, or find the step that hangs.", "Build timed out (after 60 minutes). Marking the build as failed."),
        ("no_output", "no output has been received|no output received|too long with no output|inactivity", r"(?i)(?:no output has been received in the last (?P<limit>[\w ]+)|too long with no output|timed out due to inactivity)", 9.2, "Find what hangs; a long quiet step must print now and then.", "No output has been received in the last 10m0s, this potentially indicates a stalled build"),
        ("exit_124", "exited with 124|exit code 124|exit status 124|code 124", r"(?:exited with|exit (?:code|status)|code):? 124\b", 8.6, "The command was ended by `timeout`: raise it or find what hangs.", 'The command "timeout 35m ./build" exited with 124.'),
        ("killed_after", "killed after|terminated after|timed out after|timeout of |timeout after|exceeded timeout|timeout exceeded|timed out waiting|deadline exceeded|exceeded the timeout", r"(?i)(?:(?:killed|terminated|timed[ -]?out|timeout) after (?P<limit>[\d.]+ ?\w+)|timeout of (?P<other>[\d.]+ ?m?s) exceeded|exceeded (?:the )?timeout|timeout exceeded|timed out waiting for|deadline exceeded)", 7.4, "Raise the limit of {limit}{other}, or find what is slow.", "Error: Timeout of 2000ms exceeded."),
        ("go_test_time", "panic: test timed out", r"panic: test timed out after (?P<limit>\S+)", 9, "Find the test that hangs: the goroutines below show where.", "panic: test timed out after 10m0s"),
        ("jest_time", "exceeded timeout of|async callback was not invoked within", r"(?:[Ee]xceeded timeout of (?P<limit>\d+ ?ms)|Async callback was not invoked within)", 8.2, "Raise the limit of this test, or await what it starts.", "Exceeded timeout of 5000 ms for a test."),
        ("pytest_time", "failed: timeout >|timeout >", r"Failed: Timeout >(?P<limit>[\d.]+s)", 8.8, "Find what the test waits for.", "E       Failed: Timeout >300.0s"),
        ("cancelled", "the operation was canceled|the operation was cancelled", r"The operation was cancell?ed", 6, "Somebody or a limit ended the run.", "##[error]The operation was canceled."),
        ("generic", "timed out|timeouterror|timeoutexception|time-out|time out", r"(?:[Tt]imed[ -]?out\b|TimeoutError|TimeoutException|\bTIMEOUT\b)", 5.4, "Find what is slow, or raise the limit.", "TimeoutError: waiting for selector"),
        ("watchdog", "watchdog|hang|stalled", r"(?i)(?:watchdog .{0,40}(?:timeout|expired|fired)|test(?:s)? (?:appears? to )?(?:hang|hung|stalled)|job (?:appears )?stalled)", 7.2, "Find what hangs.", "watchdog timer expired, killing process"),
    ],
)  # fmt: skip
