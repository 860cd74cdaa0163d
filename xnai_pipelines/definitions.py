"""The code location: everything under defs/, with the resources that the settings configure."""

import warnings
from pathlib import Path

import dagster as dg

from xnai_pipelines.defs.resources.configured import configured
from xnai_pipelines.environment import prepare
from xnai_pipelines.settings import settings


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the code location."""
    prepare(settings())
    # Dagster sets it itself when it copies a sensor of several jobs
    warnings.filterwarnings("ignore", message="Parameter `owners` of initializer `SensorDefinition")
    products = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    # The stages follow each other and one writer is all the tables allow: one process a run, its imports paid once.
    shared = dg.Definitions(resources=configured(settings()), executor=dg.in_process_executor)
    return dg.Definitions.merge(products, shared)
