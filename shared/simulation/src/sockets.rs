//! The gateway of sockets: asks the authorizer, then `$connect`, and hands on what clients say.

use app::outside::Standing;
use app::realtime::{Feeding, Opening, Pushing, Talking};
use domain::access::Caller;
use domain::event::EventType;
use domain::socket::{Origins, SocketId};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_kit::socket::{Handshake, SocketAnswer, SocketRequest};
use serde_json::Value;

use crate::tasks::run;
use crate::world::World;

/// The page that sockets may be opened from.
pub const ORIGIN: &str = "https://app.example";

impl World {
    fn standing(&self) -> Standing<'_> {
        Standing { users: self.store.as_ref(), sessions: self.store.as_ref() }
    }

    fn feeding(&self) -> Feeding<'_> {
        Feeding { feeds: self.wiring.feeds.as_ref(), events: self.store.as_ref() }
    }

    pub(crate) fn pushing(&self) -> Pushing<'_> {
        Pushing {
            sockets: self.wiring.sockets.as_ref(),
            feeding: self.feeding(),
            queues: self.wiring.queues.as_ref(),
            pusher: self.sockets.as_ref(),
            standing: self.standing(),
        }
    }

    /// A client's handshake: the status it is answered with.
    pub fn shake_hands(&self, socket: &str, headers: &[(&str, &str)]) -> u16 {
        let handshake = handshake(headers);
        let origins = Origins::parse(ORIGIN).expect("an origin");
        let (clock, key, policy) = (&self.instance, self.key.as_ref(), &self.policy);
        let deps = realtime_authorize::Deps { clock, key, policy, origins: &origins };
        match run(realtime_authorize::authorize(deps, &handshake)) {
            Ok(caller) => run(self.open_socket(socket, caller)).status,
            Err(_) => 403,
        }
    }

    /// `$connect`, once the authorizer has said who it is.
    pub async fn open_socket(&self, socket: &str, caller: Caller) -> SocketAnswer {
        let request = self.socket_request(socket, Some(caller.clone()), Vec::new());
        let opening = Opening {
            sockets: self.wiring.sockets.as_ref(),
            queues: self.wiring.queues.as_ref(),
            standing: self.standing(),
        };
        let answer = realtime_connect::connect(realtime_connect::Deps { mint: self.mint(), opening }, &request).await;
        if answer.status == 200 {
            self.socket_callers.borrow_mut().insert(request.socket.clone(), caller);
            self.sockets.connect(&request.socket);
        }
        answer
    }

    /// A client says something.
    pub async fn say_step(&self, socket: &str, text: &str) -> SocketAnswer {
        let id = SocketId::parse(socket).expect("an id");
        let caller = self.socket_callers.borrow().get(&id).cloned();
        let request = self.socket_request(socket, caller, text.as_bytes().to_vec());
        let talking = Talking {
            sockets: self.wiring.sockets.as_ref(),
            feeding: self.feeding(),
            queues: self.wiring.queues.as_ref(),
            pusher: self.sockets.as_ref(),
        };
        realtime_message::hear(realtime_message::Deps { mint: self.mint(), talking }, &request).await
    }

    pub fn say(&self, socket: &str, text: &Value) -> SocketAnswer {
        run(self.say_step(socket, &text.to_string()))
    }

    /// The client is gone, and nobody is told.
    pub fn lose(&self, socket: &str) {
        self.sockets.hang_up(&SocketId::parse(socket).expect("an id"));
    }

    /// The client is gone, and the gateway tells.
    pub async fn disconnect_step(&self, socket: &str) -> SocketAnswer {
        self.lose(socket);
        let id = SocketId::parse(socket).expect("an id");
        let caller = self.socket_callers.borrow().get(&id).cloned();
        let request = self.socket_request(socket, caller, Vec::new());
        realtime_disconnect::disconnect(realtime_disconnect::Deps { sockets: self.wiring.sockets.as_ref() }, &request)
            .await
    }

    /// What came over a connection.
    pub fn heard(&self, socket: &str) -> Vec<Value> {
        let got = self.sockets.got(&SocketId::parse(socket).expect("an id"));
        got.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    /// The ids of the events among it.
    pub fn heard_of(&self, socket: &str) -> Vec<String> {
        let heard = self.heard(socket);
        let is_event = |said: &&Value| said["type"].as_str().is_some_and(|kind| EventType::parse(kind).is_some());
        heard.iter().filter(is_event).map(|said| said["id"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn socket_request(&self, socket: &str, caller: Option<Caller>, body: Vec<u8>) -> SocketRequest {
        SocketRequest {
            socket: SocketId::parse(socket).expect("an id"),
            caller,
            handshake: handshake(&[]),
            body,
            request_id: format!("socket-{socket}"),
            trace: None,
        }
    }
}

fn handshake(headers: &[(&str, &str)]) -> Handshake {
    let mut map = HeaderMap::new();
    let mut query = Vec::new();
    for (name, value) in headers {
        match name.strip_prefix("query ") {
            Some(name) => query.push((name.to_owned(), (*value).to_owned())),
            None => {
                let name: HeaderName = name.parse().expect("a name");
                map.append(name, HeaderValue::from_str(value).expect("a value"));
            }
        }
    }
    Handshake { headers: map, query }
}
