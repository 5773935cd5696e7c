//! What must hold of a world at every moment, whatever failed: of each change of an entity (`moves`), of what an entity and
//! its parts add up to (`payments`, `orders`), of the ledger and its journal, and of the provider's books. A sentence says what is broken.

mod books;
mod journal;
mod ledger;
mod moves;
mod orders;
mod past;
mod payments;
mod provider;

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
    Ok(())
}

/// Of everything there is.
pub fn of_all(world: &World, books: &Books) -> Holds {
    let contents = world.store.contents();
    books.are_of(&contents)?;
    of_touched(world, books, &books.everything())?;
    ledger::holds(books, &contents)?;
    journal::holds(&contents)?;
    provider::knows_only_ours(books, &world.provider)
}

/// Of a world that nobody kept books of and that has come to rest.
pub fn of_world(world: &World) -> Holds {
    let contents = world.store.contents();
    of_all(world, &Books::of(&contents))?;
    of_rest(world)
}

/// What holds once nothing is left to be done.
pub fn of_rest(world: &World) -> Holds {
    let contents = world.store.contents();
    journal::is_whole(&contents)?;
    past::holds(world, &contents)?;
    for tenant in &contents.tenants {
        let faults = world.ledger_faults(tenant.id);
        ensure(faults.is_empty(), || format!("a sound ledger is called wrong: {faults:?}"))?;
    }
    Ok(())
}
