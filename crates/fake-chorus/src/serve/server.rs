//! A tenant that listens on a port of this machine.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::runtime::Runtime;
use tower_service::Service;

use super::admin;
use super::house::House;
use super::reception::receive;
use super::seen::SeenRequest;
use crate::tenant::Tenant;

/// The key that is accepted unless another is chosen.
pub const DEFAULT_API_KEY: &str = "demo-key";

/// How long stopping waits for tasks that do not yield.
const STOP: Duration = Duration::from_secs(2);

/// A Chorus tenant that runs. It has threads of its own, so that it serves synchronous tests as well, and stops
/// when it is dropped: the port is free and every connection is closed then.
pub struct FakeChorus {
    house: Arc<House>,
    address: SocketAddr,
    api_key: String,
    runtime: Option<Runtime>,
}

impl FakeChorus {
    /// Starts on a free port of the loopback address.
    pub async fn start(tenant: Tenant) -> io::Result<FakeChorus> {
        Self::start_blocking(tenant)
    }

    pub async fn start_on(tenant: Tenant, address: SocketAddr) -> io::Result<FakeChorus> {
        Self::start_blocking_on(tenant, address, DEFAULT_API_KEY)
    }

    /// [`start`](Self::start) for code that is not asynchronous.
    pub fn start_blocking(tenant: Tenant) -> io::Result<FakeChorus> {
        Self::start_blocking_on(
            tenant,
            SocketAddr::from(([127, 0, 0, 1], 0)),
            DEFAULT_API_KEY,
        )
    }

    pub fn start_blocking_on(
        tenant: Tenant,
        address: SocketAddr,
        api_key: &str,
    ) -> io::Result<FakeChorus> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("fake-chorus")
            .enable_all()
            .build()?;
        let house = Arc::new(House::new(tenant, api_key.to_owned()));
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, house.clone()));
        Ok(FakeChorus {
            house,
            address,
            api_key: api_key.to_owned(),
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that the tenant was started with.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Rotates the key: from now on only this one is accepted.
    pub fn set_api_key(&self, key: &str) {
        self.house.set_api_key(key.to_owned());
    }

    /// The last requests, oldest first; admin requests are not among them.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.house.seen.recent()
    }

    /// Requests of a route, written as in the reference (`/api/v1/conversations/{id}`), or of one path.
    pub fn request_count(&self, route: &str) -> u64 {
        self.house.seen.count(route)
    }

    /// Requests that were anything but GET; each was answered 405.
    pub fn non_get_requests(&self) -> u64 {
        self.house.seen.non_get()
    }

    pub fn requests_in_flight(&self) -> u64 {
        self.house.seen.in_flight()
    }

    pub fn max_requests_in_flight(&self) -> u64 {
        self.house.seen.max_in_flight()
    }

    /// Forgets the requests seen so far.
    pub fn forget_requests(&self) {
        self.house.seen.forget();
    }

    /// Switches a quirk on.
    ///
    /// # Panics
    /// When there is no quirk of that name: a test that asks for one is wrong.
    pub fn set_quirk(&self, name: &str, args: Value) {
        if let Err(error) = self.house.set_quirk(name, args) {
            panic!("{error}");
        }
    }

    pub fn clear_quirk(&self, name: &str) {
        self.house.change_quirks(|quirks| quirks.clear(name));
    }

    pub fn clear_quirks(&self) {
        self.house.change_quirks(|quirks| quirks.clear_all());
    }

    /// Changes the truth; answers from then on show it.
    pub fn edit<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        self.house.edit(change)
    }

    /// Looks at the truth. Must not call `edit` or `set_quirk` from within.
    pub fn read<T>(&self, look: impl FnOnce(&Tenant) -> T) -> T {
        look(&self.house.truth())
    }

    /// A copy of the truth. Cheap: calls are shared until they are changed.
    pub fn tenant(&self) -> Tenant {
        self.house.truth().clone()
    }

    /// Renders all rows and details ahead, so that a benchmark measures its client alone.
    pub fn render_all(&self) {
        self.house.shown().render_all();
    }
}

impl Drop for FakeChorus {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        // A runtime may not be stopped from within another one, so a thread does it.
        let stopped = std::thread::spawn(move || runtime.shutdown_timeout(STOP));
        stopped.join().ok();
    }
}

async fn accept(listener: tokio::net::TcpListener, house: Arc<House>) {
    let admin = admin::routes(house.clone());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                stream.set_nodelay(true).ok();
                tokio::spawn(converse(TokioIo::new(stream), house.clone(), admin.clone()));
            }
            // Out of file descriptors or alike: try again rather than die.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn converse(stream: TokioIo<tokio::net::TcpStream>, house: Arc<House>, admin: Router) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (house, mut admin) = (house.clone(), admin.clone());
        async move {
            let request = request.map(Body::new);
            if request.uri().path().starts_with("/_fake/") {
                return Ok(admin
                    .call(request)
                    .await
                    .unwrap_or_else(|never| match never {}));
            }
            receive(&house, request).await
        }
    });
    // A client that hangs up, or a quirk that does, ends a connection with an error that is nobody's business.
    http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(stream, service)
        .await
        .ok();
}
