"""What a file on the shelf `api.webhooks` is handed, and how it says that a body cannot be read.

Each file defines `read(delivery) -> list[Alert]`; it may define `proven(delivery) -> bool`: True where the request carries a
proof of its own (a signature, a routing key), so that no webhook token is asked for. A wrong proof raises NotAllowed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from watchkeeper.api.problems import path_of
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.settings import DoorsSettings

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a sender. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]
    received_at: datetime
    settings: DoorsSettings = field(default_factory=DoorsSettings)

    def json(self) -> Any:
        """The body. Raises InvalidInput."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"not JSON: {error}", field="(body)") from None

    def document(self) -> dict[str, Any]:
        """The body, which must be an object. Raises InvalidInput."""
        value = self.json()
        if not isinstance(value, dict):
            raise InvalidInput("an object is expected", field="(body)")
        return value


def shaped(model: type[M], value: Any) -> M:
    """The value as the model reads it. Raises InvalidInput naming the field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(str(first["msg"]), field=path_of(first["loc"])) from None


def named_by(*parts: object) -> str:
    """A fingerprint for senders that have none: 16 hexadecimal digits over what names the alert."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def moment(value: object, otherwise: datetime) -> datetime:
    """RFC 3339 or unix seconds (or milliseconds); what cannot be read, and times without a zone, give `otherwise`."""
    if isinstance(value, str):
        try:
            said = datetime.fromisoformat(value)
        except ValueError:
            try:
                return moment(float(value), otherwise)
            except ValueError:
                return otherwise
        return said if said.tzinfo else otherwise
    if isinstance(value, int | float) and not isinstance(value, bool) and 1e8 < value < 1e14:
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    return otherwise


def words(value: object) -> str:
    """A JSON value as a label's text; "" for null, objects and lists."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""
