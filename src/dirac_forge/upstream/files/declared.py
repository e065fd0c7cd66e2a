"""What pyproject.toml declares statically: [project] (PEP 621), [tool.poetry] and [tool.flit.metadata]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.version import Version

from dirac_forge.upstream.files.entrypoints import NO_SCRIPTS, FoundScript, FoundScripts, found_scripts
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.metadata import version_of
from dirac_forge.upstream.files.poetry import requirements as poetry_requirements
from dirac_forge.upstream.files.poetry import urls as poetry_urls
from dirac_forge.upstream.files.requirements import RequirementList, with_marker

_CORE = {
    "version": ("version",),
    "description": ("summary",),
    "readme": (),
    "requires-python": ("requires-python",),
    "license": ("license", "license-expression"),
    "license-files": ("license-file",),
    "classifiers": ("classifier",),
    "urls": ("home-page", "project-url"),
    "dependencies": ("requires-dist",),
    "optional-dependencies": ("requires-dist", "provides-extra"),
}
"""Keys of [project] and the core metadata that a build backend derives from them."""


def table(tree: Mapping[str, object], *path: str) -> Mapping[str, object]:
    """Return the table at `path`; {} if there is none, or something else."""
    value: object = tree
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def declared_metadata(pyproject: Mapping[str, object], *, version: Version) -> CoreMetadata | None:
    """Return the metadata of the first table that names the project; `version` replaces one that is computed.

    A field that [project] lists as dynamic is in `dynamic`: unknown, not empty. Raises InputError for a version that
    can't be read.
    """
    if name := _text(table(pyproject, "project").get("name")):
        return _project(table(pyproject, "project"), name, version)
    if name := _text(table(pyproject, "tool", "poetry").get("name")):
        return _poetry(without_placeholder(pyproject), name, version)
    flit = table(pyproject, "tool", "flit", "metadata")
    if name := _text(flit.get("dist-name")) or _text(flit.get("module")):
        return _flit(flit, name, version)
    return None


def without_placeholder(pyproject: Mapping[str, object]) -> Mapping[str, object]:
    """Return [tool.poetry], without a version that poetry-dynamic-versioning replaces."""
    entries = table(pyproject, "tool", "poetry")
    if table(pyproject, "tool", "poetry-dynamic-versioning").get("enable") is not True:
        return entries
    return {key: value for key, value in entries.items() if key != "version"}


def declared_scripts(pyproject: Mapping[str, object]) -> FoundScripts:
    """Return the scripts of [project.scripts] and [project.gui-scripts], else poetry's or flit's."""
    for tool in (("project",), ("tool", "poetry"), ("tool", "flit")):
        entries = table(pyproject, *tool)
        scripts = [*_scripts(entries.get("scripts")), *_scripts(entries.get("gui-scripts"), gui=True)]
        if scripts:
            return found_scripts(scripts)
    return NO_SCRIPTS


def _scripts(entries: object, *, gui: bool = False) -> Iterator[FoundScript]:
    for name, value in entries.items() if isinstance(entries, Mapping) else ():
        match value:
            # Poetry installs a file as it is: no entry point (https://python-poetry.org/docs/pyproject/#scripts).
            case {"type": "file"}:
                continue
            case {"reference": str(text)} | {"callable": str(text)}:
                yield FoundScript(name=str(name), value=text, gui=gui, extras=_texts(value.get("extras")))
            case _:
                yield FoundScript(name=str(name), value=value if isinstance(value, str) else str(value), gui=gui)


def _project(entries: Mapping[str, object], name: str, version: Version) -> CoreMetadata:
    dynamic = [key for key in _texts(entries.get("dynamic")) if key in _CORE]
    extras = entries.get("optional-dependencies")
    optional = extras if isinstance(extras, Mapping) else {}
    requires = [*_texts(entries.get("dependencies"))]
    for extra, needs in optional.items():
        requires += [with_marker(need, "", str(extra)) for need in _texts(needs)]
    license_text, expression, files = _license(entries)
    return CoreMetadata(
        name=name,
        version=version_of(_text(entries.get("version")), version),
        summary=_text(entries.get("description")),
        project_urls=_urls(entries.get("urls")),
        license=license_text,
        license_expression=expression,
        license_files=files,
        classifiers=_texts(entries.get("classifiers")),
        requires_dist=RequirementList(tuple(requires)),
        requires_python=_text(entries.get("requires-python")),
        provides_extra=tuple(map(str, optional)),
        import_names=_texts(entries.get("import-names")),
        dynamic=tuple(sorted({field for key in dynamic for field in _CORE[key]})),
    )


def _license(entries: Mapping[str, object]) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return text, expression (PEP 639: a string) and files; a table is PEP 621's."""
    declared, files = entries.get("license"), list(_texts(entries.get("license-files")))
    if isinstance(declared, Mapping):
        file = _text(declared.get("file"))
        return _text(declared.get("text")), None, tuple([file] if file else files)
    return None, _text(declared), tuple(files)


def _poetry(entries: Mapping[str, object], name: str, version: Version) -> CoreMetadata:
    requires, requires_python, extras = poetry_requirements(entries)
    return CoreMetadata(
        name=name,
        version=version_of(_text(entries.get("version")), version),
        summary=_text(entries.get("description")),
        home_page=_text(entries.get("homepage")),
        project_urls=poetry_urls(entries),
        license=_text(entries.get("license")),
        classifiers=_texts(entries.get("classifiers")),
        requires_dist=RequirementList(requires),
        requires_python=requires_python,
        provides_extra=extras,
    )


def _flit(entries: Mapping[str, object], name: str, version: Version) -> CoreMetadata:
    extras = entries.get("requires-extra")
    optional = extras if isinstance(extras, Mapping) else {}
    requires = [*_texts(entries.get("requires"))]
    for extra, needs in optional.items():
        requires += [with_marker(need, "", str(extra)) for need in _texts(needs)]
    # Flit takes version and summary from the module itself.
    return CoreMetadata(
        name=name,
        version=version,
        home_page=_text(entries.get("home-page")),
        project_urls=_urls(entries.get("urls")),
        license=_text(entries.get("license")),
        classifiers=_texts(entries.get("classifiers")),
        requires_dist=RequirementList(tuple(requires)),
        requires_python=_text(entries.get("requires-python")),
        provides_extra=tuple(map(str, optional)),
        dynamic=("summary", "version"),
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    items: Iterable[object] = value if isinstance(value, list) else ()
    return tuple(item.strip() for item in items if isinstance(item, str) and item.strip())


def _urls(value: object) -> Mapping[str, str]:
    return {str(k): v for k, v in value.items() if isinstance(v, str)} if isinstance(value, Mapping) else {}
