import pytest

from dirac_forge.upstream.files.configure import is_configure, looked_for

SCRIPT = """
# checking for zlib in -lz...
printf %s "checking for BZ2_bzBuffToBuffCompress in -lbz2... " >&6; }
for ac_lib in '' socket ws2_32
for ac_lib in dl
    if test -n "$PKG_CONFIG" && $PKG_CONFIG --exists --print-errors \\"libffi >= 3.0 glib-2.0\\"; then
"""
SOURCE = """
dnl AC_CHECK_LIB([no], [main])
# AC_SEARCH_LIBS([no], [no])
AC_CHECK_LIB(z, inflate,  [], [zlib_devel=missing])
  AC_CHECK_LIB([lzma], [lzma_easy_buffer_encode])
AC_SEARCH_LIBS([recv], [socket ws2_32], [], [])
PKG_CHECK_MODULES([FFI], [libffi >= 3.0 glib-2.0])
PKG_CHECK_EXISTS([expat])
AC_CHECK_LIB([$name], [main])
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (SCRIPT, ("bz2", "dl", "glib-2.0", "libffi", "socket", "ws2_32")),
        (SOURCE, ("expat", "glib-2.0", "libffi", "lzma", "socket", "ws2_32", "z")),
        ("", ()),
    ],
)
def test_libraries_that_a_script_or_its_source_looks_for(text: str, names: tuple[str, ...]) -> None:
    assert looked_for(text) == names


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("configure", True),
        ("deps/libev/configure.ac", True),
        ("tests/configure", False),
        ("a/b/c/d/e/f/configure", False),
        ("demo/configure.py", False),
    ],
)
def test_scripts_are_known_by_their_names(path: str, *, expected: bool) -> None:
    assert is_configure(path) is expected


@pytest.mark.parametrize("text", ["\n" * 300_000, " " * 300_000, "checking for " * 30_000, "AC_CHECK_LIB( " * 30_000])
def test_a_hostile_script_takes_no_time(text: str) -> None:
    assert looked_for(text) == ()
