"""Write public/models/catalogue.json for the files that are there.

    python3 catalogue.py --judging runs/judging.json --to ../public/models
"""

import argparse
import hashlib
import json
from pathlib import Path

import gguf
from members import EXAMPLES, SUMMARIES


def parameters(path: Path) -> int:
    """Read back from the file, so that the catalogue states what ships."""
    return sum(array.size for array in gguf.read(path)[1].values() if array.ndim == 2)


def member(path: Path, judging: dict) -> dict:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    kind = path.name.split("-")[1]
    assert path.name == f"starling-{kind}-{digest[:12]}.gguf", path.name
    fitted = judging[kind]
    return {
        "id": f"starling-{kind}",
        "kind": kind,
        "file": path.name,
        "sizeBytes": len(data),
        "sha256": digest,
        "parameters": parameters(path),
        "contextTokens": 1024,
        "licence": "MIT",
        "tier": 0,
        "judging": {
            "instrument": "likelihood",
            "normalisation": fitted["normalisation"],
            "calibration": {"slope": round(fitted["slope"], 5), "intercept": round(fitted["intercept"], 5)},
            "auc": round(fitted["measured"]["own"], 3),
        },
        "summary": SUMMARIES[kind],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judging", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    judging = json.loads(args.judging.read_text())
    files = {path.name.split("-")[1]: path for path in args.to.glob("starling-*.gguf")}
    listed = [member(files[kind], judging) for kind in SUMMARIES if kind in files]
    catalogue = {"family": "Starling", "members": listed, "questions": EXAMPLES}
    (args.to / "catalogue.json").write_text(json.dumps(catalogue, indent=2) + "\n")
    print(f"{len(listed)} members, {sum(m['sizeBytes'] for m in listed)} bytes")


if __name__ == "__main__":
    main()
