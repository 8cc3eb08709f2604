"""JSON Web Tokens: callers that somebody else vouches for."""

from hookyard.auth.jwt.issuer import Issuer
from hookyard.auth.jwt.refresh import Refresher
from hookyard.auth.jwt.scheme import JwtScheme, problems

__all__ = ["Issuer", "JwtScheme", "Refresher", "problems"]
