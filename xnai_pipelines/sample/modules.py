"""The modules of the running interpreter that become documents."""

import sys

# Modules that are private to the interpreter, another name for a documented module (posixpath is os.path),
# demonstrations, or have side effects at import (antigravity opens a browser, this prints).
_NOT_DOCUMENTATION = frozenset(
    {
        "antigravity",
        "genericpath",
        "idlelib",
        "nt",
        "nturl2path",
        "ntpath",
        "opcode",
        "posix",
        "posixpath",
        "pydoc_data",
        "pyexpat",
        "sre_compile",
        "sre_constants",
        "sre_parse",
        "test",
        "this",
        "turtledemo",
    }
)

# Modules that not every version from 3.11 to 3.14 has. The labels are complete only if no version has one more module
# that answers a question: crypt hashes passwords, compression.zstd compresses.
_IN_SOME_VERSIONS = frozenset(
    {
        "aifc",
        "annotationlib",
        "asynchat",
        "asyncore",
        "audioop",
        "cgi",
        "cgitb",
        "chunk",
        "compression",
        "crypt",
        "distutils",
        "imghdr",
        "imp",
        "lib2to3",
        "mailcap",
        "msilib",
        "nis",
        "nntplib",
        "ossaudiodev",
        "pipes",
        "smtpd",
        "sndhdr",
        "spwd",
        "sunau",
        "telnetlib",
        "uu",
        "xdrlib",
    }
)

# Submodules with their own page in Python's library reference. Left out: those that their package shows in full
# (asyncio, json, sqlite3), those that not every version has, and the backends of dbm, which differ between builds.
_SUBMODULES = {
    "collections": "abc",
    "concurrent": "futures",
    "ctypes": "util",
    "curses": "ascii panel textpad",
    "email": "charset contentmanager encoders errors generator header headerregistry iterators message parser"
    " policy utils",
    "email.mime": "application audio base image message multipart text",
    "encodings": "idna",
    "html": "entities parser",
    "http": "client cookiejar cookies server",
    "importlib": "abc machinery metadata resources resources.abc util",
    "logging": "config handlers",
    "multiprocessing": "connection managers pool shared_memory sharedctypes",
    "os": "path",
    "tkinter": "colorchooser dnd filedialog font messagebox scrolledtext simpledialog ttk",
    "unittest": "mock",
    "urllib": "error parse request robotparser",
    "wsgiref": "handlers headers simple_server types util validate",
    "xml": "dom sax",
    "xml.dom": "minidom pulldom",
    "xml.etree": "ElementTree",
    "xml.parsers": "expat",
    "xml.sax": "handler saxutils xmlreader",
    "xmlrpc": "client server",
}


def module_names() -> list[str]:
    """Return the sorted names of the modules to document. Some may not exist on this platform."""
    left_out = _NOT_DOCUMENTATION | _IN_SOME_VERSIONS
    top = (name for name in sys.stdlib_module_names if name == "__future__" or not name.startswith("_"))
    submodules = (f"{package}.{name}" for package, names in _SUBMODULES.items() for name in names.split())
    return sorted({name for name in top if name not in left_out}.union(submodules))
