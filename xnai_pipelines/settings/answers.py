"""Answers: the language model that may write them."""

from pydantic import BaseModel, Field, SecretStr

from xnai_pipelines.settings.kinds import ServerUrl


class AnswerSettings(BaseModel):
    """Answers: the language model that may write them."""

    llm_url: ServerUrl | None = Field(
        default=None,
        description="Server with OpenAI's protocol that writes answers, such as http://127.0.0.1:8000/v1. Unset: "
        "answers quote the documents.",
    )
    llm_model: str = Field(
        default="default",
        description="Name of the model on that server. Without a server: a .gguf file to run (extra llm).",
    )
    llm_api_key: SecretStr | None = Field(default=None, description="Key for that server.")
    llm_seconds: float = Field(
        default=20.0, gt=0, description="Max seconds for its reply; after that the answer quotes."
    )
    llm_head_start: float = Field(
        default=10.0,
        gt=0,
        description="Max seconds until its first verified sentence in the service; after that the answer quotes.",
    )
    llm_keep_unsupported: bool = Field(
        default=False,
        description="Show sentences that no document supports, with the reason, instead of dropping them.",
    )
    llm_questions: int = Field(
        default=50,
        ge=0,
        description="Test questions that `xnai evaluate` asks the language model, in up to two requests each. 0: none.",
    )
