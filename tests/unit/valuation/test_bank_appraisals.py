"""Where a bank's appraisal stands on a day."""

from datetime import timedelta

from domain.valuation.bank_appraisals import AppraisalKind, AppraisalStanding, latest, standing_of
from tests.unit.market.deals import TODAY
from tests.unit.valuation.own_figures import PROPOSED, a_bank_appraisal
from tests.unit.valuation.subjects import NOW


def test_an_appraisal_stands_for_what_its_decision_its_dates_and_its_successors_make_of_it() -> None:
    appraisal = a_bank_appraisal()
    later = a_bank_appraisal(id="appraisal_2", proposal=PROPOSED.decided("bank-a.approver", NOW + timedelta(hours=1)))
    after = appraisal.valid_until + timedelta(days=1)

    assert standing_of(appraisal, [appraisal], TODAY) is AppraisalStanding.IN_FORCE
    assert standing_of(appraisal, [appraisal, later], TODAY) is AppraisalStanding.SUPERSEDED
    assert standing_of(appraisal, [appraisal], after) is AppraisalStanding.EXPIRED
    assert standing_of(appraisal, [appraisal], TODAY - timedelta(days=1)) is AppraisalStanding.NOT_YET
    assert standing_of(a_bank_appraisal(proposal=PROPOSED), [], TODAY) is AppraisalStanding.PROPOSED
    rejected = a_bank_appraisal(proposal=PROPOSED.decided("bank-a.approver", NOW, "报告缺页"))
    assert standing_of(rejected, [rejected], TODAY) is AppraisalStanding.REJECTED


def test_an_internal_appraisal_supersedes_no_external_one() -> None:
    external, internal = a_bank_appraisal(), a_bank_appraisal(id="appraisal_2", kind=AppraisalKind.INTERNAL)

    assert latest([external, internal], TODAY) == (external, internal)


def test_what_is_dated_after_the_asked_day_supersedes_nothing_on_it() -> None:
    earlier = a_bank_appraisal(as_of=TODAY - timedelta(days=30))
    today = a_bank_appraisal(id="appraisal_2")

    assert latest([earlier, today], TODAY - timedelta(days=1)) == (earlier,)
