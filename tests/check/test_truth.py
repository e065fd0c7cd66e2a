"""Records made on paper against those that conda-forge published, where the data are at hand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.expected_records import Built
from dirac_forge.check.paper_builds import build_all
from dirac_forge.check.subjects import Subject
from dirac_forge.feedstock.pinning import read_pinning
from dirac_forge.feedstock.variants import rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.recipe_text import ReadRunExport

SHARED = Path(__file__).parents[2] / "../shared/conda-forge"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the data of conda-forge are not here")

# Real builds that are older than the toolchain of today asked for the runtime under its former name.
FORMER = {"libgcc-ng": "libgcc", "libstdcxx-ng": "libstdcxx"}


@dataclass(frozen=True)
class Match:
    built: Built
    mine: frozenset[str]
    real: frozenset[str]


def published() -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    found = defaultdict(list)
    for subdir in ("noarch", "linux-64"):
        data = json.loads((SHARED / "channel" / subdir / "repodata.json").read_text(encoding="utf-8"))
        for record in (*data["packages"].values(), *data["packages.conda"].values()):
            if not any(key.startswith("x-") for key in record):
                found[record["name"], record["version"], subdir].append(record)
    return found


def names(depends: Any) -> frozenset[str]:
    return frozenset(FORMER.get(name_of(spec), name_of(spec)) for spec in depends)


@pytest.fixture(scope="module")
def matches() -> list[Match]:
    channel = Channel.open([str(SHARED / "channel")])
    pinning = read_pinning(SHARED / "pinning")
    folders = {path.name: FeedstockFolder(path.name, path) for path in sorted((SHARED / "feedstocks").iterdir())}

    @cache
    def written() -> dict[str, tuple[ReadRunExport, ...]]:
        found: dict[str, tuple[ReadRunExport, ...]] = {}
        for folder in folders.values():
            for _, rendered in rendered_variants(folder.read(), pinning, platform="linux-64"):
                found |= {output.name: output.run_exports for output in rendered.packages if output.name not in found}
                break
        return found

    real = published()
    found = []
    for name, folder in islice(folders.items(), 0, None, 2):  # half of them prove as much, in half the time
        built = build_all(
            channel,
            [Subject(name, folder.read(), channel=channel, pinning=pinning, platforms=["linux-64"])],
            at_hand=lambda of: written().get(of),
        )
        for one in built:
            record = one.record
            abi = [spec for spec in record.depends if name_of(spec) == "python_abi"]
            same = [
                other
                for other in real[record.name, record.version, record.subdir]
                if [spec for spec in other["depends"] if name_of(spec) == "python_abi"] == abi
                and other["build_number"] == record.build_number
            ]
            if same:
                newest = max(same, key=lambda other: other.get("timestamp", 0))
                found.append(Match(one, names(record.depends), names(newest["depends"])))
    return found


def of_kind(matches: list[Match], *, noarch: bool) -> Iterator[Match]:
    return (match for match in matches if (match.built.record.subdir == "noarch") is noarch)


def test_noarch_records_are_those_of_the_real_builds(matches: list[Match]) -> None:
    noarch = list(of_kind(matches, noarch=True))
    assert len({match.built.feedstock for match in noarch}) >= 6
    assert [match.built.record.name for match in noarch if match.mine != match.real] == []


def test_compiled_records_are_nearly_those_of_the_real_builds(matches: list[Match]) -> None:
    compiled = list(of_kind(matches, noarch=False))
    assert len({match.built.feedstock for match in compiled}) >= 10
    hit = missed = extra = 0
    for match in compiled:
        hit += len(match.mine & match.real)
        # What hangs on run_exports that nothing tells is said, not guessed, and so not counted.
        missed += 0 if match.built.unknown else len(match.real - match.mine)
        extra += len(match.mine - match.real)
    f1 = 2 * hit / (2 * hit + missed + extra)
    assert f1 >= 0.98, f"F1 {f1:.3f} over {len(compiled)} records"


def test_what_is_missing_is_said_to_be_unknown(matches: list[Match]) -> None:
    silent = [match for match in of_kind(matches, noarch=False) if match.real - match.mine and not match.built.unknown]
    assert [(match.built.record.name, match.real - match.mine) for match in silent] == []
