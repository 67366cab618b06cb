"""Memory ran out."""

from watchkeeper.pipelines.cause import family

FAMILY = family(
    "oom",
    [
        ("java_heap", "outofmemoryerror|gc overhead limit", r"(?:OutOfMemoryError:? ?(?P<what>[\w ]*)|GC overhead limit exceeded)", 9.2, "Give the JVM more memory (-Xmx), or run fewer forks at once.", "java.lang.OutOfMemoryError: Java heap space"),
        ("jvm_native", "insufficient memory for the java runtime|cannot allocate memory|could not reserve enough space|unable to create native thread|unable to create new native thread", r"(?:insufficient memory for the Java Runtime|[Cc]annot allocate memory|Could not reserve enough space|unable to create (?:new )?native thread)", 9.2, "Use a larger runner, or run less at once.", "There is insufficient memory for the Java Runtime Environment to continue."),
        ("node_heap", "heap out of memory|allocation failed - |reached heap limit", r"(?:JavaScript heap out of memory|Allocation failed - |Reached heap limit)", 9.2, "Raise --max-old-space-size in NODE_OPTIONS, or run fewer workers.", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
        ("killed_137", "exit code 137|exited with 137|exit status 137|code 137|signal 9|sigkill|oomkilled", r"(?:(?:exit(?:ed)? (?:with )?(?:code|status)?|code|status):? ?137\b|signal(?: |: )9\b|SIGKILL|OOMKilled)", 8.6, "The kernel ended it for want of memory: use a larger runner or less at once.", "##[error]Process completed with exit code 137."),
        ("killed_word", "killed", r"^(?:.{0,160}(?:line \d+: +\d+ ))?Killed(?: {2,}.{0,200}| *\(program \w+\))?$", 8, "The kernel ended it, most likely for want of memory.", "a.sh: line 12:  4242 Killed                  make"),
        ("compiler_killed", "internal compiler error: killed|fatal error: killed signal|terminated program", r"(?:internal compiler error: Killed|[Kk]illed signal terminated program (?P<program>\w+))", 9.4, "Compile with fewer jobs at once (make -j2).", "c++: fatal error: Killed signal terminated program cc1plus"),
        ("linker_memory", "memory exhausted|virtual memory exhausted|ld terminated with signal 9|std::bad_alloc|bad_alloc|collect2: fatal error: ld", r"(?:memory exhausted|ld terminated with signal 9|std::bad_alloc)", 9, "Link fewer targets at once, or use a larger runner.", "virtual memory exhausted: Cannot allocate memory"),
        ("python_memory", "memoryerror|cuda out of memory|unable to allocate", r"(?:^\s{0,8}MemoryError\b|CUDA out of memory|Unable to allocate [\d.]+ [KMGT]iB)", 9, "Use less memory in this step, or a larger runner.", "MemoryError"),
        ("php_memory", "allowed memory size of", r"Allowed memory size of (?P<limit>\d+) bytes exhausted", 9.2, "Raise memory_limit above {limit} bytes.", "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted"),
        ("generic", "out of memory|enomem|oom-kill|oom killer|outofmemory|memory cgroup", r"(?i)(?:out of memory|ENOMEM|oom[- ]kill|Memory cgroup out)", 8.2, "Use a larger runner, or run less at once.", "fatal: Out of memory, malloc failed"),
        ("go_memory", "runtime: out of memory|cannot allocate", r"(?:runtime: out of memory|fatal error: .{0,20}out of memory)", 9, "Use a larger runner, or run less at once.", "fatal error: runtime: out of memory"),
        ("dotnet", "system.outofmemoryexception", r"System\.OutOfMemoryException", 9, "Use a larger runner, or run less at once.", "System.OutOfMemoryException: Array dimensions exceeded supported range"),
        ("daemon", "daemon disappeared|daemon may have crashed|the forked vm terminated|expiring daemon", r"(?:Gradle build daemon disappeared|The forked VM terminated without|Expiring Daemon because JVM heap)", 7.6, "Give the build's daemon more memory.", "Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)"),
        ("runner_starved", "lost communication with the server", r"lost communication with the server.{0,200}starv", 7.4, "Use a larger runner: the process starved it.", "The hosted runner lost communication with the server. Anything in your workflow that terminates the runner process, starves it"),
    ],
)  # fmt: skip
