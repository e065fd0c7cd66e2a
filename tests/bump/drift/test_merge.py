"""Tests of drift: upstream's difference carried over, in both formats, and nothing else touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.merge import Drift, drift, newcomers
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.facts import EntryPoint, ReleaseFacts
from support.diffs import changed_lines
from support.facts import facts

V0 = """\
{% set version = "1.0" %}

package:
  name: thing
  version: {{ version }}

source:
  url: https://pypi.org/packages/source/t/thing/thing-{{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0
  noarch: python
  entry_points:
    - thing = thing.cli:main
  script: {{ PYTHON }} -m pip install .

requirements:
  host:
    @HOST@
  run:
    @RUN@

test:
  requires:
    - six
"""
V1 = """\
context:
  version: "1.0"

package:
  name: thing
  version: ${{ version }}

source:
  url: https://pypi.org/packages/source/t/thing/thing-${{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0
  noarch: python
  python:
    entry_points:
      - thing = thing.cli:main

requirements:
  host:
    @HOST@
  run:
    @RUN@

tests:
  - python:
      imports:
        - thing
"""
PATHS = {"v0": "recipe/meta.yaml", "v1": "recipe/recipe.yaml"}
FORMATS = pytest.mark.parametrize("format_", ["v0", "v1"])


def recipe(
    format_: str,
    *run: str,
    host: tuple[str, ...] = ("python >=3.8", "hatchling", "pip"),
    python: str = "python >=3.8",
) -> str:
    lines = (python, *run) if python else run
    text = V0 if format_ == "v0" else V1
    return text.replace("@HOST@", "\n    ".join(f"- {line}" for line in host)).replace(
        "@RUN@", "\n    ".join(f"- {line}" for line in lines)
    )


def merge(
    text: str,
    format_: str,
    old: list[ReleaseFacts] | ReleaseFacts,
    new: list[ReleaseFacts] | ReleaseFacts,
    *,
    catch_up: bool = False,
) -> Drift:
    result = drift(
        text,
        PATHS[format_],
        [old] if isinstance(old, ReleaseFacts) else old,
        [new] if isinstance(new, ReleaseFacts) else new,
        names=lambda project: package_for(project).package,
        scope=Scope(),
        catch_up=catch_up,
    )
    again = drift(
        result.text,
        PATHS[format_],
        [old] if isinstance(old, ReleaseFacts) else old,
        [new] if isinstance(new, ReleaseFacts) else new,
        names=lambda project: package_for(project).package,
        scope=Scope(),
        catch_up=catch_up,
    )
    assert again.text == result.text, "applying twice is applying once"
    return result


def old_new(
    before: tuple[str, ...],
    after: tuple[str, ...],
    *,
    extras: tuple[str, ...] = (),
    floor: tuple[str, str] | None = None,
) -> tuple[ReleaseFacts, ReleaseFacts]:
    floors = floor or (">=3.8", ">=3.8")
    return (
        facts("thing", "1.0", requires=before, extras=extras, requires_python=floors[0]),
        facts("thing", "2.0", requires=after, extras=extras, requires_python=floors[1]),
    )


# Rule 1: upstream's difference, not its state.


@FORMATS
def test_a_recipe_that_lags_behind_stays_as_it_is(format_: str) -> None:
    text = recipe(format_, "attrs >=20", python="python >=3.6")
    result = merge(text, format_, *old_new(("attrs>=22", "six"), ("attrs>=22", "six")))
    assert result.text == text
    assert result.changes == ()
    line = text.split("\n").index("    - python >=3.6") + 1
    (note,) = result.notes
    assert worded(note) == (
        f"thing, line {line}: python >=3.6 is lower than upstream's (Requires-Python: >=3.8), which did not change in "
        "this release"
    )


@FORMATS
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_without_drift_not_a_byte_changes(format_: str, ending: str) -> None:
    text = recipe(format_, "  attrs   >=20 # mine", 'six "', "typing_extensions>=4").replace("\n", ending)
    text = text.replace('six "', "six")
    result = merge(text, format_, *old_new(("attrs>=20", "six"), ("six", "attrs >= 20.0")))
    assert result.text == text
    assert result.changes == ()


# Rule 2: a spec changes where it equals upstream's old one, clause by clause.


@FORMATS
@pytest.mark.parametrize(
    ("mine", "before", "after", "result"),
    [
        ("urllib3 >=1.21.1,<1.27", "urllib3<1.27,>=1.21.1", "urllib3<3,>=1.21.1", "urllib3 >=1.21.1,<3"),
        ("urllib3 >=1.25, <1.27", "urllib3<1.27,>=1.21.1", "urllib3<3,>=1.21.1", "urllib3 >=1.25, <3"),
        ("urllib3>=1.9.0", "urllib3>=1.9", "urllib3>=2.1", "urllib3>=2.1.0"),
        ("urllib3 1.0.*", "urllib3==1.0", "urllib3==2.0", "urllib3 2.0.*"),
        ("urllib3 =1.0", "urllib3==1.0", "urllib3==2.0", "urllib3 =2.0"),
        ("urllib3 >=1.4,<2.0a0", "urllib3~=1.4", "urllib3~=2.0", "urllib3 >=2.0,<3.0a0"),
        ("urllib3", "urllib3", "urllib3>=2", "urllib3 >=2"),
        ("urllib3 >=1", "urllib3>=1", "urllib3", "urllib3"),
        ("urllib3 >=1,<2", "urllib3>=1", "urllib3>=3", "urllib3 >=3"),
        ("urllib3 >=1  # why", "urllib3>=1", "urllib3>=3", "urllib3 >=3  # why"),
    ],
)
def test_a_spec_follows_upstream(format_: str, mine: str, before: str, after: str, result: str) -> None:
    text = recipe(format_, "attrs", mine, "zipp")
    done = merge(text, format_, *old_new((before,), (after,)))
    assert done.text == text.replace(f"- {mine}\n", f"- {result}\n")
    (change,) = done.changed
    assert (change.output, change.part, change.package, change.project) == ("thing", "run", "urllib3", "urllib3")
    assert change.line == text.split("\n").index(f"    - {mine}") + 1
    assert change.evidence.startswith("urllib3")


@pytest.mark.parametrize(
    ("format_", "noarch", "stable"),
    [
        ("v0", "  noarch: python\n", "  python_version_independent: true  # [is_abi3]\n"),
        ("v1", "  noarch: python\n  python:\n", "  python:\n    version_independent: ${{ is_abi3 }}\n"),
    ],
)
def test_one_build_for_all_pythons_follows_what_every_python_needs(format_: str, noarch: str, stable: str) -> None:
    text = recipe(format_, "cffi >=1.17", host=("python", "pip"), python="python").replace(noarch, stable)
    done = merge(text, format_, *old_new(("cffi>=1.17",), ("cffi>=1.17", "six; python_version >= '3.12'")))
    assert done.text == text.replace("- cffi >=1.17\n", "- cffi >=1.17\n    - six\n")


@FORMATS
def test_a_spec_of_the_maintainers_own_stays_and_is_told(format_: str) -> None:
    text = recipe(format_, "urllib3 >=2.5")
    result = merge(text, format_, *old_new(("urllib3>=1",), ("urllib3>=2",)))
    assert result.text == text
    assert [worded(note) for note in result.notes] == [
        "thing: urllib3 >=2.5 is the maintainers' own and stays; upstream asks for urllib3>=2"
    ]


def test_a_line_made_from_the_version_follows_it_by_itself() -> None:
    text = recipe("v0", "sibling =={{ version }}")
    assert merge(text, "v0", *old_new(("sibling==1.0",), ("sibling==2.0",))).text == text


# Rule 3: host.


def built(version: str, *requires: str, backend: str = "setuptools.build_meta") -> ReleaseFacts:
    return facts("thing", version, pyproject={"build-system": {"requires": list(requires), "build-backend": backend}})


@FORMATS
def test_host_follows_a_switch_of_backend(format_: str) -> None:
    text = recipe(format_, host=("python >=3.8", "pip", "setuptools >=45", "wheel"))
    result = merge(
        text,
        format_,
        built("1.0", "setuptools>=45", "wheel"),
        built("2.0", "hatchling>=1.18", "hatch-vcs", backend="hatchling.build"),
    )
    assert sorted(changed_lines(text, result.text)) == ["+ - hatch-vcs", "+ - hatchling >=1.18", "- - setuptools >=45"]
    assert [(c.package, c.evidence) for c in result.removed] == [("setuptools", "setuptools>=45")]
    assert [(c.package, c.part) for c in result.added] == [("hatch-vcs", "host"), ("hatchling", "host")]


@FORMATS
def test_a_program_that_brings_its_backend_goes_with_it(format_: str) -> None:
    poetry = built("1.0", "poetry-core>=1", backend="poetry.core.masonry.api")
    hatch = built("2.0", "hatchling", backend="hatchling.build")
    text = recipe(format_, host=("python", "pip", "poetry"))
    assert changed_lines(text, merge(text, format_, poetry, hatch).text) == ["- - poetry", "+ - hatchling"]
    text = recipe(format_, host=("python", "pip", "hatch"))
    assert merge(text, format_, poetry, hatch).text == text


@FORMATS
def test_host_moves_bounds_and_leaves_bare_lines_bare(format_: str) -> None:
    host = ("python >=3.8", "pip", "setuptools", "setuptools_scm >=6")
    text = recipe(format_, host=host)
    result = merge(
        text,
        format_,
        built("1.0", "setuptools>=45", "setuptools-scm>=6"),
        built("2.0", "setuptools>=61", "setuptools-scm>=8", "wheel"),
    )
    assert changed_lines(text, result.text) == ["- - setuptools_scm >=6", "+ - setuptools_scm >=8"]


def test_a_tool_that_build_lists_for_cross_compiling_moves_too() -> None:
    build = "  build:\n    - if: build_platform != target_platform\n      then:\n        - maturin >=1,<2\n  host:\n"
    text = recipe("v1", host=("python", "pip", "maturin >=1,<2")).replace("  host:\n", build, 1)
    text = text.replace("  noarch: python\n", "")
    old, new = (built(v, spec, backend="maturin") for v, spec in (("1", "maturin>=1,<2"), ("2", "maturin>=1.10,<2")))
    assert merge(text, "v1", old, new).text == text.replace("maturin >=1,<2", "maturin >=1.10,<2")


@FORMATS
def test_a_looser_bound_of_the_maintainers_own_stays_in_host(format_: str) -> None:
    text = recipe(format_, host=("python >=3.8", "pip", "setuptools >=40,<90"))
    result = merge(text, format_, built("1.0", "setuptools>=45,<90"), built("2.0", "setuptools>=61,<90"))
    assert result.text == text
    assert "setuptools >=40,<90 is the maintainers' own and stays" in worded(result.notes[0])


def released(made: ReleaseFacts, when: str) -> ReleaseFacts:
    """The same, uploaded at that day."""
    files = tuple(
        replace(file, uploaded=datetime.fromisoformat(f"{when}T12:00:00+00:00")) for file in made.release.files
    )
    return replace(made, release=replace(made.release, files=files))


@FORMATS
@pytest.mark.parametrize(
    ("host", "when", "added"),
    [
        (("python >=3.8", "pip"), "2025-01-01", True),
        (("python", "pip"), "2025-01-01", True),
        (("python", "pip"), "2024-08-01", False),
        (("python >=3.8,<3.13", "pip"), "2025-01-01", False),
        (("python 3.10.*", "pip"), "2025-01-01", False),
        (("python", "pip", "setuptools_scm"), "2025-01-01", True),
        (("python",), "2025-01-01", False),
    ],
)
def test_setuptools_that_pip_no_longer_brings_is_named(
    format_: str, host: tuple[str, ...], when: str, added: bool
) -> None:
    text = recipe(format_, host=host)
    result = merge(text, format_, built("1.0", "setuptools"), released(built("2.0", "setuptools"), when))
    assert changed_lines(text, result.text) == (["+ - setuptools"] if added else [])


WITHOUT_SETUPTOOLS = (
    "thing: host lacks setuptools, which conda-forge's pip does not install with Python 3.13 or later; it is not "
    "added, "
    "because the release is older than this rule (2024-08-01): add it, or limit python"
)
WITHOUT_PIP = (
    "thing: host lacks pip and setuptools, and Python 3.12 and later have neither distutils nor setuptools; they are "
    "not added, because the release is older than this rule (2023-09-01): add them, or limit python"
)
WITHOUT_STDLIB = (
    "thing: conda-forge requires stdlib('c') next to compilers; it is not added, because the release is "
    "older than this rule (2024-05-01)"
)


@FORMATS
@pytest.mark.parametrize(
    ("host", "noarch", "when", "told"),
    [
        (("python", "pip"), True, "2024-08-01", WITHOUT_SETUPTOOLS),
        (("python", "pip"), True, "2025-01-01", ""),
        (("python 3.10.*", "pip"), True, "2024-08-01", ""),
        (("python", "libcurl"), False, "2023-09-01", WITHOUT_PIP),
    ],
)
def test_what_an_old_release_is_built_without_is_told(
    format_: str, host: tuple[str, ...], noarch: bool, when: str, told: str
) -> None:
    text = recipe(format_, host=host, python="python")
    text = text if noarch else text.replace("  noarch: python\n", "")
    result = merge(text, format_, built("1.0", "setuptools"), released(built("2.0", "setuptools"), when))
    assert [worded(note) for note in result.notes if note.level == "todo"] == ([told] if told else [])
    assert not told or result.unmet == ()


def test_a_compiler_without_stdlib_is_told_for_an_old_release() -> None:
    text = recipe("v0", host=("python", "pip", "setuptools"), python="python").replace("  noarch: python\n", "")
    text = text.replace("requirements:\n", "requirements:\n  build:\n    - {{ compiler('c') }}\n")
    result = merge(text, "v0", built("1.0", "setuptools"), released(built("2.0", "setuptools"), "2024-05-01"))
    assert [worded(note) for note in result.notes] == [WITHOUT_STDLIB]


@pytest.mark.parametrize(
    ("pyproject", "evidence"),
    [
        ({}, "the default of PEP 517"),
        ({"build-system": {"requires": ["setuptools"]}}, "the default of PEP 517"),
        ({"build-system": {"build-backend": "setuptools.build_meta"}}, "build-backend: setuptools.build_meta"),
    ],
)
def test_a_backend_that_nothing_names_is_the_default_of_pep_517(pyproject: Mapping[str, object], evidence: str) -> None:
    old, new = (facts("thing", version, pyproject=pyproject) for version in ("1.0", "2.0"))
    result = merge(recipe("v0", host=("python", "pip")), "v0", old, released(new, "2025-01-01"))
    assert [(change.package, change.evidence) for change in result.added] == [("setuptools", evidence)]


def compiled(version: str, setup: str) -> ReleaseFacts:
    return facts("thing", version, wheels=("cp311-cp311-manylinux_2_17_x86_64",), sdist_members=("a.c",),
                 texts={"setup.py": setup}, pyproject={})  # fmt: skip


@FORMATS
@pytest.mark.parametrize(
    ("host", "noarch", "when", "added"),
    [
        (("python", "libcurl"), False, "2024-02-18", True),
        (("python", "libcurl"), False, "2023-09-01", False),
        (("python", "libcurl", "pip"), False, "2024-02-18", False),
        (("python",), True, "2024-02-18", False),
    ],
)
def test_an_extension_that_relied_on_distutils_names_pip_and_setuptools(
    format_: str, host: tuple[str, ...], noarch: bool, when: str, added: bool
) -> None:
    text = recipe(format_, host=host, python="python")
    text = text if noarch else text.replace("  noarch: python\n", "")
    result = merge(text, format_, built("1.0", "setuptools"), released(built("2.0", "setuptools"), when))
    assert changed_lines(text, result.text) == (["+ - pip", "+ - setuptools"] if added else [])


def test_a_program_that_the_build_runs_now_is_listed_in_build() -> None:
    text = recipe("v0", host=("python", "pip", "setuptools", "libcurl"), python="python").replace(
        "  noarch: python\n", ""
    )
    build = "requirements:\n  build:\n    - {{ compiler('c') }}\n    - {{ stdlib('c') }}\n"
    text = text.replace("requirements:\n", build)
    before = 'setup(ext_modules=[Extension("a", ["a.c"], libraries=["curl"])])'
    after = before + '\nsubprocess.run(["pkg-config", "--libs", "libcurl"])'
    result = merge(text, "v0", compiled("1.0", before), compiled("2.0", after))
    assert changed_lines(text, result.text) == ["+ - pkg-config"]
    assert [(worded(change.reason), change.evidence) for change in result.added] == [
        ("upstream's build runs it now", "")
    ]
    assert result.text.index("compiler('c')") < result.text.index("pkg-config") < result.text.index("host:")
    assert result.added[0].part == "build"


@pytest.mark.parametrize(
    ("format_", "build", "added"),
    [
        ("v0", ("{{ compiler('c') }}", "{{ compiler('cxx') }}  # why", "make"), "{{ stdlib('c') }}"),
        ("v1", ('${{ compiler("c") }}',), '${{ stdlib("c") }}'),
        ("v1", ("\"${{compiler('rust')}}\"",), "\"${{stdlib('c')}}\""),
        ("v0", ("{{ compiler('c') }}", "{{ stdlib('c') }}"), ""),
        ("v0", ("{{ compiler('c') }}  # [unix]",), ""),
        ("v0", ("make",), ""),
    ],
)
def test_stdlib_is_named_beside_compilers(format_: str, build: tuple[str, ...], added: str) -> None:
    text = recipe(format_, host=("python", "pip", "hatchling"), python="python").replace("  noarch: python\n", "")
    text = text.replace("  host:\n", "  build:\n" + "".join(f"    - {line}\n" for line in build) + "  host:\n")
    result = merge(text, format_, built("1.0", "hatchling"), released(built("2.0", "hatchling"), "2024-06-01"))
    assert changed_lines(text, result.text) == ([f"+ - {added}"] if added else [])
    before = merge(text, format_, built("1.0", "hatchling"), released(built("2.0", "hatchling"), "2024-03-01"))
    assert before.text == text
    if added:
        assert result.text.split("\n").index(f"    - {added}") == text.split("\n").index(f"    - {build[-1]}") + (
            0 if build[-1] == "make" else 1
        )


# Rule 4: Python.


@FORMATS
@pytest.mark.parametrize("asked", [">=3.12", ">=3.12,<4"])
def test_a_literal_floor_that_is_too_low_is_raised(format_: str, asked: str) -> None:
    text = recipe(format_, host=("python >=3.7", "pip"), python="python >=3.7")
    result = merge(text, format_, *old_new((), (), floor=(">=3.6", asked)))
    assert result.text == text.replace("python >=3.7", "python >=3.12")
    assert [(c.before, c.after, c.evidence) for c in result.changed] == [
        ("python >=3.7", "python >=3.12", f"Requires-Python: {asked}")
    ] * 2


@FORMATS
def test_a_floor_below_the_channels_own_is_raised_with_other_edits_of_run_only(format_: str) -> None:
    text = recipe(format_, "six", host=("python >=3.7", "pip"), python="python >=3.7")
    alone = merge(text, format_, *old_new(("six",), ("six",), floor=(">=3.7", ">=3.9")))
    assert alone.text == text
    assert "(Requires-Python: >=3.9); the channel builds for 3.10 and later" in worded(alone.notes[0])
    for floors in (">=3.7", ">=3.9"), (">=3.9", ">=3.9"):
        result = merge(text, format_, *old_new(("six",), ("six>=1.5",), floor=floors))
        assert result.text == text.replace("python >=3.7", "python >=3.9").replace(
            "- six\n  ", "- six >=1.5\n  "
        ).replace("- six\n\n", "- six >=1.5\n\n")


@FORMATS
def test_a_floor_that_is_high_enough_stays(format_: str) -> None:
    text = recipe(format_, host=("python >=3.10", "pip"), python="python >=3.10")
    assert merge(text, format_, *old_new((), (), floor=(">=3.6", ">=3.9"))).text == text


@pytest.mark.parametrize(
    ("python", "floor", "told"),
    [
        ("python >=3.12", (">=3.12", ">=3.11"), "Requires-Python: >=3.11"),
        ("python >=3.12", (">=3.12", ""), "Requires-Python: none"),
        ("python >=3.13", (">=3.12", ">=3.11"), ""),  # the maintainers' own floor
        ("python >=3.12", (">=3.12", ">=3.12.1"), ""),
        ("python >=3.9", (">=3.9", ">=3.8"), ""),  # the channel has no older Python
    ],
)
@FORMATS
def test_a_floor_that_upstream_lowered_is_told(format_: str, python: str, floor: tuple[str, str], told: str) -> None:
    text = recipe(format_, host=(python, "pip"), python=python)
    result = merge(text, format_, *old_new((), (), floor=floor))
    assert result.text == text
    notes = [worded(note) for note in result.notes if note.kind == "python-floor-fell"]
    said = f"upstream no longer needs Python 3.12 ({told}), and the recipe still asks for it; check whether it has to"
    assert notes == ([f"thing: {said}"] if told else [])


@FORMATS
def test_a_bound_of_the_maintainers_that_upstream_makes_needless_is_not_said_to_stay(format_: str) -> None:
    text = recipe(format_, "six >=1", "six !=1.5")
    result = merge(text, format_, *old_new(("six>=1",), ("six>=2",)))
    assert result.text == recipe(format_, "six >=2")
    assert [note for note in result.notes if note.kind == "bound-of-maintainers"] == []


def test_python_min_is_set_beside_the_version() -> None:
    text = recipe("v1", host=("python ${{ python_min }}.*", "pip"), python="python >=${{ python_min }}")
    result = merge(text, "v1", *old_new((), (), floor=(">=3.9", ">=3.12")))
    assert result.text == text.replace('version: "1.0"\n', 'version: "1.0"\n  python_min: "3.12"\n', 1)
    text = recipe("v0", host=("python {{ python_min }}", "pip"), python="python >={{ python_min }}")
    result = merge(text, "v0", *old_new((), (), floor=(">=3.9", ">=3.12")))
    assert result.text == text.replace('"1.0" %}\n', '"1.0" %}\n{% set python_min = "3.12" %}\n', 1)


@pytest.mark.parametrize(
    ("host", "noarch", "floor", "low"),
    [
        ("python ${{ python_min }}.*", True, ">=3.12", [("3.10", "3.12")]),
        ("python 3.11.*", True, ">=3.12", [("3.11", "3.12")]),
        ("python ${{ python_min }}.*", True, ">=3.10", []),
        ("python >=3.9", True, ">=3.12", []),
        ("python", False, ">=3.12", []),
    ],
)
def test_a_noarch_build_with_a_python_that_upstream_refuses_fails(
    host: str, noarch: bool, floor: str, low: list[tuple[str, str]]
) -> None:
    text = recipe("v1", host=(host, "pip"), python="python >=${{ python_min }}")
    text = text if noarch else text.replace("  noarch: python\n", "")
    result = merge(text, "v1", *old_new((), (), floor=(">=3.9", floor)))
    assert [(one.has, one.wants) for one in result.pythons] == low


def test_python_min_is_raised_where_it_is_set() -> None:
    text = recipe("v1", host=("python ${{ python_min }}.*", "pip"), python="python >=${{ python_min }}")
    text = text.replace('version: "1.0"\n', "version: '1.0'\n  python_min: 3.11  # see #1\n", 1)
    result = merge(text, "v1", *old_new((), (), floor=(">=3.9", ">=3.12")))
    assert result.text == text.replace("python_min: 3.11 ", "python_min: 3.12 ")
    assert [(c.before, c.after) for c in result.changed] == [("python_min 3.11", "python_min 3.12")]


def test_python_min_that_host_pins_is_raised_though_the_channels_is_higher() -> None:
    text = recipe("v1", host=("python ${{ python_min }}.*", "pip"), python="python >=${{ python_min }}")
    text = text.replace('version: "1.0"\n', 'version: "1.0"\n  python_min: "3.8"\n', 1)
    result = merge(text, "v1", *old_new((), (), floor=(">=3.8", ">=3.9")))
    assert changed_lines(text, result.text) == ['- python_min: "3.8"', '+ python_min: "3.9"']


@FORMATS
def test_micro_releases_of_python_are_no_floor(format_: str) -> None:
    text = recipe(format_, "six", host=("python >=3.12", "pip"), python="python >=3.12")
    result = merge(text, format_, *old_new(("six",), ("six>=1",), floor=(">=3.12", ">=3.12.4")))
    assert changed_lines(text, result.text) == ["- - six", "+ - six >=1"]


@FORMATS
@pytest.mark.parametrize(
    ("mine", "before", "after", "result"),
    [
        ("python >=3.10,<3.14", ">=3.10,<3.14", ">=3.10,<3.15", "python >=3.10,<3.15"),
        ("python >=3.10, <4.0", ">=3.9,<4.0", ">=3.12,<4.0", "python >=3.12, <4.0"),
        ("python >=3.10,<4", ">=3.10,<4", ">=3.10", "python >=3.10"),
        ("python >=3.9,<3.14", ">=3.9,<3.14", ">=3.10,<3.15", "python >=3.10,<3.15"),
    ],
)
def test_an_upper_bound_of_python_follows(format_: str, mine: str, before: str, after: str, result: str) -> None:
    text = recipe(format_, host=(mine, "pip"), python=mine)
    done = merge(text, format_, *old_new((), (), floor=(before, after)))
    assert done.text == text.replace(mine, result)
    assert done.notes == ()


@FORMATS
def test_an_upper_bound_of_python_that_the_recipe_has_not_is_told(format_: str) -> None:
    text = recipe(format_, host=("python >=3.10", "pip"), python="python >=3.10")
    done = merge(text, format_, *old_new((), (), floor=(">=3.10,<3.14", ">=3.10,<3.15")))
    assert done.text == text
    (note,) = done.notes
    assert worded(note) == (
        "thing: upstream's upper bound of Python changed to <3.15 (was <3.14); check whether the recipe has to say so"
    )


@FORMATS
@pytest.mark.parametrize(
    ("mine", "after", "result"),
    [
        ("python >=3.10", ">=3.10,<3.13", "python >=3.10,<3.13"),
        ("python >=3.10,!=3.11.4", ">=3.10,<3.13", "python >=3.10,!=3.11.4,<3.13"),
        ("python >=3.9", ">=3.10,<=3.13", "python >=3.10,<=3.13"),
    ],
)
def test_a_new_upper_bound_of_python_is_written(format_: str, mine: str, after: str, result: str) -> None:
    text = recipe(format_, host=("python", "pip"), python=mine)
    done = merge(text, format_, *old_new((), (), floor=(">=3.10" if "3.10" in mine else ">=3.9", after)))
    assert done.text == text.replace(mine, result)
    assert [change.evidence for change in done.changed] == [f"Requires-Python: {after}"]
    assert done.notes == ()


def test_a_new_upper_bound_of_python_is_written_beside_python_min() -> None:
    host, run = "python ${{ python_min }}.*", "python >=${{ python_min }}"
    text = recipe("v1", host=(host, "pip"), python=run)
    done = merge(text, "v1", *old_new((), (), floor=(">=3.10", ">=3.10,<3.13")))
    assert done.text == text.replace(run, f"{run},<3.13")
    assert done.notes == ()


@FORMATS
@pytest.mark.parametrize(
    ("mine", "after"),
    [
        ("python >=3.10", ">=3.10,<4"),
        ("python >=3.10,<3.12", ">=3.10,<3.13"),
        ("python 3.10.*", ">=3.10,<3.13"),
    ],
)
def test_a_new_upper_bound_of_python_that_excludes_nothing_or_is_not_the_maintainers_is_told(
    format_: str, mine: str, after: str
) -> None:
    text = recipe(format_, host=("python", "pip"), python=mine)
    done = merge(text, format_, *old_new((), (), floor=(">=3.10", after)))
    assert done.text == text
    assert any(after.rpartition(",")[2] in worded(note) for note in done.notes)


def test_pythons_that_a_compiled_package_has_to_skip_are_told() -> None:
    text = recipe("v1", host=("python", "pip"), python="python").replace("  noarch: python\n", "")
    done = merge(text, "v1", *old_new((), (), floor=(">=3.10", ">=3.12")))
    assert done.text == text
    assert [worded(note) for note in done.notes] == [
        "thing: check whether Pythons before 3.12 are skipped (Requires-Python: >=3.12)"
    ]


@FORMATS
@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("attrs>=1.0", "attrs @ https://e.org/attrs-2.tar.gz", []),
        ("attrs @ https://e.org/attrs-1.tar.gz", "attrs @ https://e.org/attrs-2.tar.gz", []),
        ("", "new @ git+https://e.org/new@v1", ["+ - new"]),
    ],
)
def test_what_upstream_requires_from_a_url_is_told_and_bounds_stay(
    format_: str, before: str, after: str, changed: list[str]
) -> None:
    text = recipe(format_, "attrs >=1.0", "zipp")
    done = merge(text, format_, *old_new((before,) if before else (), (after,)))
    assert changed_lines(text, done.text) == changed
    package = after.partition(" ")[0]
    said = f"{package} is required by upstream from a URL, so check its version by hand ({after})"
    assert [worded(note) for note in done.notes] == [f"thing: {said}"]


def test_a_url_that_upstream_required_before_is_not_told_again() -> None:
    text = recipe("v1", "attrs >=1.0", "zipp")
    same = ("attrs @ https://e.org/attrs-1.tar.gz",)
    assert merge(text, "v1", *old_new(same, same)).notes == ()


# Rule 5: markers over the recipe's own Pythons.


@FORMATS
def test_a_requirement_of_one_of_the_recipes_pythons_is_added(format_: str) -> None:
    text = recipe(format_, "attrs", "zipp", python="python >=3.9")
    new = ('tomli; python_version < "3.11"', 'importlib-resources; python_version < "3.9"')
    result = merge(text, format_, *old_new((), new))
    assert changed_lines(text, result.text) == ["+ - tomli"]
    assert result.text.index("- attrs") < result.text.index("- tomli") < result.text.index("- zipp")
    (change,) = result.added
    assert (change.after, change.evidence, change.optional) == ("tomli", 'tomli; python_version < "3.11"', True)


@FORMATS
def test_what_only_pythons_need_that_the_channel_no_longer_builds_for_is_told(format_: str) -> None:
    text = recipe(format_, "attrs", python="python >=3.7")
    old, new = old_new((), ('importlib-metadata; python_version < "3.8"',), floor=(">=3.7", ">=3.7"))
    result = merge(text, format_, old, new)
    assert result.text == text
    assert "importlib-metadata is new for Pythons that the channel no longer builds for" in (
        worded(result.notes[0]).replace("_", "-")
    )
    # What is there goes all the same once nothing names it.
    text = recipe(format_, "attrs", "importlib-metadata", python="python >=3.7")
    assert changed_lines(text, merge(text, format_, new, old).text) == ["- - importlib-metadata"]


@FORMATS
def test_a_requirement_goes_only_where_upstream_does_not_name_it_any_more(format_: str) -> None:
    text = recipe(format_, "attrs >=20", "six", "zipp")
    result = merge(text, format_, *old_new(("attrs>=20", "six", "zipp"), ('six; extra == "old"', "zipp")))
    assert changed_lines(text, result.text) == ["- - attrs >=20"]
    assert any("six stays" in worded(note) for note in result.notes)


def test_a_requirement_goes_with_the_condition_it_was_alone_under() -> None:
    text = recipe("v1", "attrs", "if: win\n      then: colorama\n    - zipp")
    result = merge(text, "v1", *old_new(('colorama; sys_platform == "win32"',), ()))
    assert changed_lines(text, result.text) == ["- - if: win", "- then: colorama"]


# Rule 6: extras.


@FORMATS
def test_an_extra_that_the_recipe_holds_gets_its_additions(format_: str) -> None:
    text = recipe(format_, "jinja2", "pyyaml")
    before = ('jinja2; extra == "full"', 'pyyaml; extra == "full"', 'sphinx; extra == "docs"')
    after = (*before, 'httpx>=0.27; extra == "full"', 'furo; extra == "docs"')
    result = merge(text, format_, *old_new(before, after, extras=("full", "docs")))
    assert changed_lines(text, result.text) == ["+ - httpx >=0.27"]
    (change,) = result.added
    assert change.optional
    assert change.reason == CarriedReason(kind="asked-now", extra="full")


@FORMATS
def test_an_extra_of_many_packages_is_held_but_for_one(format_: str) -> None:
    names = ("jinja2", "pyyaml", "httpx", "itsdangerous")
    before = tuple(f'{name}; extra == "full"' for name in names)
    after = (*before, 'trio; extra == "full"')
    held = recipe(format_, "httpx", "jinja2", "pyyaml")
    assert changed_lines(held, merge(held, format_, *old_new(before, after, extras=("full",))).text) == ["+ - trio"]
    text = recipe(format_, "httpx", "jinja2")
    assert merge(text, format_, *old_new(before, after, extras=("full",))).text == text


@FORMATS
def test_an_extra_is_not_held_for_what_the_base_requires(format_: str) -> None:
    text = recipe(format_, "httpx >=0.27")
    before = ("httpx>=0.27", 'httpx[http2]>=0.28; extra == "fast"')
    after = (*before, 'trio; extra == "fast"')
    assert merge(text, format_, *old_new(before, after, extras=("fast",))).text == text


@FORMATS
def test_an_extra_of_a_single_package_is_no_sign_that_it_is_held(format_: str) -> None:
    text = recipe(format_, "cffi >=1.11")
    before, after = 'cffi>=1.11; extra == "cffi"', 'cffi>=1.17; extra == "cffi"'
    assert merge(text, format_, *old_new((before,), (after,), extras=("cffi",))).text == text


@FORMATS
def test_bounds_that_lag_are_raised_where_run_is_edited_anyway(format_: str) -> None:
    text = recipe(format_, "attrs >=20,<25", "six")
    lag = merge(text, format_, *old_new(("attrs>=22,<25", "six>=1.5"), ("attrs>=22,<25", "six>=1.5", "zipp")))
    assert changed_lines(text, lag.text) == ["- - attrs >=20,<25", "+ - attrs >=22,<25", "+ - zipp"]
    (change,) = lag.changed
    assert change.reason == CarriedReason(kind="bound-behind")
    alone = old_new(("attrs>=22,<25", "six>=1.5"), ("attrs>=22,<25", "six>=1.5"))
    assert merge(text, format_, *alone).text == text


@FORMATS
def test_catching_up_raises_what_lags_and_writes_bounds_that_are_missing(format_: str) -> None:
    text = recipe(format_, "attrs >=20,<25", "six", "yarl ==1.0", python="python >=3.6")
    requires = ("attrs>=22,<25", "six>=1.5", "yarl>=2")
    result = merge(text, format_, *old_new(requires, requires), catch_up=True)
    assert [line for line in changed_lines(text, result.text) if line.startswith("+")] == [
        "+ - python >=3.8",
        "+ - attrs >=22,<25",
        "+ - six >=1.5",
    ]


@FORMATS
def test_backports_to_old_pythons_are_only_told_of(format_: str) -> None:
    text = recipe(format_, "six")
    result = merge(text, format_, *old_new(("six",), ("six", "pathlib2", "enum34>=1")))
    assert result.text == text
    assert [worded(note) for note in result.notes] == [
        "thing: enum34 is in the standard library, and is not added (enum34>=1)",
        "thing: pathlib2 is in the standard library, and is not added (pathlib2)",
    ]


@FORMATS
def test_a_project_that_the_index_does_not_have_is_only_told_of(format_: str) -> None:
    text = recipe(format_, "six")
    old, new = old_new(("six",), ("six", "parametrised"))
    result = drift(text, PATHS[format_], [old], [new], names=str, scope=Scope(), exists=lambda _: False)
    assert result.text == text
    why = "but the index has no such project, so it is not added"
    assert [worded(note) for note in result.notes] == [f"thing: upstream requires parametrised, {why} (parametrised)"]


PYTHON_TEST = "tests:\n  - python:\n      imports:\n        - thing\n"


@pytest.mark.parametrize(
    ("format_", "run", "tests", "added"),
    [
        ("v0", ("six",), "", False),
        ("v1", ("six",), "", False),
        ("v0", ("six", "pytest"), "", True),
        ("v0", ("six",), "test:\n  commands:\n    - pip check\n", True),
        ("v1", ("six",), "tests:\n  - script:\n    - pip check\n", True),
        ("v1", ("six",), PYTHON_TEST, True),
        ("v1", ("six",), f"{PYTHON_TEST}      pip_check: true\n", True),
        ("v1", ("six",), f"{PYTHON_TEST}      pip_check: false\n", False),
    ],
)
def test_a_tool_for_tests_is_added_where_pip_check_asks_for_it(
    format_: str, run: tuple[str, ...], tests: str, added: bool
) -> None:
    head, _, _ = recipe(format_, *run).rpartition("tests:" if format_ == "v1" else "test:")
    result = merge(head + tests, format_, *old_new(run, (*run, "pytest-mock")))
    assert ([change.package for change in result.added] == ["pytest-mock"]) == added
    told = "thing: pytest-mock is a test tool that upstream requires at run time; it is not added (pytest-mock)"
    assert (told in [worded(note) for note in result.notes]) == (not added)


@FORMATS
def test_a_calendar_version_keeps_the_zeros_of_its_line(format_: str) -> None:
    text = recipe(format_, "certifi >=2022.05.18")
    result = merge(text, format_, *old_new(("certifi>=2022.5.18",), ("certifi>=2022.12.7",)))
    assert changed_lines(text, result.text) == ["- - certifi >=2022.05.18", "+ - certifi >=2022.12.07"]


@FORMATS
def test_a_tool_that_gains_a_bound_gains_it_in_host(format_: str) -> None:
    text = recipe(format_, host=("python >=3.8", "pip", "setuptools", "types-docutils"))
    result = merge(
        text, format_, built("1.0", "setuptools", "types-docutils"), built("2.0", "setuptools>=77", "types-docutils>=7")
    )
    assert changed_lines(text, result.text) == ["- - types-docutils", "+ - types-docutils >=7"]


@pytest.mark.parametrize(
    ("format_", "when", "changed"),
    [
        ("v0", "2025-01-01", ["- - python >=3.8", "+ - python {{ python_min }}", "+ - python >={{ python_min }}"]),
        ("v1", "2025-01-01", ["- - python >=3.8", "+ - python ${{ python_min }}.*", "+ - python >=${{ python_min }}"]),
        ("v0", "2024-06-01", []),
    ],
)
def test_a_noarch_recipe_gets_python_min_when_its_floor_changes(format_: str, when: str, changed: list[str]) -> None:
    text = recipe(format_)
    old, new = old_new((), (), floor=(">=3.8", ">=3.9"))
    assert set(changed_lines(text, merge(text, format_, old, released(new, when)).text)) == set(changed)


def test_run_constraints_are_left_alone() -> None:
    text = recipe("v1", "jinja2").replace("\ntests:", "  run_constraints:\n    - chardet >=3,<5\n\ntests:")
    before, after = 'chardet<5,>=3; extra == "chardet"', 'chardet<6,>=3; extra == "chardet"'
    assert merge(text, "v1", *old_new((before,), (after,), extras=("chardet",))).text == text


# Rule 7: several outputs.

FAMILY = """\
context:
  version: "1.0"

recipe:
  name: fam
  version: ${{ version }}

outputs:
@OUTPUTS@
about:
  license: MIT
"""
MEMBER = """\
  - package:
      name: fam-@NAME@
    source:
      - url: https://pypi.org/packages/source/f/fam-@NAME@/fam_@NAME@-${{ version }}.tar.gz
        sha256: 1111111111111111111111111111111111111111111111111111111111111111
    build:
      noarch: python
    requirements:
      host:
        - python ${{ python_min }}.*
        - hatchling
        - pip
      run:
        - python >=${{ python_min }}
@RUN@
    tests:
      - python:
          imports:
            - fam.@NAME@
    about:
      summary: The @NAME@

"""


def family(**members: tuple[str, ...]) -> str:
    outputs = (
        MEMBER.replace("@NAME@", name).replace("@RUN@", "\n".join(f"        - {line}" for line in run))
        for name, run in members.items()
    )
    return FAMILY.replace("@OUTPUTS@\n", "".join(outputs))


def test_each_output_follows_its_own_project() -> None:
    text = family(core=("attrs",), web=("attrs", "fam-core ==${{ version }}"))
    old = [facts("fam-core", "1.0", requires=["attrs"]), facts("fam-web", "1.0", requires=["attrs", "fam-core"])]
    new = [
        facts("fam-core", "2.0", requires=["attrs"]),
        facts("fam-web", "2.0", requires=["attrs>=23", "fam-core"]),
    ]
    result = merge(text, "v1", old, new)
    assert changed_lines(text, result.text) == ["- - attrs", "+ - attrs >=23"]
    assert [change.output for change in result.changed] == ["fam-web"]


def test_a_new_project_of_the_family_is_a_new_output_with_the_siblings_pins() -> None:
    text = family(core=("attrs",), web=("attrs", "fam-core ==${{ version }}"))
    old = [facts("fam-core", "1.0", requires=["attrs"]), facts("fam-web", "1.0", requires=["attrs", "fam-core"])]
    new = [
        facts("fam-core", "2.0", requires=["attrs"]),
        facts("fam-web", "2.0", requires=["attrs", "fam-core", "fam-tasks"]),
    ]
    assert newcomers(old, new) == ("fam-tasks",)
    tasks = facts(
        "fam-tasks",
        "2.0",
        requires=["fam-core", "croniter>=2"],
        entry_points=[EntryPoint(name="fam-run", value="fam.tasks:main")],
        members=["fam/tasks/__init__.py"],
        summary="Runs tasks",
    )
    result = merge(text, "v1", old, [*new, tasks])
    written = MEMBER.replace("@NAME@", "tasks").replace("1" * 64, "5d" * 32).replace("The tasks", "Runs tasks")
    written = written.replace("@RUN@", "        - croniter >=2\n        - fam-core ==${{ version }}")
    written = written.replace(
        "      noarch: python\n",
        "      python:\n        entry_points:\n          - fam-run = fam.tasks:main\n      noarch: python\n",
    )
    grown = family(core=("attrs",), web=("attrs", "fam-core ==${{ version }}", "fam-tasks ==${{ version }}"))
    head, web = grown.split("  - package:\n      name: fam-web")
    assert result.text == head + written + "  - package:\n      name: fam-web" + web
    assert {(change.part, change.package) for change in result.added} == {("run", "fam-tasks"), ("output", "fam-tasks")}


def test_one_project_has_no_family() -> None:
    assert newcomers([facts("fam", "1.0")], [facts("fam", "2.0", requires=["fam-extra"])]) == ()


# Rule 8: names and duplicates.


@FORMATS
def test_a_name_keeps_the_recipes_spelling(format_: str) -> None:
    text = recipe(format_, "typing_extensions >=4.1")
    result = merge(text, format_, *old_new(("typing-extensions>=4.1",), ("typing-extensions>=4.6",)))
    assert changed_lines(text, result.text) == ["- - typing_extensions >=4.1", "+ - typing_extensions >=4.6"]


@FORMATS
def test_a_subsumed_duplicate_goes_where_the_list_is_edited(format_: str) -> None:
    text = recipe(format_, "typing_extensions >=4.14", "typing-extensions >=4.6", "attrs ==1")
    same = ("typing-extensions>=4.14", "attrs==1")
    assert merge(text, format_, *old_new(same, same)).text == text
    result = merge(text, format_, *old_new(same, ("typing-extensions>=4.14", "attrs==2")))
    assert changed_lines(text, result.text) == ["- - typing-extensions >=4.6", "- - attrs ==1", "+ - attrs ==2"]


# Entry points.


@FORMATS
def test_entry_points_follow(format_: str) -> None:
    text = recipe(format_)
    before = [EntryPoint(name="thing", value="thing.cli:main")]
    after = [EntryPoint(name="other", value="thing.other:run"), EntryPoint(name="thing", value="thing.app:main")]
    result = merge(text, format_, facts("thing", "1.0", entry_points=before), facts("thing", "2.0", entry_points=after))
    assert sorted(changed_lines(text, result.text)) == [
        "+ - other = thing.other:run",
        "+ - thing = thing.app:main",
        "- - thing = thing.cli:main",
    ]
    gone = merge(text, format_, facts("thing", "1.0", entry_points=before), facts("thing", "2.0"))
    assert [(change.part, change.before) for change in gone.removed] == [("entry_points", "thing = thing.cli:main")]


# What is told only.


def test_what_people_should_look_at_is_told() -> None:
    text = recipe("v1")
    old = facts("thing", "1.0", members=["thing/__init__.py", "extra/__init__.py"])
    new = facts("thing", "2.0", wheels=["cp311-cp311-linux_x86_64"], members=["thing/__init__.py"])
    assert [worded(note) for note in merge(text, "v1", old, new).notes] == [
        "thing: modules that upstream no longer installs: extra; check the tests",
    ]


def test_platform_requirements_are_conditions_in_compiled_packages_only() -> None:
    new = ('colorama; sys_platform == "win32"',)
    text = recipe("v1", "attrs")
    told = merge(text, "v1", *old_new((), new))
    assert told.text == text
    assert any("colorama" in worded(note) for note in told.notes)
    compiled = text.replace("  noarch: python\n", "")
    assert changed_lines(compiled, merge(compiled, "v1", *old_new((), new)).text) == ["+ - if: win", "+ then: colorama"]
    text = recipe("v0", "attrs").replace("  noarch: python\n", "")
    assert changed_lines(text, merge(text, "v0", *old_new((), new)).text) == ["+ - colorama  # [win]"]


def test_projects_without_facts_are_left_alone() -> None:
    text = recipe("v1", "attrs")
    assert merge(text, "v1", [], []).text == text


# Pythons that upstream excludes.


@FORMATS
@pytest.mark.parametrize(
    ("after", "result"),
    [
        (">=3.10,!=3.11.*", "python >=3.10,!=3.11.*"),
        ("==3.12.*", "python >=3.12,<3.13"),
        (">=3.12,!=3.13.*", "python >=3.12,!=3.13.*"),
        (">=3.10,!=3.12.0", "python >=3.10"),
    ],
)
def test_pythons_that_upstream_excludes_are_excluded(format_: str, after: str, result: str) -> None:
    text = recipe(format_, host=("python >=3.10", "pip"), python="python >=3.10")
    done = merge(text, format_, *old_new((), (), floor=(">=3.10", after)))
    assert done.text == text.replace("python >=3.10", result)
    assert done.notes == ()
    kind = "floor-rose" if ">=3.12" in result else "bound-moved"
    assert {change.reason.kind for change in done.changed} <= {kind}


def test_pythons_that_upstream_excludes_are_excluded_beside_python_min() -> None:
    text = recipe("v1", host=("python ${{ python_min }}.*", "pip"), python="python >=${{ python_min }}")
    done = merge(text, "v1", *old_new((), (), floor=(">=3.10", ">=3.10,!=3.13.*")))
    assert changed_lines(text, done.text) == [
        "- - python >=${{ python_min }}",
        "+ - python >=${{ python_min }},!=3.13.*",
    ]
    assert done.notes == ()


@FORMATS
def test_a_python_that_upstream_no_longer_excludes_comes_back(format_: str) -> None:
    text = recipe(format_, host=("python >=3.10", "pip"), python="python >=3.10,!=3.11.*")
    done = merge(text, format_, *old_new((), (), floor=(">=3.10,!=3.11.*", ">=3.10")))
    assert done.text == text.replace(",!=3.11.*", "")


@FORMATS
@pytest.mark.parametrize("spec", ["<=3.12", "<3.12"])
def test_an_upper_bound_of_python_that_stays_and_the_recipe_lacks_is_told(format_: str, spec: str) -> None:
    text = recipe(format_, host=("python >=3.10", "pip"), python="python >=3.10")
    done = merge(text, format_, *old_new((), (), floor=(f">=3.10,{spec}", f">=3.10,{spec}")))
    (note,) = done.notes
    assert worded(note) == (
        f"thing: upstream excludes Python 3.12, 3.13, 3.14 (Requires-Python: >=3.10,{spec}), and the recipe admits "
        "them; check whether the recipe has to say so"
    )


@pytest.mark.parametrize(
    ("skip", "told"),
    [
        ("", True),
        ("  skip: match(python, '3.11.*')\n", False),
    ],
)
def test_a_compiled_package_has_to_skip_the_pythons_that_upstream_excludes(skip: str, told: bool) -> None:
    text = recipe("v1", host=("python", "pip"), python="python").replace("  noarch: python\n", skip)
    done = merge(text, "v1", *old_new((), (), floor=(">=3.10", ">=3.10,!=3.11.*")))
    note = (
        "thing: upstream excludes Python 3.11 (Requires-Python: >=3.10,!=3.11.*), and the recipe admits it; "
        "check whether the build is skipped"
    )
    assert done.text == text
    assert [worded(one) for one in done.notes] == ([note] if told else [])
