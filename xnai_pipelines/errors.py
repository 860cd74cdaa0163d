"""Every error that the product expects, in one tree: the class says the HTTP status and the exit code of a command.

XnaiError                what was wrong, where, and what to do; in one or two sentences
+-- InvalidInputError    400, exit code 2: a setting, an option, a query or a file of labels is not acceptable
+-- NotReadyError        409, exit code 1: something has to be made, decided or allowed first
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


class NotReadyError(XnaiError):
    """Something has to be made, decided or allowed first."""

    http_status = 409


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
    """The question cannot be searched for; the message says why."""


class LabelledQuestionsError(InvalidInputError):
    """The labelled questions cannot be read; the message names the file, the line and what is expected."""


class FeedbackError(InvalidInputError):
    """The feedback cannot be taken; the message says what was wrong with it."""


class UnsupportedEncoderError(InvalidInputError):
    """A model folder that cannot be served. The message names the part and what is supported."""


class SchemeError(InvalidInputError):
    """A scheme that cannot be carried out; the message says what is allowed."""


class AdapterConfigError(InvalidInputError):
    """A setting of a training that is not allowed, by name, with its value and what is."""


class TrainingOptionError(InvalidInputError):
    """An option of a training is not of the form name=value."""


class OptionError(InvalidInputError):
    """An option, or the file or folder that it names, is not acceptable; the message names it."""


class VariantError(InvalidInputError):
    """A variant that does not exist is asked for."""


class WebhookError(InvalidInputError):
    """The address cannot be a webhook's; the message says why and does not hold it."""


class ReleaseError(NotReadyError):
    """There is no release that can be used; the message says what to do."""


class DecisionError(NotReadyError):
    """A decision cannot be read, or cannot be approved; the message says what to do."""


class ForgettingError(NotReadyError):
    """The document cannot be forgotten yet; the message says why and what to do."""


class IngestRefusedError(NotReadyError):
    """The run stopped before it deleted anything; the message says why and what to do."""


class EncoderChangedError(NotReadyError):
    """The settings name another encoder than the release was embedded with."""


class VectorSpaceError(NotReadyError):
    """A vector of another space than the table's was to be compared; the message says what to do."""


class VariantMissingError(NotReadyError):
    """A variant is asked for that was not made from the present base weights; the message says how to make it."""


class NothingToEvaluateError(NotReadyError):
    """There are no questions; the message says how to get some."""


class CalibrationError(NotReadyError):
    """There is too little text to calibrate with, or none was drawn; the message says what to do."""


class CardError(NotReadyError):
    """There is no precision card, or too little to measure one on; the message says what to do."""


class NoAdapterError(NotReadyError):
    """No adapter was trained in this home yet; the message says how to."""


class MissingExtraError(NotReadyError):
    """A part of the product that is not installed; the message has the command that installs it."""


class NoTrainingPairsError(NotReadyError):
    """There is nothing to train on; the message says why and what to do."""


class NotTrackedError(NotReadyError):
    """MLflow answers, but what was asked for is not there or not as it should be; waiting does not mend it."""


class DamagedArtefactError(DamagedError):
    """A model folder whose files are missing or are not those that its card describes."""


class QuantizedFileError(DamagedError):
    """A file of a quantized model that cannot be written or read; the message says what is wrong with which."""


class RecordError(DamagedError):
    """A record is damaged; the message names the file and says what to do."""


class TableError(DamagedError):
    """A table cannot be used as it is; the message names it and says what to do."""


class DriftError(DamagedError):
    """A profile that cannot be read or compared. The message says what to do."""


class HomeError(UnavailableError):
    """The home cannot be used as asked; the message says what to do."""


class ListingError(UnavailableError):
    """The folder as a whole cannot be listed; nothing was read or deleted."""


class TrackingUnavailableError(UnavailableError):
    """MLflow cannot be reached or written now; what was to be logged can be logged later."""


class ServerError(UnavailableError):
    """A server did not start or stopped; the message says which and where its log is."""


class QuantizationError(FailedError):
    """A model that cannot be quantized as asked; the message says what is wrong and what to do."""


class GraphError(FailedError):
    """A graph and weights that do not belong together, or a damaged graph; the message says which and what to do."""


class ProbeError(FailedError):
    """A variant that could not be served; the message says why."""


class AdaptationError(FailedError):
    """A training that cannot go on, or an adapter that cannot be used. The message says why and what to do."""


class StoryError(FailedError):
    """The story did not go on as it should; the message says where."""


class UnreadableError(FileError):
    """A file that should be a document and cannot become one: something a person can mend.

    `kind` is "damaged", "encrypted", "no_text", "too_large", "too_deep", "timeout", "memory", "crashed", "unreadable",
    "failed" or "not_installed".
    """


class SkippedFileError(FileError):
    """A file that is nothing to read: `kind` is "unsupported" (an image, an archive, a program) or "empty"."""
