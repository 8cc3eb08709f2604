"""`hookyard schema lock` and `hookyard schema check`."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

PLUGIN = '''
from pathlib import Path
from msgspec import Struct
from hookyard import Context, Plugin

Path(__file__).with_suffix(".imported").touch()
print("plugins print what they like")
plugin = Plugin("{name}", version="1.2")

class Number(Struct):
    """A number."""
    n: int

@plugin.command(read_only=True)
async def double(data: Number, ctx: Context) -> Number:
    """Twice the number."""
    return data
'''


LOST = json.dumps(
    {
        "hookyard_lock": 1,
        "plugins": {},
        "commands": {"a/b": {"input": {"$ref": "#/types/a.X"}, "output": {}}},
        "types": {},
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir(mode=0o755)
    write(tmp_path, "math", PLUGIN)
    write(tmp_path, "sleeping", PLUGIN)
    (tmp_path / "config.yaml").write_text("plugin_dirs: [plugins]\nplugins: {sleeping: {enabled: false}}\n")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / "plugins" / f"{name}.py").write_text(text.replace("{name}", name))


def test_a_lock_holds_the_types_and_what_is_said_of_every_command(hookyard: Call, folder: Path) -> None:
    ended = hookyard("schema", "lock", folder / "config.yaml")
    assert ended.code == 0
    lock = json.loads((folder / "hookyard.lock.json").read_text())
    assert lock["hookyard_lock"] == 1
    assert lock["plugins"] == {"math": "1.2"}
    (command,) = lock["commands"].values()
    assert command["input"] == {"$ref": "#/types/math.Number"}
    assert (command["read_only"], command["deprecated"], command["summary"]) == (True, False, "Twice the number.")
    assert lock["types"]["math.Number"]["properties"] == {"n": {"type": "integer"}}


def test_the_same_commands_give_the_same_bytes(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    first = (folder / "hookyard.lock.json").read_bytes()
    hookyard("schema", "lock", folder / "config.yaml", "--out", folder / "other.json")
    assert (folder / "other.json").read_bytes() == first
    printed = hookyard("schema", "lock", folder / "config.yaml", "--out", "-")
    assert printed.out.encode() == first


def test_a_disabled_plugin_is_neither_imported_nor_locked(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    assert not (folder / "plugins" / "sleeping.imported").exists()
    assert "sleeping" not in (folder / "hookyard.lock.json").read_text()


def test_nothing_changed_is_fine(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert (ended.code, ended.out) == (0, f"{folder / 'hookyard.lock.json'}: nothing has changed\n")


def test_a_break_is_refused_with_command_side_place_and_reason(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    write(folder, "math", PLUGIN.replace("n: int", "n: str"))
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.code == 65
    assert "math/double input /properties/n: the type was an integer and is text (breaks)\n" in ended.err
    assert "math/double output /properties/n: the type was an integer and is text (breaks)\n" in ended.err
    assert f"`hookyard schema lock {folder / 'config.yaml'}`" in ended.err
    told = json.loads(hookyard("schema", "check", "--json", folder / "config.yaml").out)
    assert told["ok"] is False
    assert {"name": "math/double", "side": "input", "pointer": "/properties/n", "breaking": True}.items() <= (
        told["changes"][0].items()
    )


def test_a_compatible_change_passes_and_says_how_to_renew_the_lock(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    write(folder, "math", PLUGIN.replace("n: int", "n: int\n    more: int = 0"))
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert (ended.code, ended.err) == (0, "plugins print what they like\n")
    assert "nothing breaks, 2 changes" in ended.out
    assert "`hookyard schema lock" in ended.out
    assert "math/double" not in ended.out
    verbose = hookyard("schema", "check", "-v", folder / "config.yaml")
    assert "math/double input /properties/more: the field is new\n" in verbose.out


def test_a_command_that_is_gone_breaks_and_a_new_one_does_not(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    write(folder, "math", PLUGIN.replace("double", "triple"))
    ended = hookyard("schema", "check", "-v", folder / "config.yaml")
    assert ended.code == 65
    assert "math/double: the command is gone (breaks)\n" in ended.err
    assert "math/triple: the command is new\n" in ended.out


def test_a_command_whose_plugin_is_disabled_now_is_gone_and_the_reason_is_said(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    (folder / "config.yaml").write_text(
        "plugin_dirs: [plugins]\nplugins: {sleeping: {enabled: false}, math: {enabled: false}}\n"
    )
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.code == 65
    assert "math/double: the command is gone: its plugin is disabled (breaks)\n" in ended.err


def test_what_is_no_longer_read_only_breaks_and_other_words_do_not(hookyard: Call, folder: Path) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    write(folder, "math", PLUGIN.replace("read_only=True", "deprecated=True").replace("Twice the", "Double the"))
    ended = hookyard("schema", "check", "-v", folder / "config.yaml")
    assert ended.code == 65
    assert "math/double: it was read-only and is not, so the scope trigger:ro no longer allows it (breaks)" in ended.err
    assert "math/double: it is now deprecated\n" in ended.out
    assert "math/double: its summary has changed\n" in ended.out


@pytest.mark.parametrize("word", ["lock", "check"])
def test_a_plugin_that_cannot_be_loaded_stops_it(hookyard: Call, folder: Path, word: str) -> None:
    hookyard("schema", "lock", folder / "config.yaml")
    before = (folder / "hookyard.lock.json").read_bytes()
    write(folder, "math", "import nothing_of_this_name\n")
    ended = hookyard("schema", word, folder / "config.yaml")
    assert ended.code == 78
    assert "plugins.math: plugins/math.py is failed, so its types are not known:" in ended.err
    assert (folder / "hookyard.lock.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file or directory; `hookyard schema lock` writes it"),
        ("{", "this is no schema lock"),
        ("{}", "this is no schema lock"),
        ('{"hookyard_lock": 9, "plugins": {}, "commands": {}, "types": {}}', "the format is 9"),
        (
            LOST,
            "#/types/a.X is not there",
        ),
    ],
)
def test_a_lock_that_cannot_be_read_is_said(hookyard: Call, folder: Path, text: str | None, said: str) -> None:
    path = folder / "hookyard.lock.json"
    if text is not None:
        path.write_text(text)
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.code == 78
    assert ended.err.startswith(f"{path}: ")
    assert said in ended.err


def test_a_file_that_cannot_be_written_is_a_sentence(hookyard: Call, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("")
    nowhere = tmp_path / "nowhere" / "file"
    ended = hookyard("schema", "lock", config, "--out", nowhere)
    assert (ended.code, ended.err) == (69, f"hookyard: {nowhere} cannot be written: no such file or directory.\n")
    assert hookyard("schema", "lock", config).code == 0
    ended = hookyard("client", "generate", "--lock", tmp_path / "hookyard.lock.json", "--out", tmp_path)
    assert (ended.code, ended.err) == (69, f"hookyard: {tmp_path} cannot be written: is a directory.\n")


def test_a_type_that_is_nothing_but_itself_and_a_document_without_a_bottom_are_sentences(
    hookyard: Call, folder: Path
) -> None:
    path = folder / "hookyard.lock.json"
    path.write_text(LOST.replace('"types": {}', '"types": {"a.X": {"$ref": "#/types/a.X"}}'))
    ended = hookyard("schema", "check", folder / "config.yaml")
    assert ended.code == 78
    assert ended.err == f"{path}: /types/a.X: the type refers to itself and to nothing else\n"

    class Bottomless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"a":' * 5000 + b"1" + b"}" * 5000)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Bottomless) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        ended = hookyard("client", "generate", "--url", url, "--out", folder / "client.py")
        server.shutdown()
    assert ended.code == 69
    assert ended.err.startswith(f"hookyard: {url}/openapi.json: ")
    assert "recursion" in ended.err
