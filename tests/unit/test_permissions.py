"""Permissions: who has which verb, as a table; whatever is not in it is refused."""

import pytest

from api.permissions import PERMISSIONS, needs, public, scopes_of
from domain.values.actors import Role

COMMANDS = {
    "authorization:grant": {Role.ENTERPRISE},
    "hold:post": {Role.AUTHORITY},
    "loan:create": {Role.BANK_OFFICER},
    "loan:record": {Role.BANK_OFFICER},
    "pledge:create": {Role.ENTERPRISE, Role.BANK_OFFICER, Role.BANK_APPROVER},
    "pledge:submit": {Role.ENTERPRISE, Role.BANK_OFFICER, Role.BANK_APPROVER},
    "pledge:verify_quantities": {Role.AUTHORITY},
    "pledge:approve_loan": {Role.BANK_APPROVER},
    "pledge:confirm": {Role.ENTERPRISE},
    "right:appraise": {Role.BANK_OFFICER, Role.BANK_APPROVER},
    "appraisal:approve": {Role.BANK_OFFICER, Role.BANK_APPROVER},
    "appraisal:read": {Role.BANK_OFFICER, Role.BANK_APPROVER},
    "policy:propose": {Role.BANK_OFFICER, Role.BANK_APPROVER},
    "policy:approve": {Role.BANK_OFFICER, Role.BANK_APPROVER},
    "release:order": {Role.BANK_OFFICER, Role.BANK_APPROVER},
    "release:approve": {Role.BANK_OFFICER, Role.BANK_APPROVER},
}
PLATFORM = (Role.PLATFORM_OPS, Role.PLATFORM_SECURITY, Role.PLATFORM_AUDIT)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", COMMANDS)
def test_a_command_is_for_the_roles_of_the_table_and_for_no_other(permission: str, role: Role) -> None:
    assert (permission in scopes_of(role)) == (role in COMMANDS[permission])


def test_the_three_platform_roles_share_nothing_but_the_rules_of_the_land() -> None:
    ops, security, audit = (scopes_of(role) - {"jurisdiction:read"} for role in PLATFORM)

    assert not ops & security
    assert not ops & audit
    assert not security & audit


@pytest.mark.parametrize("role", PLATFORM)
def test_no_platform_role_reads_or_moves_business(role: Role) -> None:
    assert not {scope for scope in scopes_of(role) if scope.split(":")[0] in {"right", "pledge", "loan", "valuation"}}


def test_every_permission_is_a_noun_and_a_verb_and_somebody_has_it() -> None:
    for permission, roles in PERMISSIONS.items():
        noun, verb = permission.split(":")
        assert noun.isidentifier()
        assert verb.isidentifier()
        assert roles


def test_a_route_cannot_need_what_is_not_in_the_table() -> None:
    with pytest.raises(KeyError):
        needs("pledge:explode")
    assert needs("pledge:create") != public()
