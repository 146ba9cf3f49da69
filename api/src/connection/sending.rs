//! The body of an answer, handed over piece by piece, as its client takes it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::pulse::Begun;
use super::streams::Offer;

/// The most bytes that are handed over at a time. HTTP/2 takes the next piece when the client gives room for it, and keeps what was
/// handed over: so this is the most that a stream keeps of what nobody takes.
const PIECE: usize = 16 * 1024;

/// The body of an answer. Its request has ended when it is dropped.
pub struct Sending<B> {
    body: B,
    /// What is left of the body's last frame.
    rest: Bytes,
    /// Where it is told whether the client takes the pieces, with HTTP/2.
    offer: Option<Arc<Offer>>,
    #[expect(dead_code, reason = "held until the body was handed over")]
    begun: Begun,
}

impl<B> Sending<B> {
    /// The answer to this request.
    pub fn new(body: B, begun: Begun) -> Self {
        Self { body, rest: Bytes::new(), offer: Offer::of_this_stream(), begun }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Sending<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        this.offer.iter().for_each(|offer| offer.is_taken());
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(bytes))) => this.rest = bytes,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = this.rest.split_to(PIECE.min(this.rest.len()));
        this.offer.iter().for_each(|offer| offer.is_made());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (of_body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(of_body.lower() + rest);
        hint
    }
}
