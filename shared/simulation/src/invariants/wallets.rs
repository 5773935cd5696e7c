//! A wallet never holds less than nothing, and nothing that is on its way out of it may be spent (B20).

use super::{Holds, ensure};
use crate::world::World;

pub(super) fn hold(world: &World) -> Holds {
    for wallet in world.store.wallets() {
        let is_covered = wallet.available() >= 0 && wallet.pending <= 0;
        ensure(is_covered, || format!("{} is overdrawn: {wallet:?}", wallet.account()))?;
    }
    Ok(())
}
