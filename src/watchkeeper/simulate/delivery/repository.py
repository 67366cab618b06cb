"""A real bare git repository. git runs by argument lists; nothing is checked out."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class GitFailed(RuntimeError):
    """git said no; the message is its own."""


class GitRepository:
    """Blobs, trees, commits and branches by git's plumbing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, files: Mapping[str, str], branch: str = "main") -> "GitRepository":
        """A repository with one commit."""
        subprocess.run(
            ["git", "init", "--quiet", "--bare", f"--initial-branch={branch}", str(path)],
            check=True,
            capture_output=True,
        )
        repository = cls(path)
        repository.commit(branch, files, "Declare the shop", author="platform")
        return repository

    def git(self, *arguments: str, stdin: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Output of a git command. Raises GitFailed."""
        # The caller's own git settings must not leak into this repository.
        clean = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            **(environment or {}),
        }
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments],
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
            env=clean,
        )
        if done.returncode:
            raise GitFailed(done.stderr.strip())
        return done.stdout

    def head(self, branch: str) -> str | None:
        """The commit a branch points at."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}").strip()
        except GitFailed:
            return None

    def commit_of(self, ref: str) -> str | None:
        """The commit a branch, or a commit itself, names."""
        found = self.head(ref)
        if found is None and len(ref) == 40:
            try:
                found = self.git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip()
            except GitFailed:
                return None
        return found

    def files(self, ref: str) -> dict[str, str]:
        """path -> blob id."""
        rows = self.git("ls-tree", "-r", ref).splitlines()
        return {row.split("\t", 1)[1]: row.split()[2] for row in rows}

    def text(self, blob: str) -> str:
        """A blob's content."""
        return self.git("cat-file", "blob", blob)

    def tree_of(self, commit: str) -> str | None:
        """The tree of a commit."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}").strip()
        except GitFailed:
            return None

    def read(self, ref: str, path: str) -> str | None:
        """A file's text."""
        blob = self.files(ref).get(path)
        return self.text(blob) if blob else None

    def write_blob(self, text: str) -> str:
        """Store a text; its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=text).strip()

    def write_tree(self, base: str | None, entries: Mapping[str, str]) -> str:
        """A tree: `base` (tree or commit) with these path -> blob entries over it."""
        index = {"GIT_INDEX_FILE": str(self.path / f"index-{os.getpid()}")}
        self.git("read-tree", *([base] if base else ["--empty"]), environment=index)
        lines = "".join(f"100644 {blob}\t{path}\n" for path, blob in entries.items())
        self.git("update-index", "--add", "--index-info", stdin=lines, environment=index)
        return self.git("write-tree", environment=index).strip()

    def write_commit(self, tree: str, parents: list[str], message: str, author: str) -> str:
        """A commit object; its id."""
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", author), ("EMAIL", f"{author}@shop.example"))
        }
        flags = [flag for parent in parents for flag in ("-p", parent)]
        return self.git("commit-tree", tree, *flags, stdin=message, environment=who).strip()

    def set_branch(self, branch: str, commit: str, expected: str | None = None) -> None:
        """Point a branch at a commit, if it is still where it was expected."""
        self.git("update-ref", f"refs/heads/{branch}", commit, *([expected] if expected else []))

    def delete_branch(self, branch: str) -> None:
        """Forget a branch."""
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def commit(self, branch: str, files: Mapping[str, str], message: str, author: str = "developer") -> str:
        """Change files on a branch, as a developer who pushes would."""
        head = self.head(branch)
        tree = self.write_tree(head, {path: self.write_blob(text) for path, text in files.items()})
        made = self.write_commit(tree, [head] if head else [], message, author)
        self.set_branch(branch, made)
        return made

    def merge(self, base: str, head: str, message: str, author: str) -> str | None:
        """Merge a commit into a branch; None where they conflict."""
        ours = self.head(base)
        assert ours is not None
        try:
            tree = self.git("merge-tree", "--write-tree", ours, head).splitlines()[0].strip()
        except GitFailed:
            return None
        made = self.write_commit(tree, [ours, head], message, author)
        self.set_branch(base, made, ours)
        return made

    def behind(self, base: str, head: str) -> bool:
        """Would merging conflict?"""
        ours = self.head(base)
        try:
            self.git("merge-tree", "--write-tree", str(ours), head)
        except GitFailed:
            return True
        return False
