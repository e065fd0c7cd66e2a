"""Which modules a release installs, and which of its commands explain themselves."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from dirac_forge.recipe.making.loading import ModuleGraph
from dirac_forge.recipe.making.trees import declared_modules, source_roots
from dirac_forge.upstream.files.crate import crate_modules
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import EntryPoint, ReleaseFacts, SdistFacts

MOST_IMPORTS = 12
_DEEPEST_NAMESPACE = 4
_MODULE = re.compile(r"^([A-Za-z_]\w*)(?:\.(?:cpython|cp|abi3|pypy)[\w.-]*)?\.(?:py|so|pyd|dylib)$")
_NOT_THE_PACKAGE = {
    "benchmarks", "build", "conftest", "dist", "doc", "docs", "example", "examples", "fabfile", "noxfile", "scripts",
    "setup", "tasks", "test", "testing", "tests", "tools", "versioneer",
}  # fmt: skip
_ASIDE = {"demo", "demos", "example", "examples", "setup", "test", "tests"}
_OF_ONE_PYTHON = re.compile(r"(.+?)-?3\.\d+")

Tree = dict[str, "Tree"]


def imports_of(facts: ReleaseFacts, graph: ModuleGraph | None = None) -> tuple[str, ...]:
    """Return the importable names at the top of what is installed, namespace packages followed down (`diracx.api`).

    From the wheel, even where it installs no module at all (stubs, data); without one those that the metadata offers
    (PEP 794), else from the sdist: its list of top-level names, else its package folders.
    """
    graph = graph or ModuleGraph(facts)
    if facts.wheel is not None:
        return installed(facts.wheel.members, graph, facts.wheel.path_folders)
    if told := [name for name in facts.metadata.import_names if all(map(str.isidentifier, name.split(".")))]:
        return _chosen(told)
    return _from_sdist(facts.sdist, facts.metadata.name, graph) if facts.sdist is not None else ()


def of_one_python(points: Iterable[EntryPoint]) -> tuple[EntryPoint, ...]:
    """Return the commands with a version of Python in their names (`coverage-3.11` beside `coverage`)."""
    every = tuple(points)
    names = {point.name for point in every}
    return tuple(p for p in every if (match := _OF_ONE_PYTHON.fullmatch(p.name)) and match[1] in names)


def help_commands(points: Iterable[EntryPoint], sdist: SdistFacts | None) -> tuple[EntryPoint, ...]:
    """Return the commands whose module builds a command-line parser: `--help` can be expected to answer."""
    if sdist is None:
        return ()
    parsers = {_dotted(path) for path in sdist.command_line_modules}
    console = (point for point in sorted(points, key=lambda p: p.name) if not point.gui)
    return tuple(point for point in console if _is_among(point.module, parsers))


def _is_among(module: str, parsers: Iterable[str]) -> bool:
    """Whether a module is one of these; the sdist may keep its packages below src/ or lib/."""
    return any(parser == module or parser.endswith(f".{module}") for parser in parsers)


def _dotted(path: str) -> str:
    return ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")


def installed(members: Iterable[str], graph: ModuleGraph, path_folders: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the importable names at the top of a wheel, by the names of its files.

    What is in folders that a .pth file adds to `sys.path` is at the top, too; what is compiled comes before the rest.
    """
    tree: Tree = {}
    for member in members:
        _put(tree, _place(member))
    added = [_taken(tree, folder) for folder in sorted(path_folders, key=len, reverse=True)]
    if not any(added):
        return _chosen(_names(tree, graph))
    tops = [(name, files) for root in added for name, files in _at_the_top(root)]
    compiled = [name for name, file in tops if not file.endswith(".py")]
    return _chosen([*_names(tree, graph), *(compiled or (name for name, _ in tops))])


def _place(member: str) -> tuple[str, ...]:
    """Return the parts of the path that a file of a wheel is installed at, () for what is beside the modules."""
    parts = tuple(part for part in member.split("/") if part not in {"", "."})
    if parts and parts[0].endswith(".data"):
        return parts[2:] if len(parts) > 2 and parts[1] in {"purelib", "platlib"} else ()
    return () if parts and parts[0].endswith((".dist-info", ".libs")) else parts


def _at_the_top(root: Tree) -> Iterable[tuple[str, str]]:
    """Return the modules of a folder on `sys.path`, each with its file."""
    return (
        (name, file) for file, below in root.items() if not below for name in _module(file, "") if name != "__init__"
    )


def _put(tree: Tree, parts: Iterable[str]) -> None:
    for part in parts:
        tree = tree.setdefault(part, {})


def _names(tree: Tree, graph: ModuleGraph, within: str = "") -> list[str]:
    """Return the modules and packages of a folder; for a namespace package, those in it."""
    return sorted({found for name, below in tree.items() for found in _importable(name, below, graph, within)})


def _importable(name: str, below: Tree, graph: ModuleGraph, within: str) -> Iterable[str]:
    if not below:
        return _module(name, within)
    if not name.isidentifier() or keyword.iskeyword(name):
        return []
    package = f"{within}{name}"
    own = [package] if any(map(_is_initial, below)) else []
    if (own and not graph.namespace(package)) or package.count(".") >= _DEEPEST_NAMESPACE:
        return own
    return _names(below, graph, f"{package}.") or own


def _is_initial(name: str) -> bool:
    return name.startswith("__init__.") and _MODULE.match(name) is not None


def _module(name: str, within: str) -> list[str]:
    """Return the module that a file is, none for other files and for the `__init__.py` of a package."""
    match = _MODULE.match(name)
    return [] if match is None or (within and match[1] == "__init__") else [f"{within}{match[1]}"]


def _chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return public names before private ones, without tests and the project's own tools; at most a dozen."""
    every = [n for n in names if not n.rpartition(".")[2].startswith("__")]
    proper = [n for n in every if n.partition(".")[0] not in _NOT_THE_PACKAGE and not _is_aside(n)] or every
    if any(map(_is_public, proper)):
        # A private module at the top is a part of what is installed; one within a namespace is somebody's detail.
        proper = [n for n in proper if _is_public(n) or "." not in n]
    return tuple(sorted(proper, key=lambda n: (n.startswith("_"), n.lower()))[:MOST_IMPORTS])


def _is_aside(name: str) -> bool:
    """Whether a module is among the tests or examples within a namespace package."""
    return not _ASIDE.isdisjoint(name.lower().split(".")[1:])


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _from_sdist(sdist: SdistFacts, project: str, graph: ModuleGraph) -> tuple[str, ...]:
    for path, text in sdist.texts.items():
        if path.endswith("top_level.txt") and (listed := _listed(text)):
            return listed
    if (of_crate := crate_modules(sdist)) is not None:
        return _chosen(of_crate)
    tree: Tree = {}
    for member in sdist.members:
        _put(tree, PurePosixPath(member).parts)
    if declared := declared_modules(sdist, graph.namespace):
        return _chosen(declared)
    module = _module_of_flit(sdist) or re.sub(r"[-.]", "_", project)
    roots = [*(_taken(tree, folder) for folder in source_roots(sdist)), tree]
    return next(filter(None, (_in_root(root, module, graph) for root in roots)), ())


def _taken(tree: Tree, path: str) -> Tree:
    """Take a folder out of the tree, and return it."""
    *parents, name = path.split("/")
    for parent in parents:
        tree = tree.get(parent, {})
    return tree.pop(name, {})


def _module_of_flit(sdist: SdistFacts) -> str:
    flit = table(sdist.pyproject, "tool", "flit")
    named = table(flit, "module").get("name") or table(flit, "metadata").get("module")
    return named if isinstance(named, str) else ""


def _in_root(root: Tree, module: str, graph: ModuleGraph) -> tuple[str, ...]:
    """Return the packages of a folder, else the single module of the project's name."""
    single = [name for name in (module, module.lower()) if f"{name}.py" in root]
    return _chosen(_packages(root, graph) or single[:1])


def _listed(text: str) -> tuple[str, ...]:
    return _chosen(line.strip() for line in text.splitlines() if line.strip().isidentifier())


def _packages(tree: Tree, graph: ModuleGraph) -> list[str]:
    """Return the names below a folder (modules at the top may be tools of the project)."""
    tops = ((name, name.partition(".")[0]) for name in _names(tree, graph))
    return [name for name, top in tops if top in tree and top not in _NOT_THE_PACKAGE]
