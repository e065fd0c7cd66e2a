from dirac_forge.channel.listing import PackageInfo
from dirac_forge.recipe.making.carried import carried_over, whole_package
from dirac_forge.recipe.model import Output, Requirement


def test_what_the_channels_build_requires_and_upstream_never_declared_is_carried() -> None:
    info = PackageInfo(
        name="demo",
        versions=("1.0",),
        python=True,
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
    assert [(note.level, note.text) for note in notes] == [("info", f"voms {told}"), ("info", f"git {told}")]


def test_nothing_is_carried_where_upstream_declared_everything() -> None:
    info = PackageInfo(name="demo", versions=("1.0",), python=True, channel="c", depends=("python", "six"))
    assert carried_over(Output(name="demo"), info, ["six"]) == (Output(name="demo"), ())


def test_a_package_that_is_more_than_the_projects_own_requires_what_the_channels_build_does() -> None:
    depends = ("demo-base >=1.0,<1.0.1.0a0", "python", "pyqt >=5.15", "demo-docs ==1.0")
    info = PackageInfo(name="demo", versions=("1.0",), python=True, channel="c", depends=depends)
    lines, notes = whole_package("demo", "demo-base", info, ["pyqt"])
    assert lines == (Requirement(name="pyqt", spec=">=5.15", comment="demo 1.0 has it"),)
    assert [(note.level, note.text) for note in notes] == [
        ("info", "demo is demo-base and more: its requirements are those of demo 1.0 in the channel"),
        ("todo", "demo requires demo-docs of its own version: add that output, and to run"),
    ]


def test_what_is_not_known_of_such_a_package_is_for_a_person() -> None:
    lines, (note,) = whole_package("demo", "demo-base", None, [])
    assert (lines, note.level) == ((), "todo")
    assert note.text == "demo requires more than demo-base, and its newest build is not known here: fill in its run"


def test_the_table_of_names_tells_what_such_a_package_adds_where_no_channel_does() -> None:
    lines, (note,) = whole_package("demo", "demo-base", None, ["pyqt", "six"])
    assert lines == (Requirement(name="pyqt"), Requirement(name="six"))
    text = "demo requires pyqt and six by the table of names; its newest build is not known here: check its run"
    assert (note.level, note.text) == ("warning", text)
