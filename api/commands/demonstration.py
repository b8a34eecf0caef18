"""A demonstration's data folder.

Its clients with their keys, its registries, and what an outsider needs to know of them.

Everything here is made fresh in the folder and is good for one machine; nothing of it is a default of the product.
"""

import argparse
import asyncio
import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from api import wiring
from api.commands.signing_client import SigningClient
from domain.ports.tenants import Tenant
from domain.values.identifiers import Division, Uscc
from domain.values.time import business_date

REGISTRIES: Final = ("zhejiang", "hubei", "anhui", "jiangxi", "ningxia", "hebei")
APP_ID: Final = "greenlien"


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A demo client: its tenant and role."""

    id: str
    tenant: str
    role: str


TENANTS: Final = (
    Tenant(id="bank-a", kind="bank", name="示例甲银行", uscc=Uscc("91330100DEM0003023"), division=None),
    Tenant(id="bank-b", kind="bank", name="示例乙银行", uscc=Uscc("91420100DEM000310G"), division=None),
    Tenant(
        id="enterprise.shaoxing",
        kind="enterprise",
        name=wiring.ENTERPRISE_SHAOXING_NAME,
        uscc=wiring.ENTERPRISE_SHAOXING_USCC,
        division=None,
    ),
    Tenant(
        id="enterprise.huangshi",
        kind="enterprise",
        name=wiring.ENTERPRISE_HUANGSHI_NAME,
        uscc=wiring.ENTERPRISE_HUANGSHI_USCC,
        division=None,
    ),
    Tenant(
        id="authority.zhejiang",
        kind="authority",
        name="浙江省生态环境主管部门(演示)",
        uscc=None,
        division=Division("33"),
    ),
    Tenant(id="exchange.zhejiang", kind="exchange", name="浙江省排污权交易网(演示)", uscc=None, division=None),
    Tenant(id="portal.zhejiang", kind="portal", name="浙江一网通办(演示)", uscc=None, division=None),
    Tenant(id="fund.ningxia", kind="fund", name="宁夏贴息资金(演示)", uscc=None, division=None),
    Tenant(id="greenlien", kind="platform", name="greenlien 平台", uscc=None, division=None),
)
CLIENTS: Final = (
    DemoClient("bank-a.officer", "bank-a", "bank_officer"),
    DemoClient("bank-a.approver", "bank-a", "bank_approver"),
    DemoClient("bank-b.officer", "bank-b", "bank_officer"),
    DemoClient("bank-b.approver", "bank-b", "bank_approver"),
    DemoClient("enterprise.shaoxing", "enterprise.shaoxing", "enterprise"),
    DemoClient("enterprise.huangshi", "enterprise.huangshi", "enterprise"),
    DemoClient("authority.zhejiang", "authority.zhejiang", "authority"),
    DemoClient("exchange.zhejiang", "exchange.zhejiang", "exchange"),
    DemoClient("portal.zhejiang", "portal.zhejiang", "portal"),
    DemoClient("fund.ningxia", "fund.ningxia", "fund"),
    DemoClient("auditor", "bank-a", "auditor"),
    DemoClient("platform.ops", "greenlien", "platform_ops"),
    DemoClient("platform.security", "greenlien", "platform_security"),
    DemoClient("platform.security.second", "greenlien", "platform_security"),
)


class Demonstration:
    """What lies where in a demonstration's folder."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder; nothing is made yet."""
        self.folder = folder.resolve()
        self.keys = self.folder / "keys"
        self.ledger = self.folder / "registry.ledger"
        self.notice_ledger = self.folder / "notice_registry.ledger"
        self.database = self.folder / "postgres"
        self.signing_key = self.keys / "server.pem"
        self.secrets_key = self.keys / "secrets.key"
        self.key_store = self.keys / "house"
        self._secret = self.keys / "registry.secret"
        self._facts = self.folder / "facts.json"

    def make_keys(self) -> None:
        """Make every key that is not there yet."""
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        clients = [client.id for client in CLIENTS]
        for name in ("server", *clients, *(f"{client}.order" for client in clients)):
            path = self.keys / f"{name}.pem"
            if not path.exists():
                wiring.save_key(wiring.generate_key(), path)
        if not self.secrets_key.exists():
            wiring.make_secret_key(self.secrets_key)
        wiring.key_rotation.adopt(self.key_store, wiring.load_key(self.signing_key), self.secrets_key, wiring.now())
        self.registry_secret()

    def registry_secret(self) -> bytes:
        """Return the key that we share with the registries' simulator."""
        if not self._secret.exists():
            self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._secret.touch(mode=0o600)
            self._secret.write_text(secrets.token_hex(32), encoding="ascii")
        return self._secret.read_bytes()

    def client_key(self, client: str) -> "wiring.SigningKey":
        """Return a demo client's key."""
        return wiring.load_key(self.keys / f"{client}.pem")

    def order_key(self, client: str) -> "wiring.SigningKey":
        """Return the key by which a demo client signs orders; it is another than its key for tokens."""
        return wiring.load_key(self.keys / f"{client}.order.pem")

    def speaker(self, client: str, http: httpx.Client) -> SigningClient:
        """Return what speaks as a demo client, by its own keys, to the API that `http` has the address of."""
        return SigningClient(client, self.client_key(client), self.order_key(client), http)

    def register_clients(self, owner_url: str) -> None:
        """Write the demo's tenants and clients into the database."""
        clients = [
            wiring.provisioning.NewClient(
                each.id,
                each.tenant,
                each.role,
                dict(self.client_key(each.id).public_jwk),
                dict(self.order_key(each.id).public_jwk),
            )
            for each in CLIENTS
        ]
        asyncio.run(wiring.provisioning.register(owner_url, TENANTS, clients))

    def registries(self, simulator_url: str) -> str:
        """Return the setting that names the registries."""
        told = {
            name: {"base_url": simulator_url, "app_id": APP_ID, "secret_file": str(self._secret)} for name in REGISTRIES
        }
        return json.dumps(told)

    def notice_registry(self, simulator_url: str) -> str:
        """Return the setting that names the notice registry."""
        base_url = f"{simulator_url}{wiring.NOTICE_PATH}"
        return json.dumps({"base_url": base_url, "institution": APP_ID, "secret_file": str(self._secret)})

    def write_facts(self, base_url: str, simulator_url: str) -> None:
        """Write what an outsider needs to know."""
        uscc = {tenant.id: tenant.uscc for tenant in TENANTS}
        facts = {
            "base_url": base_url,
            "clients": [
                {"id": each.id, "tenant": each.tenant, "role": each.role, "uscc": uscc[each.tenant]} for each in CLIENTS
            ],
            "rights": [
                {
                    "registry": right.registry,
                    "registry_no": right.registry_no,
                    "permit_no": right.permit_no,
                    "holder_uscc": right.holder_uscc,
                    "pollutant": right.pollutant.value,
                    "quantity": {"amount": right.quantity.wire(), "unit": right.quantity.unit.value},
                }
                for right in wiring.demo_rights(business_date(wiring.now()))
            ],
            "simulators": [
                {"name": "registry", "control_url": f"{simulator_url}/control"},
                {"name": "notice_registry", "control_url": f"{simulator_url}{wiring.NOTICE_PATH}/control"},
            ],
        }
        self._facts.write_text(json.dumps(facts, ensure_ascii=False, indent=2), encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """Return what `write_facts` wrote; stops where nothing was started in this folder."""
        if not self._facts.exists():
            message = f"nothing was started with --data-dir {self.folder}"
            raise SystemExit(message)
        facts: dict[str, Any] = json.loads(self._facts.read_text(encoding="utf-8"))
        return facts

    def token(self, client: str, base_url: str | None = None) -> str:
        """Obtain an access token as a client, with its own key."""
        origin = base_url or str(self.facts()["base_url"])
        issuer = (
            httpx.get(f"{origin}/.well-known/oauth-authorization-server", trust_env=False)
            .raise_for_status()
            .json()["issuer"]
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": wiring.sign_client_assertion(self.client_key(client), client, issuer, wiring.now()),
        }
        answer = httpx.post(f"{origin}/oauth/token", data=form, trust_env=False).raise_for_status()
        return str(answer.json()["access_token"])


def print_token(arguments: argparse.Namespace) -> int:
    """Print an access token."""
    if arguments.client not in {each.id for each in CLIENTS}:
        sys.stderr.write(f"no demo client {arguments.client}; there are: {', '.join(each.id for each in CLIENTS)}\n")
        return 2
    demonstration = Demonstration(arguments.data_dir)
    try:
        token = demonstration.token(arguments.client, arguments.base_url)
    except httpx.HTTPStatusError as refused:
        if refused.response.json().get("error") != "invalid_dpop_proof":
            raise
        origin = arguments.base_url or str(demonstration.facts()["base_url"])
        with httpx.Client(base_url=origin, trust_env=False) as http:
            key = demonstration.client_key(arguments.client)
            token = SigningClient(arguments.client, key, None, http).token()
        sys.stderr.write(
            f"this token is bound to {arguments.client}'s key: each request needs a proof (DPoP), as `call` sends it\n"
        )
    sys.stdout.write(token + "\n")
    return 0


def print_facts(arguments: argparse.Namespace) -> int:
    """Print the demo's facts."""
    sys.stdout.write(json.dumps(Demonstration(arguments.data_dir).facts(), ensure_ascii=False, indent=2) + "\n")
    return 0
