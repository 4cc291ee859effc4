"""What is done and what goes wrong, turn by turn, as the seed has it."""

import dataclasses
import random

# What is typed, and how often of 100.
ACTIONS = {"rotate": 50, "apply": 15, "promote": 15, "rollback": 15,
           "resume": 5}
FAULTS = {
    "none": 14,
    "kill": 22,           # SIGKILL
    "lost": 12,           # SIGKILL, and the journal is gone
    "interrupt": 6,       # ^C
    "api": 10,            # an API server is killed, and started again
    "etcd": 10,           # etcd stands still for a while
    "unschedulable": 6,   # no node takes a pod
    "refused": 6,         # no more pods may be made
    "metric": 6,          # the soak's metric goes over its limit
    "two": 8,             # a second operator, on another machine
}
CONTEXTS = ("aether-staging", "aether-production")
# So long do most commands take on an idle machine, and a bit more.
LATEST_S = 3.5


@dataclasses.dataclass
class Turn:
    number: int
    action: str
    fault: str
    after_s: float      # from the start to the fault
    for_s: float        # that it lasts, where it does
    context: str        # where it is
    operator: int       # who types
    second: str         # what the other one types
    back: bool          # of two ways on, the roll-back

    def __str__(self):
        text = "%4d  operator %d: %-8s %s" % (
            self.number, self.operator, self.action, self.fault)
        if self.fault == "none":
            return text
        text += " after %.2f s" % self.after_s
        if self.fault in ("api", "etcd"):
            text += ", %s, for %.1f s" % (self.context, self.for_s)
        elif self.fault in ("unschedulable", "refused"):
            text += ", %s, then %s" % (
                self.context, "back" if self.back else "mended")
        elif self.fault == "two":
            text += ", the other one: " + self.second
        return text


def pick(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def choose(seed, number):
    """The turn of that number; no turn depends on how another one went."""
    rng = random.Random("%d/%d" % (seed, number))
    action, fault = pick(rng, ACTIONS), pick(rng, FAULTS)
    turn = Turn(number, action, fault,
                after_s=rng.uniform(0.02, LATEST_S),
                # Seldom longer than a Lease lives.
                for_s=rng.choice((0.5, 1, 2, 4, 8, 8, 35)),
                context=rng.choice(CONTEXTS), operator=rng.choice((1, 1, 2)),
                second=pick(rng, ACTIONS), back=rng.random() < 0.5)
    if number == 1:  # what the others go on from
        turn.action, turn.fault, turn.operator = "rotate", "none", 1
    # They have to be there when a pod is to start.
    if turn.fault in ("unschedulable", "refused", "metric"):
        turn.after_s = 0.0
        if action not in ("rotate", "promote"):
            turn.action = "rotate"
    return turn
