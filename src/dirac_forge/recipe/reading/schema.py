"""The keys of recipes: what may stand where, and what doesn't, with its line.

Keys that the format does not have are errors for rattler-build and conda-build, and readers that look for the ones that
they know would miss what they were meant to say. Sources: https://rattler-build.prefix.dev/latest/reference/recipe_file/
and https://docs.conda.io/projects/conda-build/en/stable/resources/define-metadata.html.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping

from dirac_forge.recipe.reading.functions import marked
from dirac_forge.recipe.reading.recipe_text import HASH_KEY, Mistake
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


@dataclass(frozen=True, slots=True)
class _List:
    """A list, also where it has one item only; an `if` among the items is looked through."""

    item: Shape
    empty: bool = False
    """Whether nothing may stand for a list without items."""


Shape = _Table | _Value | _List | None
"""None: anything; only the `if` of lists is looked at."""


def _table(*names: str, **keys: Shape) -> _Table:
    return _Table({**dict.fromkeys(names), **keys})


_NUMBER = _Value(_WHOLE, "a whole number")
_TEXTS = _List(_table("if"))
_NEED = _table("if", "pin_subpackage", "pin_compatible")
_NEEDS = _List(_NEED, empty=True)
_ENTRY_POINTS = _List(_Value(re.compile(r"[^=]+=[^=:]+:.+"), "NAME = MODULE:FUNCTION"))
_EXPORTS = _table(
    **dict.fromkeys(("noarch", "strong", "weak", "strong_constraints", "weak_constraints"), _NEEDS),
)
_REQUIREMENTS = _table(
    **dict.fromkeys(("build", "host", "run", "run_constraints"), _NEEDS),
    run_exports=_EXPORTS,
    ignore_run_exports=_table(by_name=_NEEDS, from_package=_NEEDS),
)
_BUILD = _table(
    *("files", "flags", "merge_build_and_host_envs", "post_process", "skip", "string", "script"),
    always_copy_files=_TEXTS,
    always_include_files=_TEXTS,
    number=_NUMBER,
    noarch=_Value(re.compile("python|generic"), "python or generic"),
    python=_table(
        *("site_packages_path", "use_python_app_entrypoint", "version_independent"),
        entry_points=_ENTRY_POINTS,
        skip_pyc_compilation=_TEXTS,
    ),
    variant=_table("down_prioritize_variant", ignore_keys=_TEXTS, use_keys=_TEXTS),
    prefix_detection=_table("force_file_type", "ignore", "ignore_binary_files"),
    dynamic_linking=_table(
        *("binary_relocation", "overdepending_behavior", "overlinking_behavior"),
        missing_dso_allowlist=_TEXTS,
        rpath_allowlist=_TEXTS,
        rpaths=_TEXTS,
    ),
)
_SOURCE = _table(
    *("attestation", "branch", "depth", "expected_commit", "file_name", "filter", "git", "lfs", "path"),
    *("rev", "submodules", "tag", "target_directory", "url", "use_gitignore"),
    patches=_TEXTS,
    sha256=_Value(_SHA256, "64 hexadecimal digits"),
    md5=_Value(_MD5, "32 hexadecimal digits"),
)
_TESTS = _table(
    *("script", "perl", "r", "ruby", "downstream"),
    requirements=_table(build=_List(_NEED), run=_List(_NEED)),
    files=_table(recipe=_TEXTS, source=_TEXTS),
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
    "tests": _List(_TESTS),
}
_RECIPE = _Table(
    {
        **_PART,
        "context": None,
        "extra": None,
        "schema_version": None,
        "recipe": _PACKAGE,
        "cache": _Table(_PART),
        "outputs": _List(_Table({**_PART, "inherit": None, "staging": _PACKAGE, "extra": None})),
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


_BUILD_V0 = _table(
    *("always_include_files", "binary_has_prefix_files", "binary_relocation", "detect_binary_files_with_prefix"),
    *("disable_pip", "entry_points", "error_overdepending", "error_overlinking", "features", "force_ignore_keys"),
    *("force_use_keys", "has_prefix_files", "ignore_prefix_files", "ignore_run_exports", "ignore_run_exports_from"),
    *("include_recipe", "merge_build_host", "missing_dso_whitelist", "msvc_compiler", "no_link", "noarch"),
    *("noarch_python", "osx_is_app", "overlinking_ignore_patterns", "pin_depends", "post-link", "pre-link"),
    *("pre-unlink", "preferred_env", "preferred_env_executable_paths", "preserve_egg_dir", "provides_features"),
    *("python_site_packages_path", "requires_features", "rpaths", "rpaths_patcher", "run_exports", "runpath_whitelist"),
    *("script", "script_env", "skip", "skip_compile_pyc", "string", "track_features"),
    number=_NUMBER,
)
_SOURCE_V0 = _table(
    *("fn", "folder", "git_branch", "git_depth", "git_rev", "git_tag", "git_url", "hg_tag", "hg_url", "no_hoist"),
    *("patches", "path", "path_via_symlink", "sha1", "sha224", "sha384", "sha512", "svn_ignore_externals"),
    *("svn_password", "svn_rev", "svn_url", "svn_username", "url"),
    *("content_hash_skip", "content_sha256", "content_sha384", "content_sha512"),
    sha256=_Value(_SHA256, "64 hexadecimal digits"),
    md5=_Value(_MD5, "32 hexadecimal digits"),
)
_ABOUT_V0 = _table(
    *("description", "dev_url", "doc_source_url", "doc_url", "home", "identifiers", "keywords", "license"),
    *("license_family", "license_file", "license_url", "prelink_message", "readme", "summary", "tags"),
)
_TEST_V0 = _table("commands", "downstreams", "files", "imports", "requires", "source_files")
_META_KEYS = _table(
    package=_table("name", "version"),
    source=_SOURCE_V0,
    build=_BUILD_V0,
    test=_TEST_V0,
    about=_ABOUT_V0,
    **dict.fromkeys(("requirements", "app", "extra")),
    outputs=_Table({"build": _BUILD_V0, "source": _SOURCE_V0, "test": _TEST_V0, "about": _ABOUT_V0}, open=True),
)
"""The keys that conda-build and conda-smithy know; a build passes over others, which then say nothing."""


def unknown_v0(root: Node | None, line: Callable[[Node], int]) -> Iterator[Mistake]:
    """Yield the misspelt keys and the values of meta.yaml that no build understands; `line` as for `unfit_v0`.

    Keys that are not like any known one are left alone: they may be newer than this list.
    """
    yield from _Walk(line, repeats=False, misspelt=True).below(root, _META_KEYS, "")


def unfit_v1(root: Node | None) -> Iterator[Mistake]:
    """Yield the keys and values of a recipe.yaml that its format does not have, in the file's order.

    `root` must have no alias to itself, as `yamlnodes.compose` makes sure.
    """
    written = {key: place for key, place, _ in pairs(root)}
    if "outputs" in written and "package" in written:
        yield Mistake("unknown key 'package' next to outputs: write 'recipe' instead", line_of(written["package"]))
    yield from _Walk(line_of, repeats=True).below(root, _RECIPE, "")


def unfit_v0(root: Node | None, line: Callable[[Node], int]) -> Iterator[Mistake]:
    """Yield the sections and the keys of requirements that meta.yaml does not have; `line` returns the line of a node.

    Keys that come twice are not reported: they may be lines for different selectors.
    """
    yield from _Walk(line, repeats=False).below(root, _META, "")


def upper_names(root: Node | None, line: Callable[[Node], int]) -> Iterator[Mistake]:
    """Yield the names of packages, in either format, that have capital letters."""
    for node in mappings(root):
        for key, _, value in pairs(node):
            named = mappings(value) if key in ("package", "recipe", "outputs") else ()
            for name in (each for one in named for each in _names(one)):
                text = scalar(name) or ""
                if text != text.lower() and "${{" not in text and not marked(text):
                    yield Mistake(f"name: {text[:100]!r}: package names are lower case", line(name))


def _names(node: MappingNode) -> Iterator[Node]:
    fields = {key: value for key, _, value in pairs(node)}
    if "name" in fields and fields.keys() & {"version", "build", "requirements", "script", "test", "files"}:
        yield fields["name"]


NO_HASH = "a source from a URL without sha256"


def sources_without_hash(root: Node | None, line: Callable[[Node], int]) -> Iterator[Mistake]:
    """Yield the sources from URLs, of either format, that nothing verifies."""
    for node in mappings(root):
        for key, _, value in pairs(node):
            if key == "source":
                for source in mappings(value):
                    written = {name: each for name, each, _ in pairs(source)}
                    if "url" in written and not any(map(HASH_KEY.fullmatch, written)):
                        yield Mistake(NO_HASH, line(written["url"]))


def mappings(node: Node | None) -> Iterator[MappingNode]:
    """Yield a node and all below it that are mappings, each once: an alias stands for a node that was there."""
    stack, seen = [node], set[int]()
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, MappingNode):
            yield each
            stack += [value for _, _, value in pairs(each)]
        elif isinstance(each, SequenceNode):
            stack += each.value


class _Walk:
    """One walk through a document; what an alias repeats is looked at once."""

    def __init__(self, line: Callable[[Node], int], *, repeats: bool, misspelt: bool = False) -> None:
        """Get the line of a node from `line`; `repeats`: keys that come twice are mistakes.

        With `misspelt` only the unknown keys that are like a known one are mistakes.
        """
        self.misspelt = misspelt
        self.line = line
        self.repeats = repeats
        self.seen: set[tuple[int, int]] = set()

    def below(self, node: Node | None, shape: Shape, key: str) -> Iterator[Mistake]:
        """Yield what is wrong in a node and below it; `key` is its place."""
        if node is None or (id(node), id(shape)) in self.seen:
            return
        self.seen.add((id(node), id(shape)))
        match node:
            case _ if isinstance(shape, _List) and not isinstance(node, SequenceNode):
                yield from self._no_list(node, shape, key)
            case SequenceNode():
                for value in node.value:
                    yield from self.below(value, shape.item if isinstance(shape, _List) else shape, key)
            case MappingNode() if "if" in (written := {name for name, _, _ in pairs(node)}):
                yield from self._branches(node, written, shape, key)
            case MappingNode():
                yield from self._mapping(node, shape, key)
            case _ if isinstance(shape, _Value):
                yield from self._value(node, shape, key)

    def _no_list(self, node: Node, shape: _List, key: str) -> Iterator[Mistake]:
        text = scalar(node)
        if isinstance(node, MappingNode):
            yield Mistake(f"{key}: expected a list, got a mapping", self.line(node))
        elif text is not None:
            yield Mistake(f"{key}: expected a list, got {text[:100]!r}", self.line(node))
        elif not shape.empty:
            yield Mistake(f"{key}: expected a list, got nothing", self.line(node))

    def _branches(self, node: MappingNode, written: set[str], shape: Shape, key: str) -> Iterator[Mistake]:
        if "then" not in written:
            yield Mistake(f"{key}: an `if` without `then`", self.line(node))
        for name, place, value in pairs(node):
            if name not in _BRANCHES:
                yield Mistake(f"unknown key {name!r} next to `if`; {nearest(name, _BRANCHES)}", self.line(place))
            elif name != "if":
                yield from self.below(value, shape, key)

    def _mapping(self, node: MappingNode, shape: Shape, key: str) -> Iterator[Mistake]:
        lines: dict[str, int] = {}
        for name, place, value in pairs(node):
            if lines.setdefault(name, self.line(place)) != self.line(place) and self.repeats:
                yield Mistake(f"{name} is already in line {lines[name]}", self.line(place))
            if not isinstance(shape, _Table):
                yield from self.below(value, None, name)
            elif name in shape.keys:
                yield from self.below(value, shape.keys[name], name)
            elif not shape.open and (not self.misspelt or difflib.get_close_matches(name, shape.keys, n=1, cutoff=0.6)):
                yield Mistake(_unknown(name, key, shape), self.line(place))

    def _value(self, node: Node, shape: _Value, key: str) -> Iterator[Mistake]:
        text = scalar(node)
        computed = text is None or "${{" in text or marked(text)
        if text is not None and not computed and shape.pattern.fullmatch(text) is None:
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
