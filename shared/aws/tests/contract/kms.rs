//! The token key, in KMS.

use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use coffer_aws::{Aws, KmsTokenKey};

use crate::place::aws;

async fn make_key(aws: &Aws) -> String {
    let request = aws.kms().create_key().key_spec(KeySpec::EccNistP256).key_usage(KeyUsageType::SignVerify);
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
    let id = make_key(&aws).await;
    let key = KmsTokenKey::new(&aws, id.as_str());
    contract::token_key::a_signature_verifies_under_the_public_key(&key).await;
    contract::token_key::the_key_s_id_is_its_thumbprint(&key).await;
    contract::token_key::the_public_key_stays_the_same(&key).await;
    remove_key(&aws, &id).await;
}
