"""What loading a module needs: its imports followed through the sources, compared with what is required."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import chain
from math import ceil

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.channel.names import import_name_for, projects_importing
from dirac_forge.recipe.making.extensions import extension_modules
from dirac_forge.recipe.making.trees import source_roots
from dirac_forge.upstream.files.facts import ReleaseFacts, SourceModule
from dirac_forge.values import dataclass

_REMOVED = {
    **dict.fromkeys(("asynchat", "asyncore", "imp", "smtpd"), Version("3.12")),
    **dict.fromkeys(
        (
            "aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis",
            "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
        ),
        Version("3.13"),
    ),
}  # fmt: skip
"""Modules that the standard library had, and the Python without them (PEP 594; what's new in 3.12 and 3.13)."""
_REPLACED = {
    "asynchat": "pyasynchat", "asyncore": "pyasyncore", "audioop": "audioop-lts", "cgi": "legacy-cgi",
    "cgitb": "legacy-cgi",
}  # fmt: skip
"""Projects that install such a module; of others it is `standard-` and its name."""
_STANDARD = (frozenset(sys.stdlib_module_names) | {"__main__"}) - {"distutils"} - _REMOVED.keys()
_SETUPTOOLS = frozenset({"pkg_resources", "distutils", "_distutils_hack", "setuptools"})
"""What only setuptools installs (distutils since Python 3.12)."""
_WITHOUT_PKG_RESOURCES = Version("82")
_VENDORS = frozenset({"extern", "third_party", "thirdparty", "vendor", "vendored"})
_SHORTEST_ALIKE = 5
"""Shorter names begin alike by chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnmetImport:
    """An import that the requirements of a package do not bring."""

    module: str
    """The imported name, as written."""
    path: str
    """The file that imports it."""
    project: str = ""
    """The project that has it, where that is known."""
    extra: str = ""
    """The extra of the package that brings it, "" if none does."""
    removed: str = ""
    """The Python whose standard library no longer has it (`3.12`), "" if none ever had it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Imports:
    """What one module imports when it is loaded."""

    own: tuple[str, ...]
    """The release's own modules that are loaded for it, packages before what is in them."""
    foreign: tuple[str, ...]


class ModuleGraph:
    """The modules of a release and what each imports when it is loaded."""

    def __init__(self, facts: ReleaseFacts) -> None:
        self.facts = facts
        self._project = canonicalize_name(facts.metadata.name)
        self._taken: dict[str, frozenset[str]] = {}
        self._imports: dict[str, _Imports] = {}  # hundreds of commands go through the same modules
        self._foreign: dict[str, Mapping[str, str]] = {}

    @cached_property
    def _modules(self) -> Mapping[str, SourceModule]:
        return dict(_dotted(self.facts))

    @cached_property
    def _own(self) -> frozenset[str]:
        """The names at the top of what is installed."""
        wheel = self.facts.wheel
        members = wheel.members if wheel is not None else tuple(m.path for m in self._modules.values())
        tops = {parts[0].partition(".")[0] for member in members if (parts := _parts(member))}
        named = {*self._modules, *(extension_modules(self.facts.sdist) if self.facts.sdist is not None else ())}
        return frozenset(tops | {name.partition(".")[0] for name in named} | set(_vendored(members)))

    @cached_property
    def _shared(self) -> Mapping[str, set[str]]:
        wheel = self.facts.wheel
        return _shared_namespaces(wheel.members) if wheel is not None else {}

    @cached_property
    def _has_namespaces(self) -> bool:
        sdist = self.facts.sdist
        return sdist is not None and any(module.namespace for module in sdist.modules)

    def namespace(self, name: str) -> bool:
        """Whether a package is the `__init__.py` of a namespace package of the old kinds."""
        if not self._has_namespaces:
            return False
        module = self._modules.get(name)
        return module is not None and module.namespace

    def _is_own(self, target: str) -> bool:
        """Whether the release installs a module; of a namespace package, only its own parts (PEP 420)."""
        top, *rest = target.split(".")
        if _project_of(top) == self._project:  # setuptools' distutils is no folder of that name
            return True
        place = top
        while place in self._shared and rest:
            part = rest.pop(0)
            if part not in self._shared[place]:
                return False
            place = f"{place}.{part}"
        return top in self._own

    def foreign_imports(self, name: str) -> Mapping[str, str]:
        """Return what loading `name` imports that is not the release's own: name to the file that imports it first."""
        if name not in self._foreign:
            foreign: dict[str, str] = {}
            for current, module in self._loaded_with(name):
                for target in self._imports_of(current, module).foreign:
                    foreign.setdefault(target, module.path)
            self._foreign[name] = foreign
        return self._foreign[name]

    def libraries(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the shared libraries that modules may load while `names` are imported, as written, with a file."""
        modules = (module for name in names for _, module in self._loaded_with(name))
        return {library: module.path for module in modules for library in module.loads}

    def later_libraries(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the libraries that other modules of these packages may load, which importing `names` does not load."""
        asked = list(names)
        loaded = {name for each in asked for name, _ in self._loaded_with(each)}
        tops = tuple(f"{name.partition('.')[0]}." for name in asked)
        rest = (module for name, module in self._modules.items() if name.startswith(tops) and name not in loaded)
        return {library: module.path for module in rest for library in module.loads}

    def cut(self, names: Iterable[str]) -> list[str]:
        """Return the files, of those loaded while `names` are imported, of which only the beginning was read."""
        return sorted({module.path for name in names for _, module in self._loaded_with(name) if module.cut})

    def _loaded_with(self, name: str) -> Iterator[tuple[str, SourceModule]]:
        """Yield the release's own modules that are loaded with `name`, in the order in which they are found."""
        waiting = parents_of(name)
        loaded = set(waiting)
        for current in waiting:  # which grows meanwhile
            if (module := self._modules.get(current)) is None:
                continue
            yield current, module
            new = [other for other in self._imports_of(current, module).own if other not in loaded]
            loaded.update(new)
            waiting += new

    def _imports_of(self, name: str, module: SourceModule) -> _Imports:
        if name not in self._imports:
            targets = list(self._targets(name, module))
            own = [self._is_own(target) for target in targets]
            loaded = (self._loaded_for(target) for target, mine in zip(targets, own, strict=True) if mine)
            self._imports[name] = _Imports(
                own=tuple(dict.fromkeys(chain.from_iterable(loaded))),
                foreign=tuple(target for target, mine in zip(targets, own, strict=True) if not mine),
            )
        return self._imports[name]

    def _loaded_for(self, target: str) -> list[str]:
        """Return the modules that are loaded for an import: no submodule where its package has the name from elsewhere.

        With `from .notebook import ipywidget` in a package, `from package import ipywidget` is that function.
        """
        package, _, name = target.rpartition(".")
        return parents_of(package if name in self._taken_in(package) else target)

    def _taken_in(self, package: str) -> frozenset[str]:
        """Return the names that a package imports from other modules of the release, and that are none of its own."""
        if package not in self._taken:
            module = self._modules.get(package)
            targets = [] if module is None else list(self._targets(package, module))
            self._taken[package] = frozenset(
                name
                for base, _, name in (target.rpartition(".") for target in targets)
                if base and self._is_own(base) and f"{package}.{name}" not in targets
            )
        return self._taken[package]

    @staticmethod
    def _targets(name: str, module: SourceModule) -> Iterator[str]:
        """Yield the imports of a module with absolute names."""
        package = name if module.path.endswith("/__init__.py") else name.rpartition(".")[0]
        for target in module.imports:
            inner = target.lstrip(".")
            base = package
            for _ in range(len(target) - len(inner) - 1):
                base = base.rpartition(".")[0]
            yield target if inner == target else f"{base}.{inner}".strip(".")


def unmet_imports(
    graph: ModuleGraph,
    name: str,
    required: Mapping[str, SpecifierSet],
    extras: Mapping[str, str],
    brought: Collection[str] | None,
    newest: str,
) -> tuple[UnmetImport, ...]:
    """Return the imports of a module that nothing brings.

    Args:
        graph: the modules of the release.
        name: the module that is loaded.
        required: the projects that the release requires without extras, and in which versions.
        extras: projects that only an extra requires, to the extra.
        brought: everything that is installed with the release, None if that is not known: then only an import that
            belongs to an extra, or to setuptools, is unmet for sure.
        newest: the newest Python that it is tested with.
    """
    unmet: dict[str, UnmetImport] = {}
    for target, path in graph.foreign_imports(name).items():
        top = target.partition(".")[0]
        if top in _STANDARD or top in unmet or _met(target, required, brought):
            continue
        if top in _REMOVED:
            found = _removed(target, path, newest) if brought is not None else None
        else:
            found = _unmet(target, path, extras, sure=brought is not None)
        if found is not None:
            unmet[top] = found
    return tuple(unmet.values())


def _removed(target: str, path: str, newest: str) -> UnmetImport | None:
    """Return the import of a module that Python removed, None where the newest Python still has it."""
    removed = _REMOVED[target.partition(".")[0]]
    return UnmetImport(module=target, path=path, removed=str(removed)) if removed <= Version(newest) else None


def _unmet(target: str, path: str, extras: Mapping[str, str], *, sure: bool) -> UnmetImport | None:
    """Return the import; where it is not known what is installed, only one of an extra's project, or of setuptools."""
    owner = _owner_among(extras, target)
    known = owner or _project_of(target.partition(".")[0])
    if not (owner or sure or known == "setuptools"):
        return None
    return UnmetImport(module=target, path=path, project=known, extra=extras.get(owner, ""))


def _owner_among(projects: Iterable[str], target: str) -> str:
    return next((project for project in projects if explained(target, (project,))), "")


def _met(target: str, required: Mapping[str, SpecifierSet], brought: Collection[str] | None) -> bool:
    """Whether something that is installed may have the module."""
    if target.partition(".")[0] == "pkg_resources":
        return _held_back(required)
    if (top := target.partition(".")[0]) in _REMOVED:
        return not {top, _REPLACED.get(top, f"standard-{top}")}.isdisjoint({*required, *(brought or ())})
    return _explained(target, (*required, *(brought or ())))


def _project_of(top: str) -> str:
    """Return the project that is known to install a top-level module, "" for none."""
    return "setuptools" if top in _SETUPTOOLS else next(iter(projects_importing(top)), "")


def _held_back(required: Mapping[str, SpecifierSet]) -> bool:
    """Whether setuptools is required in versions that still have pkg_resources."""
    return "setuptools" in required and not required["setuptools"].contains(_WITHOUT_PKG_RESOURCES)


def explained(target: str, projects: Iterable[str]) -> bool:
    """Whether one of the projects may install the module; in doubt it may."""
    return _explained(target, tuple(projects))


@lru_cache(maxsize=4_096)  # most modules of a release import the same few
def _explained(target: str, projects: tuple[str, ...]) -> bool:
    top = target.partition(".")[0]
    return any(_may_install(canonicalize_name(project), target, top) for project in projects)


def _may_install(project: str, target: str, top: str) -> bool:
    if top in _SETUPTOOLS:
        return project == "setuptools"
    if project.startswith("types-") or project.endswith("-stubs"):  # for type checkers only (PEP 561)
        return project == canonicalize_name(top)
    return _is_known_to_install(project, target, top) or _is_named_like(project, target, top)


def _is_known_to_install(project: str, target: str, top: str) -> bool:
    known = import_name_for(project) or ""
    if known and (f"{target}.".startswith(f"{known}.") or known.startswith(f"{top}.")):
        return True
    return any(canonicalize_name(candidate) == project for candidate in projects_importing(top))


def _is_named_like(project: str, target: str, top: str) -> bool:
    part = target.split(".")[1:2]
    if part and canonicalize_name(part[0]) == project:  # google.protobuf of protobuf
        return True
    if _abbreviates(top, project):
        return True
    flat, name = top.strip("_").replace("_", "").lower(), project.replace("-", "")
    return bool(flat) and (flat in name or (len(name) > 3 and name in flat) or _begin_alike(flat, name))


def _begin_alike(top: str, project: str) -> bool:
    """Whether three quarters of a module's name begin the project's: pymdownx of pymdown-extensions."""
    return len(top) > _SHORTEST_ALIKE and project.startswith(top[: ceil(len(top) * 3 / 4)])


def _abbreviates(top: str, project: str) -> bool:
    """Whether each word of a module's name begins a word of the project's: grpc_status of grpcio-status."""
    words, names = [word for word in top.lower().split("_") if word], project.split("-")
    return len(words) == len(names) > 1 and all(map(str.startswith, names, words))


def _vendored(members: Iterable[str]) -> Iterator[str]:
    """Yield the modules in folders of vendored projects, which a release may add to `sys.path`."""
    for member in members:
        parts = _parts(member)
        place = next((number for number, part in enumerate(parts) if part.strip("_") in _VENDORS), len(parts))
        yield from (part.partition(".")[0] for part in parts[place + 1 : place + 3])


def _shared_namespaces(members: Iterable[str]) -> dict[str, set[str]]:
    """Map the packages of a wheel without an `__init__.py` to what the wheel itself has in each.

    Other projects may install into them, too (PEP 420).
    """
    inner: dict[str, set[str]] = {}
    for member in members:
        parts = _parts(member)
        for count in range(1, len(parts)):
            inner.setdefault(".".join(parts[:count]), set()).add(parts[count].partition(".")[0])
    return {package: names for package, names in inner.items() if "__init__" not in names}


def _parts(path: str) -> list[str]:
    """Return the parts of a path in an archive; there are thousands, for which `PurePosixPath` is slow."""
    return [part for part in path.split("/") if part not in {"", "."}]


def parents_of(name: str) -> list[str]:
    """Return `a`, `a.b`, `a.b.c` of `a.b.c`: loading a module loads its packages first."""
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _dotted(facts: ReleaseFacts) -> Iterator[tuple[str, SourceModule]]:
    """Yield the modules of the source archive by the names that they have once they are installed."""
    modules = [
        module for module in (facts.sdist.modules if facts.sdist is not None else ()) if module.path.endswith(".py")
    ]
    place = _place_in_wheel(facts.wheel.members) if facts.wheel is not None else _place_in_tree(facts)
    # Of several files that could be the one that is installed, the one with the shortest path comes last and stays.
    for module in sorted(modules, key=lambda module: -module.path.count("/")):
        if path := place(module.path):
            yield ".".join(_parts(path.removesuffix(".py"))).removesuffix(".__init__"), module


def _place_in_tree(facts: ReleaseFacts) -> Callable[[str], str | None]:
    """Return where a file of a tree is installed: below the folder that holds the packages, if it is in one."""
    roots = [f"{root}/" for root in source_roots(facts.sdist)] if facts.sdist is not None else []

    def place(path: str) -> str | None:
        return path.removeprefix(next((root for root in roots if path.startswith(root)), ""))

    return place


def _place_in_wheel(members: Iterable[str]) -> Callable[[str], str | None]:
    """Return where a file of the sources is in the wheel, the longest match first; None if it is not installed."""
    installed = frozenset(members)

    def place(path: str) -> str | None:
        parts = _parts(path)
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((tail for tail in tails if tail in installed), None)

    return place
