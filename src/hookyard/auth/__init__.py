"""Who is calling, and what that caller may do."""

from hookyard.auth.principal import Principal
from hookyard.auth.scopes import (
    ADMIN,
    AUDIT_READ,
    ENDPOINTS_READ,
    ENDPOINTS_WRITE,
    JOBS_READ,
    JOBS_WRITE,
    LANES_READ,
    LANES_WRITE,
    PLUGINS_READ,
    RESULTS_READ,
    SCHEDULES_READ,
    SCHEDULES_WRITE,
    SOURCES_READ,
    SOURCES_WRITE,
    TOKENS_READ,
    TOKENS_WRITE,
    check_scope,
)
from hookyard.auth.tokens import Tokens, digest, new_token

__all__ = [
    "ADMIN",
    "AUDIT_READ",
    "ENDPOINTS_READ",
    "ENDPOINTS_WRITE",
    "JOBS_READ",
    "JOBS_WRITE",
    "LANES_READ",
    "LANES_WRITE",
    "PLUGINS_READ",
    "RESULTS_READ",
    "SCHEDULES_READ",
    "SCHEDULES_WRITE",
    "SOURCES_READ",
    "SOURCES_WRITE",
    "TOKENS_READ",
    "TOKENS_WRITE",
    "Principal",
    "Tokens",
    "check_scope",
    "digest",
    "new_token",
]
