"""A small company for designs: 24 accounts on a grid of places, two territories that each hold a half, a house for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from metes.app.workspace import Workspace

# Four rows of six accounts, two in Colorado and two in New Mexico; the three left columns are west's, the others east's.
#   A00 A01 A02 | A03 A04 A05
#   A06 A07 A08 | A09 A10 A11      A23 has no place, A22 is ten times as large as the others
ROWS, COLUMNS = 4, 6
LATITUDES = (39.7, 38.5, 36.2, 35.0)
PLAN = """
key: company
types:
  - key: geo
territories:
  - key: all
    type: geo
    name: All of it
    children:
      - key: west
        type: geo
        name: West
        rules:
          - key: main
            when: segment = 'west'
        seats:
          - key: west-1
            capacity_hours: 200
      - key: east
        type: geo
        name: East
        rules:
          - key: main
            when: segment = 'east'
        seats:
          - key: east-1
            capacity_hours: 100
  - key: rest
    type: geo
    catch_all: true
"""


def accounts_csv() -> str:
    """The accounts as a file."""
    lines = ["id,name,latitude,longitude,country,region,segment,potential,currency,parent"]
    for row in range(ROWS):
        for column in range(COLUMNS):
            number = row * COLUMNS + column
            place = ("", "") if number == 23 else (f"{LATITUDES[row]}", f"{-106 + column / 2}")
            where = "," if number == 23 else "US,US-CO" if row < 2 else "US,US-NM"
            segment = "west" if column < 3 else "east"
            parent = "A00" if number == 11 else ""
            potential = 1000 if number == 22 else 100
            lines.append(f"A{number:02},Account {number},{place[0]},{place[1]},{where},{segment},{potential},USD,{parent}")
    return "\n".join(lines) + "\n"


def orders_csv() -> str:
    """An order of last year for each account; the total is its revenue."""
    lines = ["id,account,ordered_on,amount,currency"]
    lines += [f"O{number},A{number:02},2026-01-15,{100 + number},USD" for number in range(ROWS * COLUMNS)]
    return "\n".join(lines) + "\n"


def company(workspace: Workspace, folder: Path) -> Workspace:
    """The workspace with the company in it, its plan active and its accounts assigned."""
    for kind, text in (("accounts", accounts_csv()), ("orders", orders_csv())):
        file = folder / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        workspace.import_(kind, [file])
    draft = workspace.plan_import({"plan.yaml": PLAN})
    workspace.plan_publish(str(draft.revision))
    workspace.assign()
    return workspace


def asked(**more: Any) -> dict[str, Any]:
    """What is asked of a design of the company's accounts, the rest as said."""
    return {"name": "Two", "territories": 2, "measures": [{"measure": "accounts", "band": 0.2}], **more}
