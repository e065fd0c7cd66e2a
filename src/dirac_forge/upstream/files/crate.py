"""What Cargo.toml says of a project that maturin builds: it is metadata of the project, too.

https://www.maturin.rs/metadata.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import CoreMetadata, SdistFacts
from dirac_forge.upstream.files.plain import read_toml

_LABELS = {"repository": "Source Code", "documentation": "Documentation"}


def crate_manifest(pyproject: Mapping[str, object]) -> str:
    """Return the path of the manifest of the crate that maturin makes the project of, "" if it does not."""
    backend = table(pyproject, "build-system").get("build-backend")
    if not isinstance(backend, str) or backend.partition(".")[0] != "maturin":
        return ""
    named = table(pyproject, "tool", "maturin").get("manifest-path", "Cargo.toml")
    return str(PurePosixPath(str(named)))


def crate_of(sdist: SdistFacts) -> Mapping[str, object]:
    """Return the manifest of the crate that maturin makes the project of; {} if it does not, or can't be read."""
    return manifest(sdist.texts.get(crate_manifest(sdist.pyproject), ""))


@lru_cache(maxsize=64)
def manifest(text: str) -> Mapping[str, object]:
    """Return the tables of a Cargo.toml; {} if it can't be read."""
    try:
        return read_toml(text)
    except ValueError:
        return {}


def with_crate(metadata: CoreMetadata, sdist: SdistFacts | None) -> CoreMetadata:
    """Return metadata with the crate's description, licence and links where it has none."""
    package = table(crate_of(sdist), "package") if sdist is not None else {}
    said = {key: value.strip() for key, value in package.items() if isinstance(value, str) and value.strip()}
    if not said:
        return metadata
    urls = {label: said[key] for key, label in _LABELS.items() if key in said}
    licensed = metadata.license or metadata.license_expression or any("License ::" in c for c in metadata.classifiers)
    return replace(
        metadata,
        summary=metadata.summary or said.get("description"),
        home_page=metadata.home_page or (None if metadata.project_urls else said.get("homepage")),
        project_urls=metadata.project_urls or urls,
        license=metadata.license if licensed else said.get("license"),
    )


def crate_programs(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the programs that maturin installs (`bindings = "bin"`), by name."""
    if table(sdist.pyproject, "tool", "maturin").get("bindings") != "bin":
        return ()
    crate = crate_of(sdist)
    programs = crate.get("bin")
    listed = [one.get("name") for one in programs if isinstance(one, dict)] if isinstance(programs, list) else []
    names = listed or [table(crate, "package").get("name")]
    return tuple(name for name in names if isinstance(name, str) and name)


def crate_modules(sdist: SdistFacts) -> tuple[str, ...] | None:
    """Return the modules at the top that maturin installs; None if it does not build the project, or is not known.

    A mixed project has a Python package of the same name as its library, or names its packages.
    """
    crate, settings = crate_of(sdist), table(sdist.pyproject, "tool", "maturin")
    listed = settings.get("python-packages")
    packages = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    if crate_programs(sdist):
        return tuple(packages) if packages or "python-source" not in settings else None
    package = table(crate, "package").get("name")
    default = package.replace("-", "_") if isinstance(package, str) else ""
    named = settings.get("module-name") or table(crate, "lib").get("name") or default
    top = named.partition(".")[0] if isinstance(named, str) else ""
    return tuple(dict.fromkeys((*packages, top))) if top.isidentifier() else None
