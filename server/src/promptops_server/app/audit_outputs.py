"""The outputs of the audit logs that the settings name."""

from __future__ import annotations

from promptops_server.audit.outputs.batch import Output
from promptops_server.audit.outputs.syslog import Syslog
from promptops_server.audit.outputs.webhook import Webhook
from promptops_server.infra.setting_sections import AuditSettings


def outputs_of(audit: AuditSettings) -> list[Output]:
    """Those that are set."""
    out: list[Output] = []
    if audit.syslog is not None:
        out.append(Syslog(audit.syslog, audit.syslog_format, audit.output_ca_file))
    if audit.webhook is not None and audit.webhook_secret is not None:
        secret = audit.webhook_secret.get_secret_value()
        out.append(Webhook(audit.webhook, secret, audit.output_ca_file))
    return out
