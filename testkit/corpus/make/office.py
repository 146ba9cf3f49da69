"""Office files: the ZIP families and the older OLE ones."""

import datetime
import random

from record import WORK, made, node, run
from seeds import SOFFICE

OOXML = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX, PPTX = (OOXML + kind for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation"))
DOTX, XLTX, POTX, PPSX = (OOXML + kind for kind in (
    "wordprocessingml.template", "spreadsheetml.template", "presentationml.template", "presentationml.slideshow"))
DOCM, XLSM, PPTM = (f"application/vnd.ms-{kind}.macroenabled.12" for kind in ("word.document", "excel.sheet", "powerpoint.presentation"))
ODF = "application/vnd.oasis.opendocument."
DOC, XLS, PPT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"

run("pandoc text.md -o text.docx")
(WORK / "slides.fodp").write_text(
    '<?xml version="1.0" encoding="UTF-8"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2" '
    'office:mimetype="application/vnd.oasis.opendocument.presentation"><office:body><office:presentation><draw:page draw:name="River">'
    '<draw:frame svg:width="9cm" svg:height="2cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>River</text:p></draw:text-box>'
    '</draw:frame></draw:page></office:presentation></office:body></office:document>')


def libreoffice(path, media_type, source, to):
    result = source.rsplit(".", 1)[0] + "." + to.split(":")[0]
    made(path, media_type, "soffice", f"{SOFFICE} '{to}' --outdir lo-out {source} >&2; cp lo-out/{result} $out")


# LibreOffice, with its filters
libreoffice("office/libreoffice.odt", ODF + "text", "text.docx", "odt:writer8")
run("cp lo-out/text.odt page.odt")
libreoffice("office/libreoffice.ods", ODF + "spreadsheet", "table.csv", "ods:calc8")
libreoffice("office/libreoffice.odp", ODF + "presentation", "slides.fodp", "odp:impress8")
run("cp lo-out/table.ods lo-out/slides.odp .")
libreoffice("office/libreoffice.docx", DOCX, "page.odt", "docx:MS Word 2007 XML")
libreoffice("office/libreoffice-strict-less.docx", DOCX, "page.odt", "docx:Office Open XML Text")
libreoffice("office/libreoffice.dotx", DOTX, "page.odt", "dotx:MS Word 2007 XML Template")
libreoffice("office/libreoffice.doc", DOC, "page.odt", "doc:MS Word 97")
libreoffice("office/libreoffice.ott", ODF + "text-template", "page.odt", "ott:writer8_template")
libreoffice("office/libreoffice.fodt", ODF + "text-flat-xml", "page.odt", "fodt:OpenDocument Text Flat XML")
libreoffice("office/libreoffice.rtf", "application/rtf", "page.odt", "rtf:Rich Text Format")
libreoffice("office/libreoffice.xlsx", XLSX, "table.ods", "xlsx:Calc MS Excel 2007 XML")
libreoffice("office/libreoffice.xltx", XLTX, "table.ods", "xltx:Calc MS Excel 2007 XML Template")
libreoffice("office/libreoffice.xls", XLS, "table.ods", "xls:MS Excel 97")
libreoffice("office/libreoffice-excel-95.xls", XLS, "table.ods", "xls:MS Excel 95")
libreoffice("office/libreoffice.pptx", PPTX, "slides.odp", "pptx:Impress MS PowerPoint 2007 XML")
libreoffice("office/libreoffice.ppsx", PPSX, "slides.odp", "ppsx:Impress MS PowerPoint 2007 XML AutoPlay")
libreoffice("office/libreoffice.potx", POTX, "slides.odp", "potx:Impress MS PowerPoint 2007 XML Template")
libreoffice("office/libreoffice.ppt", PPT, "slides.odp", "ppt:MS PowerPoint 97")
libreoffice("office/libreoffice.odg", ODF + "graphics", "logo.svg", "odg:draw8")

# Others
for kind, media_type in (("docx", DOCX), ("odt", ODF + "text"), ("pptx", PPTX), ("rtf", "application/rtf")):
    made(f"office/pandoc.{kind}", media_type, "pandoc", "pandoc -s text.md -o $out")
made("office/gnumeric.xlsx", XLSX, "ssconvert", "ssconvert table.csv --export-type=Gnumeric_Excel:xlsx $out")
made("office/gnumeric.xls", XLS, "ssconvert", "ssconvert table.csv --export-type=Gnumeric_Excel:excel_biff8 $out")
made("office/gnumeric-biff7.xls", XLS, "ssconvert", "ssconvert table.csv --export-type=Gnumeric_Excel:excel_biff7 $out")
made("office/gnumeric.ods", ODF + "spreadsheet", "ssconvert", "ssconvert table.csv --export-type=Gnumeric_OpenCalc:odf $out")
made("office/abiword.odt", ODF + "text", "abiword", "abiword --to=odt --to-name=$out page.html")
made("office/abiword.rtf", "application/rtf", "abiword", "abiword --to=rtf --to-name=$out page.html")
made("office/abiword.docx", DOCX, "abiword", "abiword --to=docx --to-name=$out page.html")


def by_openpyxl(out):
    import openpyxl
    book = openpyxl.Workbook()
    book.active.append(["name", "size"])
    book.active.append(["a.png", 12])
    book.save(out)


def large_by_openpyxl(out):
    # openpyxl writes the sheets before the workbook and [Content_Types].xml: those lie past the first 100 KB.
    import openpyxl
    book, noise = openpyxl.Workbook(), random.Random(1)
    for _ in range(1500):
        book.active.append([noise.random() for _ in range(8)])
    book.save(out)


def template_by_openpyxl(out):
    import openpyxl
    book = openpyxl.Workbook()
    book.template = True
    book.save(out)


def by_xlsxwriter(out):
    import xlsxwriter
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("River").write(0, 0, "a")
    book.close()


def streamed_by_xlsxwriter(out):
    import xlsxwriter
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "use_zip64": True})
    book.add_worksheet("River").write(0, 0, "a")
    book.close()


VBA = WORK / "vbaProject.bin"


def with_macros(out):
    # The macro is the one that XlsxWriter is tested with.
    import xlsxwriter
    run("test -e vbaProject.bin || { pip download -q --no-deps --no-binary xlsxwriter xlsxwriter; tar xzf xlsxwriter-*.tar.gz; "
        "cp xlsxwriter-*/examples/vbaProject.bin .; }")
    book = xlsxwriter.Workbook(out)
    book.add_worksheet().write(0, 0, "a")
    book.add_vba_project(VBA)
    book.close()


def by_xlwt(out):
    import xlwt
    book = xlwt.Workbook()
    book.add_sheet("River").write(0, 0, "a")
    book.save(str(out))


def by_pandas(out):
    import pandas
    pandas.DataFrame({"day": [datetime.date(2024, 1, 1)], "size": [12]}).to_excel(out)


def by_python_docx(out):
    import docx
    document = docx.Document()
    document.add_heading("River")
    document.add_paragraph("It looks at what arrived.")
    document.save(out)


def pictured_by_python_docx(out):
    import docx
    document = docx.Document()
    document.add_picture(str(WORK / "seed.png"))
    document.save(out)


def by_python_pptx(out):
    import pptx
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "River"
    deck.save(out)


def odt_by_odfpy(out):
    from odf import opendocument, text
    document = opendocument.OpenDocumentText()
    document.text.addElement(text.P(text="River"))
    document.save(out)


def ods_by_odfpy(out):
    from odf import opendocument, table
    document = opendocument.OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(table.Table(name="River"))
    document.save(out)


def odp_by_odfpy(out):
    from odf import opendocument
    opendocument.OpenDocumentPresentation().save(out)


made("office/openpyxl.xlsx", XLSX, "py:openpyxl", by_openpyxl)
made("office/openpyxl-large.xlsx", XLSX, "py:openpyxl", large_by_openpyxl)
made("office/openpyxl.xltx", XLTX, "py:openpyxl", template_by_openpyxl)
made("office/xlsxwriter.xlsx", XLSX, "py:xlsxwriter", by_xlsxwriter)
made("office/xlsxwriter-streamed.xlsx", XLSX, "py:xlsxwriter", streamed_by_xlsxwriter)
made("office/xlsxwriter.xlsm", XLSM, "py:xlsxwriter", with_macros, "BSD-2-Clause")
made("office/pandas.xlsx", XLSX, "py:pandas", by_pandas)
made("office/xlwt.xls", XLS, "py:xlwt", by_xlwt)
made("office/python-docx.docx", DOCX, "py:python-docx", by_python_docx)
made("office/python-docx-picture.docx", DOCX, "py:python-docx", pictured_by_python_docx)
made("office/python-pptx.pptx", PPTX, "py:python-pptx", by_python_pptx)
made("office/odfpy.odt", ODF + "text", "py:odfpy", odt_by_odfpy)
made("office/odfpy.ods", ODF + "spreadsheet", "py:odfpy", ods_by_odfpy)
made("office/odfpy.odp", ODF + "presentation", "py:odfpy", odp_by_odfpy)


node("office/exceljs.xlsx", XLSX, "exceljs",
     "const b = new lib.Workbook(); b.addWorksheet('River').addRow(['a', 1]); b.xlsx.writeFile(out)")
node("office/exceljs-streamed.xlsx", XLSX, "exceljs",
     "const b = new lib.stream.xlsx.WorkbookWriter({filename: out, useSharedStrings: true}); const s = b.addWorksheet('River');"
     "s.addRow(['a', 1]).commit(); s.commit(); b.commit()")
SHEET = "const b = lib.utils.book_new(); lib.utils.book_append_sheet(b, lib.utils.aoa_to_sheet([['a', 1], ['b', 2]]), 'River');"
node("office/sheetjs.xlsx", XLSX, "xlsx", SHEET + "lib.writeFile(b, out)")
node("office/sheetjs-compressed.xlsx", XLSX, "xlsx", SHEET + "lib.writeFile(b, out, {compression: true, bookSST: true})")
node("office/sheetjs.xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12", "xlsx", SHEET + "lib.writeFile(b, out)")
node("office/sheetjs.xls", XLS, "xlsx", SHEET + "lib.writeFile(b, out)")
node("office/sheetjs.ods", ODF + "spreadsheet", "xlsx", SHEET + "lib.writeFile(b, out)")
node("office/docx.docx", DOCX, "docx",
     "const d = new lib.Document({sections: [{children: [new lib.Paragraph('River')]}]});"
     "lib.Packer.toBuffer(d).then(b => fs.writeFileSync(out, b))")
# A picture of 110 KB that can't be compressed, in front of the text.
node("office/docx-large.docx", DOCX, "docx",
     "const z = require('crypto').createHash('shake256', {outputLength: 112640}).update('sluice').digest();"
     "const d = new lib.Document({sections: [{children: [new lib.Paragraph({children: [new lib.ImageRun({type: 'png', data: z, "
     "transformation: {width: 9, height: 9}})]})]}]}); lib.Packer.toBuffer(d).then(b => fs.writeFileSync(out, b))")
node("office/pptxgenjs.pptx", PPTX, "pptxgenjs",
     "const p = new lib(); p.addSlide().addText('River', {x: 1, y: 1}); p.writeFile({fileName: out})")

# Files that Microsoft Office saved, from the tests of oletools.
DATA = "oletools-0.60.2/tests/test-data"


def microsoft(path, media_type, source):
    def copy(out):
        run(f"test -d {DATA} || {{ pip download -q --no-deps --no-binary oletools oletools==0.60.2; unzip -q oletools-0.60.2.zip '{DATA}/*'; }}")
        out.write_bytes((WORK / DATA / source).read_bytes())
    made(f"office/microsoft-{path}", media_type, "py:oletools", copy, "BSD-2-Clause")


microsoft("word-2003.doc", DOC, "msodde/harmless-clean.doc")
microsoft("word-2016.docx", DOCX, "msodde/harmless-clean.docx")
microsoft("word-2016.docm", DOCM, "msodde/harmless-clean.docm")
microsoft("word-form-macros.docm", DOCM, "oleform/oleform-PR314.docm")
microsoft("word-2003-xml.xml", "text/xml", "msodde/harmless-clean-2003.xml")
microsoft("word-2007.doc", DOC, "oleobj/embedded-simple-2007.doc")
microsoft("word-2007.docx", DOCX, "oleobj/embedded-unicode-2007.docx")
microsoft("word-2007.dotx", DOTX, "oleobj/embedded-simple-2007.dotx")
microsoft("word-2007.dotm", "application/vnd.ms-word.template.macroenabled.12", "oleobj/embedded-simple-2007.dotm")
microsoft("excel-2007.xls", XLS, "oleobj/embedded-simple-2007.xls")
microsoft("excel-5.xls", XLS, "excel4-macros/excel4_sample_macro_excel5_format.xls")
microsoft("excel-2007.xlsx", XLSX, "oleobj/embedded-simple-2007.xlsx")
microsoft("excel-2016.xlsx", XLSX, "msodde/dde-test.xlsx")
microsoft("excel-2007.xlsm", XLSM, "oleobj/embedded-simple-2007.xlsm")
microsoft("excel-2007.xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12", "oleobj/embedded-simple-2007.xlsb")
microsoft("excel-2007.xltx", XLTX, "oleobj/embedded-simple-2007.xltx")
microsoft("excel-2007.xltm", "application/vnd.ms-excel.template.macroenabled.12", "oleobj/embedded-simple-2007.xltm")
microsoft("powerpoint-2007.ppt", PPT, "oleobj/sample_with_lnk_file.ppt")
microsoft("powerpoint-2007.pptx", PPTX, "oleobj/external_link/sample_with_external_link_to_doc.pptx")
microsoft("powerpoint-2007.pptm", PPTM, "oleobj/external_link/sample_with_external_link_to_doc.pptm")
microsoft("powerpoint-2007.potx", POTX, "oleobj/external_link/sample_with_external_link_to_doc.potx")
microsoft("powerpoint-2007.ppsx", PPSX, "oleobj/external_link/sample_with_external_link_to_doc.ppsx")
microsoft("excel-sample.slk", "application/x-sylk", "excel4-macros/excel4_sample_macro.slk")
node("office/cfb.msg", "application/vnd.ms-outlook", "cfb",
     "const c = lib.utils.cfb_new(); const u = s => Buffer.from(s, 'utf16le');"
     "lib.utils.cfb_add(c, '/__properties_version1.0', Buffer.alloc(32)); lib.utils.cfb_add(c, '/__substg1.0_0037001F', u('River'));"
     "lib.utils.cfb_add(c, '/__substg1.0_001A001F', u('IPM.Note')); lib.utils.cfb_add(c, '/__substg1.0_1000001F', u('It looks.'));"
     "lib.utils.cfb_add(c, '/__nameid_version1.0/__substg1.0_00020102', Buffer.alloc(16)); lib.utils.cfb_del(c, '/\\u0001Sh33tJ5');"
     "fs.writeFileSync(out, lib.write(c, {type: 'buffer'}))")
