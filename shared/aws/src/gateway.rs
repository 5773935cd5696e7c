//! Pushing to sockets: the connections that API Gateway holds, one POST a message. A message that was sent twice would come
//! twice, so nothing is retried here.

use async_trait::async_trait;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use domain::socket::SocketId;
use ports::PortError;
use ports::realtime::{Pushed, Pusher};

use crate::Aws;
use crate::error::port_error;

#[derive(Debug, Clone)]
pub struct GatewayPusher {
    client: Client,
}

impl GatewayPusher {
    /// `endpoint` is the WebSocket API's stage, by HTTPS.
    pub fn new(aws: &Aws, endpoint: impl Into<String>) -> Self {
        Self { client: aws.connections(endpoint.into()) }
    }
}

#[async_trait]
impl Pusher for GatewayPusher {
    async fn push(&self, socket: &SocketId, text: &str) -> Result<Pushed, PortError> {
        let request = self.client.post_to_connection().connection_id(socket.as_str()).data(Blob::new(text));
        match request.send().await {
            Ok(_) => Ok(Pushed::Taken),
            Err(SdkError::ServiceError(error)) if matches!(error.err(), PostToConnectionError::GoneException(_)) => {
                Ok(Pushed::Gone)
            }
            Err(error) => Err(port_error("push to a socket", error)),
        }
    }

    async fn close(&self, socket: &SocketId) -> Result<(), PortError> {
        match self.client.delete_connection().connection_id(socket.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) if matches!(error.err(), DeleteConnectionError::GoneException(_)) => {
                Ok(())
            }
            Err(error) => Err(port_error("close a socket", error)),
        }
    }
}
