//! What the client promises, against a server that misbehaves in every way the wire reference knows (F1 to F19, T1 to T7).

mod faults;
mod lists;
mod server;
mod tls;
mod transport;
