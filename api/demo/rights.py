"""Step 2: a bank verifies an enterprise's rights at the registry, under the enterprise's consent and not without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.demo.scene import Scene
from api.demo.words import quantity
from domain.values.time import add_years

SHAOXING: Final = "enterprise.shaoxing"
SHAOXING_RIGHT: Final = "PWQ-ZJ-330602-00001"
SHAOXING_SECOND_RIGHT: Final = "PWQ-ZJ-330602-00002"

Right = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The rights of the enterprise's permit as the bank now sees them, by their registry's number."""

    rights: Mapping[str, Right]


def verify_rights(scene: Scene) -> Verified:
    """Verify under consent, and see that without it, and for another's right, there is no answer."""
    scene.opens(2, "经企业授权，向登记机构核验排污权", "rights are verified at the registry, under consent")
    told = _told(scene, SHAOXING_RIGHT)
    holder = scene.uscc_of(SHAOXING)
    asked = {"registry": told["registry"], "permit_no": told["permit_no"], "holder_uscc": holder}
    scene.refused(
        "bank-a.officer",
        "未经授权先查",
        "tries without consent",
        ("POST", "/v1/rights/verifications", asked),
        code="authorization_required",
    )
    consents(scene, SHAOXING, "bank-a")
    found = scene.does(
        "bank-a.officer",
        f"按许可证 {told['permit_no']} 核验",
        "verifies the permit's rights",
        ("POST", "/v1/rights/verifications", asked),
    )
    for right in found["rights"]:
        _show(scene, right)
        scene.checks("holder", holder, right["holder"]["uscc"])
    other = next(each for each in scene.facts["rights"] if each["registry"] == "anhui")
    wrong = {"registry": other["registry"], "registry_no": other["registry_no"], "holder_uscc": holder}
    refusal = scene.refused(
        "bank-a.officer",
        f"以本企业名义查他人的 {other['registry_no']}",
        "asks for another's right",
        ("POST", "/v1/rights/verifications", wrong),
        code="holder_mismatch",
    )
    scene.checks("the true holder is named", expected=False, got=other["holder_uscc"] in refusal.text)
    return Verified(rights={str(right["registry_no"]): right for right in found["rights"]})


def verify(scene: Scene, bank: str, enterprise: str, registry_no: str) -> Right:
    """Let a bank's officer verify one right of an enterprise that has consented, and return it."""
    told = _told(scene, registry_no)
    asked = {
        "registry": told["registry"],
        "registry_no": registry_no,
        "holder_uscc": scene.uscc_of(enterprise),
    }
    found = scene.does(
        f"{bank}.officer",
        f"核验 {registry_no}",
        "verifies at the registry",
        ("POST", "/v1/rights/verifications", asked),
    )
    right: Right = found["rights"][0]
    _show(scene, right)
    return right


def consents(scene: Scene, enterprise: str, bank: str) -> None:
    """Let an enterprise consent for a year that a bank sees and verifies its rights."""
    consent = {
        "enterprise_uscc": scene.uscc_of(enterprise),
        "grantee": bank,
        "scope": ["rights:read", "rights:verify"],
        "from": scene.today.isoformat(),
        "to": add_years(scene.today, 1).isoformat(),
        "document": {"name": "排污权信息查询授权书(演示)"},
    }
    scene.does(
        enterprise,
        f"授权 {bank} 查询、核验一年",
        "consents for a year",
        ("POST", "/v1/authorizations", consent),
        expect=201,
    )


def _told(scene: Scene, registry_no: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in scene.facts["rights"] if each["registry_no"] == registry_no)
    return found


def _show(scene: Scene, right: Right) -> None:
    proof = right["verification"]
    eligible = "可质押" if right["pledgeable"]["eligible"] else "不可质押"
    scene.says(
        f"{right['holder']['name']}  {right['registry_no']}  {right['pollutant']} {quantity(right['quantity'])}"
        f"  可用 {quantity(right['available'])}  {right['valid_from']} 至 {right['valid_to']}  {eligible}",
        f"    登记机构 {right['registry']} 于 {proof['as_of'][:19]} 答复，凭证 {proof['evidence_sha256'][:16]}…",
    )
