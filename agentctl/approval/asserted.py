"""The verifier of an environment in which nobody has a key: a name is taken as it is said, where that is enough."""

import os
from typing import Literal

from agentctl.approval.verification import Letter, NotVerified, Verified


class AssertedNames:
    """Takes names at their word, and no signature: there is no key to check one with."""

    def verify(self, letter: Letter, *, signatures_required: bool) -> Verified | NotVerified:
        """Return that a name is asserted, unless more is required."""
        if signatures_required:
            return NotVerified(f"answers must be signed here, and `{letter.by}` has no key")
        if letter.signature is not None:
            return NotVerified(f"the answer is signed, and no key of `{letter.by}` is known")
        return Verified("asserted", None, boundary_of(letter))


def boundary_of(letter: Letter) -> Literal["uid", "none"]:
    """Return whether anything but good will separates who wrote a message from the run: another user's file does."""
    return "none" if letter.uid is None or letter.uid == os.getuid() else "uid"
