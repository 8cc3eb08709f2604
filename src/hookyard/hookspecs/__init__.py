"""The hooks a plugin may implement, with the records they take and answer."""

from hookyard.hookspecs.access import AccessQuestion, Credentials, Identity
from hookyard.hookspecs.commands import CliCommand
from hookyard.hookspecs.decorator import HookDecorator
from hookyard.hookspecs.facts import DeliveryFinished, EventEmitted, JobFinished, JobStarted
from hookyard.hookspecs.health import HealthReport, HealthStatus
from hookyard.hookspecs.inbound import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.hookspecs.running import Proceed, ProceedSync, Ran
from hookyard.hookspecs.secrets import SecretReference
from hookyard.hookspecs.specs import HOOKS, PROJECT, HookSpecs

__all__ = [
    "HOOKS",
    "PROJECT",
    "AccessQuestion",
    "CliCommand",
    "Credentials",
    "DeliveryFinished",
    "EventEmitted",
    "HealthReport",
    "HealthStatus",
    "HookDecorator",
    "HookSpecs",
    "Identity",
    "InboundEvent",
    "JobFinished",
    "JobStarted",
    "Proceed",
    "ProceedSync",
    "Ran",
    "SecretReference",
    "WebhookRequest",
    "WebhookVerdict",
]
