"""Rego, evaluated in this process. Fails closed: what does not load or evaluate is PolicyBroken."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from regopy import Interpreter, RegoError

from watchkeeper.domain.errors import PolicyBroken
from watchkeeper.policy.guard import PolicyAnswer

SHIPPED = Path(__file__).parent / "rego"
_PACKAGE = "watchkeeper.remediation"
_HINT = "see docs/reference/policies.md; until it is mended Watchkeeper investigates and changes nothing"


class RegoGuard:
    """Reads every `.rego` of a folder once; rules add words to `deny`, `ask` and `allow` of one package."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or SHIPPED

    @cached_property
    def _modules(self) -> dict[str, str]:
        try:
            files = sorted(p for p in self._folder.glob("*.rego") if not p.stem.endswith("_test"))
            found = {p.name: p.read_text(encoding="utf-8") for p in files}
        except OSError as error:
            raise PolicyBroken(f"{self._folder} cannot be read: {error.strerror}", hint=_HINT) from None
        if not found:
            raise PolicyBroken(f"{self._folder} holds no .rego file", hint=_HINT)
        return found

    def evaluate(self, document: Mapping[str, Any]) -> PolicyAnswer:
        """The answer for one document. A fresh interpreter each time: no answer leaks into the next."""
        interpreter = Interpreter()
        try:
            for name, text in self._modules.items():
                interpreter.add_module(name, text)
            interpreter.set_input(dict(document))
            result = interpreter.query(f"data.{_PACKAGE}")
            said = result.results[0].expressions[0] if result.ok() and result.results else None
        except (RegoError, ValueError, TypeError, IndexError) as error:
            raise PolicyBroken(f"the policy does not load: {str(error).splitlines()[0]}", hint=_HINT) from None
        if not isinstance(said, dict) or not {"deny", "ask", "allow"} <= said.keys():
            raise PolicyBroken(f"package {_PACKAGE} does not define deny, ask and allow", hint=_HINT)
        return PolicyAnswer(*(tuple(sorted(map(str, said[rule]))) for rule in ("deny", "ask", "allow")))
