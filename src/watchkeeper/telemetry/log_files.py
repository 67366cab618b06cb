"""Log files as chunks of lines: plain, gzip, zstd, or standard input, told apart by their first bytes, never read whole."""

import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from watchkeeper.domain.errors import InvalidInput

STDIN = Path("-")
_CHUNK = 8192
"""Lines in one chunk."""
_LONGEST = 16 * 1024
"""Bytes of a line that are kept; the rest of a longer one is dropped."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class _Counted(io.RawIOBase):
    """A stream that knows how many bytes were taken from it."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.taken = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, into: object) -> int:
        """Fill the buffer."""
        view = memoryview(into)  # type: ignore[arg-type]
        found = self._inner.read(len(view))
        view[: len(found)] = found
        self.taken += len(found)
        return len(found)


def chunks(path: Path) -> Iterator[tuple[list[str], int]]:
    """Lines without their ends, and how many bytes of the file (as it lies on the disk) were read so far.

    Raises InvalidInput where the file cannot be opened or is damaged.
    """
    try:
        if path == STDIN:
            yield from _chunks(sys.stdin.buffer)
        else:
            with path.open("rb") as stream:
                yield from _chunks(stream)
    except (OSError, EOFError) as error:
        raise InvalidInput(f"{path}: {error}", hint="plain text, gzip and zstd are read") from None


def _chunks(stream: BinaryIO) -> Iterator[tuple[list[str], int]]:
    counted = _Counted(stream)
    buffered = io.BufferedReader(counted, 1 << 20)
    lines: list[str] = []
    for line in _lines(_opened(buffered)):
        lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
        if len(lines) == _CHUNK:
            yield lines, counted.taken
            lines = []
    if lines:
        yield lines, counted.taken


def _opened(stream: "io.BufferedReader[Any]") -> BinaryIO:
    head = stream.peek(4)[:4]
    if head.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=stream), 1 << 20)  # type: ignore[return-value,type-var,unused-ignore]
    if head == _ZSTD:
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return io.BufferedReader(_Plain(reader), 1 << 20)
    return stream


class _Plain(io.RawIOBase):
    """zstd's reader; damage is an OSError like that of other files."""

    def __init__(self, reader: BinaryIO) -> None:
        self._reader = reader

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, into: object) -> int:
        """Fill the buffer."""
        import zstandard

        view = memoryview(into)  # type: ignore[arg-type]
        try:
            found = self._reader.read(len(view))
        except zstandard.ZstdError as error:
            raise OSError(str(error)) from None
        view[: len(found)] = found
        return len(found)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Line by line; of one that is too long only its beginning."""
    while line := stream.readline(_LONGEST):
        whole = line.endswith(b"\n")
        yield line
        while not whole:
            rest = stream.readline(_LONGEST)
            whole = not rest or rest.endswith(b"\n")
