"""The one configuration of Temporal: for workers, the gateway, the command line, tests and the replayer."""

import dataclasses
from collections.abc import Sequence

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.failures import ShortFailures

# Shapes and the outer layers pass; the rules do not: passed through, a rule could read the real clock unseen.
PASSED_THROUGH = (
    "activities",
    "integrations",
    "storage",
    "playbooks",
    "settings",
    "domain.addresses",
    "domain.campaign",
    "domain.campaign_messages",
    "domain.customer",
    "domain.events",
    "domain.hours",
    "domain.messages",
    "domain.playbook",
    "domain.questions",
    "domain.shape",
    "domain.stages",
    "domain.step_messages",
    "domain.task_messages",
    "domain.touches",
    "domain.walk_messages",
    "httpx",
    "sqlmodel",
    "sqlalchemy",
)


def _sandbox(existing: WorkflowRunner | None) -> WorkflowRunner:
    if existing is not None and not isinstance(existing, SandboxedWorkflowRunner):
        return existing
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )


def plugin(codecs: Sequence[PayloadCodec] = ()) -> SimplePlugin:
    """Pydantic messages, the sandbox list, and outside the embedded stack a codec that encrypts."""
    converter: DataConverter = dataclasses.replace(
        pydantic_data_converter, failure_converter_class=ShortFailures
    )
    if codecs:
        converter = dataclasses.replace(converter, payload_codec=codecs[0])
    return SimplePlugin("wecom-journeys", data_converter=converter, workflow_runner=_sandbox)
