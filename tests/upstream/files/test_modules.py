from dirac_forge.upstream.files.facts import SourceModule
from dirac_forge.upstream.files.modules import read_module

SOURCE = b'''"""Docs.

import nothing
"""
import os, sys as system, a.b  # import c
from . import sibling
from .near import one, two as other
from ..up import (first,  # second
    third)
from foo.bar import *
text = "import text"
try:
    import aiohttp
except ImportError as error:
    raise ImportError("install the extra") from error
try:
    import fast
except ImportError:
    fast = None
if True:
    import conditional
def late():
    import later
'''


def test_read_module_returns_imports_that_loading_insists_on() -> None:
    assert read_module("demo/__init__.py", SOURCE) == SourceModule(
        path="demo/__init__.py",
        imports=(
            *("os", "sys", "a.b", ".sibling", ".near.one", ".near.two", "..up.first", "..up.third", "foo.bar"),
            "aiohttp",
        ),
    )


def test_read_module_tells_a_namespace_from_a_package_that_extends_its_path() -> None:
    plain = b"from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
    declared = b"__import__('pkg_resources').declare_namespace(__name__)\n"
    package, importing = plain + b"version = '1'\n", plain + b"from demo.core import run\n"
    read = [read_module("demo/__init__.py", source) for source in (plain, declared, package, importing)]
    assert [module is not None and module.namespace for module in read] == [True, True, False, False]


def test_read_module_reads_the_language_and_cimports_of_cython() -> None:
    source = b"# distutils: language = c++\ncimport numpy as np\nfrom libcpp.vector cimport vector\n"
    assert read_module("fast.pyx", source) == SourceModule(
        path="fast.pyx", imports=("libcpp.vector.vector", "numpy", "libcpp.vector"), cxx=True
    )


def test_read_module_returns_nothing_for_a_module_without_imports() -> None:
    assert read_module("demo/data.py", b"x = 1\n") is None


def test_read_module_returns_shared_libraries_that_are_loaded() -> None:
    source = b"""
import ctypes.util
found = ctypes.util.find_library("magic") or ctypes.util.find_library('magic1')
cairo = dlopen(ffi, ("cairo-2", "libcairo-2"), ("libcairo.so.2", "dir/x.so"))
text = "find_library"
# ctypes.CDLL("libz.so")
"""
    module = read_module("demo/a.py", source)
    assert module is not None
    assert module.loads == ("magic", "magic1", "cairo-2", "libcairo-2", "libcairo.so.2")
    assert read_module("demo/b.py", b"def find_library(name): return 'x'") is None


def test_shared_libraries_whose_names_are_in_variables() -> None:
    source = b"""
from ctypes.util import find_library as _find
NAMES = ["portaudio", "bin\\\\libportaudio-2.dll", "lib/libportaudio.dylib", "not a name"]
for _name in NAMES:
    _name = find_library(_name)
other = "magic" if posix else ("magic1",)
alone = "zq9"
computed = "lib" + suffix
CDLL(other), CDLL(computed), CDLL(missing)
"""
    module = read_module("demo/a.py", source)
    assert module is not None
    assert set(module.loads) == {"portaudio", "libportaudio-2.dll", "libportaudio.dylib", "magic", "magic1"}


def test_libraries_that_a_function_of_the_projects_own_looks_for() -> None:
    text = b"from ctypes import c_int\nlib = loader.load_locate_library(('usb-1.0', 'libusb-1.0'), 'cygusb-1.0.dll')\n"
    module = read_module("usb/backend.py", text)
    assert module is not None
    assert module.loads == ("usb-1.0", "libusb-1.0", "cygusb-1.0.dll")
