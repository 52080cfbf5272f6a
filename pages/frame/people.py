"""Who may use a dashboard that asks people to sign in, and whether they may change anything.

The operator names people by e-mail address, or a whole domain as ``@domain``, in two environment
variables. An address that is listed itself counts before its domain.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from jne_engine.core.errors import InputError

EDITORS: Final = "JNE_EDITORS"
"""Environment variable: who may browse and change, separated by commas or white space."""

READERS: Final = "JNE_READERS"
"""Environment variable: who may browse and present."""

Role = Literal["reader", "editor"]

_ADDRESS = re.compile(r"[!-?A-~]*@[!-?A-~]+")
"""An address or ``@domain``: printable ASCII with one ``@``."""


@dataclass(frozen=True)
class People:
    """The people whom the operator lets in.

    Parameters
    ----------
    editors, readers : frozenset of str
        Addresses and ``@domain`` entries in lower case; none is in both.
    """

    editors: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is listed."""
        return not self.editors and not self.readers

    def find_role(self, address: str) -> Role | None:
        """Return what a person may do; None for who is not listed.

        Parameters
        ----------
        address : str
            E-mail address; upper and lower case are one. Letters outside ASCII match nothing,
            for some look like others and some turn into others in lower case.
        """
        if not address.isascii() or not _ADDRESS.fullmatch(address) or address.startswith("@"):
            return None
        own = address.lower()
        for entry in (own, own[own.index("@") :]):
            if entry in self.editors:
                return "editor"
            if entry in self.readers:
                return "reader"
        return None


def read_people(environment: Mapping[str, str] = os.environ) -> People:
    """Return the people whom the operator lists.

    Raises
    ------
    InputError
        If an entry is neither an address nor ``@domain``, or is listed twice.
    """
    editors, readers = (_read_entries(environment, name) for name in (EDITORS, READERS))
    twice = sorted(editors & readers)
    if twice:
        fix = f"take it out of {EDITORS} or of {READERS}"
        raise InputError(READERS, "nobody who is an editor too", repr(twice[0]), fix)
    return People(editors, readers)


def find_address(claims: Mapping[str, Any]) -> str | None:
    """Return the e-mail address that a sign-in provider vouches for, None where it does not.

    Parameters
    ----------
    claims : mapping
        Claims of the OpenID Connect token. Where ``email_verified`` is among them it must hold;
        some providers write it as text.
    """
    address, verified = claims.get("email"), claims.get("email_verified", True)
    if isinstance(verified, str):
        verified = verified.lower() == "true"
    return address if isinstance(address, str) and address and verified is True else None


def _read_entries(environment: Mapping[str, str], name: str) -> frozenset[str]:
    entries = [entry for entry in re.split(r"[\s,]+", environment.get(name, "")) if entry]
    for entry in entries:
        if not entry.isascii() or not _ADDRESS.fullmatch(entry):
            fix = "write name@lab.org for a person, @lab.org for all of a domain"
            raise InputError(name, "e-mail addresses and @domains", repr(entry), fix)
    return frozenset(entry.lower() for entry in entries)
