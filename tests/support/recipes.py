"""Recipes of several shapes, in the values of the model."""

from __future__ import annotations

from dirac_forge.recipe.model import About, Output, Recipe, Requirement, Source, Test, When
from dirac_forge.recipe.notes import NoteKind, note

WIN = When("win", "win")
UNIX = When("unix", "unix")
CROSS = When("build_platform != target_platform", "build_platform != target_platform")
OLD_PYTHON = When('match(python, "<3.11")', "py<311")

ABOUT = About(
    summary="Particles, weighed",
    license="GPL-3.0-or-later",
    license_files=("LICENSE",),
    homepage="https://particles.example",
    repository="https://github.com/particles/particles",
    documentation="https://particles.example/docs",
)


def source(project: str, sha256: str | None = "a" * 64) -> Source:
    return Source(
        url=f"https://pypi.org/packages/source/{project[0]}/{project}/{project}-@{{version}}.tar.gz", sha256=sha256
    )


def pure(name: str = "particles", *run: Requirement, about: About = ABOUT) -> Output:
    module = name.lower().replace("-", "_").replace(" ", "_")
    return Output(
        name=name,
        sources=(source(name),),
        noarch="python",
        entry_points=(f"{name} = {module}.cli:main",),
        host=(
            Requirement(name="hatchling", spec=">=1.26"),
            Requirement(name="pip"),
            Requirement(name="python", spec="@{python_min}.*"),
        ),
        run=(Requirement(name="python", spec=">=@{python_min}"), Requirement(name="requests", spec=">=2,<3"), *run),
        test=Test(imports=(module,), commands=(f"{name} --help",)),
        about=about,
    )


def recipe(*outputs: Output, feedstock: str = "particles", **other: object) -> Recipe:
    values: dict[str, object] = {"version": "1.10", "about": outputs[0].about, "maintainers": ("chaen", "chrisburr")}
    return Recipe(feedstock=feedstock, outputs=outputs, **{**values, **other})  # type: ignore[arg-type]


PURE = recipe(pure())
NEWER_PYTHON = recipe(pure(), context={"python_min": "3.11"})
SYSTEMS = recipe(
    pure(
        "particles",
        Requirement(name="__unix", when=UNIX),
        Requirement(name="__win", when=WIN),
        Requirement(name="colorama", when=WIN, comment="for colours in cmd.exe"),
    ),
    noarch_platforms=("linux_64", "win_64"),
)
COMPILED = recipe(
    Output(
        name="weigher",
        sources=(source("weigher"),),
        skip=(OLD_PYTHON, When("win", "win")),
        build=(
            Requirement(name="c", kind="compiler"),
            Requirement(name="c", kind="stdlib"),
            Requirement(name="rust", kind="compiler"),
            Requirement(name="cargo-bundle-licenses"),
            Requirement(name="python", when=CROSS),
            Requirement(name="python", kind="cross_python", when=CROSS),
        ),
        script="cargo-bundle-licenses --format yaml --output THIRDPARTY.yml\n@{PYTHON} -m pip install . -vv",
        host=(Requirement(name="maturin", spec=">=1,<2"), Requirement(name="pip"), Requirement(name="python")),
        run=(Requirement(name="python"), Requirement(name="uvloop", when=UNIX)),
        run_constraints=(Requirement(name="particles", spec="!=1.0.*"),),
        test=Test(imports=("weigher", "weigher._core")),
        about=About(
            summary="Weighs", license="MIT", license_files=("LICENSE", "THIRDPARTY.yml"), homepage="https://w.example"
        ),
    ),
    feedstock="weigher",
)
FAMILY = recipe(
    pure("particles-core", about=About(**{f: getattr(ABOUT, f) for f in ABOUT.__slots__} | {"summary": "The core"})),
    pure(
        "particles",
        Requirement(name="particles-core", spec="==@{version}"),
        Requirement(name="particles-core", kind="pin_subpackage"),
    ),
    about=ABOUT,
    context={"python_min": "3.11"},
)
UNFINISHED = recipe(
    Output(
        name="unknown-thing",
        sources=(
            Source(url="https://x.example/unknown-1.tar.gz", sha256=None, comment="from the {{ project's }} page"),
        ),
        host=(Requirement(name="python"), Requirement(name="pip"), Requirement(name="setuptools")),
        run=(Requirement(name="python"),),
        test=Test(pip_check=False),
        about=About(summary="Nobody knows", homepage="https://x.example"),
    ),
    feedstock="thing",
    notes=(
        note("todo", NoteKind.UPSTREAM_PROBLEM, problem="license: look it up {% now %}"),
        note("warning", NoteKind.UPSTREAM_PROBLEM, problem="not for the file"),
        note("todo", NoteKind.UPSTREAM_PROBLEM, problem="sha256 of\nhttps://x.example/unknown-1.tar.gz"),
    ),
)
COMPLETE = {
    "pure": PURE,
    "newer python": NEWER_PYTHON,
    "systems": SYSTEMS,
    "compiled": COMPILED,
    "family": FAMILY,
}
