//! Documents read by a model: the sandbox's, whose markers say what goes wrong.

use domain::file::ContentType;
use ports::extraction::{Answer, AnswerText, Document, Extractor, ExtractorError};

const INVOICE: &str = "Supplier: Tea Ltd.\nDate: 2026-10-31\nCurrency: EUR\n2 x Tea @ 3.50 = 7.00\nTotal: 7.00\n";

fn document(content_type: ContentType, marker: &str) -> Document {
    Document { content_type, bytes: format!("{INVOICE}sandbox-model: {marker}\n").into_bytes() }
}

async fn read(model: &dyn Extractor, marker: &str) -> Result<Answer, ExtractorError> {
    model.extract(&document(ContentType::Text, marker)).await
}

pub async fn a_document_of_any_type_is_read_and_its_tokens_are_counted(model: &dyn Extractor) {
    for content_type in ContentType::ALL {
        let answer = model.extract(&document(*content_type, "none")).await.expect("it is read");
        let AnswerText(text) = answer.text.clone().expect("it has come to its end");
        for part in ["\"supplier\":\"Tea Ltd.\"", "\"unit_amount\":\"3.50\"", "\"total_amount\":\"7.00\""] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(answer.usage.input_tokens > 500 && answer.usage.output_tokens > 0, "{:?}", answer.usage);
        assert!(!format!("{answer:?}").contains("Tea"), "{answer:?}");
    }
}

pub async fn what_is_not_an_end_is_no_answer_and_is_paid_for(model: &dyn Extractor) {
    let answer = read(model, "unfinished").await.expect("it has begun");
    assert_eq!(answer.text, None);
    assert!(answer.usage.output_tokens > 0);
}

pub async fn every_fault_says_whether_it_may_be_paid_for(model: &dyn Extractor) {
    assert!(matches!(read(model, "throttled").await, Err(ExtractorError::Busy(_))));
    assert!(matches!(read(model, "time_out").await, Err(ExtractorError::NoAnswer(_))));
    assert!(matches!(read(model, "refused").await, Err(ExtractorError::Refused)));
}

pub async fn a_model_that_was_busy_answers_later(model: &dyn Extractor) {
    for _ in 0..2 {
        assert!(matches!(read(model, "flaky").await, Err(ExtractorError::Busy(_))));
    }
    assert!(read(model, "flaky").await.is_ok_and(|answer| answer.text.is_some()));
}
