# SPDX-License-Identifier: BSD-2-Clause
"""What tools/bench reads of an ELF file: 64 bits, little endian, with sections."""
import struct

SHT_SYMTAB = 2
SHT_NOBITS = 8
CSR_TIME = 0xC01


class Elf:
    """sections: {name: (type, address, offset, size, link)}; symbols: {name: address}."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
            raise ValueError("not an ELF file of 64 bits, little endian")
        self.data = data
        try:
            self.sections = self._sections()
            self.symbols = self._symbols()
        except (struct.error, IndexError, ValueError) as e:
            raise ValueError(f"the ELF file is damaged: {e}") from e

    def _text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def _sections(self):
        table, = struct.unpack_from("<Q", self.data, 40)
        size, count, names = struct.unpack_from("<HHH", self.data, 58)
        raw = [struct.unpack_from("<IIQQQQII", self.data, table + i * size) for i in range(count)]
        self.by_number = raw
        return {self._text(raw[names][4] + r[0]): (r[1], r[3], r[4], r[5], r[6]) for r in raw}

    def _symbols(self):
        found = {}
        for kind, _, offset, size, link in self.sections.values():
            if kind != SHT_SYMTAB:
                continue
            strings = self.by_number[link][4]
            for at in range(offset, offset + size, 24):
                name, _, _, _, value = struct.unpack_from("<IBBHQ", self.data, at)
                found[self._text(strings + name)] = value
        return found

    def size(self, *names):
        """Bytes of those of the sections that are there."""
        return sum(self.sections[name][3] for name in names if name in self.sections)

    def word(self, address):
        """The four bytes at an address as a number; None where the file has nothing for it."""
        for kind, start, offset, size, _ in self.sections.values():
            if start and kind != SHT_NOBITS and start <= address < start + size:
                at = offset + address - start
                return int.from_bytes(self.data[at:at + 4], "little")
        return None


def read(path):
    with open(path, "rb") as f:
        return Elf(f.read())


def csr_access(word):
    """What an instruction does to a CSR: "read", "write" (which a swap is too), or None. Privileged
    specification 20240411, "CSR Instructions": opcode SYSTEM, CSRRW/S/C and their immediates."""
    if word is None or word & 0x7F != 0x73 or not word >> 12 & 3:
        return None
    sets_or_clears = word >> 12 & 2
    return "read" if sets_or_clears and not word >> 15 & 0x1F else "write"


def reads_time(word):
    """Is it an instruction that reads time? Where M-mode emulates it, each is a trap."""
    return csr_access(word) == "read" and word >> 20 == CSR_TIME
