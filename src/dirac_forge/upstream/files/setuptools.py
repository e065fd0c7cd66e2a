"""What setup.cfg and setup.py say literally; nothing of them is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache

from packaging.version import Version

from dirac_forge.upstream.files.entrypoints import NO_SCRIPTS, FoundScripts, found_scripts, from_text, of_lines
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.ini import IniError, read_ini
from dirac_forge.upstream.files.listed import requirement_lines
from dirac_forge.upstream.files.literals import Constants, NotLiteralError, parse
from dirac_forge.upstream.files.metadata import version_of
from dirac_forge.upstream.files.plain import plain
from dirac_forge.upstream.files.requirements import RequirementList, with_marker
from dirac_forge.upstream.problems import Problem, unread
from dirac_forge.values import dataclass

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What one file says."""

    fields: Mapping[str, object] = field(default_factory=dict)
    """Arguments of setup() with literal values; a value None is an argument that is there but not literal."""
    scripts: FoundScripts = NO_SCRIPTS
    problems: tuple[Problem, ...] = ()

    def metadata(self, *, name: str, version: Version) -> CoreMetadata | None:
        """Return core metadata from the fields, None if they are empty; `name` and `version` replace computed ones.

        Raises InputError for a version that can't be read.
        """
        if all(self.fields.get(key) is None for key in _TELLING):
            return None
        requires, extras = _requirements(self.fields)
        unknown = sorted({_CORE[key] for key in self.fields.keys() & _CORE.keys() if self.fields[key] is None})
        return CoreMetadata(
            name=_text(self.fields.get("name")) or name,
            version=version_of(_text(self.fields.get("version")), version),
            summary=" ".join((_text(self.fields.get("description")) or "").split()) or None,
            home_page=_text(self.fields.get("url")),
            project_urls=_urls(self.fields.get("project_urls")),
            license=_text(self.fields.get("license")),
            license_files=_lines(self.fields.get("license_files")) or _lines(self.fields.get("license_file")),
            classifiers=_lines(self.fields.get("classifiers")),
            requires_dist=RequirementList(requires),
            requires_python=_text(self.fields.get("python_requires")),
            provides_extra=extras,
            dynamic=tuple(unknown),
        )


_TELLING = ("name", "install_requires", "description", "license", "classifiers", "url", "python_requires")
_CORE = {
    "name": "name",
    "version": "version",
    "description": "summary",
    "url": "home-page",
    "project_urls": "project-url",
    "license": "license",
    "license_files": "license-file",
    "classifiers": "classifier",
    "install_requires": "requires-dist",
    "extras_require": "provides-extra",
    "python_requires": "requires-python",
}
_CALLS = 10
_LISTS = {"classifiers", "install_requires", "license_files", "setup_requires", "packages", "py_modules", "scripts"}


@lru_cache(maxsize=64)
def from_setup_py(source: bytes, *, where: str) -> Said:
    """Return the literal arguments of setup(), module-level constants resolved."""
    tree = parse(source)
    if tree is None:
        return Said(problems=(unread(where, "it is not Python that can be parsed"),))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_setup(node)]
    constants = Constants(tree)
    # Calls in branches (`try: setup(ext_modules=…)`, `except: setup()`): what they all say is known.
    said = [_arguments(call, constants) for call in calls[:_CALLS]]
    fields = _agreed(said)
    return Said(fields=fields, scripts=_scripts(fields.get("entry_points"), where))


def _agreed(said: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the arguments of several calls; None for those on which they differ."""
    first = said[0] if said else {}
    keys = dict.fromkeys(key for arguments in said for key in arguments)
    return {key: first.get(key) if all(each.get(key) == first.get(key) for each in said) else None for key in keys}


def _arguments(call: ast.Call, constants: Constants) -> dict[str, object]:
    fields: dict[str, object] = {}
    for word in call.keywords:
        if word.arg is None:
            fields |= _unpacked(word.value, constants)
        else:
            fields[word.arg] = _value(word.value, constants)
    return fields


def _unpacked(node: ast.expr, constants: Constants) -> dict[str, object]:
    """Return `setup(**kwargs)`: read where kwargs is a constant, else unknown."""
    value = _value(node, constants)
    return (
        value if isinstance(value, dict) else dict.fromkeys(("install_requires", "extras_require", "python_requires"))
    )


def _value(node: ast.expr, constants: Constants) -> object:
    try:
        return plain(constants.literal(node))
    except (NotLiteralError, ValueError, RecursionError):
        return None


def _is_setup(node: ast.Call) -> bool:
    """Return whether it is `setup(…)`, `setuptools.setup(…)` or `distutils.core.setup(…)`, with any argument."""
    if not node.keywords:
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr == "setup":
        return _name(node.func.value) in ("setuptools", "core", "skbuild")
    return _name(node.func) == "setup" and isinstance(node.func, ast.Name)


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def from_setup_cfg(text: str, *, where: str, texts: Mapping[str, str] = _NOTHING, pbr: bool = False) -> Said:
    """Return the keys of [metadata] and [options], under the names of setup()'s arguments.

    `texts` are files that requirements may be read from; with `pbr` that tool reads setup.cfg, whose sections it names
    otherwise, and takes what is required from requirements.txt (https://docs.openstack.org/pbr/latest/user/using.html).
    """
    try:
        sections = read_ini(text)
    except IniError as exc:
        return Said(problems=(unread(where, str(exc)),))
    fields: dict[str, object] = {}
    for section in ("metadata", "options"):
        for key, value in sections.get(section, {}).items():
            key = _ALIASES.get(key.lower().replace("-", "_"), key.lower().replace("-", "_"))
            fields[key] = _declared(key, value, texts)
    if pbr:
        fields["install_requires"] = _listed(["requirements.txt"], texts) if "requirements.txt" in texts else []
    extras, commands = ("extras", "entry_points") if pbr else ("options.extras_require", "options.entry_points")
    if optional := sections.get(extras):
        fields["extras_require"] = {extra: list(_lines(value)) for extra, value in optional.items()}
    return Said(fields=fields, scripts=_scripts(sections.get(commands), where))


_ALIASES = {
    "home_page": "url",
    "requires_python": "python_requires",
    "summary": "description",
    "classifier": "classifiers",
    "license_file": "license_files",
}


def _listed(paths: Iterable[str], texts: Mapping[str, str]) -> list[str] | None:
    lines = requirement_lines(paths, texts)
    return None if lines is None else list(lines)


def _declared(key: str, value: str, texts: Mapping[str, str]) -> object:
    """Return a value of setup.cfg; None if setuptools would compute it (`attr:`, `file:`, `find:`)."""
    if key == "install_requires" and (named := re.fullmatch(r"\s*file:(.*)", value, re.DOTALL)):
        return _listed([path.strip() for path in re.split(r"[,\n]", named[1]) if path.strip()], texts)
    if value.lstrip().startswith(("attr:", "file:", "find:", "find_namespace:")):
        return None
    if key == "project_urls":
        pairs = (line.partition("=") for line in _lines(value))
        return {label.strip(): url.strip() for label, _, url in pairs}
    return list(_lines(value)) if key in _LISTS else value.strip()


def _requirements(fields: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return install_requires and extras_require as Requires-Dist and Provides-Extra would give them."""
    requires = list(_lines(fields.get("install_requires")))
    extras = []
    optional = fields.get("extras_require")
    for key, value in optional.items() if isinstance(optional, dict) else ():
        extra, _, marker = str(key).partition(":")
        extra, marker = extra.strip(), marker.strip()
        if extra:
            extras.append(extra)
        requires += [with_marker(requirement, marker, extra) for requirement in _lines(value)]
    return tuple(requires), tuple(dict.fromkeys(extras))


def _scripts(value: object, where: str) -> FoundScripts:
    """Return the scripts of setup()'s `entry_points`, which is a text or lines by group."""
    if isinstance(value, str):
        return from_text(value, where=where)
    if not isinstance(value, Mapping):
        return NO_SCRIPTS
    console = of_lines(_lines(value.get("console_scripts")))
    return found_scripts([*console, *of_lines(_lines(value.get("gui_scripts")), gui=True)])


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _lines(value: object) -> tuple[str, ...]:
    """Return a list of texts, or lines of one text (setuptools takes both), comments left out."""
    items: Iterable[object] = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else ()
    return tuple(
        line for item in items if isinstance(item, str) and (line := item.strip()) and not line.startswith("#")
    )


def _urls(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {str(label): url for label, url in value.items() if isinstance(url, str) and url}
