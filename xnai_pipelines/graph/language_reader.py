"""A language model that reads names and relations in passages, within a budget of tokens."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import accumulate
from threading import Lock
from typing import TypeAlias

from xnai_pipelines.graph.proposals import VERSION, messages, proposals
from xnai_pipelines.graph.recogniser import Recognised
from xnai_pipelines.language_model.server import LEFT_ALONE, ChatServer, Ended

REPLY_TOKENS = 1_000
BYTES_OF_TOKEN = 3  # estimated, if the server does not count

Messages: TypeAlias = list[dict[str, str]]


@dataclass(slots=True)
class LanguageReader:
    """A language model by its name, loaded only if there is a passage to read; for one run.

    Attributes:
        model: Its name.
        load: Returns the server to ask.
        budget: Max tokens of the run, of what is sent and of replies.
        at_a_time: Passages that it is asked about at a time, each in a request of its own.
        spent: Tokens so far.
    """

    model: str
    load: Callable[[], ChatServer]
    budget: int
    at_a_time: int = 1
    spent: int = 0
    _server: ChatServer | None = field(default=None, repr=False)
    _loading: Lock = field(default_factory=Lock, repr=False)

    name = "language-model"

    @property
    def at_once(self) -> int:
        """Passages whose findings are stored together: what a run that is killed has asked in vain."""
        return max(8, self.at_a_time)

    @property
    def version(self) -> str:
        """The model and the version of what it is asked."""
        return f"{'_'.join(self.model.split())}/{VERSION}"

    def read(self, texts: Sequence[str]) -> Generator[tuple[int, Recognised | str], None, str]:
        """Yield what the model finds in each text, or why it failed; end when the budget is spent or it is away."""
        with ThreadPoolExecutor(self.at_a_time, thread_name_prefix="graph-language-model") as pool:
            for start in range(0, len(texts), self.at_a_time):
                places = range(start, min(start + self.at_a_time, len(texts)))
                asked = self._affordable({place: messages(texts[place]) for place in places})
                is_away = False
                for place, (reply, ended) in zip(asked, pool.map(self._ask, asked.values()), strict=True):
                    if ended.failure == LEFT_ALONE:
                        is_away = True
                        continue
                    used = ended.usage
                    tokens = (
                        used.prompt_tokens + used.reply_tokens if used else _tokens([*asked[place], {"content": reply}])
                    )
                    self.spent += tokens
                    yield place, ended.failure or replace(proposals(texts[place], reply), tokens=tokens)
                if is_away:
                    return f"the server {LEFT_ALONE}"
                if len(asked) < len(places):
                    return f"the budget of {self.budget:,} tokens is spent"
        return ""

    def _affordable(self, asked: dict[int, Messages]) -> dict[int, Messages]:
        """Return the first of the requests, as many as the budget has room for if all replies are long."""
        costs = accumulate(_tokens(each) + REPLY_TOKENS for each in asked.values())
        left = self.budget - self.spent
        return {place: asked[place] for place, cost in zip(asked, costs, strict=True) if cost <= left}

    def _ask(self, asked: Messages) -> tuple[str, Ended]:
        with self._loading:
            if self._server is None:
                self._server = replace(self.load(), max_tokens=REPLY_TOKENS)
        return self._server.whole_reply(asked)


def _tokens(messages: Messages) -> int:
    return -(-sum(len(one["content"].encode(errors="replace")) for one in messages) // BYTES_OF_TOKEN)
