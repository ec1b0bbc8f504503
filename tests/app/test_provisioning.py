"""What becomes of somebody who comes from the company's sign-in, as a table of all that can be said and known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from metes.app.provisioning import Arrival, Known, decided
from metes.connect.provider_settings import ProviderSettings, Provision

SETTINGS = ProviderSettings("https://sso.example.com", "metes", "https://metes.example.com/sign-in/back")
WHO = [
    Known(user_id, of_email, is_in_group, is_shut_out)
    for user_id, of_email, is_in_group, is_shut_out in product((None, 7), ((), (3,), (3, 4)), (False, True), (False, True))
]


@pytest.mark.parametrize(
    "settings", [replace(SETTINGS, provision=p, links_email=linked) for p in Provision for linked in (False, True)]
)
def test_nobody_becomes_a_user_but_as_the_settings_say(settings: ProviderSettings) -> None:
    for known in WHO:
        arrival = decided(known, settings)
        assert (arrival is Arrival.KNOWN) == (known.user_id is not None)
        if arrival is Arrival.LINKED:
            assert settings.links_email
            assert len(known.of_email) == 1
        if arrival is Arrival.MADE:
            assert settings.provision is not Provision.NO
            assert settings.provision is Provision.YES or known.is_in_group
            assert not (settings.links_email and known.of_email)
        if known.is_shut_out and known.user_id is None:
            assert arrival is Arrival.TURNED_AWAY


@pytest.mark.parametrize(
    ("provision", "links_email", "known", "arrival"),
    [
        (Provision.NO, False, Known(None), Arrival.TURNED_AWAY),
        (Provision.NO, True, Known(None, (3,)), Arrival.LINKED),
        (Provision.YES, False, Known(None, (3,)), Arrival.MADE),
        (Provision.YES, True, Known(None, (3, 4)), Arrival.TURNED_AWAY),
        (Provision.GROUPS, False, Known(None), Arrival.TURNED_AWAY),
        (Provision.GROUPS, False, Known(None, (), True), Arrival.MADE),
    ],
)
def test_each_setting_lets_in_whom_it_is_for(provision: Provision, links_email: bool, known: Known, arrival: Arrival) -> None:
    assert decided(known, replace(SETTINGS, provision=provision, links_email=links_email)) is arrival
