import pytest

from dirac_forge.recipe.making.optional import asked_by_variable

BUILD = "    ext_modules = [Extension('x', ['x.c'])]\n"


@pytest.mark.parametrize(
    ("setup", "variable"),
    [
        (
            "import os\nif os.getenv('DEMO_USE_MYPYC', '0') == '1':\n    ext_modules = mypycify(['a'])\n",
            "DEMO_USE_MYPYC",
        ),
        (f"import os\nFAST = bool(os.environ.get('DEMO_FAST'))\nif FAST:\n{BUILD}", "DEMO_FAST"),
        (f"import os\nFAST = False\nif os.environ.get('DEMO_FAST'):\n    FAST = True\nif FAST:\n{BUILD}", "DEMO_FAST"),
        ("import os\nsetup(ext_modules=mypycify(['a']) if os.getenv('DEMO_C') else [])\n", "DEMO_C"),
        (f"import os\nif not os.environ.get('DEMO_FAST'):\n{BUILD}", ""),
        (f"import os\nif os.environ.get('DEMO_NO_EXTENSIONS'):\n    pass\nelse:\n{BUILD}", ""),
        (f"import os\nif os.getenv('DEMO_FAST', '1') == '1':\n{BUILD}", ""),
        (f"import os\nif os.getenv('DEMO_SKIP_C') != '1':\n{BUILD}", ""),
        (f"import sys\nif sys.implementation.name == 'cpython':\n{BUILD}", ""),
        (
            f"import os\nFAST = os.getenv('DEMO_FAST')\nif FAST is None:\n    FAST = cpython()\nif FAST:\n{BUILD}",
            "",
        ),
        ("setup(", ""),
        ("", ""),
    ],
)
def test_asked_by_variable_finds_what_turns_extensions_on(setup: str, variable: str) -> None:
    assert asked_by_variable(setup) == variable
