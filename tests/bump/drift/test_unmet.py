"""Tests of the final check: whatever upstream requires and the edited recipe does not imply is raised or listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dirac_forge.bump.drift.carried import UnmetRequirement
from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.facts import ReleaseFacts
from support.facts import facts

V0 = """\
{% set version = "2.0" %}

package:
  name: thing
  version: {{ version }}

source:
  url: https://pypi.org/packages/source/t/thing/thing-{{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0
  noarch: python

requirements:
  host:
    - python >=3.10
    - pip
    - @HOST@
  run:
    - python >=3.10
    - @RUN@
"""


def done(
    run: str,
    before: tuple[str, ...],
    after: tuple[str, ...],
    *,
    host: str = "hatchling",
    builds: tuple[tuple[str, ...], tuple[str, ...]] = (("hatchling",), ("hatchling",)),
    compiled: bool = False,
    scope: Scope | None = None,
) -> Drift:
    """Return the drift of a recipe with these lines; `compiled` for a package of each platform and Python."""
    text = V0.replace("@HOST@", "\n    - ".join(host.split("; "))).replace("@RUN@", "\n    - ".join(run.split("; ")))
    if compiled:
        text = text.replace("  noarch: python\n", "").replace("python >=3.10", "python")
    old, new = (
        facts(
            "thing",
            version,
            requires=requires,
            requires_python=">=3.10",
            wheels=("cp310-cp310-manylinux_2_17_x86_64",) if compiled else ("py3-none-any",),
            pyproject={"build-system": {"requires": list(build), "build-backend": "hatchling.build"}},
        )
        for version, requires, build in (("1.0", before, builds[0]), ("2.0", after, builds[1]))
    )
    return drift(
        text,
        "recipe/meta.yaml",
        [old],
        [new],
        names=lambda project: package_for(project).package,
        scope=scope or Scope(),
    )


def lines(result: Drift, name: str) -> list[str]:
    return [line.strip(" -") for line in result.text.split("\n") if line.strip(" -").startswith(name)]


def short(one: UnmetRequirement) -> tuple[str, tuple[str, ...], tuple[str, ...], bool]:
    return one.part, one.has, one.asked, one.fresh


@pytest.mark.parametrize(
    ("mine", "asked", "becomes"),
    [
        ("markupsafe >=2.0", "markupsafe>=2.1.1", "markupsafe >=2.1.1"),
        ("blinker", "blinker>=1.9.0", "blinker >=1.9.0"),
        ("blinker >=1,<3", "blinker>=1.9,<2", "blinker >=1.9,<2"),
        ("blinker <3", "blinker>=1.9,!=1.9.1", "blinker >=1.9,!=1.9.1,<3"),
        ("blinker >=2", "blinker>=1.9", "blinker >=2"),
    ],
)
def test_a_line_from_before_upstream_asked_is_raised_to_what_it_asks_for(mine: str, asked: str, becomes: str) -> None:
    result = done(mine, (), (asked,))
    assert lines(result, becomes.split(maxsplit=1)[0]) == [becomes]
    assert result.unmet == ()
    assert result.faults == ()


@pytest.mark.parametrize(
    ("mine", "asked"),
    [("blinker 1.8.*", "blinker>=1.9"), ("blinker ==1.8", "blinker>=1.9"), ("blinker >=1,<1.5", "blinker>=1.9")],
)
def test_what_contradicts_upstream_is_listed_and_stays(mine: str, asked: str) -> None:
    result = done(mine, (), (asked,))
    assert lines(result, "blinker") == [mine]
    assert [short(one) for one in result.unmet] == [("run", (mine,), (">=1.9",), True)]
    assert result.unmet[0].to_review


def test_a_line_that_lags_behind_stays_and_is_listed_as_no_news() -> None:
    result = done("attrs >=20", ("attrs>=22", "six"), ("attrs>=22", "six"))
    assert result.changes == ()
    assert [short(one) for one in result.unmet] == [
        ("run", ("attrs >=20",), (">=22",), False),
        ("run", (), ("",), False),
    ]
    assert not any(one.to_review for one in result.unmet)


def test_a_noarch_package_asks_for_what_all_of_its_pythons_need() -> None:
    split = ('dill>=0.2; python_version < "3.11"', 'dill>=0.3.7; python_version >= "3.12"')
    result = done("dill >=0.2", ("dill>=0.2",), split)
    assert lines(result, "dill") == ["dill >=0.3.7"]
    assert result.unmet == ()


def test_a_compiled_package_asks_for_what_its_pythons_have_in_common_and_the_rest_is_listed() -> None:
    before = ('numpy>=1.21; python_version < "3.11"', 'numpy>=1.23.2; python_version >= "3.11"')
    after = ('numpy>=2.0.2; python_version < "3.14"', 'numpy>=2.3.3; python_version >= "3.14"')
    result = done("numpy >=1.23.2", before, after, compiled=True)
    assert lines(result, "numpy") == ["numpy >=2.0.2"]
    (one,) = result.unmet
    assert short(one) == ("run", ("numpy >=2.0.2",), (">=2.3.3",), True)
    assert (one.pythons, one.platforms) == (("3.14",), ())


def test_a_line_for_pythons_that_are_gone_makes_way_for_one_that_holds() -> None:
    after = ('typing_extensions>=4.4; python_version < "3.13"',)
    result = done("typing_extensions >=3.7.4  # [py<38]", (), after, compiled=True)
    assert lines(result, "typing_extensions") == ["typing_extensions >=4.4  # [py<313]"]
    assert (result.unmet, result.faults) == ((), ())


def test_a_line_under_a_selector_counts_only_where_it_holds() -> None:
    result = done("attrs >=23  # [win]", ("attrs>=23",), ("attrs>=23",), compiled=True)
    (one,) = result.unmet
    assert (one.has, one.pythons) == ((), ())
    assert one.platforms == ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")


@pytest.mark.parametrize(
    ("host", "asked", "newest"),
    [
        ("cython", "Cython>=3.2", True),
        ("cython >=0.29", "Cython>=3.2", True),
        ("cython", "Cython>=3.2,<3.3", False),
        ("cython <1", "Cython>=3.2", False),
        ("cython 1.17.0rc1", "Cython>=1.17", False),
    ],
)
def test_what_upstream_builds_with_is_listed_and_a_person_looks_unless_the_newest_will_do(
    host: str, asked: str, newest: bool
) -> None:
    result = done("six", ("six",), ("six",), host=f"hatchling; {host}", builds=(("hatchling",), ("hatchling", asked)))
    assert lines(result, "cython") == [host]
    (one,) = result.unmet
    assert (one.part, one.has, one.evidence, one.fresh, one.newest) == ("host", (host,), asked, True, newest)
    assert one.to_review is not newest


def test_what_is_told_of_run_does_not_hide_what_host_lacks() -> None:
    builds = (("hatchling", "cffi>=1"), ("hatchling", "cffi>=2"))
    result = done("cffi >=3", ("cffi>=1",), ("cffi>=2",), host="hatchling; cffi <2", builds=builds, compiled=True)
    assert [worded(note) for note in result.notes] == [
        "thing: cffi >=3 is the maintainers' own and stays; upstream asks for cffi>=2"
    ]
    assert lines(result, "cffi") == ["cffi >=2", "cffi >=3"]
    old, new = releases(("cffi>=1",), ("cffi>=2",), pyproject={"build-system": {"requires": ["hatchling", "cffi>=2"]}})
    both = whole(V0.replace("@HOST@", "hatchling\n    - cffi <2").replace("@RUN@", "cffi >=3"), old, new)
    assert [(one.part, one.has) for one in both.unmet] == [("host", ("cffi <2",))]


def test_a_spec_with_a_channel_or_a_build_is_compared_by_its_version() -> None:
    asked = ("six>=2", "attrs>=23", "zipp>=1.2")
    result = done("conda-forge::six >=2; attrs >=23 *_0; zipp >= v1.2", asked, asked)
    assert result.unmet == ()


# Derivations that the check found wanting.


def whole(text: str, before: ReleaseFacts, after: ReleaseFacts, *, path: str = "recipe/meta.yaml") -> Drift:
    return drift(
        text, path, [before], [after], names=lambda project: package_for(project).package, scope=Scope()
    )  # fmt: skip


def releases(before: tuple[str, ...], after: tuple[str, ...], **more: object) -> tuple[ReleaseFacts, ReleaseFacts]:
    old = facts("thing", "1.0", requires=before, requires_python=">=3.10", **more)  # type: ignore[arg-type]
    new = facts("thing", "2.0", requires=after, requires_python=">=3.10", **more)  # type: ignore[arg-type]
    return old, new


def uploaded(made: ReleaseFacts) -> ReleaseFacts:
    """The same, uploaded when conda-forge had `python_min`."""
    day = datetime(2025, 6, 1, tzinfo=UTC)
    files = tuple(replace(file, uploaded=day) for file in made.release.files)
    return replace(made, release=replace(made.release, files=files))


RUN = V0.replace("@HOST@", "hatchling")


@pytest.mark.parametrize("section", ["run", "run_constrained"])
def test_the_bound_of_an_extra_in_run_or_as_a_constraint_stays_and_is_told(section: str) -> None:
    line = "- chardet >=3.0.2,<6"
    listed = f"- six\n    {line}" if section == "run" else f"- six\n  run_constrained:\n    {line}"
    old, new = releases(
        ("six", 'chardet>=3.0.2,<6; extra == "legacy"'),
        ("six", 'chardet>=3.0.2,<8; extra == "legacy"'),
        extras=("legacy",),
    )
    result = whole(RUN.replace("- @RUN@", listed), old, new)
    assert lines(result, "chardet") == ["chardet >=3.0.2,<6"]
    (note,) = result.notes
    assert note.level == "warning"
    assert worded(note) == (
        f"thing: chardet >=3.0.2,<6 of {section} stays; upstream's extra legacy changed to "
        'chardet<8,>=3.0.2; extra == "legacy"'
    )


def test_a_line_that_one_of_several_extras_asks_for_like_that_is_not_told() -> None:
    old, new = releases(
        ('httpx>=1; extra == "a"', 'httpx>=2; extra == "b"'),
        ('httpx>=3; extra == "a"', 'httpx>=4; extra == "b"'),
        extras=("a", "b"),
    )
    assert whole(RUN.replace("@RUN@", "httpx >=4"), old, new).notes == ()
    (note,) = whole(RUN.replace("@RUN@", "httpx"), old, new).notes
    assert worded(note) == (
        'thing: httpx of run stays; upstream\'s extra a, b changed to httpx>=3; extra == "a" | httpx>=4; extra == "b"'
    )


def test_the_lower_bound_of_a_build_tool_follows_with_the_upper_one() -> None:
    builds = (("hatchling", "flit_core>=3.2,<4"), ("hatchling", "flit_core>=3.11,<5"))
    result = done("six", ("six",), ("six",), host="hatchling; flit-core >=3.3,<4", builds=builds)
    assert lines(result, "flit-core") == ["flit-core >=3.11,<5"]


def test_a_variable_for_a_pin_is_changed_where_it_is_set() -> None:
    text = '{% set pin = ">=8.0" %}\n' + RUN.replace("@RUN@", "click {{ pin }}")
    text += "\ntest:\n  requires:\n    - click {{ pin }}\n"
    result = whole(text, *releases(("click>=8.0",), ("click>=8.1.3",)))
    assert result.text == text.replace('">=8.0"', '">=8.1.3"')
    assert result.faults == ()


def test_a_variable_of_recipe_yaml_is_changed_where_it_is_set() -> None:
    text = V1.replace("@CONTEXT@", '  jinja_min: "3.0"').replace("@RUN@", "jinja2 >=${{ jinja_min }}")
    result = whole(text, *releases(("jinja2>=3.0",), ("jinja2>=3.1.2",)), path="recipe/recipe.yaml")
    assert result.text == text.replace('"3.0"', '"3.1.2"')
    assert result.faults == ()


@pytest.mark.parametrize("run", ["click {{ pin }}\n    - six {{ pin }}", "click {{ pin }},<9"])
def test_a_variable_that_something_else_uses_or_that_would_not_do_is_left_to_people(run: str) -> None:
    text = '{% set pin = ">=8.0" %}\n' + RUN.replace("@RUN@", run)
    result = whole(text, *releases(("click>=8.0,<9", "six>=8"), ("click>=8.1.3,<10", "six>=8")))
    assert result.text == text
    assert any(worded(note).startswith("thing, line") and "click" in worded(note) for note in result.notes)


def test_builds_for_each_system_go_with_the_last_requirement_that_needed_them() -> None:
    text = RUN.replace("- @RUN@", "- __unix  # [unix]\n    - __win  # [win]\n    - colorama  # [win]\n    - six")
    result = whole(text, *releases(('colorama; sys_platform == "win32"', "six"), ("six",)))
    assert result.text == RUN.replace("@RUN@", "six")
    assert [worded(note) for note in result.notes] == [
        "thing: noarch_platforms of conda-forge.yml is no longer needed: one build serves all"
    ]


def test_builds_for_each_system_stay_where_something_else_is_different_there() -> None:
    text = RUN.replace("- @RUN@", "- __unix  # [unix]\n    - __win  # [win]\n    - colorama  # [win]\n    - six")
    text = text.replace("  number: 0\n", "  number: 0\n  script: build.bat  # [win]\n")
    result = whole(text, *releases(('colorama; sys_platform == "win32"', "six"), ("six",)))
    assert lines(result, "__") == ["__unix  # [unix]", "__win  # [win]"]
    assert [worded(note) for note in result.notes] == [
        "thing: __unix, __win stay; check whether anything else still needs a build for each system"
    ]


@pytest.mark.parametrize("own", ["<3.12", "!=3.11.*"])
def test_the_maintainers_bound_of_python_survives_python_min(own: str) -> None:
    text = RUN.replace("@RUN@", "six").replace(
        "  run:\n    - python >=3.10", f"  run:\n    - python >=3.7,{own}  # why"
    )
    text = text.replace("python >=3.10", "python >=3.7")
    old, new = (
        uploaded(facts("thing", version, requires=("six",), requires_python=floor))
        for version, floor in (("1.0", ">=3.7"), ("2.0", ">=3.9"))
    )
    result = whole(text, old, new)
    assert lines(result, "python ") == ["python {{ python_min }}", f"python >={{{{ python_min }}}},{own}  # why"]
    assert f"thing: python {own} is the maintainers' own and stays; upstream asks for Requires-Python: >=3.9" in [
        worded(note) for note in result.notes
    ]


def test_the_output_of_an_extra_does_not_get_what_its_base_brings() -> None:
    result = whole(OUTPUTS, *releases(("six",), ("six", "blinker>=1.9")), path="recipe/recipe.yaml")
    assert result.text == OUTPUTS.replace("        - six\n", "        - blinker >=1.9\n        - six\n")
    assert result.unmet == ()


V1 = """\
context:
  version: "2.0"
@CONTEXT@

package:
  name: thing
  version: ${{ version }}

source:
  url: https://pypi.org/packages/source/t/thing/thing-${{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0
  noarch: python

requirements:
  host:
    - python >=3.10
    - hatchling
  run:
    - python >=3.10
    - @RUN@
"""
OUTPUTS = """\
context:
  version: "2.0"

recipe:
  name: thing
  version: ${{ version }}

source:
  url: https://pypi.org/packages/source/t/thing/thing-${{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0

outputs:
  - package:
      name: thing
    build:
      noarch: python
    requirements:
      host:
        - python >=3.10
        - hatchling
      run:
        - python >=3.10
        - six
        - zipp
  - package:
      name: thing-async
    build:
      noarch: generic
    requirements:
      run:
        - thing ==${{ version }}
        - asgiref >=3.2
"""
