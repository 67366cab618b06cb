"""The picture of a series with its band: words for those who do not see it, escaped, whole as a file."""

from xml.etree import ElementTree

from watchkeeper.console.charts.outlook import draw, in_words
from watchkeeper.domain.outlook import Outlook

SEEN = Outlook(
    "cart<script>", "mem-rate", "%", (0.0, 60.0, 120.0, 180.0), (50.0, None, 60.0, 70.0), (45.0, 45.0, 45.0, None),
    (55.0, 55.0, 55.0, None), (2,), (240.0, 300.0), (65.0, 70.0), (72.0, 80.0), (80.0, 90.0), 100.0,
)  # fmt: skip


def test_it_is_well_formed_and_says_what_it_shows() -> None:
    alone = str(draw(SEEN, "k", alone=True))
    root = ElementTree.fromstring(alone)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "<script>" not in alone
    assert "<style>" in alone
    looks = [e.get("class") for e in root]
    assert {"band", "coming", "line", "middle", "limit", "dot"} <= set(looks)
    assert "<style>" not in str(draw(SEEN, "k"))
    assert in_words(SEEN) == (
        "Between 50 and 70 %, now 70 %. 1 unusual samples, from 00:02 to 00:02 UTC. "
        "Until 00:05 UTC expected between 65 and 90 %. Limit 100 %."
    )


def test_nothing_known_is_drawn_as_nothing() -> None:
    empty = Outlook("cart", "cpu", "", (), (), (), (), ())
    ElementTree.fromstring(str(draw(empty, "k", alone=True)))
    assert in_words(empty) == "No data. No sample is unusual."
