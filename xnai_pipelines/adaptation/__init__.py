"""Low-rank adapters of sentence encoders and language models: trained, kept, applied, compared, merged."""

from xnai_pipelines.adaptation.adapter import Adapter, list_adapters, load_adapter
from xnai_pipelines.adaptation.applying import AdaptedEncoder, open_adapted
from xnai_pipelines.adaptation.comparison import Comparison, Difference, compare_adapters
from xnai_pipelines.adaptation.config import AdapterConfig, Task, adapter_id
from xnai_pipelines.adaptation.conversations import Conversation, Message, conversations_sha256, read_conversations
from xnai_pipelines.adaptation.errors import AdaptationError, AdapterConfigError
from xnai_pipelines.adaptation.memory import Estimate, estimate
from xnai_pipelines.adaptation.merging import MergedEncoder, merge_adapter, merged_encoder
from xnai_pipelines.adaptation.mining import hard_negatives
from xnai_pipelines.adaptation.pairs import TrainingPair, pairs_sha256
from xnai_pipelines.adaptation.plots import curve_plot
from xnai_pipelines.adaptation.progress import Step, Validation
from xnai_pipelines.adaptation.training import train_causal, train_encoder

__all__ = [
    "AdaptationError",
    "AdaptedEncoder",
    "Adapter",
    "AdapterConfig",
    "AdapterConfigError",
    "Comparison",
    "Conversation",
    "Difference",
    "Estimate",
    "MergedEncoder",
    "Message",
    "Step",
    "Task",
    "TrainingPair",
    "Validation",
    "adapter_id",
    "compare_adapters",
    "conversations_sha256",
    "curve_plot",
    "estimate",
    "hard_negatives",
    "list_adapters",
    "load_adapter",
    "merge_adapter",
    "merged_encoder",
    "open_adapted",
    "pairs_sha256",
    "read_conversations",
    "train_causal",
    "train_encoder",
]
