"""Every benchmark, one after the other, each in a process of its own.

python -m benchmarks --data DATA [--only speed scale]
"""

import argparse
import subprocess
import sys
from pathlib import Path

BENCHMARKS = {
    "quality": ["--sample", "--variant", "int8_dynamic", "fp32"],
    "speed": [],
    "startup": [],
    "incremental": [],
    "scale": [],
    "search": [],
    "service": [],
    "load.profiles": [],
    "load.soak": ["--requests", "10000"],
    "answers": [],
    "verification": [],
    "storage": [],
    "quantization": [],
    "adaptation": [],
    "graph": [],
    "extraction": [],
    "decisions": [],
    "drift": [],
    "loop": [],
}


def main() -> int:
    """Run the benchmarks; return 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with scifact/ and the documentation archives")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS))
    arguments = parser.parse_args()
    failed = False
    for name in arguments.only:
        command = [sys.executable, "-m", f"benchmarks.{name}", "--data", str(arguments.data), *BENCHMARKS[name]]
        print("$", " ".join(["python", *command[1:]]), flush=True)
        failed |= subprocess.run(command, check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
