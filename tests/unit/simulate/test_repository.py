"""Both repositories answer alike: the real git one, and the one in memory for machines without git."""

import shutil
from pathlib import Path

import pytest

from watchkeeper.simulate.delivery.memory import MemoryRepository
from watchkeeper.simulate.delivery.repository import GitFailed, GitRepository

FILES = {"a.yaml": "a: 1\n", "b/c.yaml": "c: 1\n"}


@pytest.fixture(params=["git", "memory"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> GitRepository:
    if request.param == "memory":
        return MemoryRepository.of(FILES)
    if shutil.which("git") is None:
        pytest.skip("git is not on this machine")
    return GitRepository.create(tmp_path / "r.git", FILES)


def branch(repository: GitRepository, name: str, path: str, text: str) -> str:
    parent = repository.head("main")
    assert parent is not None
    tree = repository.write_tree(parent, {path: repository.write_blob(text)})
    commit = repository.write_commit(tree, [parent], "change", "me")
    repository.set_branch(name, commit)
    return commit


def test_reading(repository: GitRepository) -> None:
    assert set(repository.files("main")) == set(FILES)
    assert repository.read("main", "b/c.yaml") == "c: 1\n"
    assert repository.read("main", "none") is None
    assert repository.head("none") is None
    head = repository.head("main")
    assert head is not None
    assert repository.commit_of(head) == repository.commit_of("main") == head
    assert repository.tree_of("0" * 40) is None
    with pytest.raises(GitFailed):
        repository.files("0" * 40)


def test_a_branch_merges_when_others_changed_other_files(repository: GitRepository) -> None:
    commit = branch(repository, "x", "a.yaml", "a: 2\n")
    repository.commit("main", {"b/c.yaml": "c: 2\n"}, "other")
    assert not repository.behind("main", commit)
    assert repository.merge("main", commit, "merge", "me") == repository.head("main")
    assert (repository.read("main", "a.yaml"), repository.read("main", "b/c.yaml")) == ("a: 2\n", "c: 2\n")


def test_two_changes_of_one_line_conflict(repository: GitRepository) -> None:
    commit = branch(repository, "x", "a.yaml", "a: 2\n")
    repository.commit("main", {"a.yaml": "a: 3\n"}, "other")
    assert repository.behind("main", commit)
    assert repository.merge("main", commit, "merge", "me") is None
    assert repository.read("main", "a.yaml") == "a: 3\n"


def test_a_branch_moves_only_from_where_it_was_expected(repository: GitRepository) -> None:
    before = repository.head("main")
    repository.commit("main", {"a.yaml": "a: 9\n"}, "other")
    with pytest.raises(GitFailed):
        repository.set_branch("main", str(before), str(before))
    repository.set_branch("y", str(before))
    repository.delete_branch("y")
    assert repository.head("y") is None
