"""`python -m xnai_pipelines.cli`."""

from xnai_pipelines.cli.app import main

main()
