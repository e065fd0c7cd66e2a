"""What the analysis says of any channel, held against the solver."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel, NoSolution, Solution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.explanation import explain
from dirac_forge.check.remedies import BuildFor, BuildForPython, BuildVersion, NewPackage, Remedy
from dirac_forge.check.unblock import unblock
from dirac_forge.report.cause_words import reason_text
from support.channel import pkg, pythons, write_channel

NAMES = ("a", "b", "c", "d", "e")
PYTHONS = ("", "", "", "python 3.12.*", "python >=3.13", "python <3.13.0a0")
versions = st.sampled_from(["1.0", "2.0", "3.0"])
bounds = st.sampled_from(["", " >=2", " <2", " 1.*", " >=4", " 3.0"])


@st.composite
def channels(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Five names in some versions, with dependencies and constraints on each other, and now and then on what is not."""
    records = []
    for name in NAMES:
        for version in draw(st.sets(versions, max_size=3)):
            others = st.sampled_from([other for other in (*NAMES, "ghost") if other != name])
            depends = [f"{draw(others)}{draw(bounds)}" for _ in range(draw(st.integers(0, 2)))]
            constrains = [f"{draw(others)}{draw(bounds)}" for _ in range(draw(st.integers(0, 1)))]
            python = draw(st.sampled_from(PYTHONS))
            records.append(pkg(f"{name} {version}", *depends, *filter(None, [python]), constrains=constrains))
    return [*records, *pythons("3.12", "3.13")]


def is_built(channel: Channel, remedy: Remedy) -> bool:
    """Whether the channel has what a remedy would have somebody build."""
    index = channel.index("linux-64")
    match remedy.action:
        case BuildFor() | NewPackage():
            return bool(index.group(remedy.package).records)
        case BuildVersion(version=version):
            return bool(list(index.matching(f"{remedy.package} =={version}")))
        case BuildForPython(pythons=pythons):
            assert remedy.record is not None
            assert pythons
            of_version = f"{remedy.package} =={remedy.record.version}"
            there = [spec for one in index.matching(of_version) for spec in one.depends if name_of(spec) == "python"]
            return any(index.match(f"python {line}.*")[1] & index.match(spec)[1] for line in pythons for spec in there)
        case _:
            return False


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    records=channels(),
    names=st.lists(st.builds(str.__add__, st.sampled_from(NAMES), bounds), min_size=1, max_size=2),
    python=st.sampled_from(("", "", "python 3.12.*", "python 3.13.*")),
)
def test_a_contradiction_is_one_and_remedies_help(records: list[dict[str, Any]], names: list[str], python: str) -> None:
    specs = [*names, *filter(None, [python])]
    with tempfile.TemporaryDirectory() as folder:
        channel = Channel.open([str(write_channel(Path(folder), {"linux-64": records}))])
        found = channel.solve(specs, platform="linux-64")
        analysis = Analysis(channel.index("linux-64"), specs)
        if isinstance(found, Solution):
            assert analysis.contradiction is None
            assert {record.name for record in found.packages} >= set(analysis.required)
            return
        causes = explain(
            analysis,
            elsewhere=lambda _: (),
            solves=lambda some: isinstance(channel.solve(some, platform="linux-64"), Solution),
        )
        assert causes
        assert reason_text(causes)
        asked = set(map(name_of, specs))
        assert all(cause.chain[0] in asked for cause in causes)
        if any(cause.kind == "solver" for cause in causes):
            return
        remedy = unblock(channel, specs, platform="linux-64", causes=causes, elsewhere=lambda _: ())
        if remedy is None:
            return
        assert not [one for one in remedy.remedies if is_built(channel, one)]
        supposed = [one.record for one in remedy.remedies if one.record is not None]
        assert isinstance(channel.overlaid(supposed).solve(specs, platform="linux-64"), Solution)
        if remedy.smallest:
            for left_out in supposed:
                rest = channel.overlaid([record for record in supposed if record is not left_out])
                assert isinstance(rest.solve(specs, platform="linux-64"), NoSolution)
