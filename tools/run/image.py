"""image - adds host files to the root directory of a disk image, xv6's or the extended one (include/fs.h).

Only for images that no kernel has mounted.  A log that was left full is carried out first, as a kernel would.
"""

import struct

BSIZE = 512
NADDR = 13
PER_BLOCK = BSIZE // 4
NAME_SIZE = 14
ROOT = 1
T_DIR, T_FILE = 1, 2
EXTENDED = 0x4D534B01


class ImageError(Exception):
    pass


def features(path):
    """The feature word of an image, or None for a file that is no image."""
    with open(path, "rb") as f:
        f.seek(BSIZE)
        words = f.read(32)
        f.seek(0, 2)
        nbytes = f.tell()
    if len(words) < 32:
        return None
    size, nblocks, ninodes, nlog, logstart, inodestart, bmapstart, feature = struct.unpack("<8I", words)
    sane = 0 < nblocks < size <= nbytes // BSIZE and ninodes > ROOT and max(logstart, inodestart, bmapstart) < size
    return feature if sane else None


class Image:
    def __init__(self, path):
        feature = features(path)
        if feature not in (0, EXTENDED):
            raise ImageError("%s is not a disk image that can be added to" % path)
        self.ndirect = 11 if feature == EXTENDED else 12
        self._file = open(path, "r+b")
        (self.size, self.nblocks, self.ninodes, _, self.logstart, self.inodestart,
         self.bmapstart, _) = struct.unpack("<8I", self.read(1)[:32])
        self._next_free = 0
        self._recover()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._file.close()

    def read(self, blockno):
        self._file.seek(blockno * BSIZE)
        return bytearray(self._file.read(BSIZE).ljust(BSIZE, b"\0"))

    def write(self, blockno, data):
        self._file.seek(blockno * BSIZE)
        self._file.write(data)

    def _recover(self):
        header = struct.unpack("<128I", self.read(self.logstart))
        if not 0 < header[0] < 128:
            return
        for i in range(header[0]):
            self.write(header[1 + i], self.read(self.logstart + 1 + i))
        self.write(self.logstart, bytes(BSIZE))

    # An inode is a list: type, major, minor, nlink, size, and its 13 addresses.
    def inode(self, inum):
        block = self.read(self.inodestart + inum // 8)
        return list(struct.unpack_from("<4hI13I", block, inum % 8 * 64))

    def put_inode(self, inum, inode):
        blockno = self.inodestart + inum // 8
        block = self.read(blockno)
        struct.pack_into("<4hI13I", block, inum % 8 * 64, *inode)
        self.write(blockno, block)

    def new_inode(self):
        for inum in range(ROOT + 1, self.ninodes):
            if self.inode(inum)[0] == 0:
                return inum
        raise ImageError("the image has no free inode")

    def set_used(self, blockno, used):
        at = self.bmapstart + blockno // (BSIZE * 8)
        block = self.read(at)
        bit = blockno % (BSIZE * 8)
        if used:
            block[bit // 8] |= 1 << bit % 8
        else:
            block[bit // 8] &= ~(1 << bit % 8)
        self.write(at, block)

    def new_block(self):
        for at in range(self._next_free // (BSIZE * 8), (self.size + BSIZE * 8 - 1) // (BSIZE * 8)):
            block = self.read(self.bmapstart + at)
            for i, byte in enumerate(block):
                if byte != 0xFF:
                    blockno = (at * BSIZE + i) * 8 + next(b for b in range(8) if not byte >> b & 1)
                    if blockno < self.size:
                        self.set_used(blockno, True)
                        self._next_free = blockno
                        self.write(blockno, bytes(BSIZE))
                        return blockno
        raise ImageError("the image is full")

    def _entry(self, table, index):
        """The address in entry `index` of the table in block `table`, made if there is none."""
        block = self.read(table)
        blockno, = struct.unpack_from("<I", block, index * 4)
        if not blockno:
            blockno = self.new_block()
            struct.pack_into("<I", block, index * 4, blockno)
            self.write(table, block)
        return blockno

    def block_of(self, inode, n):
        """The n-th block of a file, made if there is none."""
        addrs = 5
        if n < self.ndirect:
            slot, path = n, []
        elif n - self.ndirect < PER_BLOCK:
            slot, path = self.ndirect, [n - self.ndirect]
        else:
            n -= self.ndirect + PER_BLOCK
            slot, path = self.ndirect + 1, [n // PER_BLOCK, n % PER_BLOCK]
            if slot >= NADDR or n >= PER_BLOCK * PER_BLOCK:
                raise ImageError("the file is too large for the image's format")
        if not inode[addrs + slot]:
            inode[addrs + slot] = self.new_block()
        blockno = inode[addrs + slot]
        for index in path:
            blockno = self._entry(blockno, index)
        return blockno

    def truncate(self, inode):
        def free(blockno, levels):
            if not blockno:
                return
            if levels:
                for entry in struct.unpack("<128I", self.read(blockno)):
                    free(entry, levels - 1)
            self.set_used(blockno, False)

        for slot in range(NADDR):
            free(inode[5 + slot], max(0, slot - self.ndirect + 1))
            inode[5 + slot] = 0
        inode[4] = 0
        self._next_free = 0

    def add(self, name, data):
        """Makes /name, or replaces what it holds."""
        encoded = name.encode()
        if len(encoded) > NAME_SIZE:
            raise ImageError("%s: names in the image have at most %d bytes" % (name, NAME_SIZE))
        root = self.inode(ROOT)
        inum, free = 0, root[4]
        for offset in range(0, root[4], 16):
            block = self.read(self.block_of(root, offset // BSIZE))
            number, found = struct.unpack_from("<H14s", block, offset % BSIZE)
            if number and found.rstrip(b"\0") == encoded:
                inum = number
            elif not number:
                free = min(free, offset)
        if inum:
            inode = self.inode(inum)
            if inode[0] != T_FILE:
                raise ImageError("%s: the image has a directory or device of that name" % name)
            self.truncate(inode)
        else:
            inum = self.new_inode()
            inode = [T_FILE, 0, 0, 1, 0] + [0] * NADDR
            blockno = self.block_of(root, free // BSIZE)
            block = self.read(blockno)
            struct.pack_into("<H14s", block, free % BSIZE, inum, encoded)
            self.write(blockno, block)
            root[4] = max(root[4], free + 16)
            self.put_inode(ROOT, root)
        for n in range((len(data) + BSIZE - 1) // BSIZE):
            self.write(self.block_of(inode, n), data[n * BSIZE:(n + 1) * BSIZE].ljust(BSIZE, b"\0"))
        inode[4] = len(data)
        self.put_inode(inum, inode)
