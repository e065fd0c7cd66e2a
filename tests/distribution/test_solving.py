"""Solved distributions, and what a lock keeps of them."""

from __future__ import annotations

from pathlib import Path

from rattler import RepoDataRecord

from dirac_forge.channel.solver import Channel
from dirac_forge.distribution.solving import Distribution, SolvedDistribution
from support.channel import pkg, write_channel


def test_an_environment_without_the_solved_platform_stays_and_one_that_the_file_lost_goes(tmp_path: Path) -> None:
    channel = Channel.open([str(write_channel(tmp_path, {"linux-64": [pkg("lib 1.0"), pkg("lib 2.0")]}))])
    new, old = (each for each in channel.index("linux-64").group("lib").found if isinstance(each, RepoDataRecord))
    file = Distribution(name="it", environments={"default": {"linux-64": ("lib",)}, "win": {}})
    solved = SolvedDistribution(distribution=file, records={"default": {"linux-64": (new,)}})
    locked = {("default", "linux-64"): [old], ("win", "win-64"): [old], ("gone", "win-64"): [old]}
    assert solved.keeping(locked).records == {"default": {"linux-64": (new,)}, "win": {"win-64": (old,)}}
