"""disk - the image that a run boots from."""

import os
import shutil
import tempfile

from . import image
from .paths import build_directory
from .statuses import BUILD_FAILED, Failure


class Disk:
    """The image itself, or a copy with the added files.  A context manager: leaving it removes the copy."""

    def __init__(self, options):
        self.path = options.disk or os.path.join(build_directory(), "tests.img" if options.tests else "fs.img")
        self._copy = None
        try:
            if options.write:
                open(self.path, "r+b").close()
            self.feature = image.features(self.path)
            if options.add:
                self._add(options)
        except (OSError, image.ImageError) as e:
            self.close()
            raise Failure(BUILD_FAILED, str(e)) from e

    @property
    def foreign(self):
        """Is it an image of xv6's, whose init is not ours?"""
        return self.feature == 0

    def _add(self, options):
        handle, self._copy = tempfile.mkstemp(prefix="ksm-", suffix=".img")
        os.close(handle)
        shutil.copyfile(self.path, self._copy)
        with image.Image(self._copy) as disk:
            for name in options.add:
                with open(name, "rb") as f:
                    disk.add(os.path.basename(name), f.read())
        if options.write:
            shutil.copyfile(self._copy, self.path)
        else:
            self.path = self._copy

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        if self._copy:
            os.unlink(self._copy)
            self._copy = None
