"""Text, code, and the formats that are text."""

import json
import random

from record import made, written
from seeds import SOFFICE

PLAIN = "The river carries what it is given.\nNobody looks until it arrives.\n"


def texts(media_type, **contents):
    """Files named by what is special about them, of one extension."""
    extension = contents.pop("extension")
    for name, content in contents.items():
        written(f"texts/{name.replace('_', '-')}.{extension}", media_type, content)


texts("text/plain", extension="txt",
      ascii=PLAIN, utf_8="Zoë fährt über Köln nach Žilina.\n", bom="\ufeffZoë\n", utf_16_le="\ufeffZoë reads.\n".encode("utf-16-le"),
      utf_16_be="\ufeffZoë reads.\n".encode("utf-16-be"), latin_1="Zoë fährt über Köln.\n".encode("latin-1"),
      windows_1252="“Quoted” – and dashed, 5 €.\n".encode("cp1252"), crlf=PLAIN.replace("\n", "\r\n"), old_mac=PLAIN.replace("\n", "\r"),
      emoji="🚀🌊 Done 👩‍👩‍👧\n", ok="ok", one_letter="a", newline="\n", chinese="河流承载着它所得到的一切。\n" * 4, arabic="النهر يحمل ما يعطى.\n",
      form_feed="Page one\n\fPage two\n", no_newline="no newline at the end", ansi_colours="\x1b[31mred\x1b[0m log line\n",
      long_line="word " * 4000, cut_character="a" * 8191 + "é and more\n",
      begins_bm="BM is how the minutes of our board meeting begin.\n", begins_mz="MZ is the code of Mozambique.\n",
      begins_gif="GIF or JIF? A short history of a quarrel.\n", begins_gif89a="GIF89a is the name of a format.\n", begins_id3="ID3 tags, explained.\n",
      begins_pk="PK wrote ZIP.\n", begins_riff="RIFF: a chord progression\n", begins_ogg="OggS is what pages begin with.\n",
      begins_pdf="%PDF is how a document begins.\n", begins_rar="Rar! cried the bear.\n", begins_bzh="BZh is a shell for bees.\n",
      begins_flac="fLaC is a codec.\n", begins_ps="%! is an unusual greeting.\n", begins_mthd="MThd\n", begins_is_sqlite="SQLite format 3 is a file format.\n",
      mentions_html="The tag <b> makes text bold, <script> runs it.\n", mentions_php="Write <?php to begin.\n",
      diff="--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n", hash_first="# This looks like a heading or a comment\nvalue\n",
      email_quote="From: a\n> quoted\n", url="https://example.com/\n", number="42\n", bracket="[see the notes]\n", brace="{not json}\n",
      angle="< less than\n", less_greater="<- arrows ->\n", begins_special="#!not a program, just an odd beginning\n")
written("texts/log.log", "text/plain", "2024-01-01T00:00:00Z INFO started\n" * 20)
made("texts/libreoffice.txt", "text/plain", "soffice",
     f"pandoc seed.txt -o t.odt; {SOFFICE} txt:Text --outdir lo-out t.odt >&2; cp lo-out/t.txt $out")

texts("text/csv", extension="csv",
      comma="name,city,age\nZoë,Köln,31\nAl,Bern,40\n", semicolon="name;city\nZoë;Köln\n", quoted='name,quote\nZoë,"said ""no""\nand left"\n',
      single_column="name\nZoë\nAl\n", header_only="name,city\n", csv_bom="\ufeffname,city\nZoë,Köln\n", csv_crlf="name,city\r\nZoë,Köln\r\n",
      pipe="name|city\nZoë|Köln\n", uneven="a,b,c\n1,2\n1,2,3,4\n", numbers="1,2,3\n4,5,6\n", csv_latin_1="name,city\nZoë,Köln\n".encode("latin-1"),
      csv_utf_16="\ufeffname;city\nZoë;Köln\n".encode("utf-16-le"), html_in_a_cell="name,note\nZoë,<b>bold</b>\n",
      long_field="name,note\nZoë," + "word " * 3000 + "\n", sep_line="sep=;\nname;city\nZoë;Köln\n", formula="name,sum\nZoë,=1+1\n",
      names_a_pdf="name,magic\npdf,%PDF-\nzip,PK\n", empty_fields=",,\n,,\n", one_cell="x", json_in_a_cell='id,payload\n1,"{""a"": 1}"\n')
made("texts/sqlite.csv", "text/csv", "sqlite3", "sqlite3 -csv -header :memory: \"select 1 as a, 'x,y' as b\" > $out")
made("texts/libreoffice.csv", "text/csv", "soffice",
     f"printf 'a,b\\n1,2\\n' > u.csv; {SOFFICE} ods --outdir lo-out u.csv >&2; "
     f"{SOFFICE} csv --outdir lo-out lo-out/u.ods >&2; cp lo-out/u.csv $out")
texts("text/tab-separated-values", extension="tsv", tabs="name\tcity\nZoë\tKöln\n", quoted_tabs='name\tnote\nZoë\t"a\tb"\n')

noise = random.Random(1)
LONG = json.dumps([{"id": n, "name": "Zoë", "size": noise.random()} for n in range(300)])
texts("application/json", extension="json",
      object='{"name": "Zoë", "size": 12, "tags": []}\n', array="[1, 2, 3]\n", string='"just text"\n', number_scalar="42", true_scalar="true", null_scalar="null",
      pretty='{\n  "a": {\n    "b": [1.5e3, -2, false]\n  }\n}\n', leading_space="\n\n  {}\n", json_bom='\ufeff{"a": 1}', long=LONG,
      escaped='{"html": "\\u003cscript\\u003e"}', html_inside='{"html": "<script>alert(1)</script>"}', deep="[" * 100 + "]" * 100, empty_array="[]",
      cut_in_a_character=json.dumps(["é" * 9000], ensure_ascii=False), geo='{"type": "Point", "coordinates": [7, 51]}')
texts("application/geo+json", extension="geojson", cut_in_a_number=next(
    text for pad in range(40) if (text := '{"type": "LineString", "name": "%s", "coordinates": [%s]}' % (
        "x" * pad, ", ".join("[-7.5e-1, 51.25]" for _ in range(900))))[8191] == "-"))
made("texts/jq.json", "application/json", "jq", "jq -n '{a: [1, {b: null}]}' > $out")
texts("application/x-ndjson", extension="ndjson", lines='{"a": 1}\n{"a": 2}\n', long_lines='{"name": "Zoë", "note": "a long line"}\n' * 400)
texts("application/geo+json", extension="geojson", place='{"type": "Feature", "geometry": null, "properties": {}}')
texts("application/ld+json", extension="jsonld", linked='{"@context": "https://schema.org", "@type": "Person"}')
texts("application/manifest+json", extension="webmanifest", app='{"name": "Sluice", "start_url": "/"}')

texts("text/markdown", extension="md",
      heading="# River\n\nIt *looks*.\n", front_matter="---\ntitle: River\n---\n\n# River\n", html_first="<p align=\"center\"><img src=\"logo.png\"></p>\n\n# River\n",
      html_heading_first="<h1 align=\"center\">River</h1>\n\nText.\n", comment_first="<!-- a note -->\n# River\n", picture_first="![logo](logo.png)\n", list_first="- one\n- two\n",
      code_first="```sh\n#!/bin/sh\necho hi\n```\n", markdown_plain="Only words.\n", html_in_code="# Use\n\nPut this on your page:\n\n    <canvas></canvas>\n    <script src=\"a.js\"></script>\n\nDone.\n", details_first="<details>\n<summary>More</summary>\n\ntext\n</details>\n",
      div_first="<div align=\"center\">\n\n# River\n\n</div>\n")
made("texts/pandoc.md", "text/markdown", "pandoc", "pandoc seed.txt -s -t gfm -o $out")
texts("text/vtt", extension="vtt", captions="WEBVTT\n\n00:00.000 --> 00:02.000\nThe river.\n", vtt_bom="\ufeffWEBVTT - River\n\n00:00:00.000 --> 00:00:02.000\n<i>Hi</i>\n")
made("texts/ffmpeg.vtt", "text/vtt", "ffmpeg", "printf '1\\n00:00:00,000 --> 00:00:02,000\\nThe river.\\n' > s.srt; ffmpeg -v error -i s.srt $out")
texts("application/x-subrip", extension="srt", subtitles="1\n00:00:00,000 --> 00:00:02,000\nThe river.\n", srt_crlf="\ufeff1\r\n00:00:00,000 --> 00:00:02,000\r\nHi\r\n")
texts("text/calendar", extension="ics", event="BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//s//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20240101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
texts("text/vcard", extension="vcf", card="BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Zoë\r\nEND:VCARD\r\n")


def calendar(out):
    import icalendar
    made_one = icalendar.Calendar()
    made_one.add("prodid", "-//sluice//EN")
    made_one.add_component(icalendar.Event())
    out.write_bytes(made_one.to_ical())


def card(out):
    import vobject
    one = vobject.vCard()
    one.add("fn").value = "Zoë"
    one.add("n").value = vobject.vcard.Name(given="Zoë")
    out.write_text(one.serialize())


made("texts/icalendar.ics", "text/calendar", "py:icalendar", calendar)
made("texts/vobject.vcf", "text/vcard", "py:vobject", card)
texts("application/yaml", extension="yaml", yaml="---\nname: river\nsize: 12\nlist:\n  - a\n", yaml_without_marker="name: river\nsize: 12\n")
texts("application/toml", extension="toml", toml='[package]\nname = "river"\n', toml_key='name = "river"\n')
texts("text/plain", extension="ini", ini="[section]\nkey=value\n")
texts("text/xml", extension="xml", xml='<?xml version="1.0"?>\n<note><to>Zoë</to></note>\n', xml_without_declaration="<note><to>Zoë</to></note>\n",
      xml_comment_first="<!-- a note -->\n<note/>\n", xml_bom='\ufeff<?xml version="1.0" encoding="utf-8"?><note/>\n',
      xml_utf_16='\ufeff<?xml version="1.0" encoding="utf-16"?><note/>\n'.encode("utf-16-le"), xml_latin_1='<?xml version="1.0" encoding="iso-8859-1"?><n>Zoë</n>'.encode("latin-1"),
      xml_doctype='<?xml version="1.0"?>\n<!DOCTYPE note [<!ELEMENT note ANY>]>\n<note/>\n', sitemap='<?xml version="1.0"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>\n',
      sitemap_in_languages='<?xml version="1.0"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
      '<url><loc>https://example.com/</loc><xhtml:link rel="alternate" hreflang="de" href="https://example.com/de"/></url>\n</urlset>\n')
FEED = '<rss version="2.0"><channel><title>River</title><link>https://example.com</link><description>d</description></channel></rss>\n'
texts("application/rss+xml", extension="rss", rss='<?xml version="1.0"?>\n' + FEED)
texts("application/atom+xml", extension="atom", atom='<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>River</title><id>urn:1</id></feed>\n')
texts("application/vnd.google-earth.kml+xml", extension="kml", kml='<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark/></kml>\n')


def feed(kind):
    def write(out):
        from feedgen.feed import FeedGenerator
        generator = FeedGenerator()
        generator.id("urn:1")
        generator.title("River")
        generator.link(href="https://example.com")
        generator.description("What arrives")
        getattr(generator, f"{kind}_file")(str(out))
    return write


def track(out):
    import gpxpy.gpx
    gpx = gpxpy.gpx.GPX()
    gpx.waypoints.append(gpxpy.gpx.GPXWaypoint(51, 7))
    out.write_text(gpx.to_xml())


made("texts/feedgen.rss", "application/rss+xml", "py:feedgen", feed("rss"))
made("texts/feedgen.atom", "application/atom+xml", "py:feedgen", feed("atom"))
made("texts/gpxpy.gpx", "application/gpx+xml", "py:gpxpy", track)

BODY = "<head><title>River</title></head><body><p>It looks.</p></body>"
texts("text/html", extension="html", doctype=f"<!DOCTYPE html>\n<html>{BODY}</html>\n", fragment="<p>It <b>looks</b>.</p>\n<ul><li>one</li></ul>\n",
      html_comment_first=f"<!-- saved from example.com -->\n<html>{BODY}</html>\n", upper_case=f"<HTML>{BODY}</HTML>\n", html_bom=f"\ufeff<!doctype html><html>{BODY}</html>",
      html_space_first=f"\n\n   <!DOCTYPE html><html>{BODY}</html>", html_4='<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n<html></html>\n',
      body_only="<body>Hello</body>\n", head_only="<head><title>t</title></head>Hello\n", html_script="<!DOCTYPE html><script>document.title = 1</script>\n",
      html_utf_16=f"\ufeff<!DOCTYPE html><html>{BODY}</html>".encode("utf-16-le"), table_first="<table><tr><td>1</td></tr></table>\n")
XHTML = f'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">{BODY}</html>\n'
texts("application/xhtml+xml", extension="xhtml", xhtml='<?xml version="1.0" encoding="UTF-8"?>\n' + XHTML)
made("texts/pandoc.html", "text/html", "pandoc", "pandoc seed.txt -s --metadata title=River -o $out")
made("texts/pandoc-fragment.html", "text/html", "pandoc", "pandoc seed.txt -t html -o $out")
made("texts/libreoffice.html", "text/html", "soffice",
     f"pandoc seed.txt -o t.odt; {SOFFICE} html --outdir lo-out t.odt >&2; cp lo-out/t.html $out")
made("texts/groff.html", "text/html", "groff", "groff -Thtml seed.txt > $out 2>/dev/null; test -s $out")

texts("text/css", extension="css", style="@charset \"utf-8\";\nbody { color: teal; }\n", rule="/* style */\n.a > b { margin: 0 }\n")
texts("text/javascript", extension="js", script="const two = () => 2;\nexport default two;\n", immediately="(function () { 'use strict'; })();\n",
      shebang_node="#!/usr/bin/env node\nconsole.log(1);\n", html_in_js="document.body.innerHTML = '<p>hi</p>';\n")
texts("application/typescript", extension="ts", typed="interface A { b: number }\nexport const a: A = { b: 1 };\n")
texts("text/x-python", extension="py", module='"""A module."""\n\nimport os\n\n\ndef two():\n    return 2\n', shebang_python="#!/usr/bin/env python3\nprint(1)\n")
texts("text/x-shellscript", extension="sh", shell="#!/bin/sh\nset -e\necho hello\n", bash="#!/usr/bin/env bash\necho hello\n")
texts("application/x-httpd-php", extension="php", php="<?php\necho 'hello';\n", php_html="<html><?php echo 1; ?></html>\n")
texts("text/x-perl", extension="pl", perl="#!/usr/bin/perl\nprint 1;\n", perl_without_shebang="use strict;\nprint 1;\n")
texts("text/x-ruby", extension="rb", ruby="#!/usr/bin/env ruby\nputs 1\n", ruby_without_shebang="require 'set'\nputs 1\n")
texts("text/x-c", extension="c", c_source="#include <stdio.h>\nint main(void) { return 0; }\n")
texts("text/x-java", extension="java", java="class A { int two() { return 2; } }\n")
texts("application/sql", extension="sql", sql="-- a dump\nCREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\n")
made("texts/sqlite.sql", "application/sql", "sqlite3", "sqlite3 :memory: 'create table a(b)' .dump > $out")
texts("message/rfc822", extension="eml", mail="From: Zoë <z@example.com>\r\nTo: a@example.com\r\nSubject: River\r\nMIME-Version: 1.0\r\n\r\nIt looks.\r\n",
      mail_received="Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: z@example.com\r\nSubject: River\r\n\r\nIt looks.\r\n")
texts("application/x-tex", extension="tex", tex="\\documentclass{article}\n\\begin{document}\nRiver\n\\end{document}\n")
texts("application/x-pem-file", extension="pem", pem="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
texts("text/x-diff", extension="diff", patch="diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n")
