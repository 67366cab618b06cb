"""What can go wrong, drawn as a tree.

WatchkeeperError
├── ConfigurationError      a setting is wrong: names file, line, key
├── SourceError             a telemetry source cannot answer
│   ├── SourceUnavailable     down, slow or refusing; try again later
│   ├── SourceRefused         our query or our credentials are wrong; trying again will not help
│   └── BudgetExceeded        our own limit on queries, bytes, series or seconds
├── StoreUnavailable        the database does not answer: intake says 503
├── IntakeFull              too many alerts wait: 503, the sender tries again
├── NotFound                no such incident, plan, token
├── Conflict                somebody was faster: the thing changed since it was read
├── InvalidInput            a body or an argument we cannot read: names the field
├── NotAllowed              authentication or role is missing
├── CodeHostError           the repository's host cannot do it
│   ├── CodeHostUnavailable   down or rate limited; try again later
│   └── MergeRefused          conflict, moved head, branch protection
├── ModelError              a language model did not give a usable answer
│   ├── ModelUnavailable      down, slow, over quota
│   └── ModelAnswerInvalid    cut, filtered or not of the asked shape
├── PolicyBroken            the policy files are missing or do not load: investigate, do not act
└── PluginError             a plugin on a shelf breaks its contract

`No data`, `policy says no` and `not yet recovered` are values, not errors.
"""


class WatchkeeperError(Exception):
    """Root of the tree. `retryable`: may the same call succeed later? `hint`: the way out, for people."""

    retryable = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(WatchkeeperError):
    """A setting is wrong; the message names file, line and key."""


class SourceError(WatchkeeperError):
    """A telemetry source cannot answer."""


class SourceUnavailable(SourceError):
    """Down, slow or refusing for now."""

    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class SourceRefused(SourceError):
    """The source understood us and said no: our query or our credentials are wrong. `status`: HTTP, 0 if it is none."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class BudgetExceeded(SourceError):
    """Our own limit on what we may ask of this source."""


class StoreUnavailable(WatchkeeperError):
    """The database does not answer."""

    retryable = True


class IntakeFull(WatchkeeperError):
    """Too many alerts wait to be stored."""

    retryable = True


class NotFound(WatchkeeperError):
    """No such thing."""


class Conflict(WatchkeeperError):
    """The thing changed since it was read."""


class InvalidInput(WatchkeeperError):
    """A body or an argument we cannot read. `field` is its path, such as `alerts[0].startsAt`."""

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class NotAllowed(WatchkeeperError):
    """Who asks is unknown, or lacks the role."""


class CodeHostError(WatchkeeperError):
    """The repository's host cannot do it."""


class CodeHostUnavailable(CodeHostError):
    """Down or rate limited for now."""

    retryable = True


class MergeRefused(CodeHostError):
    """Conflict, moved head or branch protection."""


class ModelError(WatchkeeperError):
    """A language model did not give a usable answer."""


class ModelUnavailable(ModelError):
    """Down, slow or over quota."""

    retryable = True


class ModelAnswerInvalid(ModelError):
    """Cut, filtered or not of the asked shape."""


class PolicyBroken(WatchkeeperError):
    """Policy files are missing or do not load: investigate, do not act."""


class PluginError(WatchkeeperError):
    """A plugin on a shelf breaks its contract."""
