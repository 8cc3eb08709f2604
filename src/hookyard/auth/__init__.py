"""Who is calling, and what that caller may do."""

from hookyard.auth.principal import Principal
from hookyard.auth.scopes import JOBS_READ, check_scope
from hookyard.auth.tokens import Tokens, digest, new_token

__all__ = ["JOBS_READ", "Principal", "Tokens", "check_scope", "digest", "new_token"]
