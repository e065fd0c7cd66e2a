"""Properties of a bump with its drift: whatever the recipe looks like, only lines that must change do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.lines import outputs_of
from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.bump.drift.projects import projects_in
from dirac_forge.recipe.editing.edit import finish, start
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import find_recipe
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts
from support.facts import facts

OLD, NEW = "a" * 64, "b" * 64
NAMES = ("attrs", "importlib-metadata", "numpy", "rich", "typing-extensions", "zipp")
SPELLED = {"importlib-metadata": "importlib_metadata", "typing-extensions": "typing_extensions"}
SPECS = ("", ">=1", ">=1.4,<2", ">=2.0", "<3", "==1.2.3", "!=1.5,>=1.1", "~=1.4")
BACKENDS = ("hatchling", "hatchling>=1.18", "hatchling>=1.27", "setuptools>=61")
MARKERS = ("", "", "", ' ; python_version < "3.12"', ' ; sys_platform == "win32"', ' ; extra == "more"')


@dataclass(frozen=True)
class Recipe:
    """A recipe's text with what was drawn for it."""

    text: str
    path: str


@st.composite
def requirement_lines(draw: st.DrawFn, *, v1: bool) -> list[str]:
    """Lines of a list as people write them: any spelling, blanks, quotes, comments, conditions."""
    lines = []
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True)):
        shown = SPELLED.get(name, name) if draw(st.booleans()) else name
        spec = draw(st.sampled_from(SPECS)).replace("~=1.4", ">=1.4,<2")
        if draw(st.booleans()):
            spec = spec.replace(",", ", ")
        item = shown + (draw(st.sampled_from([" ", "", "  "])) if spec else "") + spec
        quote = draw(st.sampled_from(["", "", "'", '"']))
        tail = draw(st.sampled_from(["", "", "  # why", " "]))
        selector = draw(st.sampled_from(["", "", "", "win"]))
        if selector and v1:
            lines.append(f"- if: {selector}")
            shape = draw(st.sampled_from(["scalar", "list", "else"]))
            lines += (
                ["  then:", f"    - {quote}{item}{quote}"]
                if shape == "list"
                else [f"  then: {quote}{item}{quote}{tail}"]
            )
            lines += ["  else: six"] if shape == "else" else []
        else:
            lines.append(f"- {quote}{item}{quote}" + ("  # [win]" if selector else tail))
        if draw(st.integers(0, 5)) == 0:
            lines.append("# a remark")
    return lines


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    v1 = draw(st.booleans())
    open_, close = ("${{", "}}") if v1 else ("{{", "}}")
    deep = " " * draw(st.sampled_from([0, 2, 3]))
    noarch = draw(st.booleans())
    bounded = ["python >=3.8", "python >=3.12", "python >=3.10,<3.14", f"python >={open_} python_min {close}"]
    python = draw(st.sampled_from(["python", *bounded]))
    head = ["context:", '  version: "1.0"'] if v1 else ['{% set version = "1.0" %}']
    lines = [*head, "", "package:", "  name: thing", f"  version: {open_} version {close}", "", "source:"]
    lines += [f"  url: https://example.com/thing-{open_} version {close}.tar.gz", f"  sha256: {OLD}", "", "build:"]
    lines += ["  number: 3", *(["  noarch: python"] if noarch else []), "", "requirements:", "  host:"]
    backend = draw(st.sampled_from(["hatchling", "hatchling >=1.18", "setuptools  # mine"]))
    lines += [f"  {deep}- {item}" for item in (python, "pip", backend)]
    lines += ["  run:", f"  {deep}- {python}"]
    lines += [f"  {deep}{line}" for line in draw(requirement_lines(v1=v1))]
    lines += ["", "tests:", "- python:", "    imports:"] if v1 else ["", "test:", "  imports:"]
    lines += [
        "      - thing",
        "      - thing.old",
        "",
        "about:",
        "  license: MIT   # as ever",
        "  license_file: LICENSE",
    ]
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return Recipe(
        text=ending.join(lines) + draw(st.sampled_from(["", ending])),
        path="recipe/recipe.yaml" if v1 else "recipe/meta.yaml",
    )


@st.composite
def releases(draw: st.DrawFn, version: str, backends: Sequence[str] = BACKENDS) -> ReleaseFacts:
    names = draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True))
    requires = [f"{name}{draw(st.sampled_from(SPECS))}{draw(st.sampled_from(MARKERS))}" for name in names]
    backend = draw(st.sampled_from(backends))
    module = "setuptools.build_meta" if backend.startswith("setuptools") else "hatchling.build"
    made = facts(
        "thing",
        version,
        requires=requires,
        extras=["more"],
        requires_python=draw(st.sampled_from([None, ">=3.8", ">=3.10,<3.14", ">=3.12", ">=3.12,<4"])),
        pyproject={"build-system": {"requires": [backend], "build-backend": module}},
        members=["thing/__init__.py", *draw(st.sampled_from([(), ("thing/old.py",)]))],
        texts=draw(st.sampled_from([{}, {"NOTICE": "all rights"}])),
    )
    licence = draw(st.sampled_from(["MIT", "BSD-3-Clause"]))
    return replace(made, metadata=replace(made.metadata, license_expression=licence))


def merged(recipe: Recipe, text: str, old: ReleaseFacts, new: ReleaseFacts) -> Drift:
    return drift(
        text, recipe.path, [old], [new], names=lambda project: SPELLED.get(project, project), scope=Scope(),
        settings=[(platform, {"python": python}) for platform in PLATFORMS for python in ("3.11", "3.13")],
    )  # fmt: skip


def bumped(recipe: Recipe) -> str:
    """The recipe at version 2.0."""
    made = start(recipe.text, path=recipe.path, to="2.0")
    return finish(made, {source.urls[0]: {"sha256": NEW} for source in made.moved})


def different(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that go, and lines that come; all others are there in the same order, byte for byte."""
    old, new = before.split("\n"), after.split("\n")
    gone: list[str] = []
    come: list[str] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            gone, come = gone + old[i:j], come + new[k:m]
    return gone, come


def explained(line: str, found: Drift) -> bool:
    """Whether a line is one of the version, or of what was carried over (or a condition around it)."""
    text = line.strip()
    words = [change.package for change in found.changes]
    own = re.match(r"(context:|\{% set|version:|sha256:|number:|- if: |then:$|license_file:$)", text) is not None
    return own or any(word in text for word in words) or text.startswith(("- LICENSE", "- NOTICE"))


@given(recipes(), releases("1.0"), releases("2.0"))
@settings(max_examples=30)
def test_edit_and_drift(recipe: Recipe, old: ReleaseFacts, new: ReleaseFacts) -> None:
    moved = bumped(recipe)
    found = merged(recipe, moved, old, new)
    assert found.faults == ()
    # A second run finds nothing to do, and applied twice it is applied once. Another floor makes another range of
    # Pythons, over which upstream's old requirements are others.
    assert merged(recipe, found.text, new, new).changes == ()
    if not any(change.part == "python" for change in found.changes):
        again = merged(recipe, found.text, old, new)
        assert (again.text, again.changes) == (found.text, ())
    # Nothing else changes, line ends included.
    gone, come = different(recipe.text, found.text)
    assert all(explained(line, found) for line in (*gone, *come))
    assert "\r" not in recipe.text or found.text.count("\r\n") == found.text.count("\n")
    touched = {canonicalize_name(change.package) for change in found.changes}
    for name in set(NAMES) - touched:
        assert lines_with(found.text, name) == lines_with(recipe.text, name)
    # It reads, at the new version, on every platform.
    read = parse_recipe(found.text.replace("\r\n", "\n"), path=recipe.path)
    for platform in PLATFORMS:
        (output,) = read.render(platform=platform, variant={"python": "3.13", "python_min": "3.10"}).outputs
        assert (output.version, output.build_number, output.sources[0].sha256) == ("2.0", 0, NEW)


def lines_with(text: str, name: str) -> Sequence[str]:
    """Lines about a package, in either spelling."""
    names = {name, SPELLED.get(name, name)}
    return [line for line in text.split("\n") if any(re.search(rf"\b{re.escape(one)}\b", line) for one in names)]


@given(recipes(), releases("1.0", BACKENDS[:3]))
@settings(max_examples=30)
def test_without_a_difference_of_upstreams_nothing_is_carried_over(recipe: Recipe, release: ReleaseFacts) -> None:
    assert merged(recipe, recipe.text, release, replace(release)).text == recipe.text


SHARED = Path(__file__).parents[3] / "../shared/conda-forge/feedstocks"


def invented(text: str, path: Path) -> tuple[list[ReleaseFacts], list[ReleaseFacts]]:
    """Two releases of each of a recipe's projects: what it requires now, and a third of that changed or gone."""
    old: dict[str, ReleaseFacts] = {}
    new: dict[str, ReleaseFacts] = {}
    for output in outputs_of(parse_recipe(text, path=path), python_min="3.10"):
        project = (projects_in(output.sources) or (output.output.name,))[0]
        plain = [line for line in output.of("run") if line.kind == "package" and line.key != "python"]
        requires = [f"{line.name}{line.spec if line.spec[:1] in set('<>=!~') else ''}" for line in plain]
        if project in old or not requires:
            continue
        changed = [one if n % 3 else f"{plain[n].name}>=99" for n, one in enumerate(requires) if n % 3 != 1]
        old[project] = facts(project, "1.0", requires=requires, requires_python=None)
        new[project] = facts(project, "2.0", requires=[*changed, "brand-new>=1"], requires_python=">=3.12")
    return list(old.values()), list(new.values())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_real_recipes() -> None:
    carried = unproved = 0
    for folder in sorted(SHARED.iterdir()):
        path = find_recipe(folder)
        assert path is not None
        text = path.read_bytes().decode()
        old, new = invented(text, path)
        found = drift(text, str(path), old, new, names=lambda project: project, scope=Scope())
        if found.faults:
            assert found.text == text
            unproved += 1
            continue
        carried += len(found.changes)
        assert drift(found.text, str(path), new, new, names=lambda project: project, scope=Scope()).changes == ()
        gone, come = different(text, found.text)
        assert all(explained(line, found) or "stdlib(" in line for line in (*gone, *come)), path
    assert carried > 200
    assert unproved <= 1  # root's devel packages are named after platforms
