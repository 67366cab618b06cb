"""`make dev`: the demo world with the console, started anew whenever a file of src/ changes. Templates and styles need no restart."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "watchkeeper", "demo", "--stay", "--no-approve", "--port", "8123"]


def newest(folder: Path) -> float:
    """When a Python file below it was written last."""
    return max((p.stat().st_mtime for p in folder.rglob("*.py")), default=0.0)


def main() -> None:
    """Until Ctrl-C."""
    while True:
        seen = newest(Path("src"))
        with subprocess.Popen(COMMAND) as running:
            try:
                while newest(Path("src")) == seen and running.poll() is None:
                    time.sleep(1)
                if running.poll() is not None:
                    print("it ended; it starts again when a file changes")
                    while newest(Path("src")) == seen:
                        time.sleep(1)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    running.send_signal(signal.SIGINT)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
