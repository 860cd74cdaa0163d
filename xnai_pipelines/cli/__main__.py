"""`python -m xnai_pipelines.cli`."""

from xnai_pipelines.cli import main

main()
