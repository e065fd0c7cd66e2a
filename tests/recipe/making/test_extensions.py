from collections.abc import Mapping
from dataclasses import replace

import pytest

from dirac_forge.recipe.making.extensions import extension_modules
from dirac_forge.recipe.making.loading import ModuleGraph
from dirac_forge.upstream.files.facts import SourceModule
from support.facts import facts


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("setup.py", "ext = [Extension('_ldap', ['a.c']), RustExtension(name=\"demo.core\")]", {"_ldap", "demo.core"}),
        ("meson.build", "py.extension_module('_dbus_bindings',\n  'a.c')", {"_dbus_bindings"}),
        (
            "src/CMakeLists.txt",
            "pybind11_add_module(_core a.cpp)\nPython_add_library(_more MODULE a.c)",
            {"_core", "_more"},
        ),
        ("README.md", "Extension('no')", set()),
    ],
)
def test_build_files_name_extension_modules(path: str, text: str, names: set[str]) -> None:
    made = facts("demo", texts={path: text})
    assert made.sdist is not None
    assert extension_modules(made.sdist) == names


@pytest.mark.parametrize(
    "tool",
    [{"maturin": {"module-name": "demo._core"}}, {"setuptools": {"ext-modules": [{"name": "demo._core"}]}}],
)
def test_settings_name_extension_modules(tool: Mapping[str, object]) -> None:
    made = facts("demo", pyproject={"tool": tool})
    assert made.sdist is not None
    assert extension_modules(made.sdist) == {"demo._core"}


def test_an_extension_module_of_the_project_is_no_foreign_import() -> None:
    made = facts("demo", wheels=[], texts={"setup.py": "Extension('_fast', ['a.c'])"})
    assert made.sdist is not None
    modules = (SourceModule(path="demo/__init__.py", imports=("_fast", "other")),)
    graph = ModuleGraph(replace(made, wheel=None, sdist=replace(made.sdist, modules=modules)))
    assert graph.foreign_imports("demo") == {"other": "demo/__init__.py"}
