//! A file is ready only when what was announced lies where files lie, each of its moves is told of once, and of what ended
//! nothing is left (J1, J2).

use domain::event::EventType;
use domain::file::{File, FileStatus};
use memory::Contents;
use ports::blobs::{Blob, BlobKey};

use super::{Books, Holds, ensure};
use crate::world::World;

pub(super) fn hold(world: &World, files: &[File], books: &Books) -> Holds {
    files.iter().try_for_each(|file| {
        let told = |kind| books.events_of(&file.id.to_string(), kind);
        let (ready, rejected) = (told(EventType::FileReady), told(EventType::FileRejected));
        let is_told = told(EventType::FileCreated) == 1
            && told(EventType::FileDeleted) == usize::from(file.status == FileStatus::Deleted)
            && match file.status {
                FileStatus::Pending => (ready, rejected) == (0, 0),
                FileStatus::Ready => (ready, rejected) == (1, 0),
                FileStatus::Rejected => (ready, rejected) == (0, 1),
                FileStatus::Deleted => ready + rejected <= 1,
            };
        ensure(is_told, || format!("{file:?} is told of {ready} times as ready, {rejected} times as rejected"))?;
        let is_false = file.name.as_str() == "false.png" && file.status == FileStatus::Ready;
        ensure(!is_false, || format!("{file:?} is ready and is no picture"))?;
        let is_usable = file.status != FileStatus::Ready || has_its_bytes(world, file);
        ensure(is_usable, || format!("{file:?} is ready without its bytes"))
    })
}

/// Once nothing is left to do.
pub(super) fn are_where_they_belong(world: &World, contents: &Contents) -> Holds {
    for key in world.blobs.keys() {
        let Blob::File(id) = key.blob else { continue };
        let file = contents.files.iter().find(|file| (file.tenant, file.id) == (key.tenant, id));
        let belongs = file.is_some_and(|file| file.status == FileStatus::Ready);
        ensure(belongs, || format!("{key} is there, of {file:?}"))?;
    }
    Ok(())
}

/// After everybody's time is over.
pub(crate) fn are_ended(contents: &Contents) -> Holds {
    let pending = contents.files.iter().find(|file| file.status == FileStatus::Pending);
    ensure(pending.is_none(), || format!("nobody ever decides on {pending:?}"))
}

fn has_its_bytes(world: &World, file: &File) -> bool {
    let bytes = world.blobs.bytes_of(BlobKey::file(file.tenant, file.id));
    bytes.is_some_and(|bytes| memory::checksum(&bytes) == file.checksum)
}
