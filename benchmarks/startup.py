"""Processor time of `xnai --help` and `xnai search`, as a ratio to `python -c "import lancedb"` in the same run.

    python -m benchmarks.startup [--runs 9] [--documents 20]

Processor time is user and system time of the whole process. Commands take turns, so that all meet the same load.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.pipeline import pipeline, write_part_of_sample
from xnai_pipelines.encoders.runtime import Runtime

REFERENCE = "import lancedb"
COMMANDS = {
    REFERENCE: ["-c", "import lancedb"],
    "xnai --help": ["-m", "xnai_pipelines.cli", "--help"],
    "xnai search": ["-m", "xnai_pipelines.cli", "search", "How do I copy a folder?"],
}
# 0.4 s and 1.2 s on the machine where importing LanceDB takes 1.4 s.
LIMITS = {"xnai --help": 0.29, "xnai search": 0.86}


def main() -> int:
    """Print seconds and ratios; return 1 where a command takes more than its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not read: documents are the sample's")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
        folder = Path(temporary)
        write_part_of_sample(folder, arguments.documents)
        made.ingest(folder)
        seconds = _measured(made.context.home.root, arguments.runs)
    ratios = {name: round(median(taken) / median(seconds[REFERENCE]), 3) for name, taken in seconds.items()}
    for name, taken in seconds.items():
        figures = {"seconds": round(median(taken), 3), "min": round(min(taken), 3), "max": round(max(taken), 3)}
        print(json.dumps({"command": name, **figures, "ratio": ratios[name], "limit": LIMITS.get(name)}), flush=True)
    return int(any(ratios[name] > limit for name, limit in LIMITS.items()))


def _measured(home: Path, runs: int) -> dict[str, list[float]]:
    """Return the processor seconds of each command's runs; a first run of each, which compiles, is left out."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XNAI_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["XNAI_HOME"] = str(home)
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(runs + 1):
        for name, options in COMMANDS.items():
            taken = _processor_seconds([sys.executable, *options], environment)
            if run:
                seconds[name].append(taken)
    return seconds


def _processor_seconds(command: list[str], environment: dict[str, str]) -> float:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}.")
    process.returncode = 0  # it has been waited for
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
