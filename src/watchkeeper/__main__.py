"""`python -m watchkeeper` and the `watchkeeper` command."""

from watchkeeper.cli import run


def main() -> None:
    """Run the command line."""
    run()


if __name__ == "__main__":
    main()
