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
    paid: Lock<Vec<(Document, Usage)>>,
    calls: Lock<BTreeMap<Vec<u8>, u32>>,
}

impl Model {
    pub fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// Every call that is paid for, whether or not its answer was heard.
    pub fn paid(&self) -> Vec<(Document, Usage)> {
        self.paid.get().clone()
    }

    fn answer(&self, document: &Document) -> Result<Answer, ExtractorError> {
        let turn = model::turn(&document.bytes);
        let usage = model::usage(&document.bytes, &turn);
        let text = match turn {
            Turn::IsBusyFor(count) => {
                let mut calls = self.calls.get();
                let call = calls.entry(document.bytes.clone()).or_default();
                *call += 1;
                if *call <= count {
                    return Err(busy());
                }
                Some(model::fields(&document.bytes))
            }
            Turn::Answers(fields) => Some(fields),
            Turn::BreaksOff => None,
            Turn::IsBusy => return Err(busy()),
            Turn::Refuses => return Err(ExtractorError::Refused),
            Turn::Dawdles => {
                self.paid.get().push((document.clone(), usage));
                return Err(ExtractorError::NoAnswer(PortError::new(PortErrorKind::TimedOut, OPERATION)));
            }
        };
        self.paid.get().push((document.clone(), usage));
        Ok(Answer { text: text.map(|fields| AnswerText(fields.to_string())), usage })
    }
}

fn busy() -> ExtractorError {
    ExtractorError::Busy(PortError::new(PortErrorKind::Throttled, OPERATION))
}

#[async_trait]
impl Extractor for Model {
    async fn extract(&self, document: &Document) -> Result<Answer, ExtractorError> {
        self.faults.call(OPERATION, || self.answer(document)).await
    }
}
