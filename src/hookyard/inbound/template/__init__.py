"""A signature described by what is signed, how, and where it stands: data in, a verifier out.

Each axis is a module: what is signed (`content`), how (`mac`, `public`), how that is written (`encoding`), where it
stands (`extraction`), when it was sent (`timestamp`), how a secret becomes the key (`key`, `public_key`). Candidates
are all secrets times all signatures; the delivery id and the event are places (`hookyard.inbound.places`).
"""

from hookyard.config.model.schemes import TemplateScheme
from hookyard.inbound.problem import SchemeError, tolerance_problems
from hookyard.inbound.template.check import problems_of
from hookyard.inbound.template.verifier import Template

__all__ = ["SchemeError", "Template", "compile_template"]


def compile_template(settings: TemplateScheme, *, tolerance: int | None = None) -> Template:
    """Compile one.

    Args:
        settings: the template.
        tolerance: milliseconds by which the time of sending may be off, instead of the template's own.

    Raises:
        SchemeError: it contradicts itself.
    """
    problems = [*problems_of(settings), *tolerance_problems(tolerance, says_when=settings.timestamp is not None)]
    if problems:
        raise SchemeError(problems)
    return Template(settings, tolerance)
