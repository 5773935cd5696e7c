//! Where things lie in the platform table.

use domain::file::File;
use domain::ids::{FileId, TenantId};

use super::{DueKind, Index, IndexKey, Key, Partition};

impl Key {
    pub(crate) fn file(tenant: TenantId, id: FileId) -> Self {
        Partition::table(tenant, "FIL").at(id)
    }
}

impl Partition {
    /// Without the deleted.
    pub(crate) fn files(tenant: TenantId) -> Self {
        Self::index(Index::Status, tenant, "FIL")
    }
}

impl IndexKey {
    pub(crate) fn file_listed(file: &File) -> Option<Self> {
        file.is_listed().then(|| Self::new(Index::Status, Partition::files(file.tenant), file.id))
    }

    pub(crate) fn file_due(file: &File) -> Option<Self> {
        file.check_at.map(|at| Self::due(DueKind::File, file.id.as_u128(), at, file.id))
    }
}

pub(crate) fn parse_file(pk: &str, sk: &str) -> Option<(TenantId, FileId)> {
    Some((pk.strip_suffix("#FIL")?.parse().ok()?, sk.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_files_are_read_back_from_the_table_s_keys() {
        let (tenant, id) = (TenantId::from_u128(1), FileId::from_u128(2));
        let Key { pk, sk } = Key::file(tenant, id);
        assert_eq!((parse_file(&pk, &sk), &pk, &sk), (Some((tenant, id)), &format!("{tenant}#FIL"), &id.to_string()));
    }
}
