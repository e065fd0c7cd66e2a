"""Release lines of extensions."""

from __future__ import annotations

import pytest

from dirac_forge.bump.extension_lines import ExtensionFit, ExtensionLeft, ExtensionLine
from dirac_forge.bump.extensions import belongs, follows, leaves
from dirac_forge.report.bump_reasons import worded

LINES = (
    ExtensionLine(extension="lhcbdirac", branch="main", version="12.1", package="dirac-grid", spec=">=9.1,<9.2"),
    ExtensionLine(extension="lhcbdirac", branch="v10.2", package="dirac-grid", spec=">=7.3,<7.4"),
)


def test_lines_that_a_version_belongs_to() -> None:
    fits = belongs(LINES, {"dirac-grid": "9.1.22", "diraccommon": "9.1.22"})
    assert fits == (ExtensionFit(line=LINES[0], new="9.1.22"),)
    assert worded(fits[0]) == "lhcbdirac main (12.1) needs dirac-grid >=9.1,<9.2: 9.1.22 belongs to it"
    assert belongs(LINES, {"other": "1"}) == ()


def test_lines_that_are_left() -> None:
    left = leaves(LINES, {"dirac-grid": "9.1.9"}, {"dirac-grid": "9.2.0"})
    assert left == (ExtensionLeft(line=LINES[0], old="9.1.9", new="9.2.0"),)
    assert worded(left[0]) == "lhcbdirac main (12.1) needs dirac-grid >=9.1,<9.2: it accepts 9.1.9 but not 9.2.0"
    assert leaves(LINES, {"dirac-grid": "9.1.9"}, {"dirac-grid": "9.1.10"}) == ()
    assert leaves(LINES, {}, {"dirac-grid": "9.2.0"}) == ()


@pytest.mark.parametrize(
    ("spec", "answer"),
    [(">=9,<10", True), ("==9.1", True), ("9.1.*", True), ("~=9.1", True), (">=9", False), ("!=9.1", False)],
)
def test_follows(spec: str, answer: bool) -> None:
    assert follows(spec) is answer
