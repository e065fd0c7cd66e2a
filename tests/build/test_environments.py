"""Environments that builds and tests need."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.build.environments import Environments
from dirac_forge.build.failures import Unsolvable
from dirac_forge.build.local_channel import LocalChannel
from dirac_forge.build.mirror import Packages
from dirac_forge.channel.solver import Channel
from dirac_forge.http import Http
from support.condachannel import index, plain_package, platform


def environments(folder: Path, local_needs: str) -> Environments:
    """A channel with `lib` 1.0 and `tool`, and `lib` 2.0, which needs something, built here."""
    base = folder / "base"
    plain_package(base, folder / "lib", "lib", "1.0")
    plain_package(base, folder / "tool", "tool", "1.0", depends=["lib"])
    index(base)
    local = LocalChannel(folder / "local", platform=platform())
    local.add(
        plain_package(folder / "made", folder / "new", "lib", "2.0", depends=[local_needs]),
        subdir="noarch",
        manifest={},
    )

    def none() -> Http:
        raise AssertionError("nothing is downloaded")

    return Environments(
        Channel.open([str(base)]),
        local,
        Packages(folder / "packages", none),
        platform=platform(),
        explain=lambda channel, specs, platform: ((specs, platform), specs == ("perhaps",)),
    )


def solved(found: Environments) -> list[str]:
    answer = found.solve(["tool"], phase="test", environment="test of tool")
    assert not isinstance(answer, Unsolvable), answer
    return sorted(f"{record.name} {record.version}" for record in answer)


def test_what_was_built_here_goes_before_what_the_channels_have(tmp_path: Path) -> None:
    assert solved(environments(tmp_path, "tool")) == ["lib 2.0", "tool 1.0"]


def test_older_build_of_the_channels_is_used_where_the_one_built_here_does_not_fit(tmp_path: Path) -> None:
    found = environments(tmp_path, "nowhere")
    assert solved(found) == ["lib 1.0", "tool 1.0"]
    answer = found.solve(["tool"], phase="test", environment="test of tool")
    assert not isinstance(answer, Unsolvable)
    found.mirror(answer, tmp_path / "mirror")
    files = sorted(path.name for path in (tmp_path / "mirror").rglob("*.conda"))
    assert files == ["lib-1.0-0.conda", "tool-1.0-0.conda"]
    assert sorted(found.inputs(answer)) == ["noarch/lib-1.0-0.conda", "noarch/tool-1.0-0.conda"]


def test_what_fits_nowhere_is_told_with_the_reason_of_the_solver(tmp_path: Path) -> None:
    answer = environments(tmp_path, "tool").solve(["tool >2"], phase="test", environment="test of tool")
    assert isinstance(answer, Unsolvable)
    assert (answer.specs, answer.unknown, answer.reason) == (("tool >2",), False, (("tool >2",), platform()))
    answer = environments(tmp_path / "other", "tool").solve(["perhaps"], phase="test", environment="test of tool")
    assert isinstance(answer, Unsolvable)
    assert answer.unknown
