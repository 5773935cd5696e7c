//! A post office that keeps what it was given, for tests to read.

use async_trait::async_trait;
use domain::mail::Mail;
use ports::PortError;

use crate::faults::Faults;
use crate::lock::Lock;

#[derive(Debug, Default)]
pub struct Mailer {
    faults: Faults,
    taken: Lock<Vec<Mail>>,
}

impl Mailer {
    pub fn new(faults: Faults) -> Self {
        Self { faults, taken: Lock::default() }
    }

    /// Every mail that was taken, in that order.
    pub fn taken(&self) -> Vec<Mail> {
        self.taken.get().clone()
    }
}

#[async_trait]
impl ports::mail::Mailer for Mailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let effect = || {
            self.taken.get().push(mail.clone());
            Ok(())
        };
        self.faults.call("mailer.send", effect).await
    }
}
