import time
from tests.crashes.agreement import disagreements
from domain.pledges.lifecycle import State
from tests.crashes.crashing import Point
def test_try(stage):
    t=time.time()
    with stage.play("releasing") as play:
        print("prepared", time.time()-t); t=time.time()
        trap = play.trap("worker", None)
        play.start_worker(trap)
        books = play.rest("zhejiang", State.RELEASED)
        print("done", time.time()-t, sorted(trap.noted()))
        assert disagreements(books)==[]
        print(play.said())
    with stage.play("freezing") as play:
        t=time.time()
        trap = play.trap("worker", Point("worker.after_send.freeze"))
        w=play.start_worker(trap)
        assert w.died_within(20)
        print("died", time.time()-t, trap.noted(), trap.was_hit(), w.process.exitcode); t=time.time()
        play.start_worker()
        books = play.rest("zhejiang", State.ACTIVE)
        print("done", time.time()-t)
        assert disagreements(books)==[]
