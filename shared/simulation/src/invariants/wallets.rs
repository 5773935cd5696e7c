//! A wallet never holds less than nothing, nothing that is on its way out of it may be spent, and its creation is told of
//! once (B20).

use domain::event::EventType;

use super::{Books, Holds, ensure};
use crate::world::World;

pub(super) fn hold(world: &World, books: &Books) -> Holds {
    for wallet in world.store.wallets() {
        let is_covered = wallet.available() >= 0 && wallet.pending <= 0;
        ensure(is_covered, || format!("{} is overdrawn: {wallet:?}", wallet.account()))?;
        let told = books.events_of(&wallet.account().to_string(), EventType::WalletCreated);
        ensure(told == 1, || format!("{} was told of {told} times", wallet.account()))?;
    }
    Ok(())
}
