"""From settings to the sign-in at the identity provider; None where none is set."""

from __future__ import annotations

from collections.abc import Callable

from promptops_server.access.sign_in.browser import Site
from promptops_server.access.sign_in.oidc.accounts import Groups
from promptops_server.access.sign_in.oidc.flow import SEALED_FOR, Flow
from promptops_server.access.sign_in.oidc.provider import Provider
from promptops_server.infra.database import Database
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.setting_sections import AccessSettings, OidcSettings


class OidcUnusable(Exception):
    """The section `oidc` of the settings cannot work; the text says why."""


def flow_of(
    db: Database,
    secret: bytes,
    settings: OidcSettings,
    rules: AccessSettings,
    site: Site,
    forget: Callable[[], None],
) -> Flow | None:
    """The way to the provider and back.

    Raises:
        OidcUnusable: the client's name is missing, or its secret cannot be read.
    """
    if settings.issuer is None:
        return None
    if not settings.client_id:
        raise OidcUnusable("The setting oidc.client_id is missing.")
    return Flow(
        db,
        Provider(settings, _client_secret(settings)),
        Sealer(secret, SEALED_FOR),
        site,
        rules,
        Groups(settings.groups_claim, settings.groups),
        forget,
    )


def _client_secret(settings: OidcSettings) -> str | None:
    if settings.client_secret is not None:
        return settings.client_secret.get_secret_value()
    if settings.client_secret_file is None:
        return None
    try:
        text = settings.client_secret_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OidcUnusable(
            f"The file {settings.client_secret_file} of oidc.client_secret_file cannot be read: {error}."
        ) from None
    if not text:
        raise OidcUnusable(f"The file {settings.client_secret_file} is empty.")
    return text
