"""Who is calling, and what that caller may do."""

from msgspec import Struct, field

from hookyard.auth.scopes import ADMIN, allows_trigger

_CACHE_SIZE = 10_000


class Principal(Struct, frozen=True, eq=False):
    """A caller whose credential was good."""

    name: str
    """Such as `token:ci`; kept with every job it makes."""
    scopes: tuple[str, ...]
    _answers: dict[tuple[str, str, bool], bool] = field(default_factory=dict[tuple[str, str, bool], bool])

    def may(self, scope: str) -> bool:
        """Whether this scope, or `admin`, was given."""
        return scope in self.scopes or ADMIN in self.scopes

    def may_trigger(self, plugin: str, command: str, read_only: bool) -> bool:
        """Whether it may run this command; the answer is remembered."""
        question = (plugin, command, read_only)
        answer = self._answers.get(question)
        if answer is None:
            answer = allows_trigger(self.scopes, plugin, command, read_only=read_only)
            # Names come from callers too, so what is remembered must not grow with what they think of.
            if len(self._answers) < _CACHE_SIZE:
                self._answers[question] = answer
        return answer
