from dirac_forge.recipe.making.loaded_libraries import loaded_later, loaded_libraries
from dirac_forge.recipe.model import Requirement


def test_libraries_that_modules_load_are_required_by_their_packages() -> None:
    loaded = {
        "magic": "demo/loader.py",
        "libmagic.so.1": "demo/other.py",
        "cairo-2": "demo/draw.py",
        "libgobject-2.0-0": "demo/draw.py",
        "libpango-1.0.0.dylib": "demo/draw.py",
        "kernel32": "demo/win.py",
        "c": "demo/unix.py",
    }
    advice = "check that it does on every platform"
    lines, notes = loaded_libraries(loaded, {"pango"})
    assert lines == (
        Requirement(name="cairo", comment="demo/draw.py loads it"),
        Requirement(name="glib", comment="demo/draw.py loads it"),
        Requirement(name="libmagic", comment="demo/loader.py loads it"),
    )
    assert [(note.level, note.text) for note in notes] == [
        ("warning", f"cairo and glib in run, because demo/draw.py loads these libraries: {advice}"),
        ("warning", f"libmagic in run, because demo/loader.py loads that library: {advice}"),
    ]


def test_libraries_that_no_table_knows_and_those_of_one_system_are_told() -> None:
    loaded = {
        "strange": "demo/a.py",
        "libother-2.so.1": "demo/a.py",
        "libc.so.6": "demo/a.py",
        "lib": "demo/put_together.py",
        "kernel32": "demo/win.py",
        "winfsp-x64.dll": "demo/win.py",
        "CoreFoundation": "demo/mac.py",
        "fuse": "demo/fuse.py",
        "osxfuse": "demo/fuse.py",
    }
    lines, notes = loaded_libraries(loaded, set())
    assert lines == ()
    assert [(note.level, note.text) for note in notes] == [
        (
            "warning",
            (
                "demo/fuse.py loads a library that only Linux takes from conda-forge: add libfuse to run there if it "
                "is needed"
            ),
        ),
        (
            "warning",
            (
                "demo/a.py loads strange and libother-2.so.1 while it runs, whose packages are not known: add to run "
                "what is needed"
            ),
        ),
    ]
    assert loaded_libraries({"fuse": "demo/fuse.py"}, {"libfuse"}) == ((), ())
    _, (iconv,) = loaded_libraries({"iconv": "demo/text.py"}, set())
    assert iconv.text == (
        "demo/text.py loads a library that only macOS and Windows take from conda-forge: add libiconv to run there if "
        "it is needed"
    )


def test_what_is_loaded_needs_no_headers() -> None:
    lines, _ = loaded_libraries({"xml2": "demo/a.py", "lzma": "demo/a.py", "mysqlclient": "demo/a.py"}, set())
    assert [line.name for line in lines] == ["liblzma", "libxml2", "mysql-libs"]


def test_known_libraries_of_modules_that_are_loaded_later_are_told() -> None:
    loaded = {"usb-1.0": "demo/backend.py", "strange": "demo/backend.py", "magic": "demo/other.py"}
    assert [(note.level, note.text) for note in loaded_later(loaded, {"libmagic"})] == [
        (
            "warning",
            (
                "demo/backend.py loads a library of libusb, and importing the package does not load demo/backend.py: "
                "add it to run if that part is used"
            ),
        )
    ]
