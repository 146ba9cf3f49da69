//! A yardstick: poem with nothing but a greeting, the most that the framework can do.

use std::net::SocketAddr;

use poem::listener::TcpListener;
use poem::{Route, Server, get, handler};

#[handler]
fn greet() -> &'static str {
    "hello"
}

/// Serves until it is killed.
///
/// # Panics
/// Where the address can't be listened on.
pub async fn serve(address: SocketAddr) {
    Server::new(TcpListener::bind(address)).run(Route::new().at("/", get(greet))).await.expect("it serves");
}

/// Serves in this process, for a test.
#[cfg(test)]
pub async fn serve_here() -> SocketAddr {
    let address = crate::stage::free_address();
    tokio::spawn(serve(address));
    crate::stage::until_it_listens(address).await;
    address
}
