"""Make a new, empty migration after the newest one: `make migration name="add x"`."""

import re
import sys
from pathlib import Path

from watchkeeper.store.migrate import HERE, head

TEMPLATE = '''"""{title}."""

from alembic import op

revision = "{number}"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("")
'''


def main(name: str) -> None:
    """Numbers follow each other; old versions of the dump under tests/fixtures/schemas stay."""
    if not name:
        sys.exit('say what it does: make migration name="add x"')
    before = head()
    number = f"{int(before) + 1:04d}"
    path = Path(HERE) / "versions" / f"{number}_{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_')}.py"
    path.write_text(TEMPLATE.format(title=name.capitalize(), number=number, before=before))
    print(f"wrote {path}\nthen keep the new schema with data: python scripts/keep_schema.py")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]).strip())
