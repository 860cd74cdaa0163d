"""The code location: the knowledge base that the environment configures."""

import dagster as dg

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.knowledge_base import knowledge_base
from xnai_pipelines.environment import prepare
from xnai_pipelines.settings import settings


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the code location."""
    prepare(settings())
    # The stages follow each other and one writer is all the tables allow: one process a run, its imports paid once.
    in_process = dg.Definitions(executor=dg.in_process_executor)
    return dg.Definitions.merge(knowledge_base(Base(settings())), in_process)
