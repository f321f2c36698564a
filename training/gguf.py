"""Writes GGUF version 3: header, metadata, tensor directory, aligned tensor data."""

import struct
from pathlib import Path

import numpy as np

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
INT32 = 5
F32, F16, Q8_0 = 0, 1, 8


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def metadata_value(value) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<IB", BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", STRING) + text(value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", ARRAY, STRING, len(value)) + b"".join(map(text, value))
    return struct.pack("<IIQ", ARRAY, INT32, len(value)) + struct.pack(f"<{len(value)}i", *value)


def quantised(array: np.ndarray) -> bytes:
    """Q8_0: blocks of 32 values, each a half-precision scale and 32 signed bytes."""
    blocks = array.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    whole = np.rint(blocks * inverse).astype(np.int8)
    return b"".join(s.tobytes() + row.tobytes() for s, row in zip(scale.astype(np.float16), whole))


def dequantised(data: bytes, shape) -> np.ndarray:
    raw = np.frombuffer(data, np.uint8).reshape(-1, 34)
    scale = raw[:, :2].copy().view(np.float16).astype(np.float32)
    return (scale * raw[:, 2:].copy().view(np.int8).astype(np.float32)).reshape(shape)


def encoded(array: np.ndarray, kind: int) -> bytes:
    if kind == Q8_0:
        return quantised(array)
    return array.astype(np.float16 if kind == F16 else np.float32).tobytes()


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def write(path: Path, metadata: dict, tensors: list[tuple[str, np.ndarray, int]]) -> None:
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    head += b"".join(text(key) + metadata_value(value) for key, value in metadata.items())
    directory, data = b"", b""
    for name, array, kind in tensors:
        # GGUF lists dimensions from the fastest-varying one.
        dimensions = array.shape[::-1]
        directory += text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, len(data))
        data += padded(encoded(array, kind))
    path.write_bytes(padded(head + directory) + data)
