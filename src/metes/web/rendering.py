"""The Jinja environment of the pages: autoescape, figures by locale, translation, addresses of static files."""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from metes.web import drawing
from metes.web.addresses import Address
from metes.web.assets import Assets, assets
from metes.web.formatting import Reader
from metes.web.revisions import called, label_of

TEMPLATES = Path(__file__).parent / "templates"

# Scripts, styles, fonts and data come from here and nowhere else; nothing is inline. The map draws on blobs and runs a worker.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)

TERRITORY_COLOURS = 12


def make_environment(
    reader: Reader = Reader(),
    static: Assets | None = None,
    translations: gettext.NullTranslations | None = None,
) -> Environment:
    """The environment for one kind of reader, kept: a workspace has few locales, and macros see filters but no context.

    Undefined names raise; `{% trans %}` and `_()` take the translations, without them the text as written.
    """
    return _environment(reader, static or assets(), translations)


def render(environment: Environment, template: str, **context: Any) -> str:
    """A page as text."""
    return environment.get_template(template).render(**context)


def render_block(environment: Environment, template: str, block: str, **context: Any) -> str:
    """One block of a page, for htmx: a fragment is a block of its own page."""
    page = environment.get_template(template)
    return "".join(page.blocks[block](page.new_context(context)))


def colour_class(colour: int | None) -> str:
    """The class of a territory's colour, which it keeps for life: `t0` … `t11`; `t-none` without one."""
    return "t-none" if colour is None else f"t{colour % TERRITORY_COLOURS}"


@lru_cache(maxsize=16)
def _environment(reader: Reader, static: Assets, translations: gettext.NullTranslations | None) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.filters.update(_filters(reader))
    environment.globals.update(_globals(reader, static))
    environment.install_gettext_translations(translations or gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    return environment


def _filters(reader: Reader) -> dict[str, Any]:
    return {
        "number": reader.number,
        "compact": reader.compact,
        "share": reader.share,
        "change": reader.change,
        "signed": reader.signed,
        "money": reader.money,
        "money_compact": reader.money_compact,
        "day": reader.day,
        "month": reader.month,
        "moment": reader.moment,
        "instant": reader.instant,
        "place": reader.place,
        "count_of": reader.count,
        "colour_class": colour_class,
        "label_of": label_of,
        "called": called,
    }


def _globals(reader: Reader, static: Assets) -> dict[str, Any]:
    return {
        "static": static.url,
        "language": reader.language,
        "Address": Address,
        "draw_timeline": drawing.timeline,
        "draw_bars": drawing.bars,
        "draw_band": drawing.band,
    }
