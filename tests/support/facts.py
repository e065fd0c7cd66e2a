"""Facts of releases, made up for tests."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from packaging.version import Version

from dirac_forge.recipe.problem_words import problem_words
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint, ReleaseFacts, SdistFacts, WheelFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.project import Release, ReleaseFile
from dirac_forge.upstream.problems import Problem

SHA256 = "5d" * 32
MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy. "
    "This permission notice shall be included in all copies."
)


def facts(
    name: str,
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    requires_python: str | None = ">=3.8",
    wheels: Sequence[str] = ("py3-none-any",),
    members: Sequence[str] | None = None,
    entry_points: Sequence[EntryPoint] = (),
    sdist: bool = True,
    sdist_members: Sequence[str] = (),
    texts: Mapping[str, str] | None = None,
    pyproject: Mapping[str, object] | None = None,
    command_line_modules: Sequence[str] = (),
    problems: Sequence[Problem] = (),
    summary: str | None = "Does one thing",
    host: str = "files.pythonhosted.org",
) -> ReleaseFacts:
    """A release with wheels of these tags and an sdist built with hatchling, unless told otherwise."""
    module = name.replace("-", "_").lower()
    stem = f"{module}-{version}"
    metadata = CoreMetadata(
        name=name,
        version=Version(version),
        summary=summary,
        license_expression="MIT",
        requires_dist=RequirementList(tuple(requires)),
        provides_extra=tuple(extras),
        requires_python=requires_python,
        project_urls={"Source": f"https://github.com/example/{module}"},
    )
    files = [
        ReleaseFile(
            filename=f"{stem}-{tag}.whl",
            url=f"https://{host}/{stem}-{tag}.whl",
            kind="wheel",
            version=Version(version),
        )
        for tag in wheels
    ]
    if sdist:
        files.append(
            ReleaseFile(
                filename=f"{stem}.tar.gz",
                url=f"https://{host}/{stem}.tar.gz",
                kind="sdist",
                version=Version(version),
                hashes={"sha256": SHA256},
            )
        )
    wheel = WheelFacts(
        filename=files[0].filename,
        pure=wheels[:1] == ("py3-none-any",),
        metadata=metadata,
        entry_points=tuple(entry_points),
        members=tuple(members if members is not None else (f"{module}/__init__.py",)),
    )
    source = SdistFacts(
        filename=f"{stem}.tar.gz",
        sha256=SHA256,
        metadata=metadata,
        metadata_from="PKG-INFO",
        pyproject=pyproject
        if pyproject is not None
        else {"build-system": {"requires": ["hatchling"], "build-backend": "hatchling.build"}},
        texts={"LICENSE": MIT, **(texts or {})},
        members=tuple(sdist_members),
        command_line_modules=frozenset(command_line_modules),
        entry_points=tuple(entry_points),
    )
    return ReleaseFacts(
        release=Release(project=name, version=Version(version), files=tuple(files)),
        metadata=metadata,
        metadata_from="METADATA",
        wheel=wheel if wheels else None,
        sdist=source if sdist else None,
        problems=tuple(problems),
    )


class _WithProblems(Protocol):
    @property
    def problems(self) -> tuple[Problem, ...]: ...


def told(facts: _WithProblems) -> tuple[str, ...]:
    """Return the problems of facts in words."""
    return tuple(map(problem_words, facts.problems))
