"""Whatever a library raises about a file becomes one of two errors."""

import errno
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from xml.parsers.expat import ExpatError  # only the error

from xnai_pipelines.errors import FileError, MissingExtraError, UnreadableError

_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError),
    *(EOFError, UnicodeError, ExpatError, SyntaxError),
    NotImplementedError,  # zipfile raises it for a version that a damaged entry names
)


@contextmanager
def file_errors(parser: str) -> Iterator[None]:
    """Let only errors about the file out of the block, so that one bad file never stops a run.

    Raises:
        SkippedFileError: As the block says.
        UnreadableError: As the block says; "failed" if it raised an exception of its own.
    """
    try:
        yield
    except FileError:
        raise
    except MissingExtraError as error:
        raise UnreadableError("not_installed", f"{error}. The next run then reads the file.") from error
    except RecursionError as error:
        raise UnreadableError("too_deep", "The file is nested too deeply to read. Flatten it.") from error
    except MemoryError as error:
        message = "Reading the file takes more memory than allowed. Split it, or raise XNAI_PARSE_MEMORY_MB."
        raise UnreadableError("memory", message) from error
    except _DAMAGE as error:
        raise UnreadableError("damaged", f"The file is damaged: {error}. Save it again.") from error
    except OSError as error:
        of_content = error.errno in {None, errno.EINVAL}  # libraries raise it themselves, or seek where a file says
        kind = "damaged" if of_content else "unreadable"
        raise UnreadableError(kind, f"The file cannot be read: {error}.") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnreadableError(
            "failed", f"The {parser} parser cannot read the file ({reason}). Save it again, or exclude it."
        ) from error
