//! What must hold of a world at every moment, whatever failed: of each change of an entity (`moves`), of what an entity and
//! its parts add up to (`payments`, `orders`), of the ledger and of the provider's books. A sentence says what is broken.

mod books;
mod ledger;
mod moves;
mod orders;
mod payments;
mod provider;
mod wallets;

pub use books::{Books, Touched};

use crate::world::World;

/// `Err` says what is broken.
pub type Holds = Result<(), String>;

/// `holds`, or else the sentence.
pub(crate) fn ensure(holds: bool, broken: impl FnOnce() -> String) -> Holds {
    if holds { Ok(()) } else { Err(broken()) }
}

/// Of what has changed, and of what it belongs to.
pub fn of_touched(world: &World, books: &Books, touched: &Touched) -> Holds {
    for id in &touched.payments {
        payments::hold(books, *id)?;
        provider::agrees(books, *id, &world.provider)?;
    }
    for id in &touched.orders {
        orders::hold(books, *id)?;
    }
    wallets::hold(world)
}

/// Of everything there is.
pub fn of_all(world: &World, books: &Books) -> Holds {
    let contents = world.store.contents();
    books.are_of(&contents)?;
    of_touched(world, books, &books.everything())?;
    ledger::holds(books, &contents)?;
    provider::knows_only_ours(books, &world.provider)
}

/// Of a world that nobody kept books of.
pub fn of_world(world: &World) -> Holds {
    of_all(world, &Books::of(&world.store.contents()))
}
