//! The files queue: uploads are looked at, and the bytes of files that ended are taken away.

use app::ingest::{self, Ingesting};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::blobs::{Blob, BlobKey};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub ingesting: Ingesting<'a>,
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The bucket tells of objects that have come.
    Uploads(Vec<BlobKey>),
    /// An event of a file.
    Event(Notice),
}

pub async fn step(deps: Deps<'_>, message: &Message) -> Result<(), WorkError> {
    match message {
        Message::Uploads(keys) => {
            let context = Context { mint: deps.mint, origin: Origin::default() };
            for BlobKey { tenant, blob } in keys {
                let file = match blob {
                    Blob::Upload(file) | Blob::File(file) => file,
                    // Nobody uploads one.
                    Blob::Receipt { .. } => continue,
                };
                ingest::check(&context, deps.ingesting, *tenant, *file).await?;
            }
            Ok(())
        }
        Message::Event(notice) => {
            let context = Context { mint: deps.mint, origin: Origin::of(notice) };
            ingest::heed(&context, deps.ingesting, notice).await
        }
    }
}
