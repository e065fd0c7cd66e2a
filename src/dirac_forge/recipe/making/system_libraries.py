"""System libraries that a compiled project links to, read off its build files, as conda-forge's packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

__all__ = ["system_libraries"]

LINKED = {
    "archive": "libarchive", "blas": "libblas", "blosc": "c-blosc", "bz2": "bzip2", "cblas": "libcblas",
    "crypt": "libxcrypt", "crypto": "openssl", "curl": "libcurl", "event": "libevent", "expat": "expat",
    "ffi": "libffi", "fftw3": "fftw", "freetype": "freetype", "gdal": "libgdal", "geos_c": "geos", "gfal2": "gfal2",
    "git2": "libgit2", "gmp": "gmp", "gsl": "gsl", "gssapi_krb5": "krb5", "hdf5": "hdf5", "hs": "vectorscan",
    "jpeg": "libjpeg-turbo", "krb5": "krb5", "lapack": "liblapack", "lber": "openldap", "ldap": "openldap",
    "ldap_r": "openldap", "lz4": "lz4-c", "lzma": "liblzma-devel", "magic": "libmagic", "mpfr": "mpfr",
    "mysqlclient": "mysql-devel", "netcdf": "libnetcdf", "odbc": "unixodbc", "png": "libpng", "pq": "libpq",
    "proj": "proj", "rdkafka": "librdkafka", "readline": "readline", "rrd": "rrdtool", "sasl2": "cyrus-sasl",
    "snappy": "snappy", "sodium": "libsodium", "sqlite3": "sqlite", "ssh2": "libssh2", "ssl": "openssl",
    "tiff": "libtiff", "udunits2": "udunits2", "uuid": "libuuid", "uv": "libuv", "vomsapi": "voms",
    "webp": "libwebp-base", "xml2": "libxml2-devel", "xrdcl": "xrootd", "xslt": "libxslt", "yaml": "yaml",
    "z": "zlib", "zmq": "zeromq", "zstd": "zstd",
}  # fmt: skip
"""Name after `-l` to the package that has its headers."""

DISCOVERED = {
    "bzip2": "bzip2", "cairo": "cairo", "curl": "libcurl", "expat": "expat", "ffi": "libffi", "fftw3": "fftw",
    "freetype2": "freetype", "gdal": "libgdal", "geos": "geos", "gfal2": "gfal2", "gfal_transfer": "gfal2",
    "glib-2.0": "glib", "gsl": "gsl", "hdf5": "hdf5", "krb5-gssapi": "krb5", "libcrypto": "openssl",
    "libcurl": "libcurl", "libffi": "libffi", "libgit2": "libgit2", "liblz4": "lz4-c", "liblzma": "liblzma-devel",
    "libmariadb": "mariadb-connector-c", "libpng": "libpng", "libpq": "libpq", "librdkafka": "librdkafka",
    "libsodium": "libsodium", "libssl": "openssl", "libxml-2.0": "libxml2-devel", "libxslt": "libxslt",
    "libzmq": "zeromq", "libzstd": "zstd", "mysqlclient": "mysql-devel", "netcdf": "libnetcdf",
    "openblas": "openblas", "openssl": "openssl", "proj": "proj", "sqlite3": "sqlite", "xrootd": "xrootd",
    "yaml-0.1": "yaml", "zlib": "zlib",
}  # fmt: skip
"""Name in pkg-config, Meson's dependency() or CMake's find_package(), lower case, to the package of the headers."""

PROGRAMS = {
    "curl-config": "libcurl", "freetype-config": "freetype", "gdal-config": "libgdal", "geos-config": "geos",
    "gsl-config": "gsl", "krb5-config": "krb5", "mysql_config": "mysql-devel", "nc-config": "libnetcdf",
    "pcre-config": "pcre", "pg_config": "libpq", "xml2-config": "libxml2-devel", "xslt-config": "libxslt",
}  # fmt: skip
"""A library's own configuration program to the package that has its headers."""

CRATES = {
    "bzip2-sys": "bzip2", "curl-sys": "libcurl", "libgit2-sys": "libgit2", "libsqlite3-sys": "sqlite",
    "libz-sys": "zlib", "lzma-sys": "liblzma-devel", "openssl-sys": "openssl", "zstd-sys": "zstd",
}  # fmt: skip
"""A `-sys` crate that a Cargo.toml names to the package that it links to."""

_PYTHON_LIST = re.compile(
    r"\blib(?:rarie)?s\s*(?:=|\+=|\.extend\(|\.append\()\s*[\[(]?\s*((?:[\"'][\w+.-]+[\"']\s*,?\s*)+)"
)
_LINK_FLAG = re.compile(r"[\"'\s]-l([\w+.-]+)")
_STRING = re.compile(r"[\"']([\w+.-]+)[\"']")
_PKG_CONFIG = re.compile(
    r"pkg-?config[\w.]*\(?[^)\n]{0,80}?[\"']([\w+.-]+)[\"']|--(?:libs|cflags|exists)[\"',\s]+([\w+.-]+)|dependency\(\s*'([\w+.-]+)'"
    r"|pkg_check_modules\(\s*\w+\s+(?:REQUIRED\s+)?(?:IMPORTED_TARGET\s+)?([\w+.-]+)|find_package\(\s*([\w+-]+)",
    re.IGNORECASE,
)


def system_libraries(texts: Mapping[str, str]) -> dict[str, str]:
    """Package to the build file that names its library, for the build files in `texts` (path to text)."""
    found: dict[str, str] = {}
    for path in sorted(texts, key=lambda p: (p.count("/"), p)):
        for package in _packages(PurePosixPath(path), texts[path]):
            found.setdefault(package, path)
    return found


def _packages(path: PurePosixPath, text: str) -> Iterator[str]:
    match path.name:
        case "Cargo.toml":
            yield from (package for crate, package in CRATES.items() if re.search(rf"^{crate}\b", text, re.MULTILINE))
        case "meson.build" | "CMakeLists.txt":
            yield from _asked_for(text)
        case _ if path.suffix == ".py":
            code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
            yield from _in_python(code)
            yield from _asked_for(code)


def _asked_for(text: str) -> Iterator[str]:
    """What pkg-config, CMake, Meson or a library's own program is asked for."""
    yield from (package for program, package in PROGRAMS.items() if re.search(rf"(?<![\w-]){program}(?![\w-])", text))
    for match in _PKG_CONFIG.finditer(text):
        name = next(group for group in match.groups() if group)
        if package := DISCOVERED.get(name.lower()):
            yield package


def _in_python(text: str) -> Iterator[str]:
    for names in _PYTHON_LIST.findall(text):
        yield from (LINKED[name] for name in _STRING.findall(names) if name in LINKED)
    yield from (LINKED[name] for name in _LINK_FLAG.findall(text) if name in LINKED)
    if "pkg-config" in text:  # names are often handed to it through variables
        yield from (DISCOVERED[name] for name in _STRING.findall(text) if name in DISCOVERED)
