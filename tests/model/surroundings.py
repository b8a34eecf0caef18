"""What surrounds a pledge: the registry and its moods, time, courts, strangers, and those who come late or twice."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.builders import HOLDER
from tests.model import registry
from tests.model.playing import ABSENT, AUTHORITY, BANKS, ENTERPRISE, PICK, SIDE, STRANGER, Playing, a_quantity
from tests.model.things import OK, Told

TONNES = st.integers(1, 6).map(Decimal)


class Surroundings(Playing):
    """What others do."""

    @rule()
    def work(self) -> None:
        """The worker and the registry do what waits; where two were rivals, either may have won."""
        wanted = registry.outcomes(self.model)
        self.stage.work(list(self.model.rights))
        now = self.stage.clock()
        for name, allowed in wanted.items():
            outcome = self._outcome(name)
            assert outcome in allowed, f"{name} was {outcome}, not {allowed}"
            registry.settle(self.model, name, outcome, now)

    def _outcome(self, name: str) -> str:
        """Read what became of a pledge or of an amendment."""
        pledge = self.model.pledges.get(name)
        if pledge is not None:
            status = self.read(pledge)["status"]
            return "executed" if status in {"active", "released"} else "refused"
        owner = next(each for each in self.model.pledges.values() if each.amendment and each.amendment.id == name)
        path = f"/v1/pledges/{owner.id}/amendments/{name}"
        status = self.stage.business.get(f"{owner.bank}.officer", path)["status"]
        assert status in {"effective", "refused"}, status
        return "executed" if status == "effective" else "refused"

    @rule(
        operation=st.sampled_from(["freeze", "release", "query"]),
        kind=st.sampled_from(["lose_reply", "error", "garbage", "duplicate", "late", "closed", "slow"]),
        times=st.integers(1, 3),
    )
    def registry_misbehaves(self, operation: str, kind: str, times: int) -> None:
        """The registry will answer badly."""
        self.stage.business.registry.arm(operation, kind, times)

    @rule(side=SIDE)
    def registry_reduces(self, side: int) -> None:
        """A tonne is lost, unless it is the last."""
        right = self.right(side)
        if right.truth.quantity > 1:
            self.stage.change(right, "reduce", Decimal(1))
            right.truth = Told(right.truth.quantity - 1, "reduced", right.truth.version + 1)

    @rule(side=SIDE, kind=st.sampled_from(["suspend", "reinstate", "reinstate", "revoke"]))
    def registry_changes_the_status(self, side: int, kind: str) -> None:
        """The registry suspends, reinstates or revokes."""
        right = self.right(side)
        status = {"suspend": "suspended", "reinstate": "effective", "revoke": "revoked"}[kind]
        self.stage.change(right, kind)
        right.truth = Told(right.truth.quantity, status, right.truth.version + 1)

    @rule(side=SIDE)
    def verify_again(self, side: int) -> None:
        """The holder asks the registry what is so now."""
        right = self.right(side)
        body = {"registry": "zhejiang", "registry_no": right.number, "holder_uscc": HOLDER}
        self.command(ENTERPRISE, "/v1/rights/verifications", body, OK)
        right.hear()

    # Time

    @rule(days=st.sampled_from([0, 1, 6, 11, 12, 14, 15, 17]), hours=st.integers(1, 23))
    def time_passes(self, days: int, hours: int) -> None:
        """Hours or days go by, and the night lets lapse what nobody moved for ten working days."""
        self.stage.clock.turn(timedelta(days=days, hours=hours))
        for pledge in self.model.pledges.values():
            due = self.stage.is_over(pledge.progressed_at)
            assert self.stage.lapse(pledge.id) == self.model.lapse(pledge, self.stage.clock(), due=due), pledge

    # Strangers, the late, and those who say it twice

    @precondition(Playing.has_pledge)
    @rule(pick=PICK, side=SIDE)
    def a_stranger_reads(self, pick: int, side: int) -> None:
        """What is another's answers as what is not there."""
        pledge = self.pledge(pick)
        others = [STRANGER, *(f"{bank}.officer" for bank in BANKS if bank != pledge.bank)]
        for client in others:
            for path in ("", "/history", "/coverage", "/amendments"):
                self.alike(client, f"/v1/pledges/{pledge.id}{path}", f"/v1/pledges/pledge_{ABSENT}{path}")
        right = self.right(side)
        paths = f"/v1/rights/{right.id}", f"/v1/rights/right_{ABSENT}"
        self.alike(STRANGER, *paths)
        for bank in BANKS:
            if self.model.is_shown(right, bank):
                assert self.stage.business.get(f"{bank}.officer", paths[0])["id"] == right.id
            else:
                self.alike(f"{bank}.officer", *paths)

    @precondition(Playing.has_pledge)
    @rule(pick=PICK, verb=st.sampled_from(["submit", "confirm", "withdraw", "reject", "release", "release/approve"]))
    def a_stranger_commands(self, pick: int, verb: str) -> None:
        """Whoever may not know of a pledge can do nothing to it, and learns nothing."""
        pledge = self.pledge(pick)
        of_a_bank = verb in {"reject", "release", "release/approve"}
        other = next(bank for bank in BANKS if bank != pledge.bank)
        client = f"{other}.approver" if of_a_bank else STRANGER
        body = {"reject": {"reason": "无"}, "release": {"reason": "waived"}}.get(verb, {})
        self.alike_commanded(client, pledge, verb, body)

    @precondition(Playing.has_pledge)
    @rule(pick=PICK)
    def somebody_is_late(self, pick: int) -> None:
        """A command on a version that is no more is refused before anything else."""
        pledge = self.pledge(pick)
        headers = {"If-Match": f'"{self.read(pledge)["version"] + 1}"'}
        self.command(ENTERPRISE, f"/v1/pledges/{pledge.id}/withdraw", {}, "version_mismatch", headers=headers)

    @precondition(Playing.has_pledge)
    @rule(pick=PICK)
    def it_is_said_twice(self, pick: int) -> None:
        """The same command under the same key is one command."""
        pledge = self.pledge(pick)
        expected = self.model.submit(pledge, self.soon())
        headers = {"Idempotency-Key": f"twice-{self.stage.clock().isoformat()}-{pledge.id}"}
        path = f"/v1/pledges/{pledge.id}/submit"
        first = self.command(ENTERPRISE, path, {}, expected, headers=headers)
        assert self.command(ENTERPRISE, path, {}, expected, headers=headers) == first

    # Holds of other kinds

    @rule(side=SIDE, amount=TONNES, court=st.booleans())
    def post_a_hold(self, side: int, amount: Decimal, court: bool) -> None:
        """A court takes what it wants; a listing takes what is free."""
        right = self.right(side)
        expected = OK if court or right.free >= amount else "quantity_unavailable"
        body = {
            "kind": "judicial" if court else "listing",
            "quantity": a_quantity(amount),
            "reference": "(2026)浙0602执1号",
            "reason": "财产保全",
        }
        _, answer = self.command(AUTHORITY, f"/v1/rights/{right.id}/holds", body, expected, 201)
        if expected == OK:
            right.holds[answer["id"]] = amount
            right.seized = right.seized or court

    @rule(side=SIDE, pick=PICK, part=st.booleans())
    def lift_a_hold(self, side: int, pick: int, part: bool) -> None:
        """All of a hold is lifted, or a tonne of it; no other is."""
        right = self.right(side)
        posted = [name for name in right.holds if name.startswith("hold_")]
        if posted:
            name = posted[pick % len(posted)]
            given = Decimal(1) if part else right.holds[name]
            body = {"reason": "解除", "reference": "(2026)浙0602执1号之一", "quantity": a_quantity(given)}
            self.command(AUTHORITY, f"/v1/rights/{right.id}/holds/{name}/lift", body, OK)
            right.holds[name] -= given
            if not right.holds[name]:
                del right.holds[name]
