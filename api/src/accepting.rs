//! Accepting connections: answers leave at once, and a system that gives no connection is not asked in a busy loop.

use std::io;
use std::time::Duration;

use http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::TcpStream;

/// How long to leave a system alone that has no file descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts TCP connections.
pub struct Accepting(pub TcpAcceptor);

impl Acceptor for Accepting {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        let accepted = self.0.accept().await;
        match &accepted {
            // Otherwise the second packet of an answer waits for the client to acknowledge the first: 40 ms on Linux.
            Ok((stream, ..)) => stream.set_nodelay(true)?,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
        accepted
    }
}
