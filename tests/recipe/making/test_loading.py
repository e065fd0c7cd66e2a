from collections.abc import Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from dirac_forge.recipe.making.loading import ModuleGraph, UnmetImport, unmet_imports
from dirac_forge.upstream.files.facts import ReleaseFacts, SourceModule
from support.facts import facts


def release(modules: Mapping[str, Sequence[str]], members: Sequence[str] | None = None) -> ReleaseFacts:
    made = facts("demo", members=members or [path.removeprefix("src/") for path in modules])
    assert made.sdist is not None
    read = tuple(SourceModule(path=path, imports=tuple(imports)) for path, imports in modules.items())
    return replace(made, sdist=replace(made.sdist, modules=read))


def unmet(made: ReleaseFacts, *required: str, extras: Mapping[str, str] | None = None) -> tuple[UnmetImport, ...]:
    specifiers = {line.partition("<")[0]: SpecifierSet(line[len(line.partition("<")[0]) :]) for line in required}
    return unmet_imports(ModuleGraph(made), "demo.cli", specifiers, extras or {}, frozenset(required), "3.13")


def test_foreign_imports_are_followed_through_relative_ones() -> None:
    made = release(
        {
            "src/demo/__init__.py": ("os", ".version"),
            "src/demo/version.py": ("packaging.version",),
            "src/demo/cli.py": (".tools.run", "demo.other"),
            "src/demo/tools/__init__.py": ("..shared.helper",),
            "src/demo/shared.py": ("requests",),
            "src/demo/other.py": ("click",),
            "src/demo/unused.py": ("never",),
        }
    )
    assert dict(ModuleGraph(made).foreign_imports("demo.cli")) == {
        "os": "src/demo/__init__.py",
        "packaging.version": "src/demo/version.py",
        "requests": "src/demo/shared.py",
        "click": "src/demo/other.py",
    }


def test_libraries_of_modules_that_the_import_loads_and_of_others() -> None:
    made = release({"demo/__init__.py": (".near",), "demo/near.py": (), "demo/late.py": (), "other/far.py": ()})
    assert made.sdist is not None
    loading = tuple(replace(one, loads=(one.path.rpartition("/")[2],)) for one in made.sdist.modules)
    graph = ModuleGraph(replace(made, sdist=replace(made.sdist, modules=loading)))
    assert dict(graph.libraries(["demo"])) == {"__init__.py": "demo/__init__.py", "near.py": "demo/near.py"}
    assert dict(graph.later_libraries(["demo"])) == {"late.py": "demo/late.py"}


def test_a_name_that_a_package_imports_from_elsewhere_is_not_its_submodule() -> None:
    modules = {
        "demo/__init__.py": (".io.widget",),
        "demo/cli.py": ("demo.io.widget", ".io.plain"),
        "demo/io/__init__.py": (".notebook.widget",),
        "demo/io/notebook.py": (),
        "demo/io/plain.py": ("click",),
        "demo/io/widget.py": ("ipywidgets",),
    }
    assert dict(ModuleGraph(release(modules)).foreign_imports("demo.cli")) == {"click": "demo/io/plain.py"}
    both = release({**modules, "demo/io/__init__.py": (".notebook.widget", ".widget")})
    assert set(ModuleGraph(both).foreign_imports("demo.cli")) == {"click", "ipywidgets"}


def test_requirements_explain_imports_by_the_names_they_install() -> None:
    imports = ("yaml", "PIL.Image", "dateutil.parser", "bs4", "google.protobuf", "sklearn", "typing", "demo")
    made = release({"demo/__init__.py": (), "demo/cli.py": imports})
    required = ("pyyaml", "pillow", "python-dateutil", "beautifulsoup4", "protobuf", "scikit-learn")
    assert unmet(made, *required) == ()


def test_a_module_that_begins_as_a_project_does_may_be_of_it_and_the_main_module_is_always_there() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("pymdownx.highlight", "__main__")})
    assert unmet(made, "pymdown-extensions") == ()
    assert [each.module for each in unmet(made, "pymysql")] == ["pymdownx.highlight"]


def test_an_undeclared_import_names_file_and_project() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("click.testing", "yaml")})
    assert unmet(made, "requests") == (
        UnmetImport(module="click.testing", path="demo/cli.py"),
        UnmetImport(module="yaml", path="demo/cli.py", project="pyyaml"),
    )


def test_stubs_for_type_checkers_bring_no_module() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("yaml", "types_demo")})
    found = unmet(made, "types-demo", extras={"types-pyyaml": "typing"})
    assert found == (UnmetImport(module="yaml", path="demo/cli.py", project="pyyaml"),)


def test_an_import_of_an_extra_names_the_extra() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("aiohttp.web",)})
    assert unmet(made, extras={"aiohttp": "server"}) == (
        UnmetImport(module="aiohttp.web", path="demo/cli.py", project="aiohttp", extra="server"),
    )


def test_a_module_that_python_removed_is_unmet_in_the_pythons_without_it() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("imp", "cgi", "telnetlib", "typing")})
    graph, nothing = ModuleGraph(made), frozenset[str]()
    found = {
        newest: [(each.module, each.removed) for each in unmet_imports(graph, "demo.cli", {}, {}, nothing, newest)]
        for newest in ("3.11", "3.12", "3.14")
    }
    gone = [("imp", "3.12"), ("cgi", "3.13"), ("telnetlib", "3.13")]
    assert found == {"3.11": [], "3.12": gone[:1], "3.14": gone}
    assert [each.module for each in unmet(made, "legacy-cgi", "standard-telnetlib")] == ["imp"]


def test_pkg_resources_needs_a_setuptools_that_still_has_it() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("pkg_resources",)})
    missing = (UnmetImport(module="pkg_resources", path="demo/cli.py", project="setuptools"),)
    assert unmet(made) == missing
    assert unmet(made, "setuptools") == missing
    assert unmet(made, "setuptools<81") == ()


def test_an_unknown_closure_says_nothing_of_imports_that_a_dependency_may_bring() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": ("click", "pkg_resources", "aiohttp")})
    found = unmet_imports(ModuleGraph(made), "demo.cli", {}, {"aiohttp": "web"}, None, "3.13")
    assert [(each.module, each.extra) for each in found] == [("pkg_resources", ""), ("aiohttp", "web")]


def test_files_that_the_wheel_does_not_install_are_not_followed() -> None:
    made = release({"demo/__init__.py": (), "demo/cli.py": (), "noxfile.py": ("nox",)}, ["demo/__init__.py"])
    assert dict(ModuleGraph(made).foreign_imports("noxfile")) == {}


def test_a_part_of_its_namespace_that_another_project_installs_is_foreign() -> None:
    members = ["shop/testing/__init__.py", "shop/testing/data/x.json", "shop/more/deep.py"]
    imports = ("shop.testing.anything", "shop.more.deep", "shop.core.extensions", "shop")
    made = release({"shop/testing/__init__.py": imports, "shop/more/deep.py": ()}, members)
    found = unmet_imports(ModuleGraph(made), "shop.testing", {}, {}, frozenset({"requests"}), "3.13")
    assert found == (UnmetImport(module="shop.core.extensions", path="shop/testing/__init__.py"),)
    assert unmet_imports(ModuleGraph(made), "shop.testing", {}, {}, frozenset({"shop-core"}), "3.13") == ()


def test_a_regular_package_has_all_its_modules() -> None:
    members = ["shop/__init__.py", "shop/testing/__init__.py"]
    made = release({"shop/testing/__init__.py": ("shop.made_when_built",)}, members)
    assert unmet_imports(ModuleGraph(made), "shop.testing", {}, {}, frozenset(), "3.13") == ()


def test_of_files_with_one_name_the_nearest_to_the_top_is_installed() -> None:
    modules = {"tools/site_tools/demo.py": ("scons",), "demo.py": ("os",)}
    made = release(modules, ["demo.py"])
    assert dict(ModuleGraph(made).foreign_imports("demo")) == {"os": "demo.py"}


def test_modules_of_vendored_projects_and_of_abbreviated_ones_are_met() -> None:
    made = release(
        {
            "src/demo/__init__.py": (),
            "src/demo/_vendored/tracer/runner.py": (),
            "src/demo/_vendored/tracer/hooks/__init__.py": (),
            "src/demo/cli.py": ("runner.run", "hooks", "grpc_status.rpc_status", "grpc_health"),
        }
    )
    found = unmet(made, "grpcio-status")
    assert found == (UnmetImport(module="grpc_health", path="src/demo/cli.py"),)


def test_modules_are_known_to_be_of_projects_with_other_names() -> None:
    made = release({"src/demo/__init__.py": (), "src/demo/cli.py": ("skimage.io", "pywt", "imblearn")})
    assert unmet(made, "scikit-image", "pywavelets", "imbalanced-learn") == ()
    assert [each.project for each in unmet(made)] == ["scikit-image", "pywavelets", "imbalanced-learn"]


def test_a_project_brings_the_modules_that_it_is_known_for() -> None:
    """Setuptools offers distutils, which is no folder of that name in it."""
    made = facts("setuptools", members=["setuptools/__init__.py"])
    assert made.sdist is not None
    modules = (SourceModule(path="setuptools/__init__.py", imports=("distutils.core",)),)
    made = replace(made, sdist=replace(made.sdist, modules=modules))
    assert unmet_imports(ModuleGraph(made), "setuptools", {}, {}, frozenset(), "3.13") == ()
