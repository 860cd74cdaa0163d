"""A language model that reads names and relations in passages, within a budget of tokens."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace

from xnai_pipelines.graph.proposals import VERSION, messages, proposals
from xnai_pipelines.graph.recogniser import Recognised
from xnai_pipelines.language_model.server import LEFT_ALONE, ChatServer

REPLY_TOKENS = 1_000
BYTES_OF_TOKEN = 3  # estimated, if the server does not count


@dataclass(slots=True)
class LanguageReader:
    """A language model by its name, loaded only if there is a passage to read; for one run.

    Attributes:
        model: Its name.
        load: Returns the server to ask.
        budget: Max tokens of the run, of what is sent and of replies.
        spent: Tokens so far.
    """

    model: str
    load: Callable[[], ChatServer]
    budget: int
    spent: int = 0
    _server: ChatServer | None = field(default=None, repr=False)

    name = "language-model"
    at_once = 8

    @property
    def version(self) -> str:
        """The model and the version of what it is asked."""
        return f"{'_'.join(self.model.split())}/{VERSION}"

    def read(self, texts: Sequence[str]) -> Generator[tuple[int, Recognised | str], None, str]:
        """Yield what the model finds in each text, or why it failed; end when the budget is spent or it is away."""
        for place, text in enumerate(texts):
            asked = messages(text)
            if self.spent + _tokens(asked) + REPLY_TOKENS > self.budget:
                return f"the budget of {self.budget:,} tokens is spent"
            if self._server is None:
                self._server = replace(self.load(), max_tokens=REPLY_TOKENS)
            reply, ended = self._server.whole_reply(asked)
            if ended.failure == LEFT_ALONE:
                return f"the server {LEFT_ALONE}"
            usage = ended.usage
            tokens = usage.prompt_tokens + usage.reply_tokens if usage else _tokens([*asked, {"content": reply}])
            self.spent += tokens
            yield place, ended.failure or replace(proposals(text, reply), tokens=tokens)
        return ""


def _tokens(messages: Sequence[dict[str, str]]) -> int:
    return -(-sum(len(one["content"].encode(errors="replace")) for one in messages) // BYTES_OF_TOKEN)
