//! A model that reads what the sandbox's reads, and counts what it is paid for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::allowance::Usage;
use ports::extraction::{Answer, AnswerText, Document, Extractor, ExtractorError};
use ports::{PortError, PortErrorKind};
use sandbox::model::{self, Turn};

use crate::faults::Faults;
use crate::lock::Lock;

const OPERATION: &str = "model.extract";

#[derive(Debug, Default)]
pub struct Model {
    faults: Faults,
    paid: Lock<Vec<Usage>>,
    calls: Lock<BTreeMap<Vec<u8>, u32>>,
}

impl Model {
    pub fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// Every call that is paid for, whether or not its answer was heard.
    pub fn paid(&self) -> Vec<Usage> {
        self.paid.get().clone()
    }

    fn answer(&self, document: &Document) -> Result<Answer, ExtractorError> {
        let turn = model::on_call(&document.bytes, self.count_call(document));
        let usage = model::usage(&document.bytes, &turn);
        let text = match turn {
            Turn::Answers(fields) => Some(AnswerText(fields.to_string())),
            Turn::BreaksOff => None,
            Turn::IsBusy => return Err(ExtractorError::Busy(PortError::new(PortErrorKind::Throttled, OPERATION))),
            Turn::Refuses => return Err(ExtractorError::Refused),
            Turn::Dawdles => {
                self.paid.get().push(usage);
                return Err(ExtractorError::NoAnswer(PortError::new(PortErrorKind::TimedOut, OPERATION)));
            }
        };
        self.paid.get().push(usage);
        Ok(Answer { text, usage })
    }

    fn count_call(&self, document: &Document) -> u32 {
        let mut calls = self.calls.get();
        let count = calls.entry(document.bytes.clone()).or_default();
        *count += 1;
        *count
    }
}

#[async_trait]
impl Extractor for Model {
    async fn extract(&self, document: &Document) -> Result<Answer, ExtractorError> {
        self.faults.call(OPERATION, || self.answer(document)).await
    }
}
