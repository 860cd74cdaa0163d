"""Runs one parser on a file. Every failure becomes one of two errors."""

import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers.expat import ExpatError  # only the error

from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Source
from xnai_pipelines.documents.parsers.registry import Parser
from xnai_pipelines.errors import MissingExtraError, SkippedFileError, UnreadableError


def read_contents(parser: Parser, source: Source) -> Iterator[Content | BadRecord]:
    """Yield what the parser makes of the file, within the limits.

    No other exception is raised, so that one bad file never stops a run.

    Raises:
        UnreadableError: The file cannot be read; "failed" if the parser raised an exception of its own.
        SkippedFileError: The file is not one to read.
    """
    max_chars = source.limits.max_text_chars
    try:
        for content in parser.parse(source):
            if isinstance(content, Content) and not content.text.strip():
                raise SkippedFileError("empty", "The file is empty or only white space.")
            if isinstance(content, Content) and len(content.text) > max_chars:
                message = f"The text has {len(content.text):,} characters, more than {max_chars:,}. Split it."
                if content.record_id is None:
                    raise UnreadableError("too_large", message)
                yield BadRecord(content.record_id, "too_large", message)
            else:
                yield content
    except (UnreadableError, SkippedFileError):
        raise
    except MissingExtraError as error:
        raise UnreadableError("not_installed", f"{error}. The next run then reads the file.") from error
    except RecursionError as error:
        raise UnreadableError("too_deep", "The file is nested too deeply to read. Flatten it.") from error
    except MemoryError as error:
        raise UnreadableError("memory", "Reading the file takes more memory than allowed.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, ExpatError, SyntaxError) as error:
        raise UnreadableError("damaged", f"The file is damaged: {error}. Save it again.") from error
    except OSError as error:
        kind = "damaged" if error.errno is None else "unreadable"  # libraries raise it for contents too
        raise UnreadableError(kind, f"The file cannot be read: {error}.") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnreadableError(
            "failed",
            f"The {parser.name} parser cannot read the file ({reason}). Save it again, or exclude it.",
        ) from error
