//! Files, their attachments to orders, and their bytes.

use coffer_memory::{BlobAnswer, Blobs};
use contract::blobs::{BlobStore, Client, Followed};
use ports::blobs::Link;

use super::*;

properties! { attachments of Store::new(faults()), platform;
    an_attachment_is_kept_with_its_file_and_its_order,
    an_order_s_files_come_oldest_first,
    a_slot_is_taken_once,
    a_file_is_attached_and_detached_by_its_version,
    only_an_attachment_that_is_there_is_detached,
    a_file_is_deleted_with_all_its_attachments,
}

properties! { files of Store::new(faults()), platform;
    every_field_of_a_file_is_kept,
    a_file_is_changed_by_its_version_alone,
    files_come_newest_first_without_the_deleted,
    a_batch_finds_the_tenant_s_files_alone,
    files_are_due_from_their_check_at,
}

struct Follows<'a>(&'a Blobs);

#[async_trait::async_trait]
impl Client for Follows<'_> {
    async fn follow(&self, link: &Link, body: Vec<u8>) -> Followed {
        let BlobAnswer { status, content_type, name, body } = self.0.follow(link, body);
        Followed { is_success: status == 200, content_type, name, body }
    }
}

macro_rules! of_blobs {
    ($($property:ident,)*) => {$(
        #[tokio::test]
        async fn $property() {
            let clock = Clock::default();
            let blobs = Blobs::new(clock.clone(), faults());
            for seed in SEEDS {
                let store = BlobStore { blobs: &blobs, parts: &blobs, client: &Follows(&blobs), clock: &clock };
                contract::blobs::$property(store, seed).await;
            }
        }
    )*};
}

of_blobs! {
    an_upload_keeps_to_its_terms,
    a_link_is_for_one_key_alone,
    a_link_ends,
    a_download_has_its_name_and_type,
    what_was_put_is_read_from_its_beginning,
    a_copy_stays_when_the_first_goes,
    parts_become_one_object_when_they_are_complete,
    an_upload_that_is_not_there_is_told_of,
}
