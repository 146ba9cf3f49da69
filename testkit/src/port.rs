//! Ports for what listens, stops and listens again at the same place.

use std::net::TcpListener;

use rand::Rng as _;

/// Below those that Linux gives to outgoing connections, which would take one that is free for a moment.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that nobody listens on, and that nobody gets by chance.
pub(crate) fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::rng().random_range(PORTS)).take(1000).find(is_free).expect("a port is free")
}
