"""The words of a question that nobody has read yet. Each reader takes its own; what is left was not understood."""

import re

TAKEN = " ¦ "
"""Stands where words were taken, so that what lay on both sides does not join."""


class Unread:
    """Lower-cased text; readers take pieces of it by regular expression."""

    def __init__(self, text: str) -> None:
        flat = " ".join(text.replace("\u2019", "'").split())
        self.original = flat.lower()
        self.text = f" {self.original} "

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first match, which then counts as read. Patterns see whole words if they say so."""
        found = re.search(pattern, self.text)
        if found is not None:
            self.text = self.text[: found.start()] + TAKEN + self.text[found.end() :]
        return found

    def takes(self, pattern: str) -> bool:
        """Was it there?"""
        return self.take(pattern) is not None

    def has(self, pattern: str) -> bool:
        """Is it there? Nothing is taken."""
        return re.search(pattern, self.text) is not None

    def words(self) -> list[str]:
        """What is left."""
        return re.findall(r"[^\W_][\w.%/:'-]*", self.text.replace("¦", " "))
