"""Install the real servers the tests use from the distribution's packages. Prints the line, asks first."""

import os
import shutil
import subprocess
import sys

PROGRAMS = {
    "redis-server": "redis-server",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "chromium": "chromium",
    "kubernetes-client": "kubectl",
}


def main(arguments: list[str]) -> int:
    """Exit status 0 when every package's program is there afterwards."""
    yes = "--yes" in arguments
    wanted = [a for a in arguments if not a.startswith("--")]
    absent = [p for p in wanted if not shutil.which(PROGRAMS.get(p, p))]
    if not absent:
        print("servers: all there:", ", ".join(PROGRAMS.get(p, p) for p in wanted))
        return 0
    if not shutil.which("apt-get"):
        print("servers: no apt-get here; install by hand:", ", ".join(absent))
        return 1
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    line = [*prefix, "apt-get", "install", "-y", "--no-install-recommends", *absent]
    print("servers:", " ".join(line))
    if not yes and input("run it? [y/N] ").strip().lower() != "y":
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], check=False, env=environment)
    return subprocess.run(line, check=False, env=environment, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
