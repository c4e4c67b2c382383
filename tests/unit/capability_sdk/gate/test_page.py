"""The report's page: nothing but markup of ours, whatever a package says."""

import base64
import hashlib
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from capability_sdk.contracts.packages import Check, Figure, GateReport, Section, Series
from capability_sdk.gate.page.rendering import CONTENT_SECURITY_POLICY, render
from capability_sdk.gate.page.words import Language

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
ROWS = [1.0, 2.0, 4.0, 8.0, 16.0]
REPORT = GateReport(
    passed=False,
    checks=[
        Check(name="files", passed=True),
        Check(name=HOSTILE, passed=False, detail=HOSTILE, cure=HOSTILE, section=Section.FUNCTIONAL),
        Check(
            name="resources",
            section=Section.RESOURCES,
            passed=True,
            figures=[Figure(name="resident", value=61.5, unit="MiB", limit=128)],
            series=[
                Series(name=HOSTILE, line=HOSTILE, unit=HOSTILE, along=HOSTILE, x=ROWS, y=ROWS),
                Series(name=HOSTILE, line="2 threads", unit="ms", along="rows", x=ROWS, y=ROWS),
            ],
        ),
        Check(
            name="load", section=Section.LOAD, passed=True, skipped=True, detail="no proving edge"
        ),
    ],
    passport={"resident_bytes": 64 << 20, "best_batch": 16, "start_seconds": 0.61},
)


def _body(page: str) -> ET.Element:
    """Read the page as XML, which is stricter than browsers."""
    whole = page.removeprefix("<!doctype html>").strip()
    closed = re.sub(r"<(meta [^>]*)>", r"<\1/>", whole)
    body = ET.fromstring(closed).find("body")  # noqa: S314 - a page of ours
    assert body is not None
    return body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_package_says_is_text_on_the_page(language: Language) -> None:
    body = _body(render(REPORT, HOSTILE, language))

    assert {element.tag for element in body.iter()}.isdisjoint({"script", "img", "link", "iframe"})
    attributes = {name for element in body.iter() for name in element.attrib}
    assert attributes.isdisjoint({"style", "src", "href", "onerror"})
    assert HOSTILE in "".join(body.itertext())


def test_the_policy_admits_the_pages_own_style_and_nothing_else() -> None:
    page = render(REPORT, "sample 1.0.0")
    style = page.partition("<style>")[2].partition("</style>")[0]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "url(" not in style
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_says_what_to_change_and_what_was_not_run() -> None:
    text = " ".join(" ".join(_body(render(REPORT, "sample 1.0.0")).itertext()).split())

    assert "3 / 4 checks passed" in text
    assert "What to change" in text
    assert "Resident 61.5 MiB limit ≤ 128 MiB" in text
    assert "Integration not run here" in text
    assert "Load skipped no proving edge" in text


def test_headings_are_in_the_readers_language() -> None:
    text = "".join(_body(render(REPORT, "sample 1.0.0", "zh")).itertext())

    assert "发布门禁报告" in text
    assert "需要修改的内容" in text
    assert "常驻内存" in text


def test_lines_of_one_plot_share_their_axes() -> None:
    body = _body(render(REPORT, "sample 1.0.0"))

    (svg,) = body.iter("svg")
    lines = [line.get("points") for line in svg.iter("polyline")]
    assert len(lines) == 2
    assert lines[0] == lines[1]
    # Sizes that double stand at equal distances.
    places = [float(corner.split(",")[0]) for corner in (lines[0] or "").split()]
    steps = [round(b - a) for a, b in pairwise(places)]
    assert max(steps) - min(steps) <= 1
