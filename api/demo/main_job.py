"""The main job of this product in eight steps, and four attacks on it that must fail; each checked at every answer.

Source: the issue's main job; contract sections 2 to 5 and 7.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from api.demo.altered_trail import Tampering, alter_the_trail
from api.demo.attacks import Foiled, forge_a_release, replay_an_order, steal_a_token
from api.demo.ending import Recounted, Released, recount, release
from api.demo.market import Screened, send_deals
from api.demo.pledging import Contested, Pledged, ask_a_second_bank, pledge_in_zhejiang
from api.demo.rights import SHAOXING_RIGHT, SHAOXING_SECOND_RIGHT, Verified, verify_rights
from api.demo.scene import Scene
from api.demo.silence import Reconciled, lose_a_reply
from api.demo.values import Valued, value_right

STEPS: Final = 12

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What came of each step."""

    screened: Screened
    verified: Verified
    valued: Valued
    pledged: Pledged
    contested: Contested
    reconciled: Reconciled
    released: Released
    recounted: Recounted
    forged: Foiled
    replayed: Foiled
    stolen: Foiled
    tampered: Tampering


def play(scene: Scene) -> Story:
    """Play every step; raises Surprise at the first answer that is not as it must be."""
    screened = _timed(scene, lambda: send_deals(scene))
    verified = _timed(scene, lambda: verify_rights(scene))
    right = verified.rights[SHAOXING_RIGHT]
    valued = _timed(scene, lambda: value_right(scene, right))
    pledged = _timed(scene, lambda: pledge_in_zhejiang(scene, right, valued.schedule))
    contested = _timed(scene, lambda: ask_a_second_bank(scene, right, pledged))
    reconciled = _timed(scene, lambda: lose_a_reply(scene, verified.rights[SHAOXING_SECOND_RIGHT]))
    released = _timed(scene, lambda: release(scene, right, pledged))
    recounted = _timed(scene, lambda: recount(scene, pledged))
    standing = str(reconciled.pledge["id"])
    forged = _timed(scene, lambda: forge_a_release(scene, standing))
    replayed = _timed(scene, lambda: replay_an_order(scene, standing))
    stolen = _timed(scene, lambda: steal_a_token(scene, standing))
    tampered = _timed(scene, lambda: alter_the_trail(scene, pledged))
    return Story(
        screened=screened,
        verified=verified,
        valued=valued,
        pledged=pledged,
        contested=contested,
        reconciled=reconciled,
        released=released,
        recounted=recounted,
        forged=forged,
        replayed=replayed,
        stolen=stolen,
        tampered=tampered,
    )


def _timed(scene: Scene, step: Callable[[], T]) -> T:
    began = time.monotonic()
    found = step()
    seconds = time.monotonic() - began
    scene.seconds[scene.line.step] = seconds
    scene.says(f"本步用时 {seconds:.2f} s (this step)")
    return found
