//! What the function is made of on AWS.

use aws::{Aws, PlatformTable, Settings};
use realtime_disconnect::{Deps, disconnect};
use runtime::SocketEventType;
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let deps = Deps { sockets: &platform };
    runtime::run_socket(SocketEventType::Disconnect, async |request| disconnect(deps, request).await).await
}
