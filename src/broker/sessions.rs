//! Whose client identifiers are, and how many sessions of absent clients are kept.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::storage::{ClientSession, DynamicStorage, StorageBackend};
use tokio::sync::Mutex as Turn;

type User = Option<String>;

/// All sessions of the broker.
pub(super) struct Sessions {
    router: Arc<MessageRouter>,
    storage: Arc<DynamicStorage>,
    /// Of absent clients, at most.
    most: usize,
    /// Identifiers of connections, with their user and how many of them there are: an old one may not have ended yet.
    claims: Mutex<HashMap<String, (User, usize)>>,
    tidying: Turn<()>,
}

/// A connection's right to its client identifier.
pub(super) struct Claim {
    sessions: Arc<Sessions>,
    client: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Entry::Occupied(mut claim) = self.sessions.claims().entry(self.client.clone()) {
            claim.get_mut().1 -= 1;
            if claim.get().1 == 0 {
                claim.remove();
            }
        }
    }
}

impl Sessions {
    pub(super) fn new(router: Arc<MessageRouter>, storage: Arc<DynamicStorage>, most: usize) -> Arc<Self> {
        Arc::new(Self { router, storage, most, claims: Mutex::default(), tidying: Turn::new(()) })
    }

    fn claims(&self) -> MutexGuard<'_, HashMap<String, (User, usize)>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a client identifier for a user. `None`: it is another's, who is connected under it or has a session.
    /// `exists`: whether there is such a user; the session of one who was taken out of the configuration is nobody's.
    pub(super) async fn claim(
        self: &Arc<Self>,
        client: &str,
        user: Option<&str>,
        exists: impl Fn(Option<&str>) -> bool,
    ) -> Option<Claim> {
        let claim = {
            let mut claims = self.claims();
            let (owner, count) =
                claims.entry(client.to_owned()).or_insert_with(|| (user.map(str::to_owned), 0));
            if owner.as_deref() != user {
                return None;
            }
            *count += 1;
            Claim { sessions: Arc::clone(self), client: client.to_owned() }
        };
        let stored = self.storage.get_session(client).await.ok().flatten();
        let foreign = stored.filter(|session| {
            session.user_id.as_deref() != user && (session.connected || session.expiry_interval != Some(0))
        });
        match foreign {
            Some(session) if exists(session.user_id.as_deref()) => None,
            Some(_) => {
                self.remove(client).await;
                Some(claim)
            }
            None => Some(claim),
        }
    }

    /// Removes sessions of absent clients above the bound: of the user who has the most, the oldest.
    pub(super) async fn bound(&self) {
        let Ok(all) = self.storage.session_client_ids().await else { return };
        if all.len() <= self.most.saturating_add(self.router.client_count().await) {
            return;
        }
        let _turn = self.tidying.lock().await;
        let mut absent: HashMap<User, Vec<ClientSession>> = HashMap::new();
        let mut count = 0;
        for client in all {
            if self.router.is_connected(&client).await {
                continue;
            }
            if let Ok(Some(session)) = self.storage.get_session(&client).await {
                absent.entry(session.user_id.clone()).or_default().push(session);
                count += 1;
            }
        }
        for sessions in absent.values_mut() {
            // The oldest last.
            sessions.sort_by_key(|session| Reverse(session.disconnected_at));
        }
        while count > self.most {
            let Some(oldest) = absent.values_mut().max_by_key(|sessions| sessions.len()).and_then(Vec::pop)
            else {
                return;
            };
            tracing::warn!(
                client = oldest.client_id,
                user = oldest.user_id,
                "the session of an absent MQTT client is given up: there are too many; give clients fixed identifiers, \
                 or let them start clean"
            );
            self.remove(&oldest.client_id).await;
            count -= 1;
        }
    }

    /// Removes the session of a client that is not connected, and all that waits for it.
    async fn remove(&self, client: &str) {
        let slot = self.router.lock_session(client).await;
        if self.router.is_connected(client).await {
            return;
        }
        let removed = async {
            self.storage.remove_session(client).await?;
            self.storage.remove_all_inflight_messages(client).await?;
            self.router.set_client_subscriptions(&slot, None).await?;
            self.storage.remove_queued_messages(client).await
        };
        if let Err(error) = removed.await {
            tracing::warn!(client, %error, "the session of an MQTT client could not be removed");
        }
    }
}
