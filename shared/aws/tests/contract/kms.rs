//! The token key and the vault, in KMS.

use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use coffer_aws::{Aws, KmsOptOutKey, KmsTokenKey, KmsVault};

use crate::place::aws;

async fn make_key(aws: &Aws, spec: KeySpec, usage: KeyUsageType) -> String {
    let request = aws.kms().create_key().key_spec(spec).key_usage(usage);
    let answer = request.send().await.expect("a key is created");
    answer.key_metadata.expect("of the key").key_id
}

async fn remove_key(aws: &Aws, id: &str) {
    let request = aws.kms().schedule_key_deletion().key_id(id).pending_window_in_days(7);
    request.send().await.expect("the key is to be deleted");
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_token_key_keeps_its_contract() {
    let aws = aws();
    let id = make_key(&aws, KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let key = KmsTokenKey::new(&aws, id.as_str());
    contract::token_key::a_signature_verifies_under_the_public_key(&key).await;
    contract::token_key::the_key_s_id_is_its_thumbprint(&key).await;
    contract::token_key::the_public_key_stays_the_same(&key).await;
    remove_key(&aws, &id).await;
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_vault_keeps_its_contract() {
    let aws = aws();
    let id = make_key(&aws, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
    let vault = KmsVault::new(&aws, id.as_str());
    contract::vault::what_is_sealed_is_opened(&vault, 1).await;
    contract::vault::a_longer_secret_is_refused(&vault, 2).await;
    contract::vault::what_is_sealed_shows_nothing(&vault, 3).await;
    contract::vault::another_purpose_opens_nothing(&vault, 4).await;
    contract::vault::what_was_never_sealed_is_refused(&vault, 5).await;
    remove_key(&aws, &id).await;
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_key_of_links_keeps_its_contract() {
    let aws = aws();
    let id = make_key(&aws, KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let key = KmsOptOutKey::new(&aws, id.as_str());
    contract::mail::a_link_is_signed_for_what_it_names(&key, 1).await;
    remove_key(&aws, &id).await;
}
