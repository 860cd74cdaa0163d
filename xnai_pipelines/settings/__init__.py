"""Settings: the only place that reads the environment.

A setting holds for every run of a home. What one run may do differently, such as hashing every file or evaluating
again, is a config field of its Dagster asset.

Read `reading.py` first. A group of settings is a file. Its fields are read from `XNAI_<NAME>`, and its properties are
the values that the domain takes, made of them.
"""

from xnai_pipelines.settings.reading import Settings, given_settings, settings, unknown_variables

__all__ = ["Settings", "given_settings", "settings", "unknown_variables"]
