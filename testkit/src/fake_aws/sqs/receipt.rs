//! What a receipt handle says, and what an old one is good for.

/// One handing-out of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) number: u64,
    pub(super) receive: u32,
}

impl Receipt {
    pub(super) fn parse(handle: &str) -> Option<Self> {
        let (number, receive) = handle.strip_prefix("receipt-")?.split_once('-')?;
        Some(Self { number: number.parse().ok()?, receive: receive.parse().ok()? })
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "receipt-{}-{}", self.number, self.receive)
    }
}

/// What a queue does with a receipt whose message has been handed out again. Amazon's documentation promises nothing: a
/// delete "might" work. So a test must pass with each of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StaleReceipts {
    /// It works like a fresh one.
    #[default]
    Honoured,
    /// The answer is that it worked, and it did nothing.
    Ignored,
    /// It is refused, with `ReceiptHandleIsInvalid`.
    Refused,
}
