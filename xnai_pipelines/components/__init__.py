"""Dagster components: a knowledge base in your own project, and a gate on a metric of any asset.

Read `knowledge_base.py` first; `scaffold.py` writes the `defs.yaml` that `dg scaffold` gives.
"""

from xnai_pipelines.components.evaluation_gate import EvaluationGate
from xnai_pipelines.components.knowledge_base import KnowledgeBase

__all__ = ["EvaluationGate", "KnowledgeBase"]
