"""What the source never does, read from its syntax: whole classes of faults that a reader need not look for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import metes

SOURCE = Path(metes.__file__).parent
TREES = {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in (SOURCE / "web" / "static").glob("*.js")}
# AES in CBC with an HMAC over it, and the way from a random text to its key: nothing else is enciphered with.
CIPHERS = {
    "cryptography.fernet",
    "cryptography.fernet.Fernet",
    "cryptography.fernet.InvalidToken",
    "cryptography.fernet.MultiFernet",
    "cryptography.hazmat.primitives.hashes",
    "cryptography.hazmat.primitives.hashes.SHA256",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "cryptography.hazmat.primitives.kdf.hkdf.HKDF",
}
# The rooms that make secrets, or have to do with strangers.
GUARDED = ("identity/", "web/", "app/", "connect/", "store/", "cli/", "worker/")


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call with its file and what it calls."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield name, ast.unparse(node.func), node


def imported(name: str) -> set[str]:
    """The modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nothing_of_metes_runs_text_as_code() -> None:
    forbidden = {"eval", "exec", "compile", "__import__", "importlib.import_module", "code.interact"}
    assert [(name, called) for name, called, _ in calls() if called in forbidden] == []


def test_nothing_of_metes_goes_by_a_shell() -> None:
    """Programs are started by a list of words, of which none comes from a user: this interpreter, and modules of ours."""
    starting = {"subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_output", "subprocess.check_call"}
    shells = {"os.system", "os.popen", "os.spawnl", "os.execv", "os.execvp", "subprocess.getoutput", "pty.spawn"}
    started = set()
    for name, called, node in calls():
        assert called not in shells, name
        if called in starting:
            started.add(name)
            assert not [word for word in node.keywords if word.arg in {"shell", "executable"}], name
            assert ast.unparse(node.args[0]) in {"command", "self._command"}, name
    assert started == {"store/audit_verifying.py", "store/sqlite_reader.py", "worker/companion.py"}
    for name in started - {"worker/companion.py"}:
        text = (SOURCE / name).read_text(encoding="utf-8")
        assert re.search(r"command = \[sys\.executable, \"-m\", (__name__|\"[\w.]+\")", text), name


def test_nothing_of_metes_makes_objects_of_what_it_reads() -> None:
    modules = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "xml", "lxml", "xmlrpc", "plistlib"}
    for name in TREES:
        assert not {module for module in imported(name) if module.partition(".")[0] in modules}, name
    for name, called, node in calls():
        if called in {"yaml.load", "yaml.load_all"}:
            assert "Loader=_LOADER" in ast.unparse(node), name
            text = (SOURCE / name).read_text(encoding="utf-8")
            assert re.search(r"_LOADER\b.*= getattr\(yaml, \"CSafeLoader\", yaml\.SafeLoader\)", text), name
        assert called not in {"yaml.unsafe_load", "yaml.full_load", "numpy.load", "np.load", "torch.load"}, name


def test_templates_are_files_of_ours_and_never_made_of_text() -> None:
    forbidden = re.compile(r"(?:from_string|Template|format_map|render_template_string)$")
    assert [(name, called) for name, called, _ in calls() if forbidden.search(called)] == []


def test_no_pattern_is_made_of_what_somebody_typed() -> None:
    """A pattern that is put together holds constants of the module, or text that went through `re.escape`."""
    odd = []
    for name, called, node in calls():
        if called in {"re.compile", "re.match", "re.fullmatch", "re.search", "re.sub", "re.split", "re.findall", "re.finditer"}:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                continue
            names = {part.id for part in ast.walk(first) if isinstance(part, ast.Name)} - {"re", "str"}
            is_of_constants = all(part.isupper() or part.startswith("_") for part in names)
            # One is put together of escaped words a line above.
            is_escaped = "re.escape" in ast.unparse(first) or (name, names) == ("store/words.py", {"pattern"})
            if not (is_of_constants or is_escaped):
                odd.append((name, ast.unparse(first)))
    assert odd == []


def test_secrets_are_random_and_hashes_sound() -> None:
    weak = {"md5", "sha1", "new", "md4"}
    for name, called, node in calls():
        if called.startswith("hashlib.") and called.partition(".")[2] in weak:
            assert "usedforsecurity=False" in ast.unparse(node), name
    for name in TREES:
        if name.startswith(GUARDED):
            assert not imported(name) & {"random", "crypt"}, f"{name} makes random values that can be foreseen"
    known = {"hashlib", "hmac", "secrets", "ssl", "pwdlib", "cryptography", "joserfc", "authlib", "pyotp"}
    own = {"identity/", "connect/"}
    for name in TREES:
        assert {module for module in imported(name) if module.startswith("cryptography")} <= CIPHERS, name
        for module in imported(name) & {
            "pwdlib",
            "cryptography.fernet",
            "pyotp",
            "joserfc",
            "joserfc.jws",
            "joserfc.jwt",
            "jwt",
        }:
            assert name.startswith(tuple(own)), (name, module)
        assert not [m for m in imported(name) if m.partition(".")[0] in {"Crypto", "Cryptodome", "nacl", "rsa", "ecdsa"}], (
            name,
            known,
        )


def test_certificates_are_always_checked() -> None:
    text = {name: (SOURCE / name).read_text(encoding="utf-8") for name in TREES}
    switched_off = re.compile(
        r"CERT_NONE|check_hostname\s*=\s*False|_create_unverified_context|verify\s*=\s*False|PROTOCOL_TLSv1|PROTOCOL_SSL"
    )
    assert [name for name, body in text.items() if switched_off.search(body)] == []


def test_our_scripts_keep_nothing_and_listen_to_no_other_window() -> None:
    kept = re.compile(
        r"localStorage|sessionStorage|indexedDB|caches\.|serviceWorker|postMessage|addEventListener\(\"message\"|window\.opener|window\.name"
    )
    assert SCRIPTS
    assert [name for name, text in SCRIPTS.items() if kept.search(text)] == []
    cookies = {line.strip() for text in SCRIPTS.values() for line in text.splitlines() if "document.cookie" in line}
    assert len(cookies) == 1
    assert "metes_theme=" in cookies.pop()


def test_our_scripts_cannot_be_made_to_change_what_all_objects_share() -> None:
    """Objects are filled from names of our own, and what comes from a server by `Map` and arrays: no key of a stranger's is written to."""
    merging = re.compile(
        r"__proto__|\.prototype\[|\bdeepMerge|\$\.extend|lodash|Object\.setPrototypeOf|\.\.\.JSON\.parse|Object\.assign\(\{\}, *JSON"
    )
    assert [name for name, text in SCRIPTS.items() if merging.search(text)] == []


def test_pages_use_no_plug_in() -> None:
    templates = "\n".join(path.read_text(encoding="utf-8") for path in (SOURCE / "web" / "templates").rglob("*.html"))
    assert not re.findall(r"<(?:object|embed|applet|iframe|frame)\b", templates)
