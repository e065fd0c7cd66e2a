from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.solutions import NoSolution
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.expected_records import Built, ChannelExports
from dirac_forge.check.paper_builds import build_all
from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.recipe_text import RecipeError
from support.channel import pkg, pythons, write_channel

PINNING = Pinning(
    path="conda_build_config.yaml",
    text="""\
c_compiler:
  - gcc    # [linux]
  - clang  # [osx]
c_compiler_version:
  - '15'   # [linux]
  - '21'   # [osx]
c_stdlib:
  - sysroot                   # [linux]
  - macosx_deployment_target  # [osx]
c_stdlib_version:
  - '2.17'  # [linux]
  - '11.0'  # [osx]
python:
  - 3.12.* *_cp312
  - 3.13.* *_cp313
zlib:
  - '1'
""",
)


def channel(folder: Path, **more: Any) -> Channel:
    exports = {
        "zlib-1.3-0.conda": {"weak": ["libzlib >=1.3,<2.0a0"]},
        "python-3.12.1-h0_0_cp312.conda": {"weak": ["python_abi 3.12.* *_cp312"], "noarch": ["python"]},
        "python-3.13.1-h0_0_cp313.conda": {"weak": ["python_abi 3.13.* *_cp313"], "noarch": ["python"]},
        "pip-1.0-0.conda": {},
    }
    records = [
        *pythons("3.12", "3.13"),
        pkg("zlib 1.3", "libzlib 1.3"),
        pkg("zlib 2.0", "libzlib 2.0"),
        pkg("libzlib 1.3"),
        pkg("libzlib 2.0"),
        pkg("pip 1.0"),
        pkg("mystery 1.0"),
        pkg("libgcc 15.2"),
        *more.get("extra", []),
    ]
    subdirs = {"linux-64": records, "osx-64": records, "noarch": []}
    return Channel.open(
        [str(write_channel(folder, subdirs, run_exports=dict.fromkeys(("linux-64", "osx-64"), exports)))]
    )


def recipe(folder: Path, text: str, *, name: str = "recipe.yaml", **files: str) -> VariantRecipe:
    (folder / "recipe").mkdir(parents=True)
    (folder / "recipe" / name).write_text(text, encoding="utf-8")
    for file, content in files.items():
        path = folder / {"forge": "conda-forge.yml", "config": "recipe/conda_build_config.yaml"}[file]
        path.write_text(content, encoding="utf-8")
    return FeedstockFolder("it", folder).read()


def made(tmp_path: Path, of: VariantRecipe, *platforms: str, **more: Any) -> tuple[Built, ...]:
    where = channel(tmp_path / "channel", **more)
    return build_all(where, [Subject("it", of, channel=where, pinning=PINNING, platforms=platforms or ["linux-64"])])


COMPILED = """\
context:
  version: "1.2.3"
package:
  name: fast
  version: ${{ version }}
build:
  number: 4
  skip: win
requirements:
  build:
    - ${{ compiler("c") }}
    - ${{ stdlib("c") }}
  host:
    - python
    - pip
    - zlib
    - mystery
  run:
    - python
    - numpy >=1.2
  run_constraints:
    - slow <2
  run_exports:
    - ${{ pin_subpackage("fast", upper_bound="x.x") }}
"""


def test_a_compiled_package_has_one_record_for_each_variant(tmp_path: Path) -> None:
    found = made(tmp_path, recipe(tmp_path / "it", COMPILED), "linux-64", "osx-64", "win-64")
    assert [(one.record.subdir, one.record.build.partition("h")[0], one.record.build_number) for one in found] == [
        ("linux-64", "py312", 4),
        ("linux-64", "py313", 4),
        ("osx-64", "py312", 4),
        ("osx-64", "py313", 4),
    ]
    assert set(found[0].record.depends) == {
        "python",
        "numpy >=1.2",
        "libgcc >=15",
        "__glibc >=2.17,<3.0.a0",
        "python_abi 3.12.* *_cp312",
        "libzlib >=1.3,<2.0a0",
    }
    assert set(found[3].record.depends) == {
        "python",
        "numpy >=1.2",
        "__osx >=11.0",
        "python_abi 3.13.* *_cp313",
        "libzlib >=1.3,<2.0a0",
    }
    assert found[0].record.constrains == ("slow <2",)
    assert found[0].exports == RunExports(weak=("fast >=1.2.3,<1.3.0a0",))
    assert found[0].unknown == ("mystery",)
    assert found[0].assumed == ()


@pytest.mark.parametrize("number", ["4", "${{ build_number }}"])
def test_a_build_string_without_its_hash_gets_one_for_each_variant(number: str, tmp_path: Path) -> None:
    text = COMPILED.replace("build:\n", f"build:\n  string: cxx20_h${{{{ hash }}}}_{number}\n", 1)
    found = made(tmp_path, recipe(tmp_path / "it", text), "linux-64")
    assert len({one.record.build for one in found}) == len(found) == 2
    assert all(re.fullmatch("cxx20_h[0-9a-f]{7}_4", one.record.build) for one in found)


def test_noarch_python_packages_and_programs_of_builds_are_assumed_to_export_nothing(tmp_path: Path) -> None:
    more = ["pure", "data", "compiled", "cython", "meson-python", "absent"]
    text = COMPILED.replace("    - mystery\n", "".join(f"    - {name}\n" for name in more))
    extra = [
        pkg("pure 1.0", subdir="noarch", noarch="python"),
        pkg("data 1.0", subdir="noarch", noarch="generic"),
        pkg("compiled 1.0", "python", "python_abi"),
        pkg("cython 3.0", "python", "python_abi"),
    ]
    built = made(tmp_path, recipe(tmp_path / "it", text), extra=extra)[0]
    assert built.unknown == ("absent", "compiled", "data")
    assert built.assumed == ("cython", "meson-python", "pure")


def test_host_environments_can_be_solved_ahead_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is built on paper afterwards asks the solver nothing more."""
    where = channel(tmp_path / "channel")
    solved: list[tuple[tuple[str, ...], str]] = []
    ask = Channel.solve

    def asked(self: Channel, specs: Sequence[str], *, platform: str, **rest: Any) -> Solution | NoSolution:
        solved.append((tuple(specs), platform))
        return ask(self, specs, platform=platform, **rest)

    monkeypatch.setattr(Channel, "solve", asked)
    platforms = ["linux-64", "osx-64", "win-64"]
    of = recipe(tmp_path / "it", COMPILED)
    prover = Prover(where, lambda: (), platforms=platforms, pinning=PINNING)
    subject = Subject("it", of, channel=where, pinning=PINNING, platforms=platforms)
    with ThreadPoolExecutor(2) as executor:
        wait(prover.solve_hosts(subject, executor))
    ahead = sorted(solved)
    assert ahead == [
        (("mystery", "pip", f"python {python}", "zlib 1.*"), platform)
        for python in ("3.12.* *_cp312", "3.13.* *_cp313")
        for platform in ("linux-64", "osx-64")
    ]
    assert prover.built([subject]) == made(tmp_path / "again", of, *platforms)
    assert len(solved) == 2 * len(ahead)  # those of the second prover


def test_meta_yaml_pins_python_and_says_the_same(tmp_path: Path) -> None:
    text = """\
{% set version = "1.2.3" %}
package:
  name: fast
  version: {{ version }}
build:
  number: 0
  skip: true  # [win]
  ignore_run_exports:
    - libzlib
requirements:
  build:
    - {{ compiler('c') }}
    - {{ stdlib('c') }}
  host:
    - python
    - zlib
    - pip
  run:
    - python
    - {{ pin_compatible('zlib', max_pin='x') }}
"""
    found = made(tmp_path, recipe(tmp_path / "it", text, name="meta.yaml"))
    assert set(found[1].record.depends) == {
        "python >=3.13,<3.14.0a0",
        "zlib >=1.3,<2.0a0",
        "libgcc >=15",
        "__glibc >=2.17,<3.0.a0",
        "python_abi 3.13.* *_cp313",
    }


NOARCH = """\
context:
  version: "2.0"
recipe:
  name: pair
  version: ${{ version }}
build:
  number: 1
outputs:
  - package:
      name: pair-core
    build:
      noarch: python
    requirements:
      host:
        - python 3.12.*
        - pip
      run:
        - python >=3.12
  - package:
      name: pair
    build:
      noarch: python
    requirements:
      host:
        - python 3.12.*
        - pip
      run:
        - python >=3.12
        - ${{ pin_subpackage("pair-core", exact=true) }}
"""


def test_noarch_outputs_come_once_and_know_each_other(tmp_path: Path) -> None:
    core, pair = made(tmp_path, recipe(tmp_path / "it", NOARCH), "osx-64", "linux-64")
    assert (core.record.name, core.record.subdir, core.record.noarch) == ("pair-core", "noarch", "python")
    assert core.record.build.startswith("pyh")
    assert core.record.build.endswith("_1")
    assert set(core.record.depends) == {"python >=3.12", "python"}
    assert f"pair-core 2.0 {core.record.build}" in pair.record.depends


def test_conda_forge_yml_says_where_it_is_built(tmp_path: Path) -> None:
    forge = "provider: {linux_aarch64: default}\nbuild_platform: {osx_arm64: osx_64}\n"
    text = COMPILED.replace("    - python\n    - pip\n", "").replace("    - python\n", "")
    where = recipe(tmp_path / "it", text, forge=forge)
    found = made(tmp_path, where, "linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64")
    assert [one.record.subdir for one in found] == ["linux-64", "linux-aarch64", "osx-64", "osx-arm64"]


CROSS_V0 = """\
package:
  name: fast
  version: "1.2.3"
build:
  number: 0
requirements:
  build:
    - {{ compiler("c") }}
    - python                                 # [build_platform != target_platform]
    - cross-python_{{ target_platform }}     # [build_platform != target_platform]
  host:
    - python
    - pip
  run:
    - python
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "recipe.yaml",
            COMPILED.replace(
                "  build:\n",
                "  build:\n    - if: build_platform != target_platform\n"
                "      then: [python, 'cross-python_${{ target_platform }}']\n",
            ),
            {
                "linux-64": ["python", "python_abi 3.12.* *_cp312"],
                "osx-64": ["python", "python 3.12.* *_cp312", "python_abi 3.12.* *_cp312"],
            },
        ),
        (
            "meta.yaml",
            CROSS_V0,
            {
                "linux-64": ["python >=3.12,<3.13.0a0", "python_abi 3.12.* *_cp312"],
                "osx-64": [
                    "python >=3.12,<3.13.0a0",
                    "python >=3.12,<3.13.0a0 *_cp312",
                    "python_abi 3.12.* *_cp312",
                ],
            },
        ),
    ],
)
def test_a_cross_compiled_package_depends_on_the_python_that_cross_python_is_for(
    tmp_path: Path, name: str, text: str, expected: dict[str, list[str]]
) -> None:
    of = recipe(tmp_path / "it", text, name=name, forge="build_platform: {osx_64: linux_64}\n")
    found = made(tmp_path, of, "linux-64", "osx-64")
    pythons_of = {
        one.record.subdir: sorted(spec for spec in one.record.depends if spec.startswith("python"))
        for one in found
        if one.record.build.startswith("py312")
    }
    assert pythons_of == expected


def test_the_recipe_s_own_variants(tmp_path: Path) -> None:
    text = COMPILED.replace("    - python\n    - pip\n", "").replace("    - python\n", "")
    text = text.replace("    - mystery\n", '    - if: flavour == "sweet"\n      then: mystery\n')
    found = made(tmp_path, recipe(tmp_path / "it", text, config="flavour:\n  - sweet\n  - sour\n"))
    assert [(one.variant["flavour"], one.unknown) for one in found] == [("sweet", ("mystery",)), ("sour", ())]
    assert found[0].record.build != found[1].record.build


def test_recipes_see_what_the_others_make(tmp_path: Path) -> None:
    low = COMPILED.replace("name: fast", "name: low").replace('"fast"', '"low"').replace("1.2.3", "7.0")
    low = low.replace("    - python\n    - pip\n", "").replace("    - python\n", "").replace("    - mystery\n", "")
    low = low.replace("  run:\n    - numpy >=1.2\n", "")
    high = COMPILED.replace("    - mystery\n", "    - low\n")
    where = channel(tmp_path / "channel", extra=[pkg("low 6.0")])
    found = build_all(
        where,
        [
            Subject(name, recipe(tmp_path / name, text), channel=where, pinning=PINNING, platforms=["linux-64"])
            for name, text in (("high", high), ("low", low))
        ],
    )
    fast = [one for one in found if one.record.name == "fast"]
    assert all("low >=7.0,<7.1.0a0" in one.record.depends for one in fast)
    assert all(one.unknown == () for one in fast)


def test_run_exports_of_a_sibling_build_and_of_recipes_at_hand(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c",
        {"linux-64": [pkg("lib 1.0", build="a_0"), pkg("lib 1.0", build="b_0"), pkg("other 3.1")]},
        run_exports={"linux-64": {"lib-1.0-a_0.conda": {"weak": ["lib >=1"]}}},
    )
    where = Channel.open([str(folder)])
    written = recipe(tmp_path / "fast", COMPILED).text.render(platform="linux-64").packages[0].run_exports
    exports = ChannelExports(where, lambda name: written if name == "other" else None)
    sibling = Record(name="lib", version="1.0", build="b_0", subdir="linux-64", channel=f"{folder.as_uri()}/")
    assert exports.of(sibling, "linux-64") == RunExports(weak=("lib >=1",))
    other = where.index("linux-64").group("other").records[0]
    assert exports.of(other, "linux-64") == RunExports(weak=("fast >=3.1,<3.2.0a0",))
    assert ChannelExports(where, lambda _: None).of(other, "linux-64") is None


def test_a_recipe_that_does_not_render_names_file_and_line(tmp_path: Path) -> None:
    broken = COMPILED.replace("skip: win", "skip: win and (")
    with pytest.raises(RecipeError) as caught:
        made(tmp_path, recipe(tmp_path / "it", broken))
    assert caught.value.message.startswith(f"{tmp_path}/it/recipe/recipe.yaml:8: ")


@pytest.mark.parametrize(
    ("version", "needs", "said"),
    [
        ("${{ versionn }}", "zlib", ":3: it: the version is made from versionn, which nothing defines"),
        ("1.0", "zlib >=>1", ":7: it: 'zlib >=>1' is not a package spec"),
    ],
)
def test_mistakes_in_a_recipe_are_named_with_their_place(tmp_path: Path, version: str, needs: str, said: str) -> None:
    text = f'package:\n  name: it\n  version: {version}\nbuild:\n  noarch: generic\nrequirements:\n  run: ["{needs}"]\n'
    with pytest.raises(RecipeError) as caught:
        made(tmp_path, recipe(tmp_path / "it", text))
    assert caught.value.message == f"{tmp_path / 'it/recipe/recipe.yaml'}{said}"
