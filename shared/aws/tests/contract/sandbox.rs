//! The sandbox provider's book. Its contract is of its own crate.

use coffer_aws::SandboxTable;

use crate::place::{aws, create_table, delete_table, unique_name};

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_sandbox_s_book_keeps_its_contract() {
    let aws = aws();
    let name = unique_name("sandbox");
    create_table(&aws, &name, false).await;
    sandbox::contract::all(&SandboxTable::new(&aws, name.as_str()), "contract").await;
    delete_table(&aws, &name).await;
}
