"""The keys of recipe.yaml: what may stand where, and what doesn't, with its line.

Keys that the format does not have are errors for rattler-build, and readers that look for the ones that they know would
miss what they were meant to say. Source: https://rattler-build.prefix.dev/latest/reference/recipe_file/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, SequenceNode, line_of, pairs, scalar
from dirac_forge.settings.validation import nearest

__all__ = ["Mistake", "unfit"]

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_WHOLE = re.compile(r"[0-9]+")
_NAME = re.compile(r"[0-9A-Za-z_.-]+")
_BRANCHES = frozenset({"if", "then", "else"})
_RENAMED: Mapping[str, str] = {
    "run_constrained": "run_constraints",
    "test": "tests",
    "home": "homepage",
    "dev_url": "repository",
    "doc_url": "documentation",
    "fn": "file_name",
    "folder": "target_directory",
    "git_url": "git",
    "git_rev": "rev",
    "requires": "requirements",
    "imports": "python: imports",
    "commands": "script",
    "entry_points": "python: entry_points",
    "weak_constrains": "weak_constraints",
    "strong_constrains": "strong_constraints",
}
"""Keys of meta.yaml, and what recipe.yaml has instead."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a build would refuse, or take for something else than what was meant."""

    problem: str
    line: int
    """From 1; 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A scalar of a known form; `expected` says which."""

    pattern: re.Pattern[str]
    expected: str


@dataclass(frozen=True, slots=True)
class _Table:
    """A mapping with these keys; where a list of such mappings or plain text may stand instead, those too."""

    keys: Mapping[str, Shape]


Shape = _Table | _Value | None
"""None: anything; only the `if` of lists is looked at."""


def _table(*names: str, **keys: Shape) -> _Table:
    return _Table({**dict.fromkeys(names), **keys})


_EXPORTS = _table("noarch", "strong", "weak", "strong_constraints", "weak_constraints")
_REQUIREMENTS = _table(
    "build",
    "host",
    "run",
    "run_constraints",
    run_exports=_EXPORTS,
    ignore_run_exports=_table("by_name", "from_package"),
)
_BUILD = _table(
    *("always_copy_files", "always_include_files", "files", "flags", "merge_build_and_host_envs", "post_process"),
    *("skip", "string", "script"),
    number=_Value(_WHOLE, "a whole number"),
    noarch=_Value(re.compile("python|generic"), "python or generic"),
    python=_table(
        *("entry_points", "site_packages_path", "skip_pyc_compilation", "use_python_app_entrypoint"),
        "version_independent",
    ),
    variant=_table("down_prioritize_variant", "ignore_keys", "use_keys"),
    prefix_detection=_table("force_file_type", "ignore", "ignore_binary_files"),
    dynamic_linking=_table(
        *("binary_relocation", "missing_dso_allowlist", "overdepending_behavior", "overlinking_behavior"),
        *("rpath_allowlist", "rpaths"),
    ),
)
_SOURCE = _table(
    *("attestation", "branch", "depth", "expected_commit", "file_name", "filter", "git", "lfs", "patches", "path"),
    *("rev", "submodules", "tag", "target_directory", "url", "use_gitignore"),
    sha256=_Value(_SHA256, "64 hexadecimal digits"),
    md5=_Value(_MD5, "32 hexadecimal digits"),
)
_TESTS = _table(
    *("script", "perl", "r", "ruby", "downstream"),
    requirements=_table("build", "run"),
    files=_table("recipe", "source"),
    python=_table("imports", "pip_check", "python_version"),
    package_contents=_table("bin", "files", "include", "lib", "site_packages", "strict"),
)
_ABOUT = _table(
    *("description", "documentation", "homepage", "license", "license_family", "license_file", "license_url"),
    *("prelink_message", "repository", "summary"),
)
_PACKAGE = _table("version", name=_Value(_NAME, "a name of letters, digits, -, _ and ."))
_PART: Mapping[str, Shape] = {
    "about": _ABOUT,
    "build": _BUILD,
    "package": _PACKAGE,
    "requirements": _REQUIREMENTS,
    "source": _SOURCE,
    "tests": _TESTS,
}
_RECIPE = _Table(
    {
        **_PART,
        "context": None,
        "extra": None,
        "schema_version": None,
        "recipe": _PACKAGE,
        "cache": _Table(_PART),
        "outputs": _Table({**_PART, "inherit": None, "staging": _PACKAGE, "extra": None}),
    }
)


def unfit(root: Node | None) -> Iterator[Mistake]:
    """Yield the keys and values of a recipe.yaml that its format does not have, in the file's order.

    `root` must have no alias to itself, as `yamlnodes.compose` makes sure.
    """
    yield from _Walk().below(root, _RECIPE, "")


class _Walk:
    """One walk through a document; what an alias repeats is looked at once."""

    def __init__(self) -> None:
        self.seen: set[tuple[int, int]] = set()

    def below(self, node: Node | None, shape: Shape, key: str) -> Iterator[Mistake]:
        """Yield what is wrong in a node and below it; `key` is where it stands."""
        if node is None or (id(node), id(shape)) in self.seen:
            return
        self.seen.add((id(node), id(shape)))
        match node:
            case SequenceNode():
                for value in node.value:
                    yield from self.below(value, shape, key)
            case MappingNode() if "if" in (written := {name for name, _, _ in pairs(node)}):
                yield from self._branches(node, written, shape, key)
            case MappingNode():
                yield from self._mapping(node, shape, key)
            case _ if isinstance(shape, _Value):
                yield from _value(node, shape, key)

    def _branches(self, node: MappingNode, written: set[str], shape: Shape, key: str) -> Iterator[Mistake]:
        if "then" not in written:
            yield Mistake(f"{key}: an `if` without `then`", line_of(node))
        for name, place, value in pairs(node):
            if name not in _BRANCHES:
                yield Mistake(f"unknown key {name!r} beside `if`; {nearest(name, _BRANCHES)}", line_of(place))
            elif name != "if":
                yield from self.below(value, shape, key)

    def _mapping(self, node: MappingNode, shape: Shape, key: str) -> Iterator[Mistake]:
        lines: dict[str, int] = {}
        for name, place, value in pairs(node):
            if lines.setdefault(name, line_of(place)) != line_of(place):
                yield Mistake(f"{name} is there already in line {lines[name]}", line_of(place))
            if not isinstance(shape, _Table):
                yield from self.below(value, None, name)
            elif name in shape.keys:
                yield from self.below(value, shape.keys[name], name)
            else:
                yield Mistake(_unknown(name, key, shape), line_of(place))


def _value(node: Node, shape: _Value, key: str) -> Iterator[Mistake]:
    text = scalar(node)
    if text is not None and "${{" not in text and shape.pattern.fullmatch(text) is None:
        yield Mistake(f"{key}: expected {shape.expected}, got {text[:100]!r}", line_of(node))


def _unknown(name: str, key: str, shape: _Table) -> str:
    where = f" in {key}" if key else ""
    new = _RENAMED.get(name)
    if new is not None and new.partition(":")[0] in shape.keys:
        return f"unknown key {name!r}{where}: recipe.yaml has {new!r} instead"
    return f"unknown key {name!r}{where}; {nearest(name, shape.keys)}"
