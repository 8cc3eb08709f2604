"""What is searched for: what would have been good, in place of what is not."""

from typing import Final

from msgspec.structs import replace

from hookyard.config.model import TemplateScheme
from hookyard.inbound.explain.case import Case
from hookyard.inbound.explain.edits import size_of
from hookyard.inbound.explain.judge import Judge
from hookyard.inbound.explain.looks import looks_like, others
from hookyard.inbound.explain.report import Report
from hookyard.inbound.explain.secrets import variants
from hookyard.inbound.explain.sentences import shown
from hookyard.inbound.explain.styles import LARGEST
from hookyard.inbound.explain.templates import templates
from hookyard.inbound.explain.variations import Variations
from hookyard.inbound.secrets import keys_of
from hookyard.inbound.verifier import BadSignature, Key

_SMALL: Final = 64 << 10
"""Bytes of a body whose every variation is tried with every variation of the secrets; of a larger one only itself."""
_SIGNED: Final = frozenset({"mismatch", "no_secret", "certificate", "content_digest", "coverage"})
"""Where verification ended when there was a signature to be read, which another secret or body explains."""


class Search:
    """Tries other requests, secrets and senders, and tells of the first that is good."""

    def __init__(self, case: Case, report: Report) -> None:
        self._case, self._report = case, report
        self._variations = Variations(case.judge, case.capture, case.exemplar)
        self._in_vain: BadSignature | None = None
        """What no variation makes good."""
        self._is_old = False
        """Whether the request is good as it is, but for a secret that has expired."""

    def variations(self, at: int, error: BadSignature) -> None:
        """Look for a request that differs as editors and proxies make it, or a secret that was copied wrongly."""
        case, said = self._case, self._report.said
        if error.step == "repeated":
            return  # any of the values may be the one that was meant
        made = variants(case.verifier, case.subject.secrets, case.keys, case.exemplar.material)
        words = {id(variant.key): variant.says for variant in made}
        every = [*case.keys, *(variant.key for variant in made)]
        for says, request in self._variations.of(replace(case.request, now=at), every, error):
            all_keys = len(request.body) <= _SMALL or request.body is case.request.body
            found = case.judge.judge(request, every if all_keys else case.keys, at)
            if isinstance(found, Key):
                self._found(says, words.get(id(found)), found, at)
                self._is_old = not says and id(found) not in words
                return
            if case.judge.tired:
                said.note("the body is so large that not all was tried")
                return
        if len(case.request.body) > LARGEST:
            said.note(f"a body of more than {LARGEST >> 20} MiB is not tried as JSON that is written otherwise")
        self._in_vain = error

    def senders(self, at: int) -> None:
        """Say whose request it looks like, and whose it is for sure; or that nothing of all this is good."""
        if not self._good_otherwise(at) and self._in_vain is not None:
            self._nothing(self._in_vain)

    def _nothing(self, error: BadSignature) -> None:
        """Say that much was tried; who signed it is only asked where there is a signature."""
        case = self._case
        tried = f"none of {case.judge.asked} variations of the request and the secrets verifies"
        name = case.exemplar.signature
        if error.step in _SIGNED:
            self._report.said.note(f"{tried}: another secret signed it, or the body is another one")
        elif error.step == "malformed" and name is not None and size_of(case.request.headers.get(name, b"")):
            self._report.said.note(tried)

    def _good_otherwise(self, at: int) -> bool:
        case, said, scheme = self._case, self._report.said, self._case.subject.scheme
        look = looks_like(case.request, scheme.name)
        if look is not None:
            has = ", ".join(sorted(map(shown, look.proof)))
            said.note(f"this looks like {look.title}: it has {has} (`scheme: {look.name}`)")
        if not case.subject.secrets or self._is_old:
            return False
        if scheme.template is not None and self._other_template(scheme.template, at):
            return True
        for title, verifier in others(scheme.name):
            keys = keys_of(case.subject.secrets, verifier, [])
            if keys and isinstance(Judge(verifier).judge(case.request, keys, at), Key):
                said.note(f"with these secrets it is good for {title}")
                return True
        return False

    def _found(self, says: str, secret: str | None, key: Key, at: int) -> None:
        total = len(self._case.subject.secrets)
        what = [says] if says else []
        if secret is not None:
            what.append(f"the sender's key is secret {key.number + 1} of {total} {secret}")
        if not key.good_at(at):
            what.append(f"it is signed{self._report.which(key, at)}")
        elif secret is None and total:
            what.append(f"it was signed with secret {key.number + 1} of {total}")
        self._report.said.note(f"found: {'; '.join(what)}")

    def _other_template(self, template: TemplateScheme, at: int) -> bool:
        """Say by which template that is almost the source's own it would be good."""
        for says, verifier in templates(template, self._case.request):
            found = Judge(verifier).judge(self._case.request, self._case.keys, at)
            if isinstance(found, Key):
                self._report.said.note(f"it is good {says}{self._report.which(found, at)}")
                return True
        return False
