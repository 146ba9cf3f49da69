//! Files to send: small, real, and what they claim to be unless they say otherwise.

/// A file on somebody's disk.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name.
    pub name: String,
    /// The type its owner takes it for.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file.
    pub fn new(name: &str, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), content_type: content_type.to_owned(), bytes: bytes.into() }
    }

    /// The same bytes under another name.
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }
}

/// A picture of one red pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// A true PNG.
pub fn png() -> File {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(PIXEL).expect("valid base64");
    File::new("pixel.png", "image/png", bytes)
}

/// A true PNG of this many bytes: a picture with something behind its end, as cameras and editors leave it.
pub fn large_png(size: usize) -> File {
    let mut file = png();
    let noise = (0..).map(|n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    let missing = size - file.bytes.len();
    file.bytes.extend(noise.take(missing));
    file
}

/// A shell script that claims to be a PNG.
pub fn script_as_png() -> File {
    File::new("holiday.png", "image/png", "#!/bin/sh\nrm -rf \"$HOME\"\n")
}

/// A plain text.
pub fn text() -> File {
    File::new("notes.txt", "text/plain", "Every upload gets exactly one verdict.\n")
}
