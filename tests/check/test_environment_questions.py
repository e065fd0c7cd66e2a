"""The environments that a feedstock is built and used in."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.check.environment_questions import built_in, for_machine, labels, unheard_of, used_in
from dirac_forge.check.exports import Built
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.variants import rendered_variants
from support.channel import pkg, write_channel

RECIPE = """\
package:
  name: demo
  version: "1.0"
requirements:
  build:
    - ${{ compiler("c") }}
    - if: build_platform != target_platform
      then: cross-python_${{ target_platform }}
    - cmake >=3
  host:
    - python
    - openssl
  run:
    - python
"""
VARIANTS = 'python:\n  - 3.11.* *_cp311\n  - 3.12.* *_cp312\nopenssl:\n  - "3.5"\npython_impl:\n  - cpython\n'
FORGE = "provider:\n  linux_aarch64: default\nbuild_platform:\n  linux_aarch64: linux_64\n"
FILES = {"recipe/recipe.yaml": RECIPE, "recipe/conda_build_config.yaml": VARIANTS, "conda-forge.yml": FORGE}


@pytest.mark.parametrize("platform", ["linux-64", "linux-aarch64"])
def test_build_runs_on_the_build_machine_and_host_is_per_variant(platform: str) -> None:
    recipe = recipe_of(FILES, root=Path("demo"))
    found = built_in(list(rendered_variants(recipe, None, platform=platform)))
    build, *hosts = sorted(found, key=lambda one: (one.part, one.variant))
    assert (build.part, build.on, build.variant, build.specs) == ("build", "linux-64", "", ("cmake >=3",))
    assert [(one.platform, one.on, one.variant, one.specs) for one in hosts] == [
        (platform, platform, "python 3.11", ("openssl 3.5.*", "python 3.11.* *_cp311")),
        (platform, platform, "python 3.12", ("openssl 3.5.*", "python 3.12.* *_cp312")),
    ]


def test_labels_say_what_tells_variants_apart() -> None:
    rows = [
        {"python": f"{python}.* *_cpython", "python_impl": f"cp{python}", "openssl": openssl, "c_compiler": "gcc"}
        for python in ("3.11", "3.12")
        for openssl in ("3.5", "4.0")
    ]
    assert sorted(labels(rows).values()) == [
        "python 3.11, openssl 3.5",
        "python 3.11, openssl 4.0",
        "python 3.12, openssl 3.5",
        "python 3.12, openssl 4.0",
    ]
    assert list(labels(rows[:1]).values()) == [""]


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    return Channel.open([str(write_channel(tmp_path, {"linux-64": [pkg("a 1")], "win-64": [pkg("b 1")]}))])


def test_a_noarch_package_is_used_on_every_platform_that_it_is_for(channel: Channel) -> None:
    noarch = Record(name="n", version="1", build="0", subdir="noarch", noarch="python", depends=("__unix",))
    compiled = Record(name="c", version="1", build="0", subdir="linux-64")
    built = [Built(feedstock="f", record=one, platform="linux-64") for one in (noarch, compiled)]
    found = used_in(channel, built, ["linux-64", "osx-64", "win-64"])
    assert [(one.output, one.on, one.required) for one in found] == [
        ("n", "linux-64", (noarch,)),
        ("n", "osx-64", (noarch,)),
        ("c", "linux-64", (compiled,)),
    ]
    assert not for_machine(channel, noarch, "win-64")


def test_what_no_platform_ever_heard_of(channel: Channel) -> None:
    assert unheard_of(channel, ["a", "b", "nowhere", "__glibc", "nowhere"], "linux-64") == ("nowhere",)
