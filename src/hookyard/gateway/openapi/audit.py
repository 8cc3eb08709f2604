"""The path of the audit log, in the OpenAPI document."""

from hookyard.gateway.audit import AuditListQuery, AuditPage
from hookyard.gateway.openapi.parts import Group, Known, Object, shown


def _paths(known: Known) -> Object:
    asked = known.parameters(AuditListQuery)
    return {"/api/v1/audit": shown("Who changed what, newest first", AuditPage, known, tag="audit", parameters=asked)}


GROUP = Group(kinds=(AuditPage,), queries=(AuditListQuery,), paths=_paths)
