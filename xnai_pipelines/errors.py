"""Every error that the product expects, in one tree. The class gives the HTTP status and the exit code of a command.

XnaiError                what was wrong, where, and what to do; in one or two sentences
+-- InvalidInputError    400, exit code 2: a setting, an option, a query or a file of labels is not acceptable
+-- AccessError          401, 403, 404, 413 or 429, exit code 1: the caller may not do this, or not now
+-- NotReadyError        503, exit code 1: something has to be made, decided or allowed first
+-- DamagedError         500, exit code 1: something stored cannot be read
+-- UnavailableError     503, exit code 3: a disk, folder or server cannot be reached; the same command may work later
+-- FailedError          500, exit code 1: the work itself did not succeed
+-- FileError            422, exit code 1: a file gives no document
"""

from typing import ClassVar


class XnaiError(Exception):
    """An expected failure. Its message says what was wrong, where, and what to do.

    Attributes:
        http_status: Status of a response of the service that ends with this error.
        exit_code: Exit code of a command that ends with it.
    """

    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1


class InvalidInputError(XnaiError, ValueError):
    """A setting, an option, a query or a file of labels is not acceptable."""

    http_status = 400
    exit_code = 2


class AccessError(XnaiError):
    """The caller may not do this, or not now."""

    http_status = 403


class NotReadyError(XnaiError):
    """Something has to be made, decided or allowed first, by those who run the product."""

    http_status = 503


class DamagedError(XnaiError):
    """Something stored cannot be read."""


class UnavailableError(XnaiError):
    """A disk, a folder or a server cannot be reached; the same command may succeed later."""

    http_status = 503
    exit_code = 3


class FailedError(XnaiError):
    """The work itself did not succeed."""


class FileError(XnaiError):
    """A file gives no document.

    Attributes:
        kind: The short name shown in counts.
        parser: "name@version" of what refused the file; once that is no longer current, the file is tried again.
    """

    http_status = 422

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.parser: str | None = None


class SettingsError(InvalidInputError):
    """A setting is not acceptable: its name, its value and what is allowed."""


class QueryError(InvalidInputError):
    """The question cannot be searched for."""


class GraphQueryError(InvalidInputError):
    """The knowledge graph has no answer: no graph, no such entity, several of one name, or no path between two."""


class InputsError(InvalidInputError):
    """The home cannot read the documents folder or the questions that were named."""


class SourcesError(InputsError):
    """The list of sources is not acceptable; the message has the line, the value and what is allowed."""


class LabelledQuestionsError(InvalidInputError):
    """The labelled questions cannot be read; the message names the file, the line and what is expected."""


class FeedbackError(InvalidInputError):
    """The feedback cannot be taken."""


class UnsupportedEncoderError(InvalidInputError):
    """The model folder cannot be used as an encoder. The message names the part and what is supported."""


class SchemeError(InvalidInputError):
    """The quantization scheme is not supported; the message says what is allowed."""


class AdapterConfigError(InvalidInputError):
    """A training option is not allowed: its name, its value and what is allowed."""


class OptionError(InvalidInputError):
    """An option, or the file or folder that it names, is not acceptable."""


class AnswerFileError(InvalidInputError):
    """The file is not an answer that can be verified."""


class WebhookError(InvalidInputError):
    """The webhook URL is not valid; the message says why without showing it."""


class AccessRulesError(InvalidInputError):
    """The rules of `access.yaml` are not acceptable; the message names the rule and the form that it should have."""


class GraphRulesError(InvalidInputError):
    """The `graph.yaml` of the documents folder is not acceptable; the message says what it may have."""


class NotAuthenticatedError(AccessError):
    """The request has no token, or one that is unknown, revoked or expired."""

    http_status = 401


class ForbiddenError(AccessError):
    """The token does not have the scope that this needs."""


class NotFoundError(AccessError):
    """There is no such thing for this caller: what may not be read does not exist."""

    http_status = 404


class BodyTooLargeError(AccessError):
    """The body of the request is larger than the service takes."""

    http_status = 413


class TooManyRequestsError(AccessError):
    """The caller is over its rate, or the service over its queue. `retry_after` is in seconds."""

    http_status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ReplayError(NotReadyError):
    """An answer cannot be given again as it was."""


class ReleaseError(NotReadyError):
    """There is no release that can be used."""


class DecisionError(NotReadyError):
    """A challenger cannot be approved."""


class ForgettingError(NotReadyError):
    """The document cannot be forgotten yet."""


class IngestRefusedError(NotReadyError):
    """The run stopped before it deleted anything."""


class EncoderChangedError(NotReadyError):
    """The settings name another encoder than the release was embedded with."""


class VectorSpaceError(NotReadyError):
    """Query and table belong to different vector spaces."""


class VariantMissingError(NotReadyError):
    """The variant was not made from the current base weights."""


class NothingToEvaluateError(NotReadyError):
    """There are no questions."""


class CalibrationError(NotReadyError):
    """There is too little text to calibrate with, or none was drawn."""


class CardError(NotReadyError):
    """There is no precision card, or too little to measure one on."""


class NoAdapterError(NotReadyError):
    """No adapter was trained in this home yet."""


class MissingExtraError(NotReadyError):
    """A part of the product is not installed; the message has the command that installs it."""


class NoTrainingPairsError(NotReadyError):
    """There is nothing to train on."""


class BackupError(NotReadyError):
    """There is no such backup, or it cannot be restored there."""


class HomeMovedError(BackupError):
    """A file of the home was removed while it was backed up: back up again."""


class NotTrackedError(NotReadyError):
    """MLflow answers, but the record is missing or malformed. Retrying does not help."""


class DamagedArtefactError(DamagedError):
    """Files of a model folder are missing or differ from its card."""


class QuantizedFileError(DamagedError):
    """A file of a quantized model cannot be written or read."""


class RecordError(DamagedError):
    """A record is damaged."""


class TableError(DamagedError):
    """A table cannot be used as it is."""


class DriftError(DamagedError):
    """A profile cannot be read or compared."""


class BackupDamagedError(DamagedError):
    """A backup is damaged or cut off."""


class OutputError(UnavailableError):
    """Standard output cannot be written; the message says why."""


class HomeError(UnavailableError):
    """The home cannot be used as asked."""


class BackupUnavailableError(UnavailableError):
    """The folder or bucket of the backups cannot be reached or written."""


class NoReplyError(UnavailableError):
    """The language model's server sent no completion; the message says why, without its address."""


class EncoderUnavailableError(UnavailableError):
    """The hub did not provide the encoder."""


class ListingError(UnavailableError):
    """The folder as a whole cannot be listed; nothing was read or deleted."""


class RequestTimeoutError(UnavailableError):
    """A request took longer than the service allows."""


class IssuerUnavailableError(UnavailableError):
    """The OpenID Connect issuer has not published its keys yet: no token of it can be checked."""


class SourceUnavailableError(UnavailableError):
    """A source of documents cannot be listed; nothing of it was deleted."""


class EntryUnavailableError(UnavailableError):
    """One file or page of a source cannot be read."""


class RequestFailedError(UnavailableError):
    """A web server gave no answer that can be used; the message says why. `passing`: another try may succeed."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class HostBusyError(UnavailableError):
    """A web server asks for a longer pause than a run makes."""


class PageRefusedError(AccessError):
    """A page may not be read: robots.txt forbids it, or it redirects to another host."""


class TrackingUnavailableError(UnavailableError):
    """MLflow cannot be reached or written; the next run logs what is missing."""


class ServerError(UnavailableError):
    """A server did not start or stopped; the message names its log."""


class QuantizationError(FailedError):
    """The model cannot be quantized this way."""


class GraphError(FailedError):
    """A graph is damaged, or does not belong to the weights."""


class ProbeError(FailedError):
    """A variant could not be served."""


class AdaptationError(FailedError):
    """A training cannot continue, or an adapter cannot be used."""


class WorkersLostError(FailedError):
    """Workers stopped several times before they finished their shards."""


class StoryError(FailedError):
    """The retraining demonstration stopped; the message names the step."""


class UnreadableError(FileError):
    """A file should be a document and cannot become one: a person can fix it.

    `kind` is "damaged", "encrypted", "no_text", "too_large", "too_deep", "timeout", "memory", "crashed", "unreadable",
    "failed", "unsupported" or "not_installed".
    """


class SkippedFileError(FileError):
    """A file is not one to read: `kind` is "unsupported" (an image, an archive, a program), "empty", or alike.

    Its message is what the file is, as counts of skipped files name it: a noun phrase, such as "PNG image".
    """


def expected(class_name: str | None) -> type[XnaiError] | None:
    """Return the class of that name in the tree, None if the name is of another error.

    An error that crosses a process or a record, as that of a step of a run does, keeps its class as a name.
    """
    pending: list[type[XnaiError]] = [XnaiError]
    for found in pending:
        if found.__name__ == class_name:
            return found
        pending += found.__subclasses__()
    return None
