"""Texts to vectors: what an encoder is, how it is built once, how it runs, and a cache of its vectors."""

from xnai_pipelines.encoding.cache import CacheSize, VectorCache, text_sha256
from xnai_pipelines.encoding.encoder import Encoded, Encoder
from xnai_pipelines.encoding.export import build_encoder
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

__all__ = [
    "CacheSize",
    "Encoded",
    "Encoder",
    "EncoderSpec",
    "Precision",
    "UnsupportedEncoderError",
    "VectorCache",
    "build_encoder",
    "default_encoder_folder",
    "encoder_name",
    "read_specification",
    "resolve_encoder",
    "text_sha256",
    "tokenizer_file",
]
