"""The keys of recipes: what may stand where, and what doesn't, with its line.

Keys that the format does not have are errors for rattler-build and conda-build, and readers that look for the ones that
they know would miss what they were meant to say. Sources: https://rattler-build.prefix.dev/latest/reference/recipe_file/
and https://docs.conda.io/projects/conda-build/en/stable/resources/define-metadata.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dirac_forge.recipe.reading.recipe_text import Mistake
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, SequenceNode, line_of, pairs, scalar
from dirac_forge.settings.validation import nearest
from dirac_forge.values import dataclass

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
class _Value:
    """A scalar of a known form; `expected` says which."""

    pattern: re.Pattern[str]
    expected: str


@dataclass(frozen=True, slots=True)
class _Table:
    """A mapping with these keys; where a list of such mappings or plain text may stand instead, those too."""

    keys: Mapping[str, Shape]
    open: bool = False
    """Whether there may be other keys, which are not looked at."""


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


_REQUIREMENTS_V0 = _table("build", "host", "run", "run_constrained", "conflicts")
_META = _Table(
    {
        **dict.fromkeys(("package", "source", "build", "test", "about", "app", "extra")),
        "requirements": _REQUIREMENTS_V0,
        "outputs": _Table({"requirements": _REQUIREMENTS_V0}, open=True),
    }
)


def unfit_v1(root: Node | None) -> Iterator[Mistake]:
    """Yield the keys and values of a recipe.yaml that its format does not have, in the file's order.

    `root` must have no alias to itself, as `yamlnodes.compose` makes sure.
    """
    yield from _Walk(line_of, repeats=True).below(root, _RECIPE, "")


def unfit_v0(root: Node | None, line: Callable[[Node], int]) -> Iterator[Mistake]:
    """Yield the sections and the keys of requirements that meta.yaml does not have; `line` returns the line of a node.

    Keys that come twice are not reported: they may be lines for different selectors.
    """
    yield from _Walk(line, repeats=False).below(root, _META, "")


class _Walk:
    """One walk through a document; what an alias repeats is looked at once."""

    def __init__(self, line: Callable[[Node], int], *, repeats: bool) -> None:
        """`line` returns the line of a node; `repeats`: keys that come twice are mistakes."""
        self.line = line
        self.repeats = repeats
        self.seen: set[tuple[int, int]] = set()

    def below(self, node: Node | None, shape: Shape, key: str) -> Iterator[Mistake]:
        """Yield what is wrong in a node and below it; `key` is its place."""
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
                yield from self._value(node, shape, key)

    def _branches(self, node: MappingNode, written: set[str], shape: Shape, key: str) -> Iterator[Mistake]:
        if "then" not in written:
            yield Mistake(f"{key}: an `if` without `then`", self.line(node))
        for name, place, value in pairs(node):
            if name not in _BRANCHES:
                yield Mistake(f"unknown key {name!r} beside `if`; {nearest(name, _BRANCHES)}", self.line(place))
            elif name != "if":
                yield from self.below(value, shape, key)

    def _mapping(self, node: MappingNode, shape: Shape, key: str) -> Iterator[Mistake]:
        lines: dict[str, int] = {}
        for name, place, value in pairs(node):
            if lines.setdefault(name, self.line(place)) != self.line(place) and self.repeats:
                yield Mistake(f"{name} is there already in line {lines[name]}", self.line(place))
            if not isinstance(shape, _Table):
                yield from self.below(value, None, name)
            elif name in shape.keys:
                yield from self.below(value, shape.keys[name], name)
            elif not shape.open:
                yield Mistake(_unknown(name, key, shape), self.line(place))

    def _value(self, node: Node, shape: _Value, key: str) -> Iterator[Mistake]:
        text = scalar(node)
        if text is not None and "${{" not in text and shape.pattern.fullmatch(text) is None:
            yield Mistake(f"{key}: expected {shape.expected}, got {text[:100]!r}", self.line(node))


def _unknown(name: str, key: str, shape: _Table) -> str:
    where = f" in {key}" if key else ""
    new = _RENAMED.get(name)
    if new is not None and new.partition(":")[0] in shape.keys:
        return f"unknown key {name!r}{where}: recipe.yaml has {new!r} instead"
    return f"unknown key {name!r}{where}; {nearest(name, shape.keys)}"


def unclosed(text: str) -> Iterator[Mistake]:
    """Yield the templates of a recipe.yaml that do not end."""
    position = text.find("${{")
    while position >= 0:
        end = text.find("}}", position)
        line = text.count("\n", 0, position) + 1
        if end < 0 or "\n\n" in text[position:end] or "${{" in text[position + 3 : end]:
            yield Mistake("${{ without }}", line)
        position = text.find("${{", position + 3)
