"""PDF, PostScript, books and fonts."""

from record import CORPUS, WORK, made, node, run, written
from seeds import SOFFICE

PDF, PS, EPUB = "application/pdf", "application/postscript", "application/epub+zip"
run("pandoc text.md -o page.odt")


def by_reportlab(out):
    from reportlab.pdfgen import canvas
    page = canvas.Canvas(str(out))
    page.drawString(99, 700, "River")
    page.save()


def by_fpdf(out):
    import fpdf
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(text="River")
    pdf.output(str(out))


def by_matplotlib(out):
    import matplotlib
    matplotlib.use("agg")
    from matplotlib import pyplot
    pyplot.figure(figsize=(2, 1))
    pyplot.plot([1, 3, 2])
    pyplot.savefig(out)


def by_pikepdf(out):
    import pikepdf
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(out, min_version="2.0", object_stream_mode=pikepdf.ObjectStreamMode.generate)


def by_pypdf(out):
    import pypdf
    writer = pypdf.PdfWriter()
    writer.add_blank_page(99, 99)
    writer.write(out)


def by_weasyprint(out):
    import weasyprint
    weasyprint.HTML(string="<svg width=9 height=9><rect width=9 height=9 /></svg>").write_pdf(out)


def by_typst(out):
    import typst
    (WORK / "t.typ").write_text("#rect(width: 9pt)")
    out.write_bytes(typst.compile(str(WORK / "t.typ")))


made("documents/libreoffice.pdf", PDF, "soffice", f"{SOFFICE} pdf --outdir lo-out page.odt >&2; cp lo-out/page.pdf $out")
made("documents/libreoffice-pdf-a.pdf", PDF, "soffice",
     f"""{SOFFICE} 'pdf:draw_pdf_Export:{{"SelectPdfVersion":{{"type":"long","value":"1"}}}}' --outdir lo-out logo.svg >&2; cp lo-out/logo.pdf $out""")
made("documents/cairo.pdf", PDF, "rsvg-convert", "rsvg-convert -f pdf logo.svg > $out")
made("documents/inkscape.pdf", PDF, "inkscape", "inkscape logo.svg --export-type=pdf -o $out")
for level in ("1.4", "1.5", "1.7", "2.0"):
    made(f"documents/ghostscript-{level}.pdf", PDF, "gs",
         f"rsvg-convert -f ps logo.svg > l.ps; gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -dCompatibilityLevel={level} -sOutputFile=$out l.ps")
made("documents/qpdf-linearized.pdf", PDF, "qpdf", "rsvg-convert -f pdf logo.svg > l.pdf; qpdf --linearize l.pdf $out")
made("documents/qpdf-object-streams-2.0.pdf", PDF, "qpdf",
     "rsvg-convert -f pdf logo.svg > l.pdf; qpdf --object-streams=generate --force-version=2.0 l.pdf $out")
made("documents/qpdf-encrypted.pdf", PDF, "qpdf", "rsvg-convert -f pdf logo.svg > l.pdf; qpdf --encrypt '' secret 256 -- l.pdf $out")
made("documents/groff.pdf", PDF, "groff", "groff -Tps seed.txt | ps2pdf - $out")
made("documents/wkhtmltopdf.pdf", PDF, "wkhtmltopdf", "QT_QPA_PLATFORM=offscreen wkhtmltopdf -q page.html $out")
made("documents/reportlab.pdf", PDF, "py:reportlab", by_reportlab)
made("documents/fpdf2.pdf", PDF, "py:fpdf2", by_fpdf)
made("documents/matplotlib.pdf", PDF, "py:matplotlib", by_matplotlib)
made("documents/pikepdf-2.0.pdf", PDF, "py:pikepdf", by_pikepdf)
made("documents/pypdf.pdf", PDF, "py:pypdf", by_pypdf)
made("documents/weasyprint.pdf", PDF, "py:weasyprint", by_weasyprint)
made("documents/typst.pdf", PDF, "py:typst", by_typst)
node("documents/pdfkit.pdf", PDF, "pdfkit", "const d = new lib(); d.pipe(fs.createWriteStream(out)); d.text('River'); d.end()")
node("documents/pdf-lib.pdf", PDF, "pdf-lib",
     "lib.PDFDocument.create().then(async d => { d.addPage([99, 99]); fs.writeFileSync(out, await d.save()) })")
node("documents/jspdf.pdf", PDF, "jspdf", "const d = new lib.jsPDF(); d.text('River', 10, 10); fs.writeFileSync(out, Buffer.from(d.output('arraybuffer')))")
# Readers look for the header in the first 1,024 bytes, and scanners of the nineties wrote a few before it.
made("documents/cairo-leading-junk.pdf", PDF, "rsvg-convert", "(printf '\\r\\n\\r\\nJOB 1\\r\\n'; rsvg-convert -f pdf logo.svg) > $out")
written("documents/invoice-sorted.pdf", PDF, b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R /AF [3 0 R] >> endobj\n"
        b"2 0 obj << /Type /Pages /Kids [] /Count 0 >> endobj\n3 0 obj << /EF << /F 4 0 R >> /F (factur-x.xml) /Type /Filespec >> endobj\n"
        b"4 0 obj << /Length 5 /Subtype /text#2fxml /Type /EmbeddedFile >> stream\n<a/>\n\nendstream endobj\n"
        b"5 0 obj << /Length 14 /Filter /FlateDecode >> stream\n\x9c\x02/JS(\xff\xfe/JS \x01\nendstream endobj\n"
        b"trailer << /Root 1 0 R >>\n%%EOF\n")
made("documents/cairo-behind-pjl.pdf", PDF, "rsvg-convert",
     r"(printf '\033%%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE = PDF\r\n'; rsvg-convert -f pdf logo.svg) > $out")
made("documents/cairo-leading-newline.pdf", PDF, "rsvg-convert", "(echo; rsvg-convert -f pdf logo.svg) > $out")
made("documents/cairo-leading-bom.pdf", PDF, "rsvg-convert", "(printf '\\xef\\xbb\\xbf'; rsvg-convert -f pdf logo.svg) > $out")


def fillable(out):
    import pikepdf
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.Root.OpenAction = pikepdf.Array([pdf.pages[0].obj, pikepdf.Name.Fit])
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array())
    pdf.save(out)


made("documents/pikepdf-opens-at-a-page.pdf", PDF, "py:pikepdf", fillable)

made("documents/cairo.ps", PS, "rsvg-convert", "rsvg-convert -f ps logo.svg > $out")
made("documents/groff.ps", PS, "groff", "groff -Tps seed.txt > $out")
made("documents/enscript.ps", PS, "enscript", "enscript -q -o $out seed.txt || test -s $out")
made("documents/inkscape.eps", PS, "inkscape", "inkscape logo.svg --export-type=eps -o $out")
made("documents/imagemagick.eps", PS, "/usr/bin/convert", "/usr/bin/convert seed.png -resize 9x9 eps3:- | sed 's/^%%Title: .*/%%Title: seed/' > $out")
made("documents/groff.dvi", "application/x-dvi", "groff", "groff -Tdvi seed.txt > $out")


def by_ebooklib(out):
    from ebooklib import epub
    book = epub.EpubBook()
    book.set_title("River")
    chapter = epub.EpubHtml(title="One", file_name="one.xhtml", content="<p>It looks.</p>")
    book.add_item(chapter)
    book.toc, book.spine = (chapter,), ["nav", chapter]
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    epub.write_epub(str(out), book)


made("documents/pandoc.epub", EPUB, "pandoc", "pandoc text.md -o $out")
made("documents/pandoc-2.epub", EPUB, "pandoc", "pandoc text.md -t epub2 -o $out")
made("documents/ebooklib.epub", EPUB, "py:ebooklib", by_ebooklib)
made("documents/libreoffice.epub", EPUB, "soffice", f"{SOFFICE} epub --outdir lo-out page.odt >&2; cp lo-out/page.epub $out")
made("documents/pandoc.fb2", "application/x-fictionbook+xml", "pandoc", "pandoc text.md -o $out")


def font(flavor, quadratic):
    """A font of one square."""
    def build(out):
        from fontTools.fontBuilder import FontBuilder
        from fontTools.pens.t2CharStringPen import T2CharStringPen
        from fontTools.pens.ttGlyphPen import TTGlyphPen
        builder = FontBuilder(1000, isTTF=quadratic)
        builder.setupGlyphOrder([".notdef", "A"])
        builder.setupCharacterMap({65: "A"})
        pen = TTGlyphPen(None) if quadratic else T2CharStringPen(500, None)
        for move, point in (("moveTo", (0, 0)), ("lineTo", (400, 0)), ("lineTo", (400, 700))):
            getattr(pen, move)(point)
        pen.closePath()
        glyph = pen.glyph() if quadratic else pen.getCharString()
        if quadratic:
            builder.setupGlyf({".notdef": glyph, "A": glyph})
        else:
            builder.setupCFF("Sluice", {}, {".notdef": glyph, "A": glyph}, {})
        builder.setupHorizontalMetrics({".notdef": (500, 0), "A": (500, 0)})
        builder.setupHorizontalHeader(ascent=800, descent=-200)
        builder.setupNameTable({"familyName": "Sluice", "styleName": "Regular"})
        builder.setupOS2()
        builder.setupPost()
        builder.font.flavor = flavor
        builder.save(out)
    return build


made("documents/fonttools.ttf", "font/ttf", "py:fonttools", font(None, True))
made("documents/fonttools.otf", "font/otf", "py:fonttools", font(None, False))
made("documents/fonttools.woff", "font/woff", "py:fonttools", font("woff", True))
made("documents/fonttools.woff2", "font/woff2", "py:fonttools", font("woff2", True))
made("documents/fonttools-cff.woff", "font/woff", "py:fonttools", font("woff", False))
run(f"cp {CORPUS}/documents/fonttools.ttf .")
for kind in ("ttf", "otf", "woff", "woff2"):
    made(f"documents/fontforge.{kind}", f"font/{kind}", "fontforge",
         "fontforge -lang=ff -c 'Open(\"fonttools.ttf\"); Generate(\"'$out'\")' >&2")


def collection(out):
    from fontTools.ttLib import TTCollection, TTFont
    both = TTCollection()
    both.fonts = [TTFont(CORPUS / "documents/fonttools.ttf")] * 2
    both.save(out)


made("documents/fonttools.ttc", "font/collection", "py:fonttools", collection)
