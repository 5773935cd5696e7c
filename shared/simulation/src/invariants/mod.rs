//! What must hold of a world at every moment, whatever failed: of each change of an entity (`moves`), of what an entity and
//! its parts add up to (`payments`, `orders`), of the ledger and its journal, of what was sent and of the provider's books. A
//! sentence says what is broken. A new kind of entity gets a file here and a line in `of_touched`.

mod attachments;
mod books;
mod extractions;
pub(crate) mod files;
mod jobs;
mod journal;
mod ledger;
mod mails;
mod moves;
mod orders;
mod past;
mod payments;
mod provider;
mod receipts;
mod schedules;
mod sent;
mod statements;
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
        provider::agrees(books, *id, world)?;
    }
    for id in &touched.orders {
        orders::hold(books, *id)?;
    }
    ledger::has_posted(books, touched, &world.store)?;
    sent::is_all(books, touched, &world.sent)?;
    wallets::hold(world, books)?;
    let files = world.store.files();
    files::hold(world, &files, books)?;
    attachments::hold(world, &files, books)?;
    let jobs = world.store.jobs();
    jobs::hold(world, &jobs, books)?;
    schedules::hold(&jobs)?;
    extractions::hold(world, &jobs, books, touched)
}

/// Of what the provider has done since this was last asked, whether or not we have heard of it.
pub fn of_provider(world: &World, books: &Books) -> Holds {
    let moved = [&world.provider, &world.second].map(|provider| provider.take_moved());
    moved.iter().flatten().try_for_each(|key| provider::has_moved(books, key, world))
}

/// Of everything there is.
pub fn of_all(world: &World, books: &Books) -> Holds {
    let contents = world.store.contents();
    books.are_of(&contents)?;
    of_touched(world, books, &books.everything())?;
    ledger::holds(books, &contents)?;
    journal::holds(&contents)?;
    statements::hold(&contents, books)?;
    provider::knows_only_ours(books, world)
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
    schedules::have_occurred(world, &contents)?;
    mails::were_sent(world, &contents)?;
    receipts::were_made(world, &contents)?;
    files::are_where_they_belong(world, &contents)?;
    for tenant in &contents.tenants {
        let faults = world.ledger_faults(tenant.id);
        ensure(faults.is_empty(), || format!("a sound ledger is called wrong: {faults:?}"))?;
    }
    Ok(())
}
