//! Scripts on the server, called by digest. A server that does not know one yet gets its text: EVAL, unlike SCRIPT LOAD,
//! goes where the keys are, whatever stands in front of the nodes.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};

use crate::digest::to_hex;

#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    /// Redis names scripts by SHA-1.
    name: String,
}

impl Script {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, name: to_hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref()) }
    }

    pub(super) async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        keys: &[String],
        arguments: &[String],
    ) -> Result<Value, RedisError> {
        let command = |verb: &str, script: &str| {
            let mut command = Cmd::new();
            command.arg(verb).arg(script).arg(keys.len()).arg(keys).arg(arguments);
            command
        };
        match command("EVALSHA", &self.name).query_async(connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                command("EVAL", self.text).query_async(connection).await
            }
            result => result,
        }
    }
}
