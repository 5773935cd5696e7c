//! Users that log in and out: once the cache has been told, nobody gets in with a token of an ended session.

use domain::access::{Caller, Role};
use domain::identity::{ACCESS_TOKEN_LIFETIME, SESSION_IDLE_MAX, Session};
use ports::clock::Clock as _;
use ports::identity::Sessions as _;

use super::run::{Doing, Ended, Run};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::invariants::{Holds, ensure};
use crate::people::caller;
use crate::tasks::run;

impl Run {
    pub(super) fn log_out(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let caller = caller(&self.world, self.clients.callers[who].tenant, Role::Operator);
        let (Some(id), Ok(user)) = (caller.session, caller.subject.parse()) else { return };
        let now = self.world.clock.now();
        let session = Session {
            id,
            tenant: caller.tenant,
            user,
            family_hash: [1; 32],
            refresh_hash: [2; 32],
            created_at: now,
            expires_at: now.plus(SESSION_IDLE_MAX),
            revoked_at: None,
            version: 1,
        };
        if run(self.world.store.create(&session)).is_err() {
            return;
        }
        let (world, ask) = (self.world.clone(), Ask::delete(format!("/v1/sessions/{id}")).by(&caller));
        self.start(Doing::LogOut(Box::new(caller)), async move { Ended::Answered(world.calling(ask).await) });
    }

    pub(super) fn has_left(&mut self, caller: Caller, answer: &Answer) -> Holds {
        match answer.status {
            204 => self.clients.gone.push(caller),
            status => {
                ensure(matches!(status, 409 | 503), || format!("a log-out is answered: {status} {}", answer.body))?
            }
        }
        Ok(())
    }

    /// As far as the cache is there: without it a token lives until it expires.
    pub(super) fn nobody_is_back(&mut self) -> Holds {
        let now = self.world.clock.now();
        let lives =
            |caller: &Caller| now.as_seconds() - caller.issued_at_seconds < ACCESS_TOKEN_LIFETIME.as_secs() as i64;
        self.clients.gone.retain(lives);
        for caller in &self.clients.gone {
            let answer = self.world.call(Ask::get("/v1/orders").by(caller));
            let is_kept_out = answer.status == 401 || answer.status == 503 || answer.cache.degraded;
            ensure(is_kept_out, || format!("{:?} was ended and is answered {}", caller.session, answer.status))?;
        }
        Ok(())
    }
}
