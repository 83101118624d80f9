"""The platform under seeded load with faults, and the invariants afterwards.

intents     what callers mean to do: a pure function of the seed
asking      how they ask, over gRPC and HTTP, with the same request id until there is an answer
record      what they were told
platforms   the platform as processes that can be killed, paused and started again
faults      what goes wrong, and when: chosen by the same seed
events      a consumer of all events, and events that are doubled, disordered or poisoned
checks      what must be true whatever was killed
run         all of it, one after the other
mutants     planted defects that show that each check can fail
"""
