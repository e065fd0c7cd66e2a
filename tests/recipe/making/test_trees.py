from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from dirac_forge.recipe.making.imports import imports_of
from dirac_forge.recipe.making.trees import lacking_sources
from dirac_forge.upstream.files.facts import SdistFacts
from support.facts import facts


def tree(members: Sequence[str], tool: Mapping[str, object], setup: Mapping[str, object], text: str = "") -> SdistFacts:
    made = facts("demo", wheels=[], sdist_members=members, pyproject={"tool": tool}, texts={".gitmodules": text})
    assert made.sdist is not None
    return replace(made.sdist, setup=setup)


@pytest.mark.parametrize(
    ("members", "tool", "setup", "names"),
    [
        (["source/a/__init__.py"], {}, {"packages": ["a", "a.b"], "package_dir": {"a": "source/a"}}, ("a",)),
        (["source/a/__init__.py"], {}, {"package_dir": {"": "source"}}, ("a",)),
        (["x/y/a/__init__.py"], {"setuptools": {"packages": {"find": {"where": ["x/y"]}}}}, {}, ("a",)),
        (["x/a/__init__.py"], {"hatch": {"build": {"targets": {"wheel": {"packages": ["x/a"]}}}}}, {}, ("a",)),
        (["x/a/__init__.py"], {"poetry": {"packages": [{"include": "a", "from": "x"}]}}, {}, ("a",)),
        (["x/a/__init__.py"], {"maturin": {"python-source": "x"}}, {}, ("a",)),
        (["a/__init__.py", "b/__init__.py"], {"setuptools": {"packages": ["b"], "py-modules": ["c"]}}, {}, ("b", "c")),
        (["src/a/__init__.py"], {}, {"packages": None}, ("a",)),
    ],
)
def test_settings_tell_which_modules_of_a_tree_are_installed(
    members: Sequence[str], tool: Mapping[str, object], setup: Mapping[str, object], names: tuple[str, ...]
) -> None:
    made = replace(facts("demo", wheels=[]), wheel=None, sdist=tree(members, tool, setup))
    assert imports_of(made) == names


def test_an_archive_without_submodules_or_built_javascript_is_told() -> None:
    text = '[submodule "fmt"]\n\tpath = extern/fmt\n\turl = x\n[submodule "b"]\n  path = b\n'
    bare = tree(["b/README", "package.json"], {}, {}, text)
    bare = replace(bare, pyproject={"build-system": {"requires": ["hatchling", "hatch-jupyter-builder>=0.5"]}})
    assert [note.text for note in lacking_sources(bare)] == [
        "the archive lacks git submodules (extern/fmt): add their sources, or take a release's sdist",
        (
            "hatch-jupyter-builder runs npm, because the sdist has no built JavaScript: add nodejs to host, or take a "
            "release's sdist"
        ),
    ]
    whole = replace(bare, members=(*bare.members, "extern/fmt/a.h", "demo/labextension/static/a.js"))
    assert list(lacking_sources(whole)) == []
