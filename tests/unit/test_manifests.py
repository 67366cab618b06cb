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


POD = """kind: Deployment
metadata: {name: a, namespace: n}
spec:
  template:
    spec:
      # fast disks
      nodeSelector:
        disk: nvme
      # what runs
      containers:
        - name: web
          command: [/bin/web]
          # where it looks
          env:
            - {name: A, value: "1"}
            - name: B
              value: "2"
          resources: {limits: {cpu: 1, memory: 1Gi}}
        - name: side
          image: x
"""
_WEB = "spec.template.spec.containers[name=web]"


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("spec.template.spec.nodeSelector", ["      nodeSelector:", "        disk: nvme"]),
        (f"{_WEB}.command", ["          command: [/bin/web]"]),
        (f"{_WEB}.env[name=A]", ['            - {name: A, value: "1"}']),
        (f"{_WEB}.env[name=B]", ["            - name: B", '              value: "2"']),
        ("spec.template.spec.containers[name=side]", ["        - name: side", "          image: x"]),
    ],
)
def test_what_is_taken_away_leaves_every_other_line_as_it_was(path: str, gone: list[str]) -> None:
    made = edit({"f.yaml": POD}, at(POD), [FieldChange(path, "something", None)])
    assert not isinstance(made, str), made
    assert [line for line in POD.splitlines() if line not in gone] == made.after.splitlines()


def test_a_member_between_braces_and_the_first_key_behind_a_dash_are_taken_away_too() -> None:
    made = edit({"f.yaml": POD}, at(POD), [FieldChange(f"{_WEB}.resources.limits.cpu", 1, None)])
    assert not isinstance(made, str), made
    assert "resources: {limits: {memory: 1Gi}}" in made.after
    made = edit({"f.yaml": POD}, at(POD), [FieldChange(f"{_WEB}.resources.limits.memory", 1, None)])
    assert not isinstance(made, str), made
    assert "resources: {limits: {cpu: 1}}" in made.after
    text = POD.replace("        - name: side\n          image: x\n", "        - image: x\n          name: side\n")
    made = edit({"f.yaml": text}, at(text), [FieldChange("spec.template.spec.containers[name=side].image", "x", None)])
    assert not isinstance(made, str), made
    assert made.after == text.replace("        - image: x\n          name: side\n", "        - name: side\n")


def test_the_last_member_is_not_taken_away_and_what_is_gone_already_is_no_edit() -> None:
    made = edit({"f.yaml": POD}, at(POD), [FieldChange("spec.template.spec.nodeSelector.disk", "nvme", None)])
    assert isinstance(made, str)
    assert "nothing would be left beside it" in made
    made = edit({"f.yaml": POD}, at(POD), [FieldChange("spec.template.spec.affinity", {}, None)])
    assert not isinstance(made, str)
    assert made.after == POD


def test_lists_and_maps_are_put_back_as_they_were() -> None:
    changes = [
        FieldChange(f"{_WEB}.command", ["/bin/web"], ["/bin/old", "-v"]),
        FieldChange("spec.template.spec.tolerations", None, [{"key": "a"}]),
    ]
    made = edit({"f.yaml": POD}, at(POD), changes)
    assert not isinstance(made, str), made
    spec = yaml.safe_load(made.after)["spec"]["template"]["spec"]
    assert spec["containers"][0]["command"] == ["/bin/old", "-v"]
    assert spec["tolerations"] == [{"key": "a"}]
    assert "# what runs" in made.after


@given(st.sets(st.sampled_from("abcdef"), min_size=2), st.data())
def test_any_key_of_a_block_can_be_taken_away(keys: set[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(keys)))
    values = {
        k: data.draw(st.sampled_from(["1", "{x: 1}", "\n      y: 2\n      # z\n      z: [1, 2]", "|\n      text\n"]))
        for k in keys
    }
    text = "kind: Deployment\nmetadata: {name: a, namespace: n}\nspec:\n" + "".join(
        f"  {k}: {v}\n" for k, v in values.items()
    )
    text = text.replace("\n      ", "\n    ")
    made = edit({"f.yaml": text}, at(text), [FieldChange(f"spec.{gone}", "x", None)])
    assert not isinstance(made, str), (text, made)
    assert yaml.safe_load(made.after)["spec"] == {k: v for k, v in yaml.safe_load(text)["spec"].items() if k != gone}
