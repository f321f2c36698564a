"""Write public/models/catalogue.json for the files that are there.

    python3 catalogue.py --judging runs/judging.json --to ../public/models
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

from members import EXAMPLES, SUMMARIES


def parameters(path: Path) -> int:
    """Read back from the file's tensor directory, so that the catalogue states what ships."""
    data = path.read_bytes()
    tensors, pairs = struct.unpack_from("<QQ", data, 8)
    at = 24
    for _ in range(pairs):
        at = skip_value(data, skip_text(data, at))
    total = 0
    for _ in range(tensors):
        at = skip_text(data, at)
        (dimensions,) = struct.unpack_from("<I", data, at)
        size = struct.unpack_from(f"<{dimensions}Q", data, at + 4)
        at += 4 + 8 * dimensions + 12
        total += size[0] * size[1] if dimensions == 2 else 0
    return total


def skip_text(data: bytes, at: int) -> int:
    return at + 8 + struct.unpack_from("<Q", data, at)[0]


def skip_value(data: bytes, at: int) -> int:
    widths = {4: 4, 5: 4, 6: 4, 7: 1}
    (kind,) = struct.unpack_from("<I", data, at)
    at += 4
    if kind == 8:
        return skip_text(data, at)
    if kind == 9:
        inner, count = struct.unpack_from("<IQ", data, at)
        at += 12
        for _ in range(count):
            at = skip_text(data, at) if inner == 8 else at + widths[inner]
        return at
    return at + widths[kind]


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
