"""Structs in Thrift's compact protocol, in which Parquet writes its headers, as dictionaries by field id."""

from __future__ import annotations

import struct
from typing import Any

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _MAP, _STRUCT = 1, 2, 3, 7, 8, 11, 12
_WHOLE = (4, 5, 6)
_LISTS = (9, 10)
DEEPEST = 16
"""Structs inside of structs: Parquet's own have eight levels."""


class Compact:
    """Reads one value after the other. Raises IndexError, ValueError or struct.error where the bytes are damaged."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self.data, self.place = data, place

    def fields(self, depth: int = 0) -> dict[int, Any]:
        """The fields of a struct."""
        if depth > DEEPEST:
            raise ValueError("structs are nested too deeply")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            kind = head & 0x0F
            field = field + (head >> 4) if head >> 4 else self._zigzag()
            found[field] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _WHOLE:
            return self._zigzag()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.fields(depth + 1)
        if kind in _LISTS:
            return self._items(depth)
        if kind in (_BYTE, _TRUE, _FALSE):
            return self._byte()
        if kind == _DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        raise ValueError("a type that Parquet does not use")

    def _items(self, depth: int) -> list[Any]:
        head = self._byte()
        count = self._varint() if head >> 4 == 15 else head >> 4
        if count > len(self.data) - self.place:
            raise ValueError("a list that is longer than what holds it")
        return [self._value(head & 0x0F, depth) for _ in range(count)]

    def _byte(self) -> int:
        byte = self.data[self.place]
        self.place += 1
        return byte

    def _bytes(self, count: int) -> bytes:
        part = self.data[self.place : self.place + count]
        if len(part) < count:
            raise IndexError
        self.place += count
        return part

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number without an end")

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
