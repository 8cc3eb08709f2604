"""What is searched for: what would have been good, in place of what is not."""

from typing import Final

from msgspec.structs import replace

from hookyard.config.model import TemplateScheme
from hookyard.inbound.explain.case import Case
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
_WORTH_SAYING: Final = frozenset({"malformed", "mismatch", "no_secret", "certificate", "content_digest", "coverage"})
"""Where verification ended when it helps to know that nothing else was good either."""


class Search:
    """Tries other requests, secrets and senders, and tells of the first that is good."""

    def __init__(self, case: Case, report: Report) -> None:
        self._case, self._report = case, report
        self._variations = Variations(case.judge, case.capture, case.exemplar)

    def variations(self, at: int, error: BadSignature) -> None:
        """Look for a request that differs as editors and proxies make it, or a secret that was copied wrongly."""
        case, said = self._case, self._report.said
        made = variants(case.verifier, case.subject.secrets, case.keys, case.exemplar.material)
        words = {id(variant.key): variant.says for variant in made}
        every = [*case.keys, *(variant.key for variant in made)]
        for says, request in self._variations.of(replace(case.request, now=at), every, error):
            all_keys = len(request.body) <= _SMALL or request.body is case.request.body
            found = case.judge.judge(request, every if all_keys else case.keys, at)
            if isinstance(found, Key):
                self._found(says, words.get(id(found)), found, at)
                return
            if case.judge.tired:
                said.note("the body is so large that not all was tried")
                return
        if len(case.request.body) > LARGEST:
            said.note(f"a body of more than {LARGEST >> 20} MiB is not tried as JSON that is written otherwise")
        if error.step in _WORTH_SAYING:
            said.note(
                f"none of {case.judge.asked} variations of the request and the secrets verifies: "
                "another secret signed it, or the body is another one"
            )

    def senders(self, at: int) -> None:
        """Say whose request it looks like, and whose it is for sure."""
        case, said, scheme = self._case, self._report.said, self._case.subject.scheme
        look = looks_like(case.request, scheme.name)
        if look is not None:
            has = ", ".join(sorted(map(shown, look.proof)))
            said.note(f"this looks like {look.title}: it has {has} (`scheme: {look.name}`)")
        if not case.subject.secrets:
            return
        if scheme.template is not None and self._other_template(scheme.template, at):
            return
        for title, verifier in others(scheme.name):
            keys = keys_of(case.subject.secrets, verifier, [])
            if keys and isinstance(Judge(verifier).judge(case.request, keys, at), Key):
                said.note(f"with these secrets it is good for {title}")
                return

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
