"""The audit log: what happened, by whom, why, in the transaction of the change itself.

One log per project and one for the installation (`INSTALLATION_LOG`); gap-free, each entry hashed over the one before.
Owns the events and their reading; leaves deciding to `access` and reporting to `compliance`.
"""

from promptops_server.audit.model import INSTALLATION_LOG, AuditEvent, AuditObject
from promptops_server.audit.record import record, record_denial

__all__ = ["INSTALLATION_LOG", "AuditEvent", "AuditObject", "record", "record_denial"]
