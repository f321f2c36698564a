"""Writes GGUF version 3: header, metadata, tensor directory, aligned tensor data. And reads back what it wrote."""

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


class Reader:
    """A cursor over a file's bytes."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def unpack(self, form: str):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values if len(values) > 1 else values[0]

    def text(self) -> str:
        length = self.unpack("<Q")
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def value(self, kind: int):
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            inner, count = self.unpack("<IQ")
            return [self.value(inner) for _ in range(count)]
        return self.unpack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind])


def read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Metadata, and every tensor as float32."""
    reader = Reader(path.read_bytes())
    magic, version, tensors, pairs = reader.unpack("<4sIQQ")
    if magic != b"GGUF" or version != 3:
        raise ValueError(f"{path} is no GGUF file of version 3")
    metadata = {reader.text(): reader.value(reader.unpack("<I")) for _ in range(pairs)}
    directory = []
    for _ in range(tensors):
        name, rank = reader.text(), reader.unpack("<I")
        shape = tuple(reader.unpack("<Q") for _ in range(rank))[::-1]
        directory.append((name, shape, *reader.unpack("<IQ")))
    start = reader.at + -reader.at % ALIGNMENT
    return metadata, {name: decoded(reader.data, start + offset, shape, kind) for name, shape, kind, offset in directory}


def decoded(data: bytes, at: int, shape: tuple, kind: int) -> np.ndarray:
    count = int(np.prod(shape))
    if kind == Q8_0:
        return dequantised(data[at : at + count // 32 * 34], shape)
    return np.frombuffer(data, np.float16 if kind == F16 else np.float32, count, at).reshape(shape).astype(np.float32)
