"""Senders that sign nothing and send a secret along, in a place that the operator may choose.

Each is a template; only which one is settings. They must use HTTPS.
"""

from typing import Final

from hookyard.config.model import PresetScheme, SignatureSettings, TemplateScheme
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import Verifier

_QUERY: Final = "token"


def token_in_a_place(name: str, settings: PresetScheme) -> Verifier:
    """One of them.

    Args:
        name: `azure-devops` (https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks), which
            sends Basic, whose secret is written `user:password`; or `azure-event-grid`
            (https://learn.microsoft.com/en-us/azure/event-grid/secure-webhook-delivery), which sends what it finds in
            the query of its endpoint's URL.
        settings: whose `header` is the one that holds the secret instead.
    """
    if settings.header is not None:
        where = SignatureSettings(header=settings.header)
    elif name == "azure-devops":
        where = SignatureSettings(basic=True)
    else:
        where = SignatureSettings(query=_QUERY)
    return compile_template(TemplateScheme(signature=where, mac="token"))
