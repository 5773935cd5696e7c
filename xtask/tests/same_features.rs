//! Holds nothing on purpose: `xtask up` names this test beside the functions' binaries, so that Cargo resolves features as it
//! does for `cargo test --workspace`, and the SDKs are compiled once instead of once for `up` and once for `test`.
