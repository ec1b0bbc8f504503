"""Templates: escaping, what is in them, and that each component renders."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from metes.web.assets import STATIC, Assets, assets
from metes.web.formatting import Reader
from metes.web.rendering import TEMPLATES, colour_class, make_environment, render, render_block
from metes.web.tables import Row
from tests.web import gallery

ALL_TEMPLATES = sorted(TEMPLATES.rglob("*.html"))
VOID = {"meta", "link", "input", "br", "hr", "img"}


class Outline(HTMLParser):
    """Ids, references to ids, and whether tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("for", "aria-controls", "aria-describedby"):
            self.references += given.get(name, "").split()
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_gallery_renders_every_macro() -> None:
    text = gallery.page()
    assert "Sits on desert-1" in gallery.page("gallery-users.html")
    shown = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("gallery.html", "gallery-users.html"))
    for file in sorted((TEMPLATES / "components").glob("*.html")):
        for name in re.findall(r"{% macro ([a-z]\w*)\(", file.read_text(encoding="utf-8")):
            called = re.compile(rf"{{[{{%][^}}]*\b{name}\(")
            others = [f.read_text(encoding="utf-8") for f in (TEMPLATES / "components").glob("*.html")]
            calls = sum(len(called.findall(source)) for source in [shown, *others]) - 1
            assert calls or name in ("options",), f"{file.name}: {name} is shown nowhere"
    assert "Harlan Outdoor Supply" in text


def test_tags_close_in_order_and_every_reference_has_its_target() -> None:
    outline = Outline(gallery.page())
    assert outline.wrong == []
    assert outline.open == []
    assert {reference for reference in outline.references if reference not in outline.ids} == set()


def test_text_from_data_is_escaped_everywhere() -> None:
    evil = '<script>alert("x")</script>'
    rows = [Row("k", {**gallery.row(0).cells, "name": evil, "city": evil, "industry": evil})]
    account = {**gallery.account(), "name": evil, "lead": evil}
    named = {"territory": evil, "href": "/gallery", "sentence": evil}
    winner = {**named, "literals": [{"text": evil, "holds": False}], "above": [{**named, "literals": []}]}
    flips = [{"territories": [named], "sentence": evil}]
    why = {**gallery.why(), "winners": [winner], "losers": [named], "would": flips, "pins": [evil], "recorded": [named]}
    text = gallery.page(table=gallery.table(rows=rows), account=account, why=why, profile=[(evil, evil)])
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(") >= 10


@pytest.mark.parametrize("file", ALL_TEMPLATES, ids=lambda file: file.name)
def test_no_template_has_inline_script_or_style(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle\s*=|\son\w+\s*=\s*[\"']|hx-on|javascript:|\bjs:", text)
    assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?https?://", text)
    assert "| safe" not in text


@pytest.mark.parametrize("file", sorted(p for p in STATIC.glob("*.*")), ids=lambda file: file.name)
def test_no_own_file_asks_another_host(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in text
    assert "https://" not in text


def test_a_name_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        make_environment().from_string("{{ nothing }}").render()


def test_filters_follow_the_reader() -> None:
    text = "{{ 41200000 | money_compact }} {{ 0.5 | share }} {{ 3107 | number }} {{ '2027-03-14' | day }}"
    assert make_environment(Reader("de_DE", "EUR")).from_string(text).render() == "412\u202fk\u00a0€ 50\u202f% 3.107 14.03.2027"


def test_environments_are_kept_per_reader() -> None:
    assert make_environment() is make_environment(Reader())
    assert make_environment(Reader("de_DE")) is not make_environment()


def test_text_is_ready_for_translation() -> None:
    class Shouting(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper()

    environment = make_environment(Reader("fr_FR"), None, Shouting())
    assert (
        "NOTHING HERE YET"
        in environment.from_string(
            '{% from "components/basics.html" import empty_state %}{{ empty_state(_("Nothing here yet")) }}'
        ).render()
    )


def test_a_fragment_is_a_block_of_its_own_page() -> None:
    title = render_block(make_environment(), "gallery.html", "title", **gallery.context())
    assert title == "Gallery · Metes"


def test_an_error_page_tells_what_happened_and_where_to_go() -> None:
    shell = gallery.shell("/x")
    text = render(
        make_environment(),
        "error.html",
        shell=shell,
        title="Not found",
        text="No page is here.",
        actions=[("Home", "/")],
        request_id="r1",
    )
    assert "No page is here." in text
    assert "r1" in text


def test_territory_colours_repeat_after_twelve() -> None:
    assert [colour_class(c) for c in (0, 11, 12, None)] == ["t0", "t11", "t0", "t-none"]


def test_the_address_of_a_static_file_names_the_digest_of_all(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    before = assets(tmp_path)
    assert before.url("a.css") == f"/static/{before.digest}/a.css"
    assets.cache_clear()
    (tmp_path / "a.css").write_text("b")
    assert assets(tmp_path).digest != before.digest


def test_static_files_are_found_below_the_root_only(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("a")
    (tmp_path / "secret").write_text("s")
    static = Assets(tmp_path / "static", "d1")
    assert static.path("d1", "a.css") == ((tmp_path / "static" / "a.css").resolve(), True)
    assert static.path("old", "a.css") == ((tmp_path / "static" / "a.css").resolve(), False)
    assert static.path("d1", "../secret") is None
    assert static.path("d1", "b.css") is None
    with pytest.raises(LookupError, match="hatch_build"):
        static.url("b.css")
