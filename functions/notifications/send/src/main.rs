//! What the function is made of on AWS.

use std::sync::Arc;

use app::notifications::Notifying;
use app::work::WorkError;
use aws::{
    Aws, CommerceTable, IdentityTable, PlatformTable, SesMailer, Settings, SqsRedelivery, SystemClock, SystemRandom,
    decode_notice,
};
use domain::text::Email;
use notifications_send::{Deps, step};
use ports::clock::Mint;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let platform_table = reader.text("PLATFORM_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let mail_from = reader.text("MAIL_FROM");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.as_str());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let mailer = SesMailer::new(&aws, Email::parse(&mail_from)?, None::<Arc<str>>);
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let notifying = Notifying {
        book: &platform,
        mailer: &mailer,
        write: letters::write,
        payments: &commerce,
        orders: &commerce,
        refunds: &commerce,
        disputes: &commerce,
        tenants: &identity,
        users: &identity,
    };
    let deps = Deps { mint: Mint { clock: &SystemClock, random: &SystemRandom }, notifying };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}
