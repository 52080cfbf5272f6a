"""One error family with one wording: what, expected, found, what to do."""

from __future__ import annotations


class JneError(Exception):
    """A problem told in one line: what, expected, found and what to do.

    Parameters
    ----------
    what : str
        The file, option or array that the problem is about.
    expected : str
        What would have been right.
    found : str
        What is there instead.
    fix : str
        What the user can do about it.

    Examples
    --------
    >>> print(JneError("responses.h5", "(n_stimuli, n_voxels)", "(768,)", "pass --responses-key"))
    responses.h5: expected (n_stimuli, n_voxels), found (768,): pass --responses-key
    """

    def __init__(self, what: str, expected: str, found: str, fix: str) -> None:
        self.what = _one_line(what)
        self.expected = _one_line(expected)
        self.found = _one_line(found)
        self.fix = _one_line(fix)
        super().__init__(what, expected, found, fix)

    def __str__(self) -> str:
        """Return the whole message as one line."""
        return f"{self.what}: expected {self.expected}, found {self.found}: {self.fix}"


class InputError(JneError):
    """A file, array or option that the user gave cannot be used."""


class UnsafeFileError(InputError):
    """A file asks for more than its own content: links, code, or absurd sizes."""


class StoreError(JneError):
    """A run on disk is missing, incomplete, or not what its manifest says."""


class AccessError(JneError):
    """Somebody asks for a change that they may not make."""


class CancelledError(JneError):
    """The work was asked to stop; what is complete stays and can be resumed."""


def _one_line(text: str) -> str:
    """Collapse white space so that a message never spans several lines."""
    return " ".join(str(text).split())
