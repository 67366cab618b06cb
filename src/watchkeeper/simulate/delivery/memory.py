"""The same repository in memory, for machines without git: commits, branches and merges by whole files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.simulate.delivery.repository import GitFailed, GitRepository


@dataclass(frozen=True, slots=True)
class _Commit:
    tree: str
    parents: tuple[str, ...]


class MemoryRepository(GitRepository):
    """Answers every question of GitRepository; `git` itself is not there to be asked."""

    def __init__(self) -> None:
        self._blobs: dict[str, str] = {}
        self._trees: dict[str, dict[str, str]] = {}
        self._commits: dict[str, _Commit] = {}
        self._branches: dict[str, str] = {}

    @classmethod
    def of(cls, files: Mapping[str, str], branch: str = "main") -> "MemoryRepository":
        """A repository with one commit."""
        made = cls()
        made.commit(branch, files, "Declare the shop", author="platform")
        return made

    def git(self, *arguments: str, stdin: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """There is no git here. Raises GitFailed."""
        raise GitFailed("git is not on this machine")

    def head(self, branch: str) -> str | None:
        """The commit a branch points at."""
        return self._branches.get(branch)

    def commit_of(self, ref: str) -> str | None:
        """The commit a branch, or a commit itself, names."""
        return self._branches.get(ref) or (ref if ref in self._commits else None)

    def files(self, ref: str) -> dict[str, str]:
        """path -> blob id. Raises GitFailed."""
        commit = self._commits.get(self.commit_of(ref) or "")
        tree = self._trees.get(commit.tree if commit else ref)
        if tree is None:
            raise GitFailed(f"not a tree: {ref}")
        return dict(tree)

    def text(self, blob: str) -> str:
        """A blob's content."""
        return self._blobs[blob]

    def tree_of(self, commit: str) -> str | None:
        """The tree of a commit."""
        found = self._commits.get(self.commit_of(commit) or "")
        return found.tree if found else None

    def write_blob(self, text: str) -> str:
        """Store a text; its id."""
        name = _sha("blob", text)
        self._blobs[name] = text
        return name

    def write_tree(self, base: str | None, entries: Mapping[str, str]) -> str:
        """A tree: `base` with these path -> blob entries over it."""
        tree = {**(self.files(base) if base else {}), **entries}
        name = _sha("tree", repr(sorted(tree.items())))
        self._trees[name] = tree
        return name

    def write_commit(self, tree: str, parents: list[str], message: str, author: str) -> str:
        """A commit object; its id."""
        name = _sha("commit", tree, *parents, message, author)
        self._commits[name] = _Commit(tree, tuple(parents))
        return name

    def set_branch(self, branch: str, commit: str, expected: str | None = None) -> None:
        """Point a branch at a commit, if it is still where it was expected. Raises GitFailed."""
        if expected and self._branches.get(branch) != expected:
            raise GitFailed(f"{branch} moved")
        self._branches[branch] = commit

    def delete_branch(self, branch: str) -> None:
        """Forget a branch."""
        self._branches.pop(branch, None)

    def merge(self, base: str, head: str, message: str, author: str) -> str | None:
        """Merge a commit into a branch, file by file; None where both changed one."""
        ours = self._branches[base]
        merged = self._merged(ours, head)
        if merged is None:
            return None
        made = self.write_commit(self.write_tree(None, merged), [ours, head], message, author)
        self.set_branch(base, made, ours)
        return made

    def behind(self, base: str, head: str) -> bool:
        """Would merging conflict?"""
        return self._merged(self._branches[base], head) is None

    def _merged(self, ours: str, theirs: str) -> dict[str, str] | None:
        root = next((c for c in self._ancestors(theirs) if c in set(self._ancestors(ours))), None)
        before = self.files(root) if root else {}
        left, right = self.files(ours), self.files(theirs)
        out = dict(left)
        for path in before.keys() | left.keys() | right.keys():
            old, a, b = before.get(path), left.get(path), right.get(path)
            if b == old or a == b:
                continue
            if a != old:
                return None
            if b is None:
                out.pop(path, None)
            else:
                out[path] = b
        return out

    def _ancestors(self, commit: str) -> list[str]:
        """The commit and all before it, nearest first."""
        out, todo = [], [commit]
        while todo:
            name = todo.pop(0)
            if name in self._commits and name not in out:
                out.append(name)
                todo += self._commits[name].parents
        return out


def _sha(*parts: str) -> str:
    return hashlib.sha1("\0".join(parts).encode(), usedforsecurity=False).hexdigest()
