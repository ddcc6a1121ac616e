"""Rebuilds the sample patients: ``python -m tests.sample_patients``."""

from __future__ import annotations

from cds_service.demo.sample_patients import PATIENTS_FOLDER
from tests.sample_patients.files import files


def main() -> None:
    """Write every file that differs; stale files are removed, README.md stays."""
    wanted = dict(files())
    for path in [*PATIENTS_FOLDER.glob("*.json"), *PATIENTS_FOLDER.glob("orders/*.json")]:
        if path.relative_to(PATIENTS_FOLDER).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (PATIENTS_FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
