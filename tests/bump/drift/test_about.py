"""Tests of the licence, its files, the tests' imports and noarch: what is edited, and what is only told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from packaging.version import Version

from dirac_forge.bump.drift.carried import CompiledNow
from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.recipe.making.nature_reasons import NatureKind, NatureReason
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.facts import ReleaseFacts
from support.diffs import changed_lines
from support.facts import MIT, facts

HEAD = {
    "recipe/meta.yaml": """\
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
    - python
    - pip
    - hatchling
  run:
    - python

test:
  imports:
    @IMPORTS@

about:
  @ABOUT@
""",
    "recipe/recipe.yaml": """\
context:
  version: "2.0"

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
    - python
    - pip
    - hatchling
  run:
    - python

tests:
  - python:
      imports:
      @IMPORTS@
      pip_check: true

about:
  @ABOUT@
""",
}
PATHS = pytest.mark.parametrize("path", list(HEAD))


def recipe(path: str, *about: str, imports: Sequence[str] = ("thing",)) -> str:
    deep = "\n    " if "meta" in path else "\n      "
    text = HEAD[path].replace("@ABOUT@", "\n  ".join(about))
    return text.replace("@IMPORTS@", deep.join(f"- {name}" for name in imports))


def release(
    version: str,
    licence: str | None = "MIT",
    *,
    files: Sequence[str] = (),
    texts: Mapping[str, str] | None = None,
    classifiers: Sequence[str] = (),
    members: Sequence[str] | None = None,
    wheels: Sequence[str] = ("py3-none-any",),
) -> ReleaseFacts:
    made = facts("thing", version, members=members, wheels=wheels)
    metadata = replace(
        made.metadata, license_expression=licence, license_files=tuple(files), classifiers=tuple(classifiers)
    )
    assert made.sdist is not None
    sdist = replace(made.sdist, texts={"LICENSE": MIT} if texts is None else texts)
    return replace(made, metadata=metadata, sdist=sdist)


def merge(text: str, path: str, old: ReleaseFacts, new: ReleaseFacts) -> Drift:
    return drift(text, path, [old], [new], names=lambda name: name, scope=Scope())


def notes(found: Drift) -> list[str]:
    return [worded(note) for note in found.notes]


@PATHS
@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("license: MIT", "license: MIT-0"),
        ("license:   'mit'   # as upstream says", "license:   'MIT-0'   # as upstream says"),
    ],
)
def test_the_licence_follows_where_it_was_upstreams(path: str, line: str, result: str) -> None:
    text = recipe(path, line, "license_file: LICENSE")
    found = merge(text, path, release("1.0", "MIT"), release("2.0", "MIT-0"))
    assert changed_lines(text, found.text) == [f"- {line}", f"+ {result}"]
    (change,) = found.beyond
    assert (change.part, change.package, change.evidence) == ("about", "license", "License-Expression: MIT-0")
    assert change.line == text.split("\n").index(f"  {line}") + 1
    assert notes(found) == []


@PATHS
@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        ("license: MIT AND BSD-3-Clause", "MIT", "MIT-0"),
        ("license: BSD-3-Clause", "MIT", "MIT-0"),
        ("license: ${{ licence }}", "MIT", "MIT-0"),
    ],
)
def test_a_licence_of_the_maintainers_own_stays_and_is_told(path: str, line: str, old: str, new: str) -> None:
    text = recipe(path, line)
    found = merge(text, path, release("1.0", old), release("2.0", new))
    assert found.text == text
    assert notes(found) == [f"thing: upstream's licence is now {new} (was {old})"]


@PATHS
def test_a_licence_that_upstream_does_not_say_in_spdx_is_only_told(path: str) -> None:
    text = recipe(path, "license: MIT")
    classifier = "License :: OSI Approved :: Apache Software License"
    found = merge(text, path, release("1.0"), release("2.0", None, classifiers=[classifier], texts={}))
    assert found.text == text
    assert notes(found) == ["thing: upstream's licence is now Apache-2.0 (was MIT)"]


@PATHS
def test_the_same_licence_said_in_another_way_is_no_change(path: str) -> None:
    text = recipe(path, "license: MIT")
    classifier = "License :: OSI Approved :: MIT License"
    found = merge(text, path, release("1.0", None, classifiers=[classifier]), release("2.0", "MIT"))
    assert (found.text, found.notes) == (text, ())


GPL = "License :: OSI Approved :: GNU General Public License (GPL)"
GPL2 = "GNU General Public License\nVersion 2, June 1991\n"
LATER = "License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)"


@PATHS
@pytest.mark.parametrize(
    ("line", "old", "new", "told"),
    [
        ("license: GPL-2.0-or-later", (None, GPL), ("GPL-2.0-or-later", ""), []),
        ("license: MIT", (None, GPL), ("GPL-2.0-or-later", ""), ["GPL-2.0-or-later (was not stated)"]),
        ("license: GPL-2.0-only", ("GPL-2.0-or-later", ""), (None, GPL), []),
        ("license: MIT", ("GPL-2.0-or-later", ""), ("GPL-2.0-only", ""), ["GPL-2.0-only (was GPL-2.0-or-later)"]),
        ("license: GPL-2.0-or-later", ("GPL-2.0-only", ""), (None, LATER), []),
    ],
)
def test_a_licence_that_a_release_leaves_open_was_no_other_one(
    path: str, line: str, old: tuple[str | None, str], new: tuple[str | None, str], told: list[str]
) -> None:
    text = recipe(path, line)
    before, after = (
        release(version, licence, classifiers=[one] if one else [], texts={"COPYING": GPL2})
        for version, (licence, one) in (("1.0", old), ("2.0", new))
    )
    found = merge(text, path, before, after)
    assert (found.text, notes(found)) == (text, [f"thing: upstream's licence is now {one}" for one in told])


LISTED = ("license_file:", "  - LICENSE", "  - NOTICE  # too")


@PATHS
@pytest.mark.parametrize(
    ("about", "old", "new", "result"),
    [
        (("license_file: LICENSE  # it",), ["LICENSE"], ["LICENSE.md"],
         ["- license_file: LICENSE  # it", "+ license_file: LICENSE.md  # it"]),
        (("license_file: LICENSE",), ["LICENSE"], ["LICENSE", "NOTICE"],
         ["- license_file: LICENSE", "+ license_file:", "+ - LICENSE", "+ - NOTICE"]),
        (LISTED, ["LICENSE", "NOTICE"], ["LICENSE"], ["- - NOTICE  # too"]),
        (LISTED, ["LICENSE", "NOTICE"], ["LICENSE", "NOTICE", "LICENSE.vendored"], ["+ - LICENSE.vendored"]),
        (LISTED, ["LICENSE", "NOTICE"], ["COPYING", "NOTICE"], ["- - LICENSE", "+ - COPYING"]),
        # Not all of upstream's files, but the one that is listed has another name now.
        (("license_file: LICENSE",), ["LICENSE", "NOTICE"], ["LICENSE.md", "NOTICE"],
         ["- license_file: LICENSE", "+ license_file: LICENSE.md"]),
    ],
)  # fmt: skip
def test_licence_files_follow(
    path: str, about: Sequence[str], old: list[str], new: list[str], result: list[str]
) -> None:
    text = recipe(path, "license: MIT", *about)
    before, after = (dict.fromkeys(names, MIT) for names in (old, new))
    found = merge(text, path, release("1.0", files=old, texts=before), release("2.0", files=new, texts=after))
    assert changed_lines(text, found.text) == result
    assert {change.package for change in found.beyond} == {"license_file"}
    assert notes(found) == []
    # Applied twice it is applied once.
    again = merge(found.text, path, release("1.0", files=old, texts=before), release("2.0", files=new, texts=after))
    assert (again.text, again.beyond) == (found.text, ())


@PATHS
def test_files_that_are_followed_beside_another_licence_are_told(path: str) -> None:
    text = recipe(path, "license: MIT", "license_file: COPYING")
    old = release("1.0", "BSD-2-Clause", files=["COPYING"], texts={"COPYING": MIT})
    found = merge(text, path, old, release("2.0", "BSD-2-Clause", files=["LICENSES/BSD"], texts={"LICENSES/BSD": MIT}))
    assert changed_lines(text, found.text) == ["- license_file: COPYING", "+ license_file: LICENSES/BSD"]
    assert notes(found) == ["thing: its licence files changed; upstream's licence is BSD-2-Clause, the recipe's MIT"]


@PATHS
def test_a_file_that_was_left_out_before_stays_out(path: str) -> None:
    text = recipe(path, "license: MIT", "license_file: LICENSE")
    files, both = ["LICENSE", "NOTICE", "AUTHORS"], {"LICENSE": MIT, "NOTICE": "all rights", "AUTHORS": "we"}
    found = merge(text, path, *(release(version, files=files, texts=both) for version in ("1.0", "2.0")))
    assert (found.text, found.notes) == (text, ())
    assert [one.unlisted for one in found.licences] == [("NOTICE",)]


@PATHS
def test_a_file_that_the_metadata_names_now_is_added(path: str) -> None:
    """Its texts are not read where there are many, and it was in the archive before."""
    text = recipe(path, "license: MIT", "license_file: LICENSE")
    was = release("1.0", files=["LICENSE"], texts={"LICENSE": MIT, "NOTICE": "all rights"})
    now = release("2.0", files=["LICENSE", "NOTICE", "src/a/COPYING"], texts={"LICENSE": MIT, "NOTICE": "all rights"})
    assert now.sdist is not None
    found = merge(text, path, was, replace(now, sdist=replace(now.sdist, members=("src/a/COPYING",))))
    listed = ["+ license_file:", "+ - LICENSE", "+ - src/a/COPYING", "+ - NOTICE"]
    assert changed_lines(text, found.text) == ["- license_file: LICENSE", *listed]
    assert [one.unlisted for one in found.licences] == [()]


@PATHS
def test_files_are_listed_by_their_folder_or_a_pattern_too(path: str) -> None:
    text = recipe(path, "license: MIT", "license_file:", "  - LICENSE", "  - LICENSES/", "  - src/*/COPYING")
    files = ["LICENSE", "LICENSES/MIT.txt", "src/a/COPYING", "NOTICE"]
    texts = dict.fromkeys(files, MIT)
    found = merge(text, path, release("1.0", files=files, texts=texts), release("2.0", files=files, texts=texts))
    assert (found.text, [one.unlisted for one in found.licences]) == (text, [("NOTICE",)])


@PATHS
def test_a_licence_file_that_is_gone_without_another_is_told(path: str) -> None:
    text = recipe(path, "license_file: COPYING")
    number = text.split("\n").index("  license_file: COPYING") + 1
    old = release("1.0", files=["LICENSE"], texts={"LICENSE": MIT, "COPYING": MIT})
    found = merge(text, path, old, release("2.0", files=["LICENSE"]))
    assert found.text == text
    assert notes(found) == [
        f"thing, line {number}: COPYING is no longer in upstream's sdist; its licence files are LICENSE"
    ]


MODULES = ["thing/__init__.py", "thing/old.py", "thing/fast.cpython-311-x86_64-linux-gnu.so", "thing/data/x.json"]


@PATHS
def test_imports_of_modules_that_are_gone_are_no_longer_tested(path: str) -> None:
    text = recipe(path, "license: MIT", imports=("thing", "thing.old  # slow", "thing.fast", "other.part"))
    found = merge(text, path, release("1.0", members=MODULES), release("2.0", members=[MODULES[0], MODULES[2]]))
    assert changed_lines(text, found.text) == ["- - thing.old  # slow"]
    assert [(change.part, change.before) for change in found.beyond] == [("tests", "import thing.old")]


@PATHS
def test_one_import_stays(path: str) -> None:
    text = recipe(path, "license: MIT", imports=("thing.old",))
    found = merge(text, path, release("1.0", members=MODULES), release("2.0", members=MODULES[:1]))
    assert found.text == text
    (note,) = notes(found)
    assert note.endswith("upstream no longer installs any of thing.old; test something else")


@PATHS
def test_without_wheels_imports_stay(path: str) -> None:
    text = recipe(path, "license: MIT", imports=("thing", "thing.old"))
    assert merge(text, path, release("1.0", members=MODULES), release("2.0", wheels=())).text == text


@PATHS
def test_a_noarch_package_that_compiles_now_is_blocked(path: str) -> None:
    text = recipe(path, "license: MIT")
    compiled = release("2.0", wheels=["cp311-cp311-manylinux_2_17_x86_64"], members=MODULES)
    found = merge(text, path, release("1.0", members=MODULES), compiled)
    (blocker,) = found.blockers
    evidence = NatureReason(NatureKind.COMPILED_WHEELS, "thing-2.0-cp311-cp311-manylinux_2_17_x86_64.whl")
    assert blocker == CompiledNow(output="thing", evidence=evidence, languages=("c",))
    # The other way round it is only told.
    arch = text.replace("  noarch: python\n", "")
    back = merge(
        arch, path, replace(compiled, metadata=replace(compiled.metadata, version=Version("1.0"))), release("2.0")
    )
    assert back.blockers == ()
    assert any(note.startswith("thing: it may become `noarch: python`") for note in notes(back))
    assert merge(arch, path, compiled, compiled).blockers == ()


@PATHS
def test_a_noarch_recipe_of_what_compiled_before_is_blocked_where_no_build_does_without(path: str) -> None:
    """Its old release compiled where it could, and the recipe built it without."""
    text, platform = recipe(path, "license: MIT"), ["cp311-cp311-manylinux_2_17_x86_64"]

    def built(version: str, backend: str, sources: Sequence[str]) -> ReleaseFacts:
        made = release(version, wheels=platform, members=MODULES)
        assert made.sdist is not None
        system = {"build-system": {"requires": [backend], "build-backend": backend}}
        return replace(made, sdist=replace(made.sdist, pyproject=system, members=tuple(sources)))

    old = built("1.0", "setuptools", ["thing.c"])
    rust, both = built("2.0", "maturin", ["src/lib.rs"]), built("2.0", "setuptools", ["thing.c", "sums.cpp"])
    assert [blocker.languages for blocker in merge(text, path, old, rust).blockers] == [("c", "rust")]
    assert merge(text, path, built("1.0", "maturin", ["src/lib.rs"]), rust).blockers == ()
    also = merge(text, path, old, both)
    assert also.blockers == ()
    assert "thing: upstream's sources are now also in cxx; check whether it can stay noarch" in notes(also)
    assert not [
        note for note in notes(merge(text, path, old, built("2.0", "setuptools", ["thing.c"]))) if "too" in note
    ]


def test_what_outputs_have_in_common_belongs_to_the_only_project() -> None:
    text = recipe("recipe/meta.yaml", "license: MIT", "license_file: LICENSE")
    run = "    requirements:\n      run:\n        - "
    outputs = f"outputs:\n  - name: thing\n{run}python\n  - name: thing-all\n{run}{{{{ pin_subpackage('thing') }}}}\n"
    text = text.replace("test:\n  imports:\n    - thing\n", outputs)
    found = merge(text, "recipe/meta.yaml", release("1.0", "MIT"), release("2.0", "MIT-0"))
    assert changed_lines(text, found.text) == ["- license: MIT", "+ license: MIT-0"]
    assert len(found.beyond) == 1


@PATHS
@pytest.mark.parametrize(
    ("line", "licence", "classifiers", "agrees", "declared"),
    [
        ("license: MIT", "MIT", (), True, True),
        ("license: MIT", "BSD-2-Clause", (), False, True),
        ("license: MIT", None, ("License :: OSI Approved :: Apache Software License",), False, False),
    ],
)
def test_a_licence_that_did_not_change_is_compared_too(
    path: str, line: str, licence: str | None, classifiers: Sequence[str], agrees: bool, declared: bool
) -> None:
    text = recipe(path, line)
    old, new = (release(version, licence, classifiers=classifiers, texts={}) for version in ("1.0", "2.0"))
    found = merge(text, path, old, new)
    (compared,) = found.licences
    assert (compared.recipe, compared.agrees, compared.declared, compared.told) == ("MIT", agrees, declared, False)
    assert (found.text, found.notes) == (text, ())


@PATHS
def test_a_licence_in_a_variable_is_not_compared(path: str) -> None:
    assert merge(recipe(path, "license: ${{ licence }}"), path, release("1.0"), release("2.0")).licences == ()


OTHER = "  - url: https://e.org/other-1.0.tar.gz"


@PATHS
@pytest.mark.parametrize(
    ("source", "root", "listed"),
    [
        (("  url:", "    - @URL@", "    - https://e.org/mirror/2.0.tar.gz"), "", True),
        (("  - url: @URL@", OTHER), "", True),
        (("  - url: @URL@", "    @FOLDER@: a", OTHER, "    @FOLDER@: b"), "a/", True),
        (("  - url: @URL@", "  - url: https://e.org/thing-2.0-py3-none-any.whl"), "", False),
    ],
)
def test_licence_files_follow_into_the_folder_of_the_project(
    path: str, source: Sequence[str], root: str, listed: bool
) -> None:
    text = recipe(path, "license: MIT", f"license_file: {root}LICENSE.rst")
    start = text.index("  url: ")
    end = text.index("\n\nbuild:")
    url = text[start:].split("\n")[0].removeprefix("  url: ")
    folder = "folder" if "meta" in path else "target_directory"
    lines = "\n".join(source).replace("@FOLDER@", folder).replace("@URL@", url)
    text = text[:start] + lines + text[end:]
    old, new = ["LICENSE.rst"], ["LICENSE.txt"]
    before, after = (dict.fromkeys(names, MIT) for names in (old, new))
    found = merge(text, path, release("1.0", files=old, texts=before), release("2.0", files=new, texts=after))
    moved = [f"- license_file: {root}LICENSE.rst", f"+ license_file: {root}LICENSE.txt"]
    assert changed_lines(text, found.text) == moved
    assert [(one.unlisted, one.all_listed) for one in found.licences] == [((), listed)]
    assert found.other_licences == ()


@PATHS
def test_licences_and_files_that_can_not_be_compared_do_not_count_as_listed(path: str) -> None:
    text = recipe(path, "license: MIT", "license_file: LICENSE")
    both = release("1.0"), release("2.0")
    (compared,) = merge(text, path, *both).licences
    assert compared.all_listed
    (alone,) = merge(recipe(path, "license: MIT"), path, *both).licences
    assert not alone.all_listed
    unknown = recipe(path, "license: ${{ licence }}")
    number = unknown.split("\n").index("  license: ${{ licence }}") + 1
    found = merge(unknown, path, *both)
    assert (found.licences, found.other_licences) == ((), (number,))
