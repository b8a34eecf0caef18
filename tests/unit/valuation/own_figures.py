"""What a bank has said of the ordinary right: approved figures of today, changed as asked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from domain.valuation.adoption import Adoption, AdoptionBasis, OwnFigures
from domain.valuation.bank_appraisals import AppraisalKind, Appraiser, BankAppraisal, Report
from domain.valuation.proposals import Proposal
from domain.values.money import Money
from tests.unit.market.deals import TODAY
from tests.unit.valuation.subjects import NOW, a_subject

PROPOSED: Final = Proposal.by("bank-a.officer", NOW)
APPROVED: Final = PROPOSED.decided("bank-a.approver", NOW)

_APPRAISAL: Final = BankAppraisal(
    id="appraisal_" + "1" * 32,
    tenant="bank-a",
    right_id="right_" + "1" * 32,
    kind=AppraisalKind.EXTERNAL,
    value=Money.of(150000),
    quantity=a_subject().quantity,
    as_of=TODAY,
    valid_until=TODAY + timedelta(days=180),
    appraiser=Appraiser("某资产评估有限公司", None),
    report=Report("0" * 64, None, None),
    method=None,
    proposal=APPROVED,
)
_ADOPTION: Final = Adoption(
    id="adoption_" + "1" * 32,
    tenant="bank-a",
    right_id=_APPRAISAL.right_id,
    basis=AdoptionBasis.VALUE,
    valuation_id=None,
    appraisal_id=None,
    value=Money.of(180000),
    quantity=a_subject().quantity,
    valued_on=TODAY,
    valid_until=None,
    reason="评估报告所用案例已过时",
    proposal=APPROVED,
)


def a_bank_appraisal(**changes: Any) -> BankAppraisal:  # noqa: ANN401 - any field, checked by `replace`
    """Return an approved external appraisal of today: 150,000 for the ordinary right, valid for 180 days."""
    return replace(_APPRAISAL, **changes)


def an_adoption(**changes: Any) -> Adoption:  # noqa: ANN401 - any field, checked by `replace`
    """Return an approved adoption of 180,000 for the ordinary right, as of today."""
    return replace(_ADOPTION, **changes)


def own(*appraisals: BankAppraisal, adoption: Adoption | None = None, months: int = 12) -> OwnFigures:
    """Return what a bank has said, with yearly revaluation."""
    return OwnFigures(
        appraisals=appraisals, adoptions=() if adoption is None else (adoption,), revaluation_months=months
    )
