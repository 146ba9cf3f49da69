//! What is expected of the corpus beside its two lists: which types pass for which, and what is judged otherwise.

/// Types that clients often declare: each real file is also declared as each of these.
pub const USUAL: &[&str] = &[
    "application/epub+zip",
    "application/gzip",
    "application/json",
    "application/msword",
    "application/pdf",
    "application/rtf",
    "application/vnd.microsoft.portable-executable",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/x-tar",
    "application/zip",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "font/woff2",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
    "image/tiff",
    "image/webp",
    "text/calendar",
    "text/csv",
    "text/html",
    "text/markdown",
    "text/plain",
    "text/vtt",
    "text/xml",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
    "video/x-msvideo",
];

/// Types that files pass for beside their own: what they are, what they may be declared as, and why that is right. A type
/// that begins with `+` is every one that ends so.
pub const ALSO: &[(&[&str], &[&str], &str)] = &[
    (WORDS, &["text/plain", "text/markdown"], "they are text, and Markdown is any text"),
    (WORDS, &["text/csv"], "a table can have one column"),
    (&["audio/mp4"], &["video/mp4"], "browsers call a sound a film by what it is kept in"),
    (&["audio/ogg"], &["video/ogg"], "browsers call a sound a film by what it is kept in"),
    (&["audio/webm"], &["video/webm"], "browsers call a sound a film by what it is kept in"),
    (&["audio/x-matroska"], &["video/x-matroska"], "browsers call a sound a film by what it is kept in"),
    (&["text/html"], &["text/markdown"], "Markdown may hold HTML, and be nothing else"),
    (&["text/markdown"], &["text/html"], "Markdown that begins with HTML is a fragment of HTML"),
    (&["application/xhtml+xml"], &["text/html"], "it can be served as either"),
    (&["text/xml"], &["text/plain"], "XML without a declaration is words between angle brackets"),
    (&["+xml"], &["text/xml"], "their names say so"),
    (&["application/vnd.oasis.opendocument.text-flat-xml"], &["text/xml"], "it is XML by its name"),
    (&["+json"], &["application/json"], "their names say so"),
];

/// Types that are text, of which the bytes need not show more.
pub const WORDS: &[&str] = &[
    "application/json",
    "+json",
    "application/pgp-signature",
    "application/sql",
    "application/toml",
    "application/typescript",
    "application/x-ndjson",
    "application/x-pem-file",
    "application/x-subrip",
    "application/x-sylk",
    "application/x-tex",
    "application/yaml",
    "image/vnd.dxf",
    "message/rfc822",
    "model/obj",
    "model/stl",
    "text/calendar",
    "text/css",
    "text/csv",
    "text/javascript",
    "text/markdown",
    "text/plain",
    "text/tab-separated-values",
    "text/vcard",
    "text/vtt",
    "text/x-c",
    "text/x-diff",
    "text/x-java",
    "text/x-perl",
    "text/x-python",
    "text/x-ruby",
    "text/xml",
];

/// Files that are two things, which their types alone don't say: the file, what else it may be declared as, and why.
pub const BOTH: &[(&str, &str, &str)] = &[
    ("archives/jar-without-manifest.jar", "application/zip", "without a manifest it is a ZIP of classes"),
    (
        "office/libreoffice.ppsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "LibreOffice writes a slide show as a presentation",
    ),
    ("texts/number.txt", "application/json", "42 is JSON"),
];

/// What others call a type: their name, and ours. They are not measured by our names.
pub const CALLED: &[(&str, &[&str])] = &[
    ("application/vnd.ms-opentype", &["font/otf"]),
    ("application/x-bytecode.python", &["application/x-python-code"]),
    ("audio/vnd.dolby.dd-raw", &["audio/ac3"]),
    ("font/sfnt", &["font/ttf", "font/otf"]),
    ("text/x-tex", &["application/x-tex"]),
    (
        "text/xml",
        &[
            "application/atom+xml",
            "application/gpx+xml",
            "application/rss+xml",
            "application/vnd.google-earth.kml+xml",
            "application/vnd.oasis.opendocument.text-flat-xml",
            "application/x-fictionbook+xml",
            "application/xhtml+xml",
        ],
    ),
    ("video/mp4", &["audio/mp4"]),
    ("video/webm", &["audio/webm"]),
    ("video/x-matroska", &["audio/x-matroska"]),
    ("video/x-ms-asf", &["audio/x-ms-wma", "video/x-ms-wmv"]),
];

/// Real files that are not told for what they are, and why.
pub const NOT_CONFIRMED: &[(&str, &str)] = &[
    ("archives/genisoimage.iso", "an ISO image shows itself at 32 KiB, behind the head"),
    ("documents/cairo-leading-junk.pdf", "words before a PDF could be a script"),
    ("texts/csv-latin-1.csv", "text must be UTF-8, or UTF-16 with a mark"),
    ("texts/latin-1.txt", "text must be UTF-8, or UTF-16 with a mark"),
    ("texts/windows-1252.txt", "text must be UTF-8, or UTF-16 with a mark"),
];

/// Real files that a policy with its defaults refuses for what they would do, and what that is.
pub const ACTIVE: &[(&str, &str)] = &[
    ("images/imagemagick-text.png", "a script in a comment"),
    ("office/microsoft-word-form-macros.docm", "macros"),
    ("office/xlsxwriter.xlsm", "macros"),
    ("polyglots/gif-with-html-comment.gif", "a script in a comment"),
    ("polyglots/jpeg-with-php-comment.jpg", "a script in a comment"),
    ("texts/html-script.html", "a script"),
];

/// Disguises that are not seen through, and why.
pub const NOT_REFUSED: &[(&str, &str, &str)] =
    &[("bombs/nested.zip", "application/zip", "what is in the archives of an archive is not looked at")];
