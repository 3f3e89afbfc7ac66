"""What every capability stands on: database, project lock, outbox and jobs, Redis, clock, ids, settings, problems.

Owns no product concept. It declares two things that higher packages fill: who acts (`actor.Actor`)
and whether they may (`authorise.Authorise`).
"""
