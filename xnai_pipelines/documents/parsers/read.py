"""A file through one parser, whatever happens: contents, bad records, or one of two errors."""

import zipfile
import zlib
from collections.abc import Iterator

from xnai_pipelines.documents.parsers.registry import Parser
from xnai_pipelines.documents.parsers.source import BadRecord, Content, Source
from xnai_pipelines.errors import MissingExtraError, SkippedFileError, UnreadableError


def read_contents(parser: Parser, source: Source) -> Iterator[Content | BadRecord]:
    """What the parser makes of the file, each within the limits.

    Raises:
        UnreadableError, SkippedFileError: and nothing else; a parser's own exceptions come as "failed", so
            that one bad file never stops a run.
    """
    most = source.limits.max_text_chars
    try:
        for content in parser.parse(source):
            if isinstance(content, Content) and not content.text.strip():
                raise SkippedFileError("empty", "The file holds no words, only white space.")
            if isinstance(content, Content) and len(content.text) > most:
                message = f"The text has {len(content.text):,} characters, more than {most:,}. Split it."
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
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeError) as error:
        raise UnreadableError("damaged", f"The file is damaged: {error}. Save it again.") from error
    except OSError as error:
        kind = "damaged" if error.errno is None else "unreadable"  # libraries raise it for contents too
        raise UnreadableError(kind, f"The file cannot be read: {error}.") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnreadableError(
            "failed",
            f"The {parser.name} parser cannot read the file ({reason}). Save it again, or leave it out.",
        ) from error
