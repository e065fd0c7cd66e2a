"""Libraries by the names that build files use, and conda-forge's packages of their headers."""

from __future__ import annotations

__all__ = ["CRATES", "DISCOVERED", "LINKED", "NOT_LIBRARIES", "ONLY_ON", "PROGRAMS"]

LINKED = {
    "archive": "libarchive", "asound": "alsa-lib", "blas": "libblas", "blosc": "c-blosc", "boost_filesystem":
    "libboost-devel", "boost_python": "libboost-python-devel", "boost_system": "libboost-devel", "bz2": "bzip2",
    "cblas": "libcblas", "crypt": "libxcrypt", "crypto": "openssl", "curl": "libcurl", "event": "libevent", "expat":
    "expat", "ffi": "libffi", "fftw3": "fftw", "fftw3f": "fftw", "freetype": "freetype", "gdal": "libgdal", "geos_c":
    "geos", "gfal2": "gfal2", "git2": "libgit2", "glib-2.0": "glib", "gmp": "gmp", "gmpxx": "gmp", "gobject-2.0":
    "glib", "gsl": "gsl", "gssapi_krb5": "krb5", "hdf5": "hdf5", "hs": "vectorscan", "igraph": "libigraph", "jpeg":
    "libjpeg-turbo", "krb5": "krb5", "lapack": "liblapack", "lber": "openldap", "lcms2": "lcms2", "ldap": "openldap",
    "ldap_r": "openldap", "leveldb": "leveldb", "lmdb": "lmdb", "lz4": "lz4-c", "lzma": "liblzma-devel", "magic":
    "libmagic", "mpc": "mpc", "mpfr": "mpfr", "mysqlclient": "mysql-devel", "mysqlclient_r": "mysql-devel", "netcdf":
    "libnetcdf", "nlopt": "nlopt", "odbc": "unixodbc", "openblas": "openblas", "openjp2": "openjpeg", "pcre2-8":
    "pcre2", "png": "libpng", "portaudio": "portaudio", "pq": "libpq", "proj": "proj", "protobuf": "libprotobuf",
    "rdkafka": "librdkafka", "readline": "readline", "rocksdb": "rocksdb", "rrd": "rrdtool", "sasl2": "cyrus-sasl",
    "secp256k1": "libsecp256k1", "snappy": "snappy", "sndfile": "libsndfile", "sodium": "libsodium", "sqlite3":
    "sqlite", "ssh2": "libssh2", "ssl": "openssl", "tiff": "libtiff", "turbojpeg": "libjpeg-turbo", "udev":
    "libudev1", "udunits2": "udunits2", "usb-1.0": "libusb", "uuid": "libuuid", "uv": "libuv", "vomsapi": "voms",
    "webp": "libwebp-base", "xml2": "libxml2-devel", "xmlsec1": "xmlsec", "xrdcl": "xrootd", "xslt": "libxslt",
    "yaml": "yaml", "z": "zlib", "zmq": "zeromq", "zstd": "zstd",
}  # fmt: skip
"""Name after `-l` to the package that has its headers."""

DISCOVERED = {
    "abseil": "libabseil", "absl": "libabseil", "alsa": "alsa-lib", "armadillo": "armadillo", "arrow": "libarrow",
    "blas": "libblas", "blosc": "c-blosc", "blosc2": "c-blosc2", "boost": "libboost-devel", "bzip2": "bzip2",
    "cairo": "cairo", "cblas": "libcblas", "cereal": "cereal", "cfitsio": "cfitsio", "cppzmq": "cppzmq",
    "curl": "libcurl", "davix": "davix", "eigen3": "eigen", "expat": "expat", "ffi": "libffi", "fftw": "fftw",
    "fftw3": "fftw", "fftw3f": "fftw", "flac": "libflac", "fmt": "fmt", "fontconfig": "fontconfig",
    "freetype": "freetype", "freetype2": "freetype", "gdal": "libgdal", "geos": "geos", "gfal2": "gfal2",
    "gfal_transfer": "gfal2", "gio-2.0": "glib", "gl": "libgl-devel", "glib": "glib", "glib-2.0": "glib",
    "glib2": "glib", "glpk": "glpk", "gmodule-2.0": "glib", "gmp": "gmp", "gobject-2.0": "glib",
    "gobject-introspection-1.0": "gobject-introspection", "grpc": "libgrpc", "gsl": "gsl", "gssapi": "krb5",
    "harfbuzz": "harfbuzz", "hdf5": "hdf5", "jpeg": "libjpeg-turbo", "krb5": "krb5", "krb5-gssapi": "krb5",
    "lapack": "liblapack", "lcms2": "lcms2", "ldap": "openldap", "libarchive": "libarchive", "libavcodec": "ffmpeg",
    "libavformat": "ffmpeg", "libavutil": "ffmpeg", "libcrypto": "openssl", "libcurl": "libcurl",
    "libevent": "libevent", "libffi": "libffi", "libgit2": "libgit2", "libjpeg": "libjpeg-turbo", "liblz4": "lz4-c",
    "liblzma": "liblzma-devel", "libmariadb": "mariadb-connector-c", "libopenjp2": "openjpeg", "libpcre2-8": "pcre2",
    "libpng": "libpng", "libpq": "libpq", "librdkafka": "librdkafka", "libsasl2": "cyrus-sasl",
    "libsodium": "libsodium", "libssh2": "libssh2", "libssl": "openssl", "libsvm": "libsvm", "libtiff-4": "libtiff",
    "libudev": "libudev1", "libusb-1.0": "libusb", "libuv": "libuv", "libwebp": "libwebp-base",
    "libxml-2.0": "libxml2-devel", "libxml2": "libxml2-devel", "libxslt": "libxslt", "libyaml": "yaml",
    "libzmq": "zeromq", "libzstd": "zstd", "lz4": "lz4-c", "lzma": "liblzma-devel", "mpc": "mpc", "mpfr": "mpfr",
    "mpi": "openmpi", "mysql": "mysql-devel", "mysqlclient": "mysql-devel", "netcdf": "libnetcdf",
    "netcdf-cxx4": "netcdf-cxx4", "nlohmann_json": "nlohmann_json", "odbc": "unixodbc", "ogg": "libogg",
    "openblas": "libblas libcblas liblapack", "opencv": "libopencv", "opengl": "libgl-devel", "openjpeg": "openjpeg",
    "openmp": "libgomp llvm-openmp", "openssl": "openssl", "opus": "libopus", "pcre2": "pcre2", "png": "libpng",
    "portaudio-2.0": "portaudio", "postgresql": "libpq", "proj": "proj", "protobuf": "libprotobuf", "qt5": "qt-main",
    "qt6": "qt6-main", "rdkafka": "librdkafka", "rdkafka++": "librdkafka", "re2": "re2", "root": "root_base",
    "scipy-openblas": "libblas libcblas liblapack", "sdl2": "sdl2", "secp256k1": "libsecp256k1", "snappy": "snappy",
    "sndfile": "libsndfile", "spdlog": "spdlog", "sqlite": "sqlite", "sqlite3": "sqlite",
    "suitesparse": "suitesparse", "tbb": "tbb-devel", "tiff": "libtiff", "uuid": "libuuid", "voms": "voms",
    "vorbis": "libvorbis", "wcslib": "wcslib", "webp": "libwebp-base", "x11": "xorg-libx11", "xapian": "xapian-core",
    "xrootd": "xrootd", "yaml-0.1": "yaml", "zeromq": "zeromq", "zlib": "zlib", "zstd": "zstd",
}  # fmt: skip
"""Name in pkg-config, Meson's dependency() or CMake's find_package(), lower case, to the packages of the headers,
several with spaces between them."""

PROGRAMS = {
    "curl-config": "libcurl", "freetype-config": "freetype", "gdal-config": "libgdal", "geos-config": "geos",
    "gsl-config": "gsl", "krb5-config": "krb5", "mysql_config": "mysql-devel", "nc-config": "libnetcdf",
    "pcre-config": "pcre", "pg_config": "libpq", "xml2-config": "libxml2-devel", "xslt-config": "libxslt",
}  # fmt: skip
"""A library's own configuration program to the package that has its headers."""

CRATES = {
    "bzip2-sys": "bzip2", "curl-sys": "libcurl", "libgit2-sys": "libgit2", "libsqlite3-sys": "sqlite", "libz-sys":
    "zlib", "lzma-sys": "liblzma-devel", "openssl-sys": "openssl", "zstd-sys": "zstd",
}  # fmt: skip
"""A `-sys` crate that a Cargo.toml names to the package that it links to."""

ONLY_ON = {"alsa-lib": "linux", "libgomp": "linux", "libudev1": "linux", "libuuid": "linux", "llvm-openmp": "osx"}
"""Packages that only one system needs: the others have the same with the compiler or the system."""

NOT_LIBRARIES = {
    "catch2", "cmake", "cuda", "cudatoolkit", "cython", "dl", "doxygen", "fortran", "git", "gtest", "libm", "m",
    "mpi4py", "nanobind", "ninja", "numpy", "openssl-fips", "perl", "pkgconfig", "pybind11", "pybind11_headers",
    "pyextensions", "python", "python-3", "python2", "python3", "pythonextensions", "pythoninterp", "pythonlibs",
    "scikit-build", "skbuild", "swig", "threads", "torch", "unixcommands",
}  # fmt: skip
"""What Meson and CMake look for that is no library: tools, Python, and what requirements bring."""
