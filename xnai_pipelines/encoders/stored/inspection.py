"""The content of a quantized model's file, for people: bytes by tensor, bits per weight, ratio to float32."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.encoders.stored.buffers import data_buffers
from xnai_pipelines.encoders.stored.file import SCHEMA, Header, StoredBatch, read

_FLOAT32_BITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSummary:
    """A tensor in the file.

    Attributes:
        name: Name of the parameter.
        shape: Shape of the tensor.
        method: How it is stored; `bits` and `group_size` are None if codes have no fixed width or no groups.
        bits: Width of a code.
        group_size: Number of weights that share a scale.
        coding: "packed", "entropy", "float16" or "float32".
        stored_bytes: Compressed bytes of its codes, scales, zero points and the like. Tensors in one record batch share
            its buffers in proportion to their input. So this is exact for large tensors and for entropy-coded codes,
            and an estimate for small ones.
    """

    name: str
    shape: tuple[int, ...]
    method: str
    bits: int | None
    group_size: int | None
    coding: str
    stored_bytes: int

    @property
    def weights(self) -> int:
        """The number of weights in the tensor."""
        return math.prod(self.shape)

    @property
    def bits_per_weight(self) -> float:
        """Stored bits per weight."""
        return _bits_per_weight(self.stored_bytes, self.weights)

    @property
    def ratio(self) -> float:
        """How many times smaller than in float32 it is."""
        return _ratio(self.stored_bytes, self.weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInspection:
    """A quantized model's file: its header, its tensors in order, and its size in bytes."""

    header: Header
    tensors: tuple[TensorSummary, ...]
    file_bytes: int

    @property
    def weights(self) -> int:
        """The number of weights in the model."""
        return sum(tensor.weights for tensor in self.tensors)

    @property
    def overhead_bytes(self) -> int:
        """The bytes that are not any tensor's numbers: names, shapes, hashes, Arrow's own."""
        return self.file_bytes - sum(tensor.stored_bytes for tensor in self.tensors)

    @property
    def bits_per_weight(self) -> float:
        """The whole file's bits per weight."""
        return _bits_per_weight(self.file_bytes, self.weights)

    @property
    def ratio(self) -> float:
        """How many times smaller the whole file is than the same weights in float32."""
        return _ratio(self.file_bytes, self.weights)

    @property
    def summary(self) -> str:
        """The file in one sentence."""
        return (
            f"{self.header.scheme.summary}; {self.file_bytes:,} bytes for {self.weights:,} weights, "
            f"{self.bits_per_weight:.2f} bits each, {self.ratio:.1f} times smaller than float32"
        )

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Return columns and rows for people: the tensors, largest first, then the rest, then the whole file."""
        rows = [
            _line(tensor.name, _shape(tensor), form=_form(tensor), stored=tensor.stored_bytes, weights=tensor.weights)
            for tensor in sorted(self.tensors, key=lambda tensor: -tensor.stored_bytes)
        ]
        rows.append(["names, shapes, hashes", "", "", f"{self.overhead_bytes:,}", "", ""])
        rows.append(_line("whole file", f"{self.weights:,}", form="", stored=self.file_bytes, weights=self.weights))
        return ["tensor", "shape", "stored as", "bytes", "bits per weight", "ratio"], rows

    def markdown(self) -> str:
        """Return the header's facts and the table as Markdown."""
        header = self.header
        facts = {
            "scheme": header.scheme.summary,
            "base weights": header.base_sha256,
            "calibration texts": header.calibration_sha256 or "none",
            "quantized in": f"{header.statistics.seconds:.1f} s",
            "libraries": ", ".join(f"{name} {version}" for name, version in sorted(header.libraries.items())),
        }
        lines = [f"- {name}: {fact}" for name, fact in facts.items()]
        lines += [f"- {note}" for note in header.statistics.notes]
        columns, rows = self.table()
        lines += ["", *(f"| {' | '.join(row)} |" for row in [columns, ["---"] * 3 + ["---:"] * 3, *rows])]
        return "\n".join(lines) + "\n"


def inspect(path: Path) -> FileInspection:
    """Return the content of the file at `path`, after checking that it is intact; codes are not decoded.

    Raises:
        QuantizedFileError: As `load`.
    """
    header, batches = read(path)
    tensors = tuple(tensor for batch in batches for tensor in _summaries(batch))
    return FileInspection(header=header, tensors=tensors, file_bytes=path.stat().st_size)


def _summaries(batch: StoredBatch) -> Iterator[TensorSummary]:
    compressed: dict[str, float] = {}  # bytes in the file per byte in memory, by column
    for name, number in data_buffers(SCHEMA).items():
        raw = sum(len(row[name]) for row in batch.rows if row[name] is not None)
        compressed[name] = batch.buffers[number].stored / raw if raw else 0.0
    for row in batch.rows:
        stored = sum(len(row[name]) * rate for name, rate in compressed.items() if row[name] is not None)
        yield TensorSummary(
            name=row["name"],
            shape=tuple(row["shape"]),
            method=row["method"],
            bits=row["bits"],
            group_size=row["group_size"],
            coding=row["coding"],
            stored_bytes=round(stored),
        )


def _form(tensor: TensorSummary) -> str:
    if tensor.bits is None:
        return tensor.coding if tensor.coding != "entropy" else f"{tensor.method}, entropy-coded"
    groups = f", groups of {tensor.group_size}" if tensor.group_size else ""
    return f"{tensor.method}, {tensor.bits} bits{groups}"


def _shape(tensor: TensorSummary) -> str:
    return " x ".join(map(str, tensor.shape)) or "scalar"


def _line(name: str, shape: str, form: str, stored: int, weights: int) -> list[str]:
    bits, ratio = _bits_per_weight(stored, weights), _ratio(stored, weights)
    return [name, shape, form, f"{stored:,}", f"{bits:.2f}", f"{ratio:.1f}"]


def _bits_per_weight(stored: int, weights: int) -> float:
    return stored * 8 / weights if weights else 0.0


def _ratio(stored: int, weights: int) -> float:
    return weights * _FLOAT32_BITS / 8 / stored if stored else 0.0
