"""Recipes read back the way their tools do: v0 by selectors, sandboxed Jinja and YAML; v1 by py-rattler-build."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

PLATFORMS = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")

# conda-build's own pattern of a line with a selector: with a comment, or a bare bracket at the end of the line.
_SELECTOR = re.compile(r"(.+?)\s*(#.*)?\[([^\[\]]+)\](?(2)[^\(\)]*)$")


def selectors(platform: str, build_platform: str | None = None) -> dict[str, object]:
    """The names that selectors may use, for CPython 3.12."""
    system = platform.partition("-")[0]
    names: dict[str, object] = {name: name == system for name in ("linux", "osx", "win")}
    return {
        **names,
        "unix": system != "win",
        "py": 312,
        "py311": False,
        "target_platform": platform,
        "build_platform": build_platform or platform,
    }


def load_v0(text: str, platform: str, build_platform: str | None = None, **variables: str) -> dict[str, Any]:
    """The tree of a meta.yaml on a platform, with conda-build's functions as plain words."""
    namespace = selectors(platform, build_platform)
    kept = []
    for line in text.splitlines():
        match = None if line.lstrip().startswith("#") else _SELECTOR.match(line)
        if match is None:
            kept.append(line)
        elif eval(match[3], {"__builtins__": {}}, namespace):
            kept.append(match[1].rstrip())
    functions: Mapping[str, object] = {
        "compiler": lambda language: f"{language}_compiler_stub",
        "stdlib": lambda language: f"{language}_stdlib_stub",
        "pin_subpackage": lambda name, exact=False: f"subpackage_pin {name}{' exact' if exact else ''}",
        "PYTHON": "PYTHON",
        "python_min": "9999",
        "target_platform": platform,
        **variables,
    }
    template = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True).from_string("\n".join(kept))
    tree = yaml.load(template.render(functions), Loader=_Texts)
    assert isinstance(tree, dict)
    return tree


def load_v1(text: str, platform: str, build_platform: str | None = None) -> list[dict[str, Any]]:
    """The outputs of a recipe.yaml as py-rattler-build renders them, in the order of their names."""
    config = PlatformConfig(target_platform=platform, build_platform=build_platform or platform, host_platform=platform)
    variants = VariantConfig.from_yaml(
        'python_min: ["3.10"]\npython: ["3.12.* *_cpython"]\n'
        "c_compiler: [gcc]\nrust_compiler: [rust]\nc_stdlib: [sysroot]"
    )
    rendered = Stage0Recipe.from_yaml(text).render(variants, RenderConfig(platform=config))
    return sorted((variant.recipe.to_dict() for variant in rendered), key=lambda tree: str(tree["package"]["name"]))


class _Texts(yaml.SafeLoader):
    """Numbers stay text, as for conda-build."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":float", ":int", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
