"""The file names of the migrations say what Alembic says."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from metes.store import schema


def test_the_revisions_read_from_file_names_are_those_of_alembic() -> None:
    directory = ScriptDirectory.from_config(schema.alembic_config())
    walked = [script.revision for script in directory.walk_revisions()]
    assert list(schema.known_revisions()) == walked[::-1]
    assert schema.head() == directory.get_current_head()
