//! What the function is made of on AWS.

use app::notifications::Notifying;
use app::work::WorkError;
use aws::{
    Aws, CommerceTable, IdentityTable, KmsOptOutKey, PlatformTable, SesMailer, Settings, SqsRedelivery, SystemClock,
    SystemRandom, decode_feedback, decode_notice,
};
use domain::text::Email;
use notifications_send::{Deps, Message, step};
use ports::clock::Mint;
use ports::queues::Received;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let platform_table = reader.text("PLATFORM_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let mail_from = reader.text("MAIL_FROM");
    let mails_per_day = reader.parsed("MAILS_PER_DAY");
    let mail_configuration = reader.text("MAIL_CONFIGURATION");
    let mail_key = reader.text("MAIL_KEY");
    let public_url = reader.text("PUBLIC_URL");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.as_str());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let mailer = SesMailer::new(&aws, Email::parse(&mail_from)?, Some(mail_configuration.into()));
    let opt_out_key = KmsOptOutKey::new(&aws, mail_key);
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
        endpoints: &platform,
        connections: &commerce,
        opt_out_key: &opt_out_key,
        mails_per_day,
        public_url: &public_url,
    };
    let deps = Deps { mint: Mint { clock: &SystemClock, random: &SystemRandom }, notifying };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| step(deps, &read(message)?).await).await
}

fn read(message: &Received) -> Result<Message, WorkError> {
    if let Ok(notice) = decode_notice(&message.body, message.trace.clone()) {
        return Ok(Message::Event(notice));
    }
    decode_feedback(&message.body).map(Message::Feedback).map_err(|error| WorkError::Poison(error.to_string()))
}
