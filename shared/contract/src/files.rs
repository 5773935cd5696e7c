//! Reading files: by id, newest first, by when they are due.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::file::{ContentType, File, FileStatus, Rejection};
use domain::ids::{FileId, TenantId};
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::PlatformChange;

use crate::builders::file;
use crate::pages::assert_lists;
use crate::platform::{Outcome, changes, commit, write};
use crate::{PlatformTable, World};

async fn create(table: PlatformTable<'_>, files: &[File], now: Timestamp) {
    for file in files {
        write(table.platform, changes(file.tenant, [PlatformChange::CreateFile(file.clone())], now)).await;
    }
}

async fn stored(table: PlatformTable<'_>, tenant: TenantId, id: FileId) -> Option<File> {
    table.files.get(tenant, id, Consistency::Strong).await.expect("a file is read")
}

pub async fn every_field_of_a_file_is_kept(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, mint) = (world.tenant(), world.mint());
    let types = ContentType::ALL.iter().map(|content_type| File { content_type: *content_type, ..file(tenant, mint) });
    let states = FileStatus::ALL.iter().map(|status| File { status: *status, check_at: None, ..file(tenant, mint) });
    let rejected = Rejection::ALL.iter().map(|rejection| File { rejection: Some(*rejection), ..file(tenant, mint) });
    for expected in types.chain(states).chain(rejected) {
        create(table, std::slice::from_ref(&expected), world.now()).await;
        assert_eq!(stored(table, tenant, expected.id).await.as_ref(), Some(&expected));
        assert_eq!(stored(table, world.tenant(), expected.id).await, None, "another tenant's");
    }
}

pub async fn a_file_is_changed_by_its_version_alone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let first = file(tenant, world.mint());
    create(table, std::slice::from_ref(&first), now).await;
    let one = |change| changes(tenant, [change], now);
    assert_eq!(commit(table.platform, one(PlatformChange::CreateFile(first.clone()))).await, Outcome::Stale);
    let next = first.accept(now).expect("it is pending");
    write(table.platform, one(PlatformChange::UpdateFile(next.clone()))).await;
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateFile(next.clone()))).await, Outcome::Stale);
    let of_nobody = File { id: world.id(), ..next.clone() };
    assert_eq!(commit(table.platform, one(PlatformChange::UpdateFile(of_nobody))).await, Outcome::Stale);
    assert_eq!(stored(table, tenant, first.id).await, Some(next));
}

pub async fn files_come_newest_first_without_the_deleted(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut files = Vec::new();
    for _ in 0..4 {
        world.advance(Duration::from_millis(1));
        files.push(file(tenant, world.mint()));
    }
    create(table, &files, world.now()).await;
    create(table, &[file(world.tenant(), world.mint())], world.now()).await;
    let deleted = files.remove(1).delete(world.now()).expect("it is pending");
    write(table.platform, changes(tenant, [PlatformChange::UpdateFile(deleted)], world.now())).await;
    files.reverse();
    assert_lists("files", &files, async |page| table.files.list(tenant, page).await).await;
}

pub async fn a_batch_finds_the_tenant_s_files_alone(table: PlatformTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let files = [(); 3].map(|()| {
        world.advance(Duration::from_millis(1));
        file(tenant, world.mint())
    });
    let (of_another, nobody_s) = (file(world.tenant(), world.mint()), world.id());
    create(table, &files, world.now()).await;
    create(table, std::slice::from_ref(&of_another), world.now()).await;
    let deleted = files[2].delete(world.now()).expect("it is pending");
    write(table.platform, changes(tenant, [PlatformChange::UpdateFile(deleted.clone())], world.now())).await;
    let ids = BTreeSet::from([files[0].id, deleted.id, of_another.id, nobody_s]);
    let mut found = table.files.get_many(tenant, &ids, Consistency::Strong).await.expect("files are read");
    found.sort_unstable_by_key(|file| file.id);
    assert_eq!(found, [files[0].clone(), deleted]);
    assert_eq!(table.files.get_many(tenant, &BTreeSet::new(), Consistency::Strong).await.expect("nothing is read"), []);
}

pub async fn files_are_due_from_their_check_at(table: PlatformTable<'_>, seed: u128) {
    const MANY: usize = 1_000;
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let waiting = file(tenant, world.mint());
    let rejected = file(tenant, world.mint()).reject(Rejection::WrongType, now).expect("it is pending");
    let ready = file(tenant, world.mint()).accept(now).expect("it is pending");
    create(table, &[waiting.clone(), rejected.clone(), ready], now).await;
    let due = async |at: Timestamp| {
        let found = table.files.due(at, MANY).await.expect("due files are read");
        found.into_iter().filter(|(of, _)| *of == tenant).map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!(due(now.minus(Duration::from_millis(1))).await, []);
    assert_eq!(due(now).await, [rejected.id]);
    let at = waiting.check_at.expect("it waits for its upload");
    assert_eq!(due(at).await, [rejected.id, waiting.id]);
    let cleared = rejected.cleared(at).expect("it is rejected");
    write(table.platform, changes(tenant, [PlatformChange::UpdateFile(cleared)], at)).await;
    assert_eq!(due(at).await, [waiting.id]);
}
