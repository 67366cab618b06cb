import io
import zipfile

import pytest

from watchkeeper.codehosts.test_reports import junit, read, read_archive, tap
from watchkeeper.domain.errors import InvalidInput

XML = b'<testsuites><testsuite><testcase classname="a.B" name="c" time="1.5"><failure message="1 is not 2"/></testcase><testcase name="d"/></testsuite></testsuites>'


def archive(**files: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("_", "."), content)
    return out


def test_junit_lists_what_failed() -> None:
    (failed,) = junit(XML)
    assert (failed.name, failed.message, failed.seconds) == ("a.B.c", "1 is not 2", 1.5)


@pytest.mark.parametrize("bad", [b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"])
def test_what_is_no_report_is_refused(bad: bytes) -> None:
    with pytest.raises(InvalidInput):
        junit(bad)


def test_tap_leaves_out_what_is_expected_to_fail() -> None:
    assert [t.name for t in tap("ok 1 - a\nnot ok 2 - b\nnot ok 3 - c # TODO later\n")] == ["b"]


def test_the_name_of_a_file_tells_its_format() -> None:
    assert [t.name for t in read("out/x.tap", b"not ok 1 - b\n")] == ["b"]
    assert [t.name for t in read("out/x.xml", XML)] == ["a.B.c"]


def test_an_archive_is_read_past_what_is_no_report() -> None:
    packed = archive(a_xml=XML, b_xml=b"<broken", c_tap=b"not ok 1 - b\n", d_txt=b"not ok 2 - no")
    assert [t.name for t in read_archive(packed)] == ["a.B.c", "b"]


def test_what_is_no_archive_or_would_burst_memory_has_no_tests() -> None:
    assert list(read_archive(io.BytesIO(b"PK but not really"))) == []
    assert list(read_archive(archive(a_xml=b"<a>" + b" " * 30_000_000))) == []
