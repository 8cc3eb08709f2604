"""What is wrong with a rule."""

from hookyard.errors import HookyardError


class RuleError(HookyardError):
    """A rule of time is wrong.

    Args:
        path: the key of the rule that is at fault, such as `cron` or `not_on[2]`.
        problem: a sentence.
    """

    code = "invalid_input"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem
