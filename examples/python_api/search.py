"""Ask a home from Python: `python search.py HOME QUESTION`."""

import sys

from xnai_pipelines import open as open_base


def main(home: str, question: str) -> None:
    """Print the best passage of each of the three best documents."""
    base = open_base(home)
    for hit in base.search(question, k=3, by_document=True):
        print(f"{hit.source} [{hit.start}:{hit.end}]")


if __name__ == "__main__":
    main(*sys.argv[1:3])
