"""Every section of settings by name; each is a file in `sections`, and `settings` reads them.

A setting's description is what `doctor` prints, so it says what the operator decides with it.
"""

from __future__ import annotations

from promptops_server.infra.sections.access import AccessSettings as AccessSettings
from promptops_server.infra.sections.approvals import ApprovalSettings as ApprovalSettings
from promptops_server.infra.sections.audit import AuditSettings as AuditSettings
from promptops_server.infra.sections.base import PREFIX as PREFIX
from promptops_server.infra.sections.base import Section as Section
from promptops_server.infra.sections.certification import (
    CertificationSettings as CertificationSettings,
)
from promptops_server.infra.sections.database import DatabaseSettings as DatabaseSettings
from promptops_server.infra.sections.jobs import JobSettings as JobSettings
from promptops_server.infra.sections.limits import LimitSettings as LimitSettings
from promptops_server.infra.sections.log import LogSettings as LogSettings
from promptops_server.infra.sections.mirror import MirrorSettings as MirrorSettings
from promptops_server.infra.sections.models import ModelSettings as ModelSettings
from promptops_server.infra.sections.oidc import OidcSettings as OidcSettings
from promptops_server.infra.sections.redis import RedisSettings as RedisSettings
from promptops_server.infra.sections.server import ServerSettings as ServerSettings
from promptops_server.infra.sections.test_runs import TestRunSettings as TestRunSettings
from promptops_server.infra.sections.working_copies import (
    WorkingCopySettings as WorkingCopySettings,
)

SECTIONS: dict[str, type[Section]] = {
    "": ServerSettings,
    "database": DatabaseSettings,
    "redis": RedisSettings,
    "log": LogSettings,
    "limits": LimitSettings,
    "jobs": JobSettings,
    "working_copies": WorkingCopySettings,
    "mirror": MirrorSettings,
    "audit": AuditSettings,
    "approvals": ApprovalSettings,
    "access": AccessSettings,
    "oidc": OidcSettings,
    "certification": CertificationSettings,
    "test_runs": TestRunSettings,
    "models": ModelSettings,
}
