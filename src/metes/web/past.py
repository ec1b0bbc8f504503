"""The date one looks at: read from a page's address, shown in the bar, carried by every link to a page that can show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from metes.app.workspace import Workspace
from metes.model.moment import Moment
from metes.web.addresses import Address

PARAMETERS = ("at", "known")
# Not carried from one day to another: where a list's page begins.
_PLACES = ("after", "before")
# Pages that can show another day, and what they fetch. Whatever is not among them is of now.
_LOOKING = re.compile(
    r"/(accounts(/\d+|/named/.+|/export\.(csv|xlsx))?|territories(/[^/?]+(/children|/restated)?)?|people(/\d+(/restated)?)?"
    r"|map(/(fills|points)\.json)?|search(/options)?)?"
)
_NOT_KEYS = frozenset({"/territories/options"})
# A link that is marked so leads back to today.
_LINK = re.compile(r'\b(href|hx-get|data-fills|data-points)="(/[^"]*)"(?! data-today)')


@dataclass(frozen=True, slots=True)
class Past:
    """What the address of a page that can show the past says of it: the texts as they stand there, and the moment they name.

    Without a moment the page shows today.
    """

    address: Address
    at: str = ""
    known: str = ""
    moment: Moment | None = None
    today: str = ""

    @property
    def is_past(self) -> bool:
        """Whether another day than today is shown, or what was known of today on another."""
        return self.moment is not None

    @property
    def back(self) -> Address:
        """The address of the same page today."""
        return Address(self.address.path, tuple(pair for pair in self.address.query if pair[0] not in (*PARAMETERS, *_PLACES)))

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """What the form of the picker carries on of the address."""
        return self.back.query

    @property
    def is_known_day(self) -> bool:
        """Whether `known` names a day, and no instant."""
        return len(self.known) == len("2026-03-14")

    @property
    def known_day(self) -> str:
        """What the field for a day can show of `known`; an instant has one too."""
        return self.known[:10]

    def there(self, href: str) -> str:
        """An address on the same day, where its page can show one; any other as it is."""
        if self.moment is None:
            return href
        path, mark, fragment = href.partition("#")
        path, _, query = path.partition("?")
        if not _LOOKING.fullmatch(path) or path in _NOT_KEYS:
            return href
        address = Address.parse(path, query)
        if address.get("at") or address.get("known"):
            return href
        return str(address.put(at=self.at or None, known=self.known or None)) + mark + fragment

    def carried(self, html: str) -> str:
        """A page whose links to pages that can show the past lead to the same day: done here once, not in each template."""
        if self.moment is None:
            return html
        return _LINK.sub(lambda found: f'{found[1]}="{escape(self.there(unescape(found[2])))}"', html)


def read_past(address: Address, workspace: Workspace) -> Past:
    """What an address says of the day to look at; InputError where it names none that is one."""
    at, known = address.get("at").strip(), address.get("known").strip()
    today = workspace.today().isoformat()
    moment = None if (at in ("", today) and not known) else workspace.when(at, known)
    return Past(address, at, known, moment, today)
