"""The knowledge graph: models that read names beside the rules."""

from pydantic import BaseModel, Field

from xnai_pipelines.settings.kinds import RecogniserName


class GraphSettings(BaseModel):
    """The knowledge graph: models that read names beside the rules."""

    graph_recogniser: RecogniserName | None = Field(
        default=None,
        description="Recogniser of names for the graph: the folder of a token classifier (config.json, tokenizer.json, "
        "model.onnx), or `spacy:` and the package or folder of a spaCy pipeline. Unset: rules only.",
    )
    graph_llm: bool = Field(
        default=False,
        description="Send every passage once to the language model of `XNAI_LLM_URL` or `XNAI_LLM_MODEL`, which finds "
        "names and relations for the graph.",
    )
    graph_llm_tokens: int = Field(
        default=500_000,
        ge=10_000,
        description="Max tokens for this per run; the next run continues.",
    )
