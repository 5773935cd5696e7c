//! Sessions and the rotation of their refresh tokens.

use async_trait::async_trait;
use domain::identity::Session;
use domain::ids::{SessionId, TenantId};
use domain::time::Timestamp;
use ports::identity::{RotateRequest, Rotation, Sessions};
use ports::{PortError, PortErrorKind};

use super::{IdentityTable, Store};

#[async_trait]
impl Sessions for Store {
    async fn create(&self, session: &Session) -> Result<(), PortError> {
        let effect = || {
            let mut table = self.identity.get();
            // The same again is a second try of the first; another session would need another id.
            match table.sessions.get(&(session.tenant, session.id)) {
                Some(stored) if stored == session => Ok(()),
                Some(_) => Err(PortError::new(PortErrorKind::Rejected, "sessions.create")),
                None => {
                    table.put_session(session.clone());
                    Ok(())
                }
            }
        };
        self.faults.call("sessions.create", effect).await
    }

    async fn get(&self, tenant: TenantId, id: SessionId) -> Result<Option<Session>, PortError> {
        self.faults.call("sessions.get", || Ok(self.identity.get().sessions.get(&(tenant, id)).cloned())).await
    }

    async fn rotate(&self, request: RotateRequest) -> Result<Rotation, PortError> {
        self.faults.call("sessions.rotate", || Ok(self.identity.get().rotate_session(request))).await
    }

    async fn revoke(&self, tenant: TenantId, id: SessionId, now: Timestamp) -> Result<Option<Session>, PortError> {
        self.faults.call("sessions.revoke", || Ok(self.identity.get().revoke_session(tenant, id, now))).await
    }
}

impl IdentityTable {
    fn put_session(&mut self, session: Session) {
        let old = self.sessions.insert((session.tenant, session.id), session.clone());
        self.stream.push(old, Some(session));
    }

    fn rotate_session(&mut self, request: RotateRequest) -> Rotation {
        let RotateRequest { tenant, id, family_hash, presented_hash, next_hash, expires_at, now } = request;
        let stored = self.sessions.get(&(tenant, id));
        let Some(live) = stored.filter(|session| session.is_live(now) && session.family_hash == family_hash) else {
            return Rotation::Gone;
        };
        let version = live.version + 1;
        if live.refresh_hash != presented_hash {
            let ended = Session { revoked_at: Some(now), version, ..live.clone() };
            self.put_session(ended.clone());
            return Rotation::Reused(ended);
        }
        let rotated = Session { refresh_hash: next_hash, expires_at, version, ..live.clone() };
        self.put_session(rotated.clone());
        Rotation::Rotated(rotated)
    }

    fn revoke_session(&mut self, tenant: TenantId, id: SessionId, now: Timestamp) -> Option<Session> {
        let stored = self.sessions.get(&(tenant, id))?;
        if stored.revoked_at.is_some() {
            return Some(stored.clone());
        }
        let ended = Session { revoked_at: Some(now), version: stored.version + 1, ..stored.clone() };
        self.put_session(ended.clone());
        Some(ended)
    }

    pub(super) fn delete_expired_sessions(&mut self, now: Timestamp) {
        for (_, session) in self.sessions.extract_if(.., |_, session| session.expires_at <= now) {
            self.stream.push(Some(session), None);
        }
    }
}
