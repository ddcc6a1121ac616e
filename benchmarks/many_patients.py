"""How many whole records ``recurrence-cds evaluate`` goes through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.records import ROTATION
from cds_service.demo.sample_patients import PATIENTS_FOLDER

FILES: Final = 400


def a_minute_and_core(cores: set[int]) -> float:
    """Patients a minute on one core, over copies of the sample records (about 350 resources each)."""
    with tempfile.TemporaryDirectory(prefix="recurrence-cds-bench-") as folder:
        names = []
        for number in range(FILES):
            record = json.loads((PATIENTS_FOLDER / f"{ROTATION[number % len(ROTATION)]}.json").read_text("utf-8"))
            path = Path(folder, f"{number}.json")
            path.write_text(json.dumps(record), encoding="utf-8")
            names.append(str(path))
        command = [str(Path(sys.executable).with_name("recurrence-cds")), "evaluate", "--json", "--quiet"]
        command += ["--jobs", "1", "--today", "2026-11-24", *names]
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
            return FILES / (time.perf_counter() - began) * 60
        finally:
            os.sched_setaffinity(0, before)
