"""Pictures: well-formed, escaped, with words for those who cannot see them, and nothing the CSP forbids."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.console.charts import bars, calibration, series, sparkline, topology, waterfall
from watchkeeper.console.charts.svg import Scale, round_steps, short
from watchkeeper.domain.exhibit import LinesExhibit, MapExhibit, Mark, Place, SeriesExhibit, SpanBar, TraceExhibit

HOSTILE = "</svg><script>alert(1)</script>\u202e\x1b[31m\" onload='x'"
SERIES = SeriesExhibit(
    "E1", HOSTILE, "cpu-rate", "%", (0.0, 60.0, 120.0), (1.0, None, 90.0), 0.5, 2.0, 60.0, (Mark(60.0, HOSTILE),)
)
LINES = LinesExhibit("E2", HOSTILE, HOSTILE, 3, 4, (0.0, 60.0), (3, 4), 60.0, (HOSTILE,))
TRACE = TraceExhibit("E3", HOSTILE, "b", (SpanBar("a", HOSTILE, 0, 10, 0, False), SpanBar("b", "x", 1, 8, 1, True)))
MAP = MapExhibit(
    (Place("a", "alerting"), Place(HOSTILE, "cause", 0.9), Place("c", "calm")),
    (("a", HOSTILE), (HOSTILE, "c"), ("c", "a")),
)
PICTURES = {
    "series": series.draw(SERIES, "k"), "bars": bars.draw(LINES, "k"), "waterfall": waterfall.draw(TRACE, "k"),
    "topology": topology.draw(MAP, "k"), "sparkline": sparkline.sparkline([1, None, 3], "k", HOSTILE),
    "heat map": sparkline.heat_map([(HOSTILE, [0, 3])], ["00", "01"], "k", "by hour"),
    "calibration": calibration.draw([calibration.Bin(0.9, 0.8, 10)], "k"),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_hostile_text_is_text_and_the_picture_has_words(name: str) -> None:
    text = str(PICTURES[name])
    root = ET.fromstring(text)
    tags = {e.tag for e in root.iter()}
    assert "script" not in tags
    attributes = {a for e in root.iter() for a in e.attrib}
    assert not {a for a in attributes if a.startswith("on") or a == "style"}
    assert not {"\u202e", "\x1b"} & set(text)
    assert root.find("title") is not None
    assert (root.findtext("desc") or "").strip()
    assert root.attrib["role"] == "img"


def test_words_of_a_series_say_what_the_line_shows() -> None:
    assert series.in_words(SERIES).startswith("Usually between 0.5 and 2 %. From 00:01 UTC on between 90 and 90 %.")


def test_callers_stand_left_of_callees_and_cycles_end() -> None:
    assert topology.layers(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")]) == [["a"], ["b"], ["c"]]
    columns = topology.layers(
        ["web", "pay", "cart", "db"], [("web", "pay"), ("web", "cart"), ("pay", "db"), ("cart", "db")]
    )
    assert [sorted(c) for c in columns] == [["web"], ["cart", "pay"], ["db"]]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_scale_stays_in_its_picture(low: float, high: float, value: float) -> None:
    assert 0 <= Scale(low, high, 0, 100)(value) <= 100


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6))
def test_steps_are_few_and_inside(low: float, width: float) -> None:
    steps = round_steps(low, low + width)
    assert len(steps) <= 6
    assert all(low - width * 0.01 <= s <= low + width * 1.01 for s in steps)


@pytest.mark.parametrize(("value", "words"), [(0, "0"), (0.00935, "0.00935"), (1234, "1.23 k"), (2.5e9, "2.5 G")])
def test_numbers_are_short(value: float, words: str) -> None:
    assert short(value) == words
