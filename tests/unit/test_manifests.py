"""Editing manifests by splicing."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import quantity, same, steps_of
from watchkeeper.estate.manifests import Located, edit, locate, unified_diff

TEXT = """# top
kind: Deployment
metadata: {name: a, namespace: n}
spec:
  # how many
  replicas: 2   # two
  note: 'it''s'
  limits: &shared {cpu: 1}
  again: *shared
---
kind: Service
metadata: {name: a, namespace: n}
"""


def at(text: str = TEXT) -> Located:
    found = locate({"f.yaml": text}, "Deployment", "n", "a")
    assert isinstance(found, Located)
    return found


def test_only_the_characters_of_the_value_change() -> None:
    made = edit({"f.yaml": TEXT}, at(), [FieldChange("spec.replicas", 2, 3)])
    assert not isinstance(made, str)
    assert made.after == TEXT.replace("replicas: 2 ", "replicas: 3 ")
    assert unified_diff(made).count("\n+") == 2


def test_quotes_keep_their_style_and_windows_lines_survive() -> None:
    text = TEXT.replace("\n", "\r\n")
    made = edit({"f.yaml": text}, at(text), [FieldChange("spec.note", "it's", "it's: new")])
    assert not isinstance(made, str)
    assert "note: 'it''s: new'\r\n" in made.after


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("spec.limits.cpu", "more than was meant"),
        ("spec.containers[name=x].image", "a list entry would have to be added"),
        ("metadata.labels.x", "not a block of keys"),
        ("spec.limits", "not a plain value"),
    ],
)
def test_what_cannot_be_done_safely_is_refused(path: str, words: str) -> None:
    made = edit({"f.yaml": TEXT}, at(), [FieldChange(path, None, 9)])
    assert isinstance(made, str)
    assert words in made


def test_an_object_declared_twice_or_nowhere_is_refused() -> None:
    assert "declared twice" in str(locate({"a.yaml": TEXT, "b.yaml": TEXT}, "Deployment", "n", "a"))
    assert "no file" in str(locate({"a.yaml": TEXT}, "Deployment", "n", "b"))
    assert "no file" in str(locate({"a.yaml": "{ not yaml", "a.txt": TEXT}, "Deployment", "n", "a"))


@given(st.one_of(st.integers(-5, 10**9), st.booleans(), st.text(max_size=30)))
def test_whatever_is_set_is_read_back_and_nothing_else_changes(value: object) -> None:
    made = edit({"f.yaml": TEXT}, at(), [FieldChange("spec.replicas", 2, value)])
    if isinstance(made, str):
        return
    before, after = (list(yaml.safe_load_all(t)) for t in (TEXT, made.after))
    assert same(after[0]["spec"].pop("replicas"), value)
    before[0]["spec"].pop("replicas")
    assert before == after


def test_quantities() -> None:
    assert quantity("1Gi") == quantity("1024Mi") == 2**30
    assert quantity("250m") == 0.25
    assert quantity("fast") is None
    assert same("1Gi", "1024Mi")
    assert not same("1", "2")


def test_field_paths() -> None:
    assert len(steps_of('a.b[name=c].d["e.f/g"]')) == 5
    with pytest.raises(ValueError, match="not a field path"):
        steps_of("a..b")
