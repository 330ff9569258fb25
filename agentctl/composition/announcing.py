"""The webhooks of an environment, put together."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from agentctl.composition.governing import Governing
from agentctl.composition.project import Project
from agentctl.contract.environment import Webhook
from agentctl.foundation.addresses import BackendAddress, why_refused
from agentctl.foundation.resolver import CheckedResolver
from agentctl.gateway.announcements import Herald

if TYPE_CHECKING:
    from agentctl.approval.webhook import Target, WebhookAnnouncer


def announcers_of(project: Project, governing: Governing) -> "dict[str, WebhookAnnouncer]":
    """Return where a run's approval requests are announced, by name."""
    webhooks = governing.environment.environment.approvals.webhooks
    if not webhooks:
        return {}
    from agentctl.approval.webhook import WebhookAnnouncer  # noqa: PLC0415 - few environments have webhooks

    sign = project.keys.issuer().sign
    return {item.name: WebhookAnnouncer(_target(item), sign, project.clock) for item in webhooks}


def herald_of(project: Project, governing: Governing) -> Herald:
    """Return what announces requests of a run that nobody drives."""
    return Herald(announcers_of(project, governing), asyncio.sleep)


def _target(webhook: Webhook) -> "Target":
    from agentctl.approval.webhook import Target  # noqa: PLC0415 - as above

    private = webhook.allow_private_network
    before_query, _, _ = webhook.url.partition("?")
    return Target(
        url=webhook.url,
        timeout_seconds=webhook.timeout_seconds,
        max_attempts=webhook.max_attempts,
        refused=why_refused(BackendAddress(before_query, private)),
        resolver=partial(CheckedResolver, allow_private=private),
    )
