"""What setup.py does where nothing is asked of it."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.making.hosts import build_requirements, unknown_setup_imports
from dirac_forge.recipe.making.plain_build import PlainBuild, plain_build
from dirac_forge.upstream.files.facts import SdistFacts
from support.facts import facts

RUST = """\
import os, sys
from setuptools import setup
if "PURE" in os.environ or "--pure" in sys.argv:
    needs, extensions = [], []
    needs = []
else:
    needs = ["setuptools_rust"]
    if "egg_info" in sys.argv:
        extensions = []
    else:
        from setuptools_rust import Binding, RustExtension
        extensions = [RustExtension("demo._rust", "rust/Cargo.toml", binding=Binding.PyO3)]
setup(name="demo", rust_extensions=extensions, setup_requires=needs)
"""


def sdist(setup: str, *members: str) -> SdistFacts:
    made = facts("demo", texts={"setup.py": setup}, sdist_members=["setup.py", *members], pyproject={}).sdist
    assert made is not None
    return made


def test_the_branch_of_a_plain_build_is_taken() -> None:
    assert plain_build(RUST) == PlainBuild(
        imports=("os", "sys", "setuptools", "setuptools_rust"), setup_requires=("setuptools_rust",)
    )
    one = sdist(RUST, "rust/Cargo.toml", "rust/src/lib.rs")
    assert build_requirements(one).lines == ("setuptools", "setuptools_rust")


@pytest.mark.parametrize(
    ("text", "imported"),
    [
        ("import numpy.distutils", True),
        ("with quiet():\n    import numpy", True),
        ("if True:\n    import numpy", True),
        ("if '--fast' in sys.argv:\n    import numpy", False),
        ("if '--slow' not in sys.argv:\n    import numpy", True),
        ("if 'bdist_wheel' in sys.argv:\n    import numpy", False),
        ("if 'SLOW' in os.environ:\n    pass\nelse:\n    import numpy", True),
        ("if 'CONDA_PREFIX' in os.environ:\n    pass\nelse:\n    import numpy", False),
        ("fast = os.environ.get('FAST')\nif fast:\n    import numpy", False),
        ("fast = bool(int(os.getenv('FAST', '1')))\nif fast:\n    import numpy", True),
        ("if os.environ.get('SLOW', '0') == '0':\n    import numpy", True),
        ("if os.environ.get('SLOW', '0') != '0' or unknown():\n    import numpy", False),
        ("if not os.environ.get('SLOW') or unknown():\n    import numpy", True),
        ("fast = False\nif unknown():\n    fast = True\nif fast:\n    import numpy", False),
        ("if sys.platform == 'win32':\n    import numpy\nelse:\n    import numpy", False),
        ("try:\n    import numpy\nexcept ImportError:\n    sys.exit('numpy is needed')", True),
        ("try:\n    import numpy\nexcept ImportError:\n    numpy = None", False),
        (
            "try:\n    import a\nexcept ImportError:\n    try:\n        import numpy\n    except E:\n        raise",
            False,
        ),
        ("def later():\n    import numpy", False),
        ("from . import numpy", False),
        ("import numpy\nnot python(", False),
    ],
)
def test_imports_of_a_plain_build(text: str, imported: bool) -> None:
    assert ("numpy" in plain_build(text).imports) == imported


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("needs = ['cffi']\nneeds.append('cython')\nneeds += ['numpy']\nsetup(setup_requires=needs)", 3),
        ("needs = ['cffi']\nneeds.extend(['cython'])\nsetuptools.setup(setup_requires=needs + ['pbr'])", 3),
        ("needs = ['cffi'] if 'SLOW' not in os.environ else []\nsetup(setup_requires=needs)", 1),
        ("needs = ['cffi']\nif unknown():\n    needs.append('cython')\nsetup(setup_requires=needs)", 0),
        ("if unknown():\n    setup(setup_requires=['cffi'])\nelse:\n    setup()", 0),
        ("needs = compute()\nsetup(setup_requires=needs)", 0),
        ("needs, more = ['cffi'], []\nsetup(setup_requires=needs)", 0),
    ],
)
def test_setup_requires_that_branches_assign(text: str, needs: int) -> None:
    assert len(plain_build(text).setup_requires) == needs


def test_modules_that_the_archive_has_itself_are_not_required() -> None:
    text = "import versioneer, cppy\nfrom tools.helper import run\nfrom zq9.build import gear\nimport os, setuptools"
    assert build_requirements(sdist(text)).lines == ("setuptools", "versioneer", "cppy")
    own = sdist(text, "versioneer.py", "build/tools/__init__.py", "zq9.py")
    assert build_requirements(own).lines == ("setuptools", "cppy")
    assert unknown_setup_imports(own) == ()
    assert unknown_setup_imports(sdist(text)) == ("tools", "zq9")
    deep = sdist(text, "src/python/zq9/zq9.py", "src/python/tools/tools/__init__.py", "third_party/a/b/c/cppy.py")
    assert unknown_setup_imports(deep) == ()
    assert build_requirements(deep).lines == ("setuptools", "versioneer", "cppy")
