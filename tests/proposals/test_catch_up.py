"""`bump --catch-up` where there is no newer release: the recipe is brought to upstream's present state."""

from __future__ import annotations

import pytest
from packaging.version import Version

from dirac_forge.cli import main
from dirac_forge.proposals.lag import first_with
from dirac_forge.upstream.index.project import Release
from support.index import PackageIndex

from .test_bumps import Files, Place, place, recipe, release  # noqa: F401  # a fixture

HISTORY: Files = {
    "lib": {
        **release("lib", "0.8", "six>=1.10"),
        **release("lib", "0.9", "six>=1.10", "attrs>=22"),
        **release("lib", "1.0", "six>=1.15", "attrs>=22", "idna>=3"),
    },
    "attrs": release("attrs", "25.0"),
    "idna": release("idna", "3.10"),
    "six": release("six", "1.17"),
}


def test_a_recipe_that_lags_is_brought_up_to_date(place: Place) -> None:  # noqa: F811
    path = place.put("lib", recipe("lib", "1.0", run=["six >=1.10", "attrs"]))
    before = path.read_text(encoding="utf-8")
    assert place.run(HISTORY, "lib", "--no-check")["lib"]["status"] == "skipped"
    found = place.run(HISTORY, "lib", "--no-check", "--catch-up", "--write")["lib"]
    assert (found["status"], found["from"], found["to"]) == ("proposed", "1.0", "1.0")
    expected = before.replace("six >=1.10", "six >=1.15").replace("- attrs\n", "- attrs >=22\n    - idna >=3\n")
    assert path.read_text(encoding="utf-8") == expected.replace("number: 0", "number: 1")
    lines = [*found["dependencies"]["changed"], *found["dependencies"]["added"]]
    assert {(one["after"], one["since"]["version"]) for one in lines} == {
        ("six >=1.15", "1.0"),
        ("attrs >=22", "0.9"),
        ("idna >=3", "1.0"),
    }
    assert found["title"] == "Requirements as upstream declares them for 1.0"
    assert "## lib 1.0, requirements\n" in found["body"]
    assert "\n## Catching up with upstream\n" in found["body"]
    assert "| lib | run | `attrs` | `attrs >=22` | `attrs>=22` | 0.9 (2026-01-02) |\n" in found["body"]
    assert "- [x] The build number is raised by one everywhere in the recipe.\n" in found["body"]
    again = place.run(HISTORY, "lib", "--no-check", "--catch-up", "--write")["lib"]
    assert again["status"] == "skipped"


def test_a_person_reads_since_when_it_lags(place: Place) -> None:  # noqa: F811
    place.put("lib", recipe("lib", "1.0", run=["six >=1.15", "attrs", "idna >=3"]))
    with PackageIndex(HISTORY) as index:
        where = ("--workspace", str(place.root), "--index-url", index.url, "--no-check")
        assert main(["bump", "lib", "--catch-up", *where]) == 0
    said = " ".join(place.capsys.readouterr().out.split())
    assert "lib 1.0, requirements Catching up with upstream" in said
    assert "- run: attrs → attrs >=22 (upstream asks for exactly this since 0.9 (2026-01-02): attrs>=22)" in said


def test_a_recipe_that_does_not_lag_is_up_to_date(place: Place) -> None:  # noqa: F811
    place.put("lib", recipe("lib", "1.0", run=["six >=1.15", "attrs >=22", "idna >=3"]))
    found = place.run(HISTORY, "lib", "--no-check", "--catch-up")["lib"]
    assert (found["status"], found["reason"]) == ("skipped", "1.0 is the newest release that fits")


@pytest.mark.parametrize("since", range(12))
def test_the_first_release_with_a_line_is_found_in_few_questions(since: int) -> None:
    releases = [Release(project="demo", version=Version(f"1.{minor}"), files=()) for minor in range(12)]
    asked = []

    def told(one: Release) -> frozenset[str]:
        asked.append(one.version)
        return frozenset({"new"} if one.version.minor >= since else {"old"})

    assert first_with(releases[::-1], told).version == Version(f"1.{since}")
    assert len(asked) <= 8
