//! Documents read by a model through Amazon Bedrock's Converse. The model is made to use one tool, whose schema is that of the
//! fields, so that its answer is an object and no prose. Of an error nothing is kept but its code: what the service has to
//! say may quote the request.

mod json;
mod prompt;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, DocumentBlock, DocumentFormat, DocumentSource, ImageBlock, ImageFormat,
    ImageSource, InferenceConfiguration, Message, SpecificToolChoice, StopReason, SystemContentBlock, Tool, ToolChoice,
    ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use domain::allowance::Usage;
use domain::file::ContentType;
use ports::extraction::{Answer, AnswerText, Document, Extractor, ExtractorError};
use ports::{PortError, PortErrorKind};

use crate::Aws;
use crate::error::{is_unsent, kind};

const OPERATION: &str = "ask a model";

/// Which model, and how it is asked.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// A model, or an inference profile.
    pub id: String,
    /// Where it is when it is not Bedrock's own.
    pub url: Option<String>,
    /// What it is let answer.
    pub output_tokens: u64,
    pub time_out: Duration,
}

#[derive(Debug, Clone)]
pub struct BedrockExtractor {
    client: Client,
    model: String,
    output_tokens: i32,
}

impl BedrockExtractor {
    pub fn new(aws: &Aws, settings: &ModelSettings) -> Self {
        let ModelSettings { id, url, output_tokens, time_out } = settings;
        Self {
            client: aws.bedrock(url.as_deref(), *time_out),
            model: id.clone(),
            output_tokens: i32::try_from(*output_tokens).unwrap_or(i32::MAX),
        }
    }
}

#[async_trait]
impl Extractor for BedrockExtractor {
    async fn extract(&self, document: &Document) -> Result<Answer, ExtractorError> {
        let unbuildable = |error: BuildError| rejected(error.to_string());
        let request = self
            .client
            .converse()
            .model_id(&self.model)
            .system(SystemContentBlock::Text(prompt::SYSTEM.to_owned()))
            .messages(message(document).map_err(unbuildable)?)
            .inference_config(InferenceConfiguration::builder().max_tokens(self.output_tokens).temperature(0.0).build())
            .tool_config(tools().map_err(unbuildable)?);
        match request.send().await {
            Ok(output) => Ok(answer(output)),
            Err(error) => Err(refusal(&error)),
        }
    }
}

/// The document's name is none of the client's: it would be a part of the prompt.
fn message(document: &Document) -> Result<Message, BuildError> {
    let Document { content_type, bytes } = document;
    let bytes = Blob::new(bytes.clone());
    let image = |format, bytes| {
        ImageBlock::builder().format(format).source(ImageSource::Bytes(bytes)).build().map(ContentBlock::Image)
    };
    let text = |format, bytes| {
        let source = DocumentSource::Bytes(bytes);
        DocumentBlock::builder().format(format).name("document").source(source).build().map(ContentBlock::Document)
    };
    let block = match content_type {
        ContentType::Pdf => text(DocumentFormat::Pdf, bytes),
        ContentType::Csv => text(DocumentFormat::Csv, bytes),
        ContentType::Text => text(DocumentFormat::Txt, bytes),
        ContentType::Png => image(ImageFormat::Png, bytes),
        ContentType::Jpeg => image(ImageFormat::Jpeg, bytes),
        ContentType::Webp => image(ImageFormat::Webp, bytes),
    }?;
    let ask = ContentBlock::Text(prompt::ASK.to_owned());
    Message::builder().role(ConversationRole::User).content(block).content(ask).build()
}

fn tools() -> Result<ToolConfiguration, BuildError> {
    let schema = ToolInputSchema::Json(json::document(&prompt::schema()));
    let tool = ToolSpecification::builder()
        .name(prompt::TOOL)
        .description("Takes the fields of the document.")
        .input_schema(schema)
        .build()?;
    let choice = SpecificToolChoice::builder().name(prompt::TOOL).build()?;
    ToolConfiguration::builder().tools(Tool::ToolSpec(tool)).tool_choice(ToolChoice::Tool(choice)).build()
}

fn answer(output: ConverseOutput) -> Answer {
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or(0);
    let usage = output.usage().map_or_else(Usage::default, |usage| Usage {
        input_tokens: count(usage.input_tokens()),
        output_tokens: count(usage.output_tokens()),
    });
    let has_ended = matches!(output.stop_reason(), StopReason::ToolUse | StopReason::EndTurn);
    let message = output.output().and_then(|output| output.as_message().ok());
    let blocks = message.map(|message| message.content()).unwrap_or_default();
    let used = blocks.iter().filter_map(|block| block.as_tool_use().ok()).find(|used| used.name() == prompt::TOOL);
    let text = used.filter(|_| has_ended).map(|used| AnswerText(json::value(used.input()).to_string()));
    Answer { text, usage }
}

fn refusal(error: &SdkError<ConverseError>) -> ExtractorError {
    let code = error.code().unwrap_or("no code").to_owned();
    let port_error = |kind| PortError::caused_by(kind, OPERATION, code.clone());
    let Some(service) = error.as_service_error() else {
        return match kind(error) {
            kind if is_unsent(error) => ExtractorError::Busy(port_error(kind)),
            // Such as a connection that was lost: the model may have read the document by then, and is paid for it.
            kind @ (PortErrorKind::Unavailable | PortErrorKind::TimedOut | PortErrorKind::Throttled) => {
                ExtractorError::NoAnswer(port_error(kind))
            }
            kind @ (PortErrorKind::Corrupt | PortErrorKind::Rejected) => ExtractorError::Rejected(port_error(kind)),
        };
    };
    match service {
        ConverseError::ThrottlingException(_)
        | ConverseError::ServiceUnavailableException(_)
        | ConverseError::ModelNotReadyException(_) => ExtractorError::Busy(port_error(PortErrorKind::Throttled)),
        ConverseError::ModelTimeoutException(_)
        | ConverseError::ModelErrorException(_)
        | ConverseError::InternalServerException(_) => ExtractorError::NoAnswer(port_error(PortErrorKind::TimedOut)),
        ConverseError::ValidationException(invalid) => match set_up_fault(invalid.message().unwrap_or_default()) {
            Some(fault) => {
                tracing::error!(code, fault, "the model cannot be asked as it is set up");
                rejected(format!("{code}: {fault}"))
            }
            None => {
                tracing::error!(code, fault = "unknown", "the model does not take a document");
                ExtractorError::Refused
            }
        },
        // AccessDeniedException, ResourceNotFoundException, and by its status what a later SDK adds.
        _ => match kind(error) {
            kind @ PortErrorKind::Throttled => ExtractorError::Busy(port_error(kind)),
            kind @ (PortErrorKind::Unavailable | PortErrorKind::TimedOut) => ExtractorError::NoAnswer(port_error(kind)),
            kind @ (PortErrorKind::Corrupt | PortErrorKind::Rejected) => ExtractorError::Rejected(port_error(kind)),
        },
    }
}

/// What of the stack's own request the model never takes: no fault of the document, which Bedrock tells by the same exception.
/// Only what stands here is ever said of a message.
fn set_up_fault(message: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 7] = [
        ("on-demand throughput", "it is not offered on demand: ModelId must be an inference profile"),
        ("model identifier is invalid", "ModelId is no model of this region"),
        ("support tool use", "it takes no tools"),
        ("toolchoice", "it takes no forced tool"),
        ("support documents", "it takes no documents"),
        ("maximum tokens you requested", "ModelOutputTokens is more than it answers"),
        ("temperature", "it takes no temperature"),
    ];
    let message = message.to_lowercase();
    KNOWN.into_iter().find(|(part, _)| message.contains(part)).map(|(_, fault)| fault)
}

fn rejected(reason: String) -> ExtractorError {
    ExtractorError::Rejected(PortError::caused_by(PortErrorKind::Rejected, OPERATION, reason))
}
