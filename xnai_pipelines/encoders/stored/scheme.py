"""How weights are stored: the options of a quantization."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from xnai_pipelines.errors import SchemeError

GROUP_SIZES = (16, 32, 64, 128)
BITS = (2, 3, 4, 8)


class Method(StrEnum):
    """How a weight gets its code."""

    FLOAT16 = "float16"
    RTN = "rtn"
    GPTQ = "gptq"
    AWQ = "awq"
    RATE = "rate"

    @property
    def calibrated(self) -> bool:
        """Whether the method needs texts, because it uses the layers' inputs."""
        return self in (Method.GPTQ, Method.AWQ, Method.RATE)


class Granularity(StrEnum):
    """Which weights of a matrix share a scale."""

    TENSOR = "tensor"
    CHANNEL = "channel"  # a row: an output of a linear layer or a token of an embedding table
    GROUP = "group"  # `group_size` neighbours in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How the weights of linear layers and embedding tables are stored; everything else is kept in float16.

    Attributes:
        method: How a weight gets its code.
        bits: Width of a code: 2, 3, 4 or 8; None for float16 and rate, whose codes have no fixed width.
        granularity: Which weights share a scale; ignored for rate (one step per tensor) and float16.
        group_size: Weights per group, with granularity "group" only.
        symmetric: Whether zero is the middle of the codes, so that no zero points are stored.
        clip: Whether each scale minimizes the squared error instead of covering the largest weight.
        ratio: For rate: how many times smaller than float32 the file should be.
    """

    method: Method
    bits: int | None = None
    granularity: Granularity = Granularity.GROUP
    group_size: int | None = None
    symmetric: bool = False
    clip: bool = True
    ratio: float | None = None

    def __post_init__(self) -> None:
        """Raise for combinations that cannot be carried out."""
        has_width = self.method in (Method.RTN, Method.GPTQ, Method.AWQ)
        if has_width != (self.bits is not None) or (has_width and self.bits not in BITS):
            raise SchemeError(f"{self.method} with bits={self.bits}: {BITS} are allowed, for rtn, gptq and awq only.")
        grouped = has_width and self.granularity is Granularity.GROUP
        if grouped and self.group_size not in GROUP_SIZES:
            raise SchemeError(f"group_size={self.group_size}: a group has one of {GROUP_SIZES} weights.")
        if not grouped and self.group_size is not None:
            raise SchemeError(f"group_size={self.group_size} does not apply to {self.method} and {self.granularity}.")
        if (self.method is Method.RATE) != (self.ratio is not None):
            raise SchemeError(f"{self.method} with ratio={self.ratio}: only rate takes a ratio, such as 12.")
        if self.ratio is not None and not 4 <= self.ratio <= 30:
            raise SchemeError(f"ratio={self.ratio}: a file by rate is 4 to 30 times smaller than float32.")

    @property
    def description(self) -> str:
        """The scheme as canonical JSON: part of a vector space's name."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def summary(self) -> str:
        """The scheme in a few words for people."""
        if self.method is Method.FLOAT16:
            return "float16"
        if self.method is Method.RATE:
            return f"entropy-coded GPTQ codes, {self.ratio:g} times smaller than float32"
        shared = f"groups of {self.group_size}" if self.group_size else f"one scale per {self.granularity}"
        symmetry = "symmetric" if self.symmetric else "asymmetric"
        return f"{self.bits}-bit {self.method.upper()} codes, {shared}, {symmetry}"
