from dataclasses import replace

from dirac_forge.recipe import model
from dirac_forge.recipe.making.loading import ModuleGraph
from dirac_forge.recipe.making.output_tests import brought_by
from dirac_forge.recipe.making.output_tests import test_of as output_test
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import EntryPoint, SourceModule
from support.facts import facts


def test_what_must_fail_is_left_out_and_told() -> None:
    made = facts(
        "demo",
        members=["demo/__init__.py", "demod/__init__.py"],
        requires=["click", "aiohttp; extra == 'd'"],
        extras=["d"],
        entry_points=[EntryPoint(name="demo", value="demo:run"), EntryPoint(name="demod", value="demod:run")],
        command_line_modules=["src/demo/__init__.py", "src/demod/__init__.py"],
    )
    assert made.sdist is not None
    modules = (
        SourceModule(path="src/demo/__init__.py", imports=("click",)),
        SourceModule(path="src/demod/__init__.py", imports=("aiohttp.web",)),
    )
    made = replace(made, sdist=replace(made.sdist, modules=modules))
    assert made.wheel is not None
    result = output_test(ModuleGraph(made), made.wheel.entry_points, Scope(), frozenset({"click"}), {}, ())
    assert result.test == model.Test(imports=("demo",), commands=("demo --help",))
    assert [(note.level, note.text) for note in result.notes] == [
        ("warning", "src/demod/__init__.py imports aiohttp.web, which only the extra d brings (aiohttp): not tested")
    ]


def test_commands_that_are_not_tested_are_told_where_they_lack_something() -> None:
    names = ("gui", "gui2", "plain")
    made = facts(
        "demo",
        members=["demo/__init__.py", "demo/gui.py", "demo/plain.py"],
        requires=["pyqt5; extra == 'window'"],
        extras=["window"],
        entry_points=[EntryPoint(name=f"demo-{name}", value=f"demo.{name.rstrip('2')}:main") for name in names],
    )
    assert made.sdist is not None
    modules = (SourceModule(path="demo/gui.py", imports=("PyQt5.QtCore",)),)
    made = replace(made, sdist=replace(made.sdist, modules=modules))
    assert made.wheel is not None
    result = output_test(ModuleGraph(made), made.wheel.entry_points, Scope(), frozenset(), {}, ())
    assert result.test == model.Test(imports=("demo",))
    (note,) = result.notes
    assert note.text == (
        "2 commands (demo-gui, demo-gui2) fail without more packages: demo/gui.py imports PyQt5.QtCore, "
        "which only the extra window brings (pyqt5)"
    )


def test_what_may_come_with_an_extra_is_not_told_beside_it() -> None:
    made = facts("demo", members=["demod/__init__.py"], requires=["aiohttp; extra == 'd'"], extras=["d"])
    assert made.sdist is not None
    modules = (SourceModule(path="src/demod/__init__.py", imports=("aiohttp.web", "strange_dependency")),)
    made = replace(made, sdist=replace(made.sdist, modules=modules))
    result = output_test(ModuleGraph(made), (), Scope(), frozenset(), {}, ())
    assert [note.text for note in result.notes] == [
        "src/demod/__init__.py imports aiohttp.web, which only the extra d brings (aiohttp): not tested"
    ]


def test_an_empty_wheel_installs_no_modules() -> None:
    result = output_test(ModuleGraph(facts("demo", members=["demo-1.0.dist-info/METADATA"])), (), Scope(), None, {}, ())
    assert (result.test, result.installs_modules) == (model.Test(), False)


def test_folders_that_every_project_might_install_are_told() -> None:
    result = output_test(
        ModuleGraph(facts("demo", members=["demo/__init__.py", "tests/__init__.py"])), (), Scope(), None, {}, ()
    )
    text = "the wheel installs tests at the top of site-packages: remove that, and tell upstream"
    assert [(note.level, note.text) for note in result.notes] == [("warning", text)]


def test_a_command_that_needs_an_extra_is_tested_only_where_the_recipe_has_it() -> None:
    made = facts(
        "demo",
        requires=["six", "click; extra == 'cli'", "rich>=13; extra == 'pretty-output'"],
        extras=["cli", "pretty-output"],
        entry_points=[
            EntryPoint(name="demo", value="demo:run"),
            EntryPoint(name="demo-cli", value="demo:cli", extras=("cli", "pretty_output")),
            EntryPoint(name="demo-tui", value="demo:tui", extras=("pretty_output", "cli")),
        ],
        command_line_modules=["src/demo/__init__.py"],
    )
    assert made.wheel is not None
    plain = output_test(ModuleGraph(made), made.wheel.entry_points, Scope(), frozenset({"six"}), {}, ())
    assert plain.test.commands == ("demo --help",)
    text = (
        "the commands demo-cli and demo-tui need the extras cli and pretty_output, which are not in run: not tested; "
        "`dirac-forge recipe 'demo[cli,pretty_output]'` adds them"
    )
    assert [(note.level, note.text) for note in plain.notes] == [("warning", text)]
    folded = output_test(ModuleGraph(made), made.wheel.entry_points, Scope(), None, {}, ("cli", "pretty-output"))
    assert folded.test.commands == ("demo --help", "demo-cli --help", "demo-tui --help")
    assert folded.notes == ()


def test_an_extra_brings_the_extras_that_it_takes_in_and_no_others() -> None:
    made = facts(
        "demo",
        requires=["demo[cli]; extra == 'all'", "click; extra == 'cli'", "pyqt; extra == 'gui'"],
        extras=["all", "cli", "gui"],
        entry_points=[EntryPoint(name=f"demo-{one}", value="demo:run", extras=(one,)) for one in ("cli", "gui")],
        command_line_modules=["src/demo/__init__.py"],
    )
    assert made.wheel is not None
    everything = {"demo": frozenset({"click", "pyqt"}), "click": frozenset[str](), "pyqt": frozenset[str]()}
    brought = brought_by(made, Scope(), everything.get, ("all",))
    assert brought == {"click"}
    for known in (brought, None):
        result = output_test(ModuleGraph(made), made.wheel.entry_points, Scope(), known, {}, ("all",))
        assert result.test.commands == ("demo-cli --help",)


def test_a_command_is_not_tested_while_the_requirements_of_its_extra_are_unknown() -> None:
    made = facts(
        "demo",
        entry_points=[EntryPoint(name="demo", value="demo:run", extras=("cli",))],
        command_line_modules=["src/demo/__init__.py"],
    )
    made = replace(made, metadata=replace(made.metadata, dynamic=("requires-dist",)))
    assert made.wheel is not None
    result = output_test(ModuleGraph(made), made.wheel.entry_points, Scope(), None, {}, ())
    assert result.test.commands == ()
    text = (
        "the command demo needs the extra cli, whose requirements are not known: not tested; "
        "add them to run, and the commands to the test"
    )
    assert [(note.level, note.text) for note in result.notes] == [("warning", text)]


def test_a_module_of_which_only_the_beginning_was_read_is_told_where_it_is_loaded() -> None:
    made = facts("demo", members=["demo/__init__.py", "demo/large.py", "demo/other.py"])
    assert made.sdist is not None
    modules = (
        SourceModule(path="demo/__init__.py", imports=(".large",)),
        SourceModule(path="demo/large.py", cut=True),
        SourceModule(path="demo/other.py", cut=True),
    )
    made = replace(made, sdist=replace(made.sdist, modules=modules))
    (note,) = output_test(ModuleGraph(made), (), Scope(), frozenset(), {}, ()).notes
    assert (note.level, note.text) == (
        "info",
        "demo/large.py is so large that only the beginning was read: what it imports and loads further down is unknown",
    )
