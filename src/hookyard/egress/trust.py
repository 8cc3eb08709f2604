"""Whose certificates are taken where nothing else is said."""

import ssl


def usual_trust() -> ssl.SSLContext:
    """A new context that trusts the usual authorities, as httpx does: those of certifi, whatever the environment says.

    Reading their certificates takes some 20 ms.
    """
    # Imported here, as the first to speak TLS needs it, and much else of this room does not.
    import httpx

    made = httpx.create_ssl_context(trust_env=False)
    made.hostname_checks_common_name = False  # RFC 9110, section 4.3.4: the subject says nothing of whose host it is
    return made
