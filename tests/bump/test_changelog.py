"""The part of a changelog that a bump is about."""

from __future__ import annotations

import pytest

from dirac_forge.bump.changelog import Changelog, changelog_in, changes_between, shortened

MARKDOWN = """\
# Changelog

## [Unreleased]
- later

## [2.1.0] - 2026-02-01
### Fixed
- a crash in 2.0.9

## v2.0.0 (2026-01-01)
- all is new

## 1.9
- old
"""
RST = """\
Changes
=======

2.1.0 (2026-02-01)
------------------

* fixed

Version 2.0.0
~~~~~~~~~~~~~

* new

1.9
---

* old
"""


def test_the_sections_after_the_old_version_up_to_the_new_one_are_kept() -> None:
    assert changes_between(MARKDOWN, old="1.9", new="2.1") == (
        "## [2.1.0] - 2026-02-01\n### Fixed\n- a crash in 2.0.9\n\n## v2.0.0 (2026-01-01)\n- all is new"
    )
    assert changes_between(RST, old="1.9", new="2.0.0") == "Version 2.0.0\n~~~~~~~~~~~~~\n\n* new"


@pytest.mark.parametrize(
    "text", ["", "just words about 2.1.0 in a sentence\n", "## 3.0\n- too new\n## 1.0\n- too old\n"]
)
def test_a_text_without_the_versions_says_nothing(text: str) -> None:
    assert changes_between(text, old="1.9", new="2.1") == ""


def test_the_changelog_nearest_to_the_top_is_taken() -> None:
    texts = {"docs/changes.md": "## 2.1\n- deep\n", "CHANGES.rst": RST, "README.md": MARKDOWN}
    found = changelog_in(texts, old="2.0.0", new="2.1.0")
    assert found == Changelog(lines=("2.1.0 (2026-02-01)", "------------------", "", "* fixed"), source="CHANGES.rst")
    assert changelog_in({"README.md": MARKDOWN}, old="2.0.0", new="2.1.0") is None


def test_a_long_changelog_is_cut() -> None:
    found = shortened("\n\n\n".join(f"- change {number}" for number in range(500)), source="NEWS")
    assert found.shortened
    assert (found.lines[:3], len(found.lines)) == (("- change 0", "", "- change 1"), 60)
