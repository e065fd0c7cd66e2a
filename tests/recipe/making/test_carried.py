from dirac_forge.channel.listing import PackageInfo
from dirac_forge.recipe.making.carried import carried_over
from dirac_forge.recipe.model import Note, Output, Requirement


def test_what_the_channels_build_requires_and_upstream_never_declared_is_carried() -> None:
    info = PackageInfo(
        name="demo",
        versions=("1.0",),
        python=True,
        subdirs=frozenset({"noarch"}),
        channel="conda-forge",
        depends=("python >=3.10", "requests >=2", "typing-extensions", "voms >=2.1", "six", "__unix", "git *"),
    )
    output = Output(
        name="demo", run=(Requirement(name="requests", spec=">=2.5"), Requirement(name="typing_extensions"))
    )
    carried, notes = carried_over(output, info, ["requests", "six"])
    comment = "upstream does not declare it; demo 1.0 has it"
    assert carried.run == (
        *output.run,
        Requirement(name="voms", spec=">=2.1", comment=comment),
        Requirement(name="git", comment=comment),
    )
    told = "in run: the channel's demo 1.0 has it, upstream does not declare it"
    assert notes == (Note(level="info", text=f"voms {told}"), Note(level="info", text=f"git {told}"))


def test_nothing_is_carried_where_upstream_declared_everything() -> None:
    info = PackageInfo(
        name="demo", versions=("1.0",), python=True, subdirs=frozenset(), channel="c", depends=("python", "six")
    )
    assert carried_over(Output(name="demo"), info, ["six"]) == (Output(name="demo"), ())
