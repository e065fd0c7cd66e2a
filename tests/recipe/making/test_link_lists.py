import pytest

from dirac_forge.recipe.making.link_lists import alternatives, built, linked, mentioned


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Extension('x', libraries=['a', 'b'])", ("a", "b")),
        ("libs = ['a']\nlibs.append('b')\nlibs += ['c']\nExtension('x', libraries=libs)", ("a", "c", "b")),
        ("Extension('x', libraries=['a'] + (['b'] if win else ['c']))", ("a", "b", "c")),
        ("options = {'libraries': [*BASE, 'b']}\nBASE = ['a']", ("b", "a")),
        ("Extension('x', libraries=os.environ.get('LIBS', 'a b').split())", ()),
        ("Extension('x', libraries=[('own', {'sources': ['own.c']}), 'a'])", ("a",)),
        ("Extension('x', libraries=['../build/a', ''])", ()),
        ("other_libs = ['a']", ()),
        ("libraries = [", ()),
    ],
)
def test_elements_of_lists_for_the_linker(text: str, names: tuple[str, ...]) -> None:
    assert linked(text) == names


def test_other_lists_of_libraries_may_mention_them() -> None:
    assert mentioned("other_libs = os.environ.get('LIBS', 'a')\nnames = ['b']") == ("LIBS", "a")


def test_libraries_that_setup_py_builds() -> None:
    text = "setup(libraries=[('one', {'sources': []}), ('two', dict(sources=[]))], packages=['three'])"
    assert built(text) == {"one", "two"}


def test_each_variable_is_followed_once() -> None:
    doubled = "\n".join(f"v{number} = v{number + 1} + v{number + 1}" for number in range(500))
    assert linked(f"libraries = v0\n{doubled}\nv500 = ['a']") == ("a",)


def test_variables_that_name_each_other_end() -> None:
    assert linked("libraries = a\na = b\nb = a + ['c']") == ("c",)


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("def find():\n    for name in ['a', 'b']:\n        if exists(name):\n            return name", (("a", "b"),)),
        (
            "names = ('a', 'b')\nfor name in names:\n  try:\n    ask(name)\n  except E:\n    pass\n  else:\n    break",
            (("a", "b"),),
        ),
        ("for name in ['a', 'b']:\n    if exists(name):\n        found = name\n        break", (("a", "b"),)),
        (
            "for name in ['a', 'b']:\n    try:\n        ask(name)\n        break\n    except OSError:\n        pass",
            (("a", "b"),),
        ),
        ("for name in ['a', 'b']:\n    if not exists(name):\n        missing = name\n        break", ()),
        ("def check():\n    for name in ['a', 'b']:\n        if not exists(name):\n            return False", ()),
        ("for name in ['a', 'b']:\n    link(name)", ()),
        ("for name in listed():\n    if exists(name):\n        break", ()),
        ("for name in", ()),
    ],
)
def test_names_that_are_tried_in_turn(text: str, lists: tuple[tuple[str, ...], ...]) -> None:
    assert alternatives(text) == lists
