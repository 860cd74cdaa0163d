"""Texts to vectors: what an encoder is, how it is built once, how it runs, and a cache of its vectors."""

from xnai_pipelines.encoding.cache import CacheSize, VectorCache, text_sha256
from xnai_pipelines.encoding.encoder import Encoded, Encoder
from xnai_pipelines.encoding.expansion import EXPANDED, expanded
from xnai_pipelines.encoding.export import build_encoder
from xnai_pipelines.encoding.folder import MODEL_FILE, shipped_bytes
from xnai_pipelines.encoding.hardware import cpu_flags
from xnai_pipelines.encoding.source import (
    default_encoder_folder,
    encoder_name,
    resolve_encoder,
    tokenizer_file,
)
from xnai_pipelines.encoding.specification import (
    EncoderSpec,
    Precision,
    UnsupportedEncoderError,
    read_specification,
)
from xnai_pipelines.encoding.stored import build_static_encoder, build_stored_encoder

__all__ = [
    "EXPANDED",
    "MODEL_FILE",
    "CacheSize",
    "Encoded",
    "Encoder",
    "EncoderSpec",
    "Precision",
    "UnsupportedEncoderError",
    "VectorCache",
    "build_encoder",
    "build_static_encoder",
    "build_stored_encoder",
    "cpu_flags",
    "default_encoder_folder",
    "encoder_name",
    "expanded",
    "read_specification",
    "resolve_encoder",
    "shipped_bytes",
    "text_sha256",
    "tokenizer_file",
]
