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

/// The list by which a docx says what its parts are.
pub const DOCX_TYPES: &[u8] = b"<Types><Override ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";

/// A document of about this many bytes that is told by the directory at its end, its list of content types last.
pub fn docx(size: usize) -> File {
    let text = vec![b'x'; size];
    let bytes = zip(&[("word/document.xml", &text), ("[Content_Types].xml", DOCX_TYPES)]);
    File::new("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", bytes)
}

/// An archive with these files stored in it.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, body) in entries {
        let number = |length: usize| u32::try_from(length).expect("a small file").to_le_bytes();
        let (length, offset) = (number(body.len()), number(bytes.len()));
        // The version, no flags, no compression, no time, no checksum.
        let about = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &length, &length, &number(name.len())].concat();
        bytes.extend([b"PK\x03\x04", about.as_slice(), name.as_bytes(), body].concat());
        directory.extend([b"PK\x01\x02\x14\0", about.as_slice(), &[0; 10], &offset, name.as_bytes()].concat());
    }
    let (length, offset) = (directory.len() as u32, bytes.len() as u32);
    let count = (entries.len() as u16).to_le_bytes();
    let end = [&count[..], &count, &length.to_le_bytes(), &offset.to_le_bytes(), &[0; 2]].concat();
    [bytes, directory, b"PK\x05\x06\0\0\0\0".to_vec(), end].concat()
}
