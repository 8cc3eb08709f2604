"""What of an endpoint's certificates may be shown."""

from msgspec import UNSET, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.outbound.sender import Identity


class CertificateView(Struct, frozen=True, kw_only=True):
    """A certificate that is shown to a receiver."""

    subject: str
    """As RFC 4514 writes it."""
    issuer: str
    expires_at: str


class TlsView(Struct, frozen=True, kw_only=True):
    """How an endpoint is trusted, and trusts us."""

    ca: bool
    """Whether authorities of its own are trusted besides the usual ones."""
    cert: CertificateView | UnsetType = UNSET
    """The certificate that is shown to the receiver (mTLS)."""


def tls_view(identity: Identity | None) -> TlsView | UnsetType:
    """Show what an endpoint has of its own; nothing when it has nothing."""
    if identity is None or (identity.ca is None and identity.cert is None):
        return UNSET
    cert = UNSET if identity.cert is None else _certificate(identity.cert)
    return TlsView(ca=identity.ca is not None, cert=cert)


def _certificate(pem: str) -> CertificateView | UnsetType:
    # Few have certificates of their own: for the others the library need not be loaded.
    from cryptography import x509

    try:
        first = x509.load_pem_x509_certificates(pem.encode())[0]
    except ValueError:
        return UNSET
    return CertificateView(
        subject=first.subject.rfc4514_string(),
        issuer=first.issuer.rfc4514_string(),
        expires_at=rfc3339(int(first.not_valid_after_utc.timestamp() * 1000)),
    )
