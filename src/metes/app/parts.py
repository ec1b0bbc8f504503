"""The verbs of a plan's types and named lists, and the way back from an edit of a draft."""

from __future__ import annotations

from dataclasses import dataclass, replace

from metes.app.areas import AreaVerbs
from metes.base.errors import Conflict, InputError, NotFound
from metes.model.condition import InList, literals
from metes.model.plan import NamedList, Plan, TerritoryType
from metes.plan import edit
from metes.store.plans import Revision


@dataclass(frozen=True, slots=True)
class ListSaved:
    """A named list put into a draft; `repeated` is how many values were given more than once and are kept once."""

    revision: Revision
    named: NamedList
    repeated: int


class PartVerbs(AreaVerbs):
    """What can be done with types and named lists."""

    def type_set(self, kind: TerritoryType, *, reference: str | None = None, expected_root: str | None = None) -> Revision:
        """Put a type into a draft, in the place of the one with its key."""
        note = f"type {kind.key}"
        return self.plan_change(lambda plan: edit.with_type(plan, kind), note, reference=reference, expected_root=expected_root)

    def type_remove(self, key: str, *, reference: str | None = None, expected_root: str | None = None) -> Revision:
        """Take a type out of a draft; refused where territories have it."""
        note = f"type {key} removed"
        return self.plan_change(lambda plan: edit.without_type(plan, key), note, reference=reference, expected_root=expected_root)

    def list_set(self, named: NamedList, *, reference: str | None = None, expected_root: str | None = None) -> ListSaved:
        """Put a named list into a draft, in the place of the one with its key; a value given twice is kept once."""
        once = replace(named, values=tuple(dict.fromkeys(named.values)))
        revision = self.plan_change(
            lambda plan: edit.with_list(plan, once), f"list {named.key}", reference=reference, expected_root=expected_root
        )
        return ListSaved(revision, once, len(named.values) - len(once.values))

    def list_remove(self, key: str, *, reference: str | None = None, expected_root: str | None = None) -> Revision:
        """Take a named list out of a draft; whether a rule still asks for it is for the check to say."""
        note = f"list {key} removed"
        return self.plan_change(lambda plan: edit.without_list(plan, key), note, reference=reference, expected_root=expected_root)

    def list_asked(self, reference: str = "active") -> dict[str, tuple[tuple[str, str], ...]]:
        """The rules that ask for each named list of a revision, as pairs of territory and rule."""
        asked: dict[str, list[tuple[str, str]]] = {}
        for territory in self.plan_show(reference)[1].territories:
            for rule in territory.rules:
                for key in dict.fromkeys(part.list for part in literals(rule.condition) if isinstance(part, InList)):
                    asked.setdefault(key, []).append((territory.key, rule.key))
        return {key: tuple(rules) for key, rules in asked.items()}

    def plan_back(self, before: str, *, reference: str, expected_root: str) -> Revision:
        """Put a draft back to the content it had, named by its hash; Conflict where it was changed again since.

        A draft that then says the same as the plan it was made from is put away, and that plan is what comes back.
        """
        revision = self.plan_find(reference)
        if not revision.is_open:
            raise Conflict(f"revision {revision.id} is {revision.state}; only a draft can be put back")
        try:
            earlier = self.plan_of(replace(revision, root_hash=before))
        except (NotFound, KeyError, TypeError):  # no node, or one of something else than a plan
            raise InputError("there is no such earlier state of this draft; look at its changes instead") from None
        if earlier.key != revision.plan_key:
            raise InputError("this is the state of another plan; look at the changes of this one instead")

        def change(_: Plan) -> Plan:
            return earlier

        draft = self.plan_change(change, "taken back", reference=str(revision.id), expected_root=expected_root)
        if draft.parent_id is not None and (parent := self.plan_find(str(draft.parent_id))).root_hash == draft.root_hash:
            self.plan_discard(str(draft.id))
            return parent
        return draft
