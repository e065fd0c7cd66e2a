from dataclasses import replace

import pytest

from dirac_forge.recipe.making.imports import imports_of, of_one_python
from dirac_forge.upstream.files.facts import EntryPoint, SourceModule
from support.facts import facts


@pytest.mark.parametrize(
    ("members", "names"),
    [
        (["DIRAC/__init__.py", "DIRAC/Core/__init__.py", "dirac-9.dist-info/METADATA"], ("DIRAC",)),
        (
            ["rucio/client/__init__.py", "rucio/client/x.py", "rucio/common/__init__.py"],
            ("rucio.client", "rucio.common"),
        ),
        (["diracx/api/__init__.py"], ("diracx.api",)),
        (["six.py"], ("six",)),
        (["_cffi_backend.cpython-312-x86_64-linux-gnu.so", "cffi/__init__.py"], ("cffi", "_cffi_backend")),
        (["fast.abi3.so"], ("fast",)),
        (["demo/__init__.py", "tests/__init__.py", "docs/conf.py", "setup.py"], ("demo",)),
        (["tests/__init__.py"], ("tests",)),
        (["demo-1.0.data/purelib/demo/__init__.py", "demo-1.0.data/scripts/x.py"], ("demo",)),
        (["demo/__init__.py", "demo.libs/libz.so"], ("demo",)),
        (["share/data.txt", "etc/conf.ini"], ()),
        (["class/__init__.py", "not-a-name/__init__.py"], ()),
        (["google/cloud/storage/__init__.py"], ("google.cloud.storage",)),
        ([], ()),
    ],
)
def test_what_a_wheel_installs(members: list[str], names: tuple[str, ...]) -> None:
    assert imports_of(facts("demo", members=members)) == names


def test_tests_and_examples_within_a_namespace_are_left_out() -> None:
    members = ["ns/core/__init__.py", "ns/Demos/setup.py", "ns/test/__init__.py"]
    assert imports_of(facts("demo", members=members)) == ("ns.core",)


def test_folders_that_a_pth_file_adds_have_their_modules_at_the_top() -> None:
    members = ["win/api.pyd", "win/old.py", "win/Demos/setup.py", "win/lib/con.py", "tool/__init__.py", "start.py"]
    made = facts("demo", members=members)
    assert made.wheel is not None
    made = replace(made, wheel=replace(made.wheel, path_folders=("win", "win/lib")))
    assert imports_of(made) == ("api", "start", "tool")


def test_metadata_tells_the_public_modules_of_a_release_without_a_wheel() -> None:
    made = facts("demo", wheels=[], sdist_members=["src/wrong/__init__.py"])
    told = replace(made.metadata, import_names=("demo_core", "_demo; private", "demo_tools", "no module", ""))
    assert imports_of(replace(made, metadata=told, wheel=None)) == ("demo_core", "demo_tools")


def test_flit_names_the_module_of_a_tree() -> None:
    pyproject = {"tool": {"flit": {"module": {"name": "other"}}}}
    tree = facts("demo", wheels=[], sdist_members=["other.py", "noxfile.py"], pyproject=pyproject)
    assert imports_of(replace(tree, wheel=None)) == ("other",)


def test_at_most_a_dozen_are_named() -> None:
    assert len(imports_of(facts("demo", members=[f"m{n}.py" for n in range(40)]))) == 12


@pytest.mark.parametrize(
    ("members", "texts", "names"),
    [
        (["src/M2Crypto/__init__.py", "tests/__init__.py"], {}, ("M2Crypto",)),
        (["suds/__init__.py", "suds/sax/__init__.py"], {}, ("suds",)),
        (["python/curl/__init__.py"], {"pycurl.egg-info/top_level.txt": "curl\npycurl\n"}, ("curl", "pycurl")),
        (["demo.py", "setup.py"], {}, ("demo",)),
        (["src/demo.py"], {}, ("demo",)),
        (["README.md"], {}, ()),
    ],
)
def test_without_a_wheel_the_sdist_tells(members: list[str], texts: dict[str, str], names: tuple[str, ...]) -> None:
    assert imports_of(facts("demo", wheels=[], sdist_members=members, texts=texts)) == names


def test_a_wheel_without_modules_is_the_last_word() -> None:
    empty = facts(
        "demo", members=["demo-1.0.dist-info/METADATA"], sdist_members=["hooks/build.py", "hooks/__init__.py"]
    )
    stubs = facts("demo-stubs", members=["demo-stubs/__init__.pyi"], sdist_members=["demo/__init__.py"])
    assert (imports_of(empty), imports_of(stubs)) == ((), ())


def test_a_namespace_of_the_old_kind_is_left_for_its_packages() -> None:
    made = facts("backx", members=["backx/__init__.py", "backx/one/__init__.py", "backx/two.py"])
    assert made.sdist is not None
    joined = SourceModule(path="src/backx/__init__.py", namespace=True)
    assert imports_of(replace(made, sdist=replace(made.sdist, modules=(joined,)))) == ("backx.one", "backx.two")


def test_commands_named_for_one_python_are_known() -> None:
    names = ("coverage", "coverage-3.11", "pip", "pip3.12", "python3.11", "tool-3.1x")
    points = [EntryPoint(name=name, value="demo:main") for name in names]
    assert [point.name for point in of_one_python(points)] == ["coverage-3.11", "pip3.12"]


def test_modules_that_setup_names_are_found_wherever_they_are_in_the_sources() -> None:
    made = facts("demo", wheels=[], sdist_members=["python2/examples/a.py", "python3/demo.py", "python2/demo.py"])
    assert made.sdist is not None
    made = replace(made, sdist=replace(made.sdist, setup={"py_modules": ["demo"]}))
    assert imports_of(made) == ("demo",)
