"""The commands of a lock as attributes of clients."""

from collections.abc import Iterator

from hookyard.client.generate.names import class_name, free, member_name
from hookyard.client.generate.text import docstring, exploded, literal
from hookyard.client.generate.types import Types
from hookyard.schema import Lock, LockedCommand

_OF_CLIENTS = frozenset({"send", "close", "aclose"})


class Methods:
    """Every command, with what it is called in Python.

    Args:
        lock: where they are.
        types: theirs.
        reserved: class names that the module uses for something else.
    """

    def __init__(self, lock: Lock, types: Types, reserved: frozenset[str]) -> None:
        self._lock = lock
        self._types = types
        self._groups: dict[str, dict[str, str]] = {}
        self._attributes: dict[str, str] = {}
        self._classes: dict[str, str] = {}
        taken = set(reserved) | set(types.names.values())
        for key in lock.commands:
            plugin, _, command = key.partition("/")
            group = self._groups.setdefault(plugin, {})
            group[key] = member_name(command, group.values())
        for plugin in self._groups:
            self._attributes[plugin] = member_name(plugin, {*_OF_CLIENTS, *self._attributes.values()})
            self._classes[plugin] = class_name(f"{plugin} commands", taken)
            taken |= {self._classes[plugin], f"Async{self._classes[plugin]}"}
        self._constants: dict[str, str] = {}
        for plugin, group in self._groups.items():
            for key, name in group.items():  # a/b_c and a_b/c are two commands
                constant = free(f"_{self._attributes[plugin]}_{name}".upper(), self._constants.values())
                self._constants[key] = constant

    def specs(self) -> Iterator[list[str]]:
        """A constant for each command."""
        for key, constant in self._constants.items():
            command = self._lock.commands[key]
            taken, given = self._types.annotation(command.input), self._types.annotation(command.output)
            head = f"{constant}: _Spec[{taken}, {given}] = _Spec("
            # A checker knows no type form for a union, so the decoder's own argument is not looked into.
            yield exploded(head, [literal(key), f"msgspec.json.Decoder(cast(Any, {given}))"], ")", "")

    def classes(self, prefix: str) -> Iterator[list[str]]:
        """The plugins' classes and the client's.

        Args:
            prefix: empty, or `Async`.
        """
        for plugin, group in self._groups.items():
            version = self._lock.plugins.get(plugin)
            yield [
                f"class {prefix}{self._classes[plugin]}:",
                *docstring([f"The commands of the plugin {plugin}{f' {version}' if version else ''}."], "    "),
                "",
                f"    def __init__(self, client: {prefix}BaseClient) -> None:",
                "        self._client = client",
                *(line for key, name in group.items() for line in self._command(prefix, key, name)),
            ]
        lines = [f"class {prefix}Client({prefix}BaseClient):"]
        lines += docstring(
            [f"A gateway with the plugins {', '.join(self._groups) or '(none)'}.", "", _BASE_DOC], "    "
        )
        for plugin, name in self._attributes.items():
            kind = f"{prefix}{self._classes[plugin]}"
            said = docstring([f"The commands of the plugin {plugin}."], "        ")
            lines += ["", "    @property", f"    def {name}(self) -> {kind}:", *said, f"        return {kind}(self)"]
        yield lines

    def _command(self, prefix: str, key: str, name: str) -> list[str]:
        command = self._lock.commands[key]
        taken, given = self._types.annotation(command.input), self._types.annotation(command.output)
        lines = ["", "    @property"]
        if command.deprecated:
            lines.append(f"    @deprecated({literal(f'{key} is deprecated')})")
        lines += exploded(f"def {name}(self) -> {prefix}Command[", [taken, given], "]:", "    ")
        lines += docstring(_said(key, command), "        ")
        return [*lines, f"        return {prefix}Command(self._client, {self._constants[key]})"]


_BASE_DOC = "See the base class for its arguments."


def _said(key: str, command: LockedCommand) -> Iterator[str]:
    yield command.description or command.summary or f"Run {key}."
    marks = {
        "It changes nothing.": command.read_only,
        "Running it twice is the same as running it once.": command.idempotent,
        "Deprecated.": command.deprecated,
    }
    if any(marks.values()):
        yield ""
        yield " ".join(mark for mark, is_so in marks.items() if is_so)
