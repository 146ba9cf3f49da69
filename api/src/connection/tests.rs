//! What clients meet who read slowly or not at all.

use std::net::SocketAddr;

use bytes::Bytes;
use poem::endpoint::make_sync;
use poem::{Body, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

use super::*;

const PATIENCE: Patience = Patience { head: Duration::from_secs(4), idle: Duration::from_secs(20) };

/// How long a stream is silent between two lines: within the patience for it, but several of them are not.
const SILENCE: Duration = Duration::from_secs(15);

/// The length of `/long`, in bytes: more than is buffered anywhere.
const LONG: usize = 200_000;

fn answer(request: &Request) -> Response {
    match request.uri().path() {
        "/long" => Response::builder().body("x".repeat(LONG)),
        "/lines" => Response::builder().body(Body::from_bytes_stream(futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(SILENCE).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b":\n\n")), ()))
        }))),
        _ => Response::builder().body("short"),
    }
}

/// A connection to a server. Little of what is not read fits in between.
fn connected() -> DuplexStream {
    let (client, socket) = tokio::io::duplex(4096);
    let address: SocketAddr = ([127, 0, 0, 1], 80).into();
    let accepted = (socket, LocalAddr(address.into()), RemoteAddr(address.into()), Scheme::HTTP);
    let endpoint = Arc::new(make_sync(|request| answer(&request)));
    let place = Places::new(1).take().expect("it is free");
    tokio::spawn(serve(accepted, place, endpoint, PATIENCE, CancellationToken::new()));
    client
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_answer_may_be_read_slowly() {
    let mut client = connected();
    client.write_all(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let (began, mut read, mut piece) = (Instant::now(), 0, [0; 1024]);
    while read < LONG {
        let length = client.read(&mut piece).await.expect("it is not reset");
        assert!(length > 0, "cut off after {read} bytes and {:?}", began.elapsed());
        read += length;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // What is buffered at the end takes longer than the patience for a silent client.
    assert!(began.elapsed() > PATIENCE.idle * 5);
}

/// The frames of HTTP/2, as far as these tests need them.
mod frames {
    pub const DATA: u8 = 0;
    pub const RST_STREAM: u8 = 3;
    pub const GOAWAY: u8 = 7;

    pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    /// Says how much room every stream has at first.
    pub fn room_at_first(bytes: u32) -> Vec<u8> {
        frame(4, 0, 0, &[&[0, 4], &bytes.to_be_bytes()[..]].concat())
    }

    /// Gives more room to a stream, or with 0 to the connection.
    pub fn room(stream: u32, bytes: u32) -> Vec<u8> {
        frame(8, 0, stream, &bytes.to_be_bytes())
    }

    /// Asks for a path.
    pub fn get(stream: u32, path: &str) -> Vec<u8> {
        let length = u8::try_from(path.len()).expect("short");
        // `:method: GET`, `:scheme: http`, `:path`, `:authority: a`.
        let head = [&[0x82, 0x86, 0x04, length], path.as_bytes(), &[0x01, 1, b'a']].concat();
        frame(1, 0x5, stream, &head)
    }
}

/// An HTTP/2 client whose streams have so much room at first.
struct Http2(DuplexStream);

impl Http2 {
    async fn connected(room: u32) -> Self {
        let mut client = connected();
        client.write_all(&[frames::PREFACE, &frames::room_at_first(room)].concat()).await.expect("sent");
        Self(client)
    }

    async fn send(&mut self, frame: &[u8]) {
        self.0.write_all(frame).await.expect("sent");
    }

    /// The next frame's kind, stream and length; none at the end of the connection.
    async fn next(&mut self) -> Option<(u8, u32, usize)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        self.0.read_exact(&mut vec![0; length]).await.ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), length))
    }

    /// The next frame of one of these kinds.
    async fn next_of(&mut self, kinds: &[u8]) -> Option<(u8, u32, usize)> {
        loop {
            match self.next().await? {
                frame if kinds.contains(&frame.0) => return Some(frame),
                _ => {}
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_room_is_given_up_and_its_neighbours_go_on() {
    let (began, mut client) = (Instant::now(), Http2::connected(0).await);
    for (stream, path) in [(1, "/long"), (3, "/short"), (5, "/lines")] {
        client.send(&frames::get(stream, path)).await;
    }
    // The second has what it needs, and the third has room for three lines.
    client.send(&frames::room(3, 5)).await;
    client.send(&frames::room(5, 9)).await;
    let kinds = [frames::DATA, frames::RST_STREAM, frames::GOAWAY];
    assert_eq!(client.next_of(&kinds).await, Some((frames::DATA, 3, 5)));
    assert_eq!(client.next_of(&kinds).await, Some((frames::DATA, 5, 3)));
    assert_eq!(client.next_of(&kinds).await, Some((frames::RST_STREAM, 1, 4)));
    assert!((20..=26).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    for _ in 0..2 {
        assert_eq!(client.next_of(&kinds).await, Some((frames::DATA, 5, 3)));
    }
    // What comes then finds no room.
    assert_eq!(client.next_of(&kinds).await, Some((frames::RST_STREAM, 5, 4)));
    assert!((80..=86).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    // The connection is as any that nobody uses.
    assert_eq!(client.next_of(&kinds).await.map(|frame| frame.0), Some(frames::GOAWAY));
    assert_eq!(client.next_of(&kinds).await.map(|frame| frame.0), None);
    assert!((100..=112).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_quiet_or_slow_goes_on() {
    let mut client = Http2::connected(1000).await;
    client.send(&frames::get(1, "/lines")).await;
    client.send(&frames::get(3, "/long")).await;
    let (mut lines, mut read) = (0, 0);
    while read < LONG {
        match client.next_of(&[frames::DATA, frames::RST_STREAM, frames::GOAWAY]).await {
            Some((frames::DATA, 1, _)) => lines += 1,
            Some((frames::DATA, 3, length)) => {
                read += length;
                tokio::time::sleep(Duration::from_secs(1)).await;
                client.send(&[frames::room(3, 1000), frames::room(0, 1000)].concat()).await;
            }
            other => panic!("{other:?} after {lines} lines and {read} bytes"),
        }
    }
    assert!(lines > 10, "{lines} lines in 200 s");
}
