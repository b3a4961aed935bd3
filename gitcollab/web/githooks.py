"""The hooks of a push: three lines of shell that put git in touch with the web process, by pipes that only it holds.

So who pushes is what the web process knows of the request, and nothing that a client could say or an environment hold.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PRE_RECEIVE = """\
#!/bin/sh
# asks whether what lies in quarantine may stay
printf 'quarantine %s\\n' "$GIT_QUARANTINE_PATH" >"$GITCOLLAB_SAY" || exit 1
read -r answer <"$GITCOLLAB_HEAR" || exit 1
[ "$answer" = yes ] && exit 0
cat <"$GITCOLLAB_HEAR" >&2
exit 1
"""

PROC_RECEIVE = """\
#!/bin/sh
# hands on what git says, what it is to hear, and what its person is to read
exec 5<&0
cat <&5 >"$GITCOLLAB_SAY" 2>/dev/null &
cat <"$GITCOLLAB_HEAR"
exec cat <"$GITCOLLAB_TELL" >&2
"""


def written(directory: Path) -> Path:
    """Writes the hooks into ``directory`` and returns it; git runs them from there and from nowhere else."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in (("pre-receive", PRE_RECEIVE), ("proc-receive", PROC_RECEIVE)):
        handle, temporary = tempfile.mkstemp(dir=directory)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.chmod(temporary, 0o700)
        os.replace(temporary, directory / name)
    return directory


class Line:
    """The pipes to the hooks of one push. ``environment`` and ``descriptors`` are for the program that runs them."""

    def __init__(self) -> None:
        hear, self._hear = os.pipe()
        tell, self._tell = os.pipe()
        self._said, say = os.pipe()
        self.descriptors = (hear, tell, say)
        names = ("GITCOLLAB_HEAR", "GITCOLLAB_TELL", "GITCOLLAB_SAY")
        self.environment = {
            name: f"/dev/fd/{number}" for name, number in zip(names, self.descriptors, strict=True)
        }
        self._theirs: tuple[int, ...] = self.descriptors
        for number in (self._hear, self._tell):
            os.set_blocking(number, False)

    def hand_over(self) -> None:
        """Closes the hooks' ends here, once the program has them."""
        for number in self._theirs:
            os.close(number)
        self._theirs = ()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.StreamReader]:
        """Gives what the hooks say."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(self._said), "rb", 0)
        )
        try:
            yield reader
        finally:
            transport.close()

    def answer(self, data: bytes) -> None:
        """Says something to the hook that waits for it; at most 16 kB, which a pipe surely holds."""
        with suppress(BrokenPipeError):  # git has gone
            os.write(self._hear, data)

    def tell(self, text: str) -> None:
        """Tells the person who pushes, at the end; at most 16 kB, which a pipe surely holds."""
        with suppress(BrokenPipeError):
            os.write(self._tell, text.encode())

    def end(self) -> None:
        """Lets the hooks end."""
        for number in (self._hear, self._tell):
            os.close(number)
        self._hear = self._tell = -1

    def close(self) -> None:
        """Closes every pipe."""
        self.hand_over()
        for number in (self._hear, self._tell, self._said):
            if number >= 0:
                os.close(number)
        self._hear = self._tell = self._said = -1
