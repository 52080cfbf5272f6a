"""Only who is listed has a role; look-alikes, sub-domains and unverified addresses have none."""

from __future__ import annotations

import pytest

from jne_engine.core.errors import InputError
from pages.frame.people import People, find_address, read_people

LISTED = read_people(
    {
        "JNE_EDITORS": "Ada@Lab.example, @fmri.example\n boss@guests.example",
        "JNE_READERS": "@guests.example visitor@fmri.example",
    }
)


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("ada@lab.example", "editor"),
        ("ADA@LAB.EXAMPLE", "editor"),
        ("anyone@fmri.example", "editor"),
        ("visitor@fmri.example", "reader"),
        ("Boss@Guests.example", "editor"),
        ("rita@guests.example", "reader"),
        ("bob@lab.example", None),
        ("x@sub.fmri.example", None),
        ("x@fmri.example.evil.example", None),
        ("x@evilfmri.example", None),
        ("x@fmri.example@evil.example", None),
        ("x@evil.example@fmri.example", None),
        ("@fmri.example", None),
        ("fmri.example", None),
        ("", None),
        ("ada@lab.example ", None),
        ("ada@lab.example\n", None),
        ("x@fmri.example\u200b", None),
        ("x@fmr\u0131.example", None),  # dotless i
        ("bo\u017f\u017f@guests.example", None),  # long s
        ("\u212aada@fmri.example", None),  # the sign of kelvin is k in lower case
    ],
)
def test_each_address_has_the_role_that_the_operator_gave(address, role):
    assert LISTED.find_role(address) == role


def test_nobody_is_listed_by_default():
    assert read_people({}) == People()
    assert read_people({"JNE_EDITORS": " ,\n"}).is_empty
    assert People().find_role("ada@lab.example") is None


@pytest.mark.parametrize("entry", ["lab.example", "*@lab.example@x", "@", "a@", "ä@lab.example"])
def test_an_entry_that_is_no_address_is_refused(entry):
    with pytest.raises(InputError, match="JNE_READERS"):
        read_people({"JNE_READERS": f"ok@lab.example {entry}"})


def test_an_entry_in_both_lists_is_refused():
    with pytest.raises(InputError, match=r"ada@lab\.example"):
        read_people({"JNE_EDITORS": "ada@lab.example", "JNE_READERS": "ADA@lab.example"})


@pytest.mark.parametrize(
    ("claims", "address"),
    [
        ({"email": "a@b.c"}, "a@b.c"),
        ({"email": "a@b.c", "email_verified": True}, "a@b.c"),
        ({"email": "a@b.c", "email_verified": "true"}, "a@b.c"),
        ({"email": "a@b.c", "email_verified": False}, None),
        ({"email": "a@b.c", "email_verified": "false"}, None),
        ({"email": "a@b.c", "email_verified": None}, None),
        ({"email": "a@b.c", "email_verified": 1}, None),
        ({"email": ["a@b.c"]}, None),
        ({"email": ""}, None),
        ({"preferred_username": "a@b.c"}, None),
        ({}, None),
    ],
)
def test_an_address_counts_only_where_the_provider_vouches_for_it(claims, address):
    assert find_address(claims) == address
