"""Tests of which extra an output stands for: requirements of another one never get into it."""

from __future__ import annotations

import pytest

from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.bump_reasons import worded
from support.diffs import changed_lines
from support.facts import facts

TEXT = """\
package:
  name: @NAME@
  version: "1.0"

build:
  number: 0
  noarch: python

requirements:
  run:
    - python
"""


def bumped(name: str, run: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...]) -> tuple[list[str], Drift]:
    text = TEXT.replace("@NAME@", name) + "".join(f"    - {line}\n" for line in run)
    old, new = (
        facts("thing", version, requires=requires, extras=("fine", "plain"))
        for version, requires in (("1.0", before), ("2.0", after))
    )
    result = drift(text, "recipe.yaml", [old], [new], names=lambda project: package_for(project).package, scope=Scope())
    return changed_lines(text, result.text), result


def asked(extra: str, *needs: str) -> tuple[str, ...]:
    return tuple(f'{need}; extra == "{extra}"' for need in needs)


RUN = ("fqdn", "idna", "isoduration", "webcolors >=1.11")


def test_an_extra_with_a_gap_is_not_held_where_another_has_none() -> None:
    gap = ("fqdn", "idna", "isoduration", "rfc3986-validator")
    before = (*asked("plain", *RUN), *asked("fine", *gap, "webcolors>=1.11"))
    after = (*asked("plain", *RUN), *asked("fine", *gap, "webcolors>=24.6", "trio"))
    assert bumped("thing", RUN, before, after)[0] == []
    moved = (*asked("plain", *RUN[:3], "webcolors>=2"), *asked("fine", *gap, "webcolors>=24.6"))
    assert bumped("thing", RUN, before, moved)[0] == ["- - webcolors >=1.11", "+ - webcolors >=2"]


def test_an_extra_within_another_is_not_held_beside_it() -> None:
    before = (*asked("plain", "fqdn", "idna"), *asked("fine", "fqdn", "idna", "webcolors>=1.11"))
    after = (*asked("plain", "fqdn", "idna>=9"), *asked("fine", "fqdn", "idna>=2", "webcolors>=1.11"))
    run = ("fqdn", "idna", "webcolors >=1.11")
    assert bumped("thing", run, before, after)[0] == ["- - idna", "+ - idna >=2"]


@pytest.mark.parametrize(("name", "added"), [("thing-with-fine", "trio"), ("thing-plain", "furo")])
def test_the_name_of_an_output_tells_its_extra(name: str, added: str) -> None:
    before = (*asked("plain", "fqdn", "idna"), *asked("fine", "fqdn", "idna"))
    after = (*asked("plain", "fqdn", "idna", "furo"), *asked("fine", "fqdn", "idna", "trio"))
    assert bumped(name, ("fqdn", "idna"), before, after)[0] == [f"+ - {added}"]


def test_what_equal_extras_disagree_about_is_told_and_not_edited() -> None:
    before = (*asked("plain", "fqdn", "idna>=1"), *asked("fine", "fqdn", "idna>=1"))
    after = (*asked("plain", "fqdn", "idna>=1"), *asked("fine", "fqdn", "idna>=3"))
    changed, result = bumped("thing", ("fqdn", "idna >=1"), before, after)
    assert changed == []
    said = "upstream's extras fine and plain fit run equally well and disagree about idna; check which one this is"
    assert [worded(note) for note in result.notes] == [f"""thing: {said} (idna>=3; extra == "fine")"""]
    same = (*asked("plain", "fqdn", "idna>=3"), *asked("fine", "fqdn", "idna>=3"))
    assert bumped("thing", ("fqdn", "idna >=1"), before, same)[0] == ["- - idna >=1", "+ - idna >=3"]
