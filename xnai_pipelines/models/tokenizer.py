"""An encoder's tokenizer.json, as transformers would load it from the model's folder."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from xnai_pipelines.extras import require
from xnai_pipelines.models.bert import is_bert

_SPECIAL = ("unk", "sep", "pad", "cls", "mask")


def write_tokenizer(source: Path, path: Path) -> None:
    """Write the tokenizer.json of a model's folder, without truncation and padding.

    Raises:
        MissingExtraError: The folder has neither tokenizer.json nor BERT's vocab.txt, and transformers, which could
            convert what it has, is not installed.
    """
    tokenizer = _read(source)
    settings = _json(source / "sentence_bert_config.json")
    if settings.get("do_lower_case"):
        rest = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *rest])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(path))


def _read(folder: Path) -> Tokenizer:
    if is_bert(folder) and (folder / "tokenizer.json").is_file():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # tokenizer_config.json takes precedence; models with words of another family have another class there
        if isinstance(tokenizer.normalizer, normalizers.BertNormalizer) and _is_wordpiece(folder):
            tokenizer.normalizer = _normalizer(_json(folder / "tokenizer_config.json"))
        return tokenizer
    if is_bert(folder) and (folder / "vocab.txt").is_file():
        return _of_vocabulary(folder)
    require("export", f"The tokenizer in {folder}")
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True).backend_tokenizer


def _is_wordpiece(folder: Path) -> bool:
    named = _json(folder / "tokenizer_config.json").get("tokenizer_class", "BertTokenizer")
    return str(named).removesuffix("Fast") == "BertTokenizer"


def _normalizer(config: dict[str, Any]) -> normalizers.Normalizer:
    return normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=config.get("tokenize_chinese_chars", True),
        strip_accents=config.get("strip_accents"),
        lowercase=config.get("do_lower_case", True),
    )


def _of_vocabulary(folder: Path) -> Tokenizer:
    """Return BERT's tokenizer from only a vocab.txt."""
    config = {**_json(folder / "special_tokens_map.json"), **_json(folder / "tokenizer_config.json")}
    words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    vocabulary = {word.rstrip("\n"): index for index, word in enumerate(words) if word or index < len(words) - 1}
    names = {role: _content(config.get(f"{role}_token", f"[{role.upper()}]")) for role in _SPECIAL}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=names["unk"]))
    tokenizer.normalizer = _normalizer(config)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first, last = names["cls"], names["sep"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first}:0 $A:0 {last}:0",
        pair=f"{first}:0 $A:0 {last}:0 $B:1 {last}:1",
        special_tokens=[(name, vocabulary[name]) for name in (first, last)],
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens([name for name in names.values() if name in vocabulary])
    return tokenizer


def _content(token: "str | dict[str, Any]") -> str:
    return token if isinstance(token, str) else str(token["content"])


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content
