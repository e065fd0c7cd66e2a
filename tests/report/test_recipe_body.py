"""What a reviewer reads of a new recipe."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.channel.names import Mapped
from dirac_forge.feedstock.change import Change
from dirac_forge.recipe.making.judging import Needed
from dirac_forge.recipe.model import About, Output, Recipe, Source
from dirac_forge.recipe.notes import NoteKind, note
from dirac_forge.report.bodies import with_recipe_body

from .test_markdown import harmless

ABOUT = About(
    summary="A client for @everyone",
    license="BSD-3-Clause",
    license_files=("LICENSE",),
    homepage="https://example.org/httpx2",
    repository="https://github.com/o/httpx2",
)
RECIPE = Recipe(
    feedstock="httpx2",
    version="0.3",
    outputs=(
        Output(
            name="httpx2",
            sources=(Source(url="https://pypi.org/packages/source/h/httpx2/httpx2-0.3.tar.gz", sha256="a" * 64),),
            about=ABOUT,
            projects=("HTTPX2",),
        ),
    ),
    about=ABOUT,
    notes=(
        note("info", NoteKind.UPSTREAM_PROBLEM, problem="hatchling builds it"),
        note("warning", NoteKind.UPSTREAM_PROBLEM, problem="its tests were not run"),
        note("todo", NoteKind.UPSTREAM_PROBLEM, problem="no sdist: which licence file?"),
    ),
)


def needed(project: str, status: str, *required_by: str, newest: str | None = None) -> Needed:
    mapped = Mapped(project=project, package=project.lower(), mapped_by="guess", reasons=())
    return Needed(
        project=project,
        version="1",
        requirement=">=1",
        mapped=mapped,
        status=status,  # type: ignore[arg-type]
        newest=newest,
        required_by=required_by,
    )


NEEDED = (
    needed("httpx2", "missing", "diracx-core"),
    needed("anyio", "available", "httpx2", newest="4.9"),
    needed("Signurlarity", "missing", "httpx2", "diracx-core"),
    needed("other", "missing", "diracx-core"),
)
CHANGE = Change(feedstock="httpx2", kind="recipe", key="0.3", title="httpx2 0.3")
BODY = """\
## httpx2 0.3

A client for @\u200beveryone

- Needed for **diracx and diracx-core**.
- Upstream: <https://example.org/httpx2> <https://github.com/o/httpx2>
- Licence: `BSD-3-Clause` (LICENSE)

## To fill in

- no sdist: which licence file?

## Needs review

- its tests were not run

## Dependencies

**It waits for signurlarity**: the channel does not have these in the versions that it requires.

| package | required | status | in the channel | project, and where its name comes from |
| --- | --- | --- | --- | --- |
| `signurlarity` | `>=1` | missing |  | Signurlarity (guess) |
| `anyio` | `>=1` | available | 4.9 | anyio (guess) |

## How the recipe was made

- hatchling builds it

## Before merging

- [ ] Nothing is left to fill in.
- [x] The licence file is packaged.
- [x] The source is upstream's own archive, with its hash.
- [x] The build number is 0.
- [ ] No other project's code is vendored or linked statically.
- [ ] The maintainers have agreed in a comment to be listed.
- [ ] The builds and tests of this request have passed.

## Next steps

- To change this request, push to its branch; the bot then stops updating it.
- If you don't want it, close it: the recipe is not proposed again.
- For the bot's operator: `paused = ["httpx2"]` pauses it, `dirac-forge bot why httpx2` shows its history.

Proposed by [dirac-forge](<https://github.com/DIRACGrid/dirac-forge>).
"""


def test_the_whole_body() -> None:
    body = with_recipe_body(CHANGE, RECIPE, NEEDED, needed_for=["diracx"]).body
    assert body == BODY
    harmless(body)


def test_a_recipe_that_needs_nothing() -> None:
    text = with_recipe_body(CHANGE, replace(RECIPE, notes=(), about=About())).body
    assert text.startswith("## httpx2 0.3\n\n## Before merging\n\n- [x] Nothing is left to fill in.\n")
    assert "## Dependencies" not in text
