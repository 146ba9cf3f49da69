//! What is in markup and in drawings.

use super::*;

#[test]
fn markup_is_told_by_its_root() {
    for (text, expected) in [
        ("<?xml version=\"1.0\"?><note/>", "text/xml"),
        ("<?xml version=\"1.0\"?><rss version=\"2.0\"></rss>", "application/rss+xml"),
        ("<!-- drawn by hand --><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "image/svg+xml"),
        (
            "<?xml version='1.0'?><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' [<!ENTITY a 'b'>]><svg/>",
            "image/svg+xml",
        ),
        ("  \n<BODY onload=alert(1)>", "text/html"),
        ("<?php system($_GET['c']);", "text/x-php"),
        ("<john@example.com> wrote", "text"),
        ("< 5 apples", "text"),
    ] {
        assert_eq!(whole(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_drawing_that_does_something_says_what() {
    let active = |inside: &str| {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">{inside}</svg>"
        );
        detect_whole(svg.as_bytes(), Wanted::ALL).active
    };
    for (inside, expected) in [
        ("<circle r=\"4\"/><a href=\"https://example.com\"><text>hi</text></a>", &[][..]),
        ("<image href=\"data:image/png;base64,AAAA\"/><use xlink:href=\"#a\"/>", &[]),
        ("<style>.a { fill: url(#g) }</style>", &[]),
        ("<script>x()</script>", &[Active::Script]),
        ("<x:script xmlns:x=\"http://www.w3.org/2000/svg\"/>", &[Active::Script]),
        ("<circle onclick='x()'/>", &[Active::EventHandler]),
        ("<set attributeName=\"onmouseover\" to=\"x()\"/>", &[Active::EventHandler]),
        ("<a xlink:href=\"&#106;avascript:x()\"/>", &[Active::Script]),
        ("<a href=\"java&#9;script:x()\"/>", &[Active::Script]),
        ("<foreignObject/>", &[Active::ForeignObject]),
        ("<image href=\"//example.com/a.png\"/>", &[Active::ExternalReference]),
        ("<style>@import 'https://example.com/a.css';</style>", &[Active::ExternalReference]),
        ("<circle only_selected=\"true\" inkscape:onload=\"no handler\"/>", &[]),
        ("<circle></square>", &[Active::NotLookedThrough]),
    ] {
        assert_eq!(active(inside), expected, "{inside}");
    }
}

#[test]
fn a_style_in_a_drawing_is_read_as_a_browser_reads_it() {
    let active = |inside: &str| {
        let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>");
        detect_whole(svg.as_bytes(), Wanted::ALL).active
    };
    let (elsewhere, unread) = (&[Active::ExternalReference][..], &[Active::NotLookedThrough][..]);
    for (inside, expected) in [
        ("<style>a&gt;b{fill:url(#g)} .c&#62;d{}</style>", &[][..]),
        ("<style><![CDATA[a > b { fill: red }]]></style><text>a \\ b</text>", &[]),
        ("<g data-path=\"C:\\Users\\a.svg\" id=\"a\"/>", &[]),
        ("<style>@&#105;mport \"https://example.com/x.css\";</style>", elsewhere),
        ("<style>@im<!-- -->port \"https://example.com/x.css\";</style>", elsewhere),
        ("<style><b></b>@import url(//example.com/x);</style>", elsewhere),
        ("<style>@<b>im</b>port 'a.css';</style>", elsewhere),
        ("<style>@im<![CDATA[port 'a.css']]></style>", elsewhere),
        ("<style>@\\69mport 'a.css'</style>", unread),
        ("<g style=\"fill:\\75rl(https://example.com/a.svg#x)\"/>", unread),
        ("<g fill=\"\\75rl(https://example.com/a.svg#x)\"/>", unread),
        ("<style>a{cursor:image-set(\"https://example.com/a.png\" 1x)}</style>", elsewhere),
        ("<set attributeName=\"fill\" to=\"url(https://example.com/a.svg#x)\"/>", elsewhere),
        ("<style>a{}&unknown;</style>", unread),
        ("<style>a{}", unread),
    ] {
        assert_eq!(active(inside), expected, "{inside}");
    }
    for page in [
        "<h:meta xmlns:h=\"http://www.w3.org/1999/xhtml\" http-equiv=\"refresh\" content=\"0;url=https://example.com/\"/>",
        "<h:p xmlns:h=\"http://www.w3.org/1999/xhtm&#108;\"/>",
        "<p xmlns = 'http://www.w3.org/1999/xhtml'/>",
    ] {
        assert_eq!(active(page), [Active::ForeignObject], "{page}");
    }
    assert_eq!(active("<g xmlns:h=\"http://www.w3.org/1999/xhtml\"/>"), []);
}

#[test]
fn what_runs_in_xml_is_found_under_any_prefix() {
    let active = |xml: &str| detect_whole(format!("<?xml version=\"1.0\"?>\n{xml}").as_bytes(), Wanted::ALL).active;
    for xml in [
        "<r xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:img src=\"x\" onerror=\"alert(1)\"/></r>",
        "<r xmlns:h = 'http://www.w3.org/1999/xhtml'><h:script>x()</h:script></r>",
        "<r><h:iframe xmlns:h=\"http://www.w3.org/1999/xhtm&#108;\"/></r>",
        "<r xmlns:s=\"http://www.w3.org/2000/svg\"><s:svg onload=\"x()\"/></r>",
        "<r xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:a href=\"javascript:x()\">a</h:a></r>",
        "<r xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:meta http-equiv=\"refresh\" content=\"0;url=//a\"/></r>",
        "<r><script xmlns = \"http://www.w3.org/1999/xhtml\">x()</script></r>",
    ] {
        assert_eq!(active(xml), [Active::Script], "{xml}");
    }
    for xml in [
        "<urlset xmlns:xhtml=\"http://www.w3.org/1999/xhtml\"><url><xhtml:link rel=\"alternate\" hreflang=\"de\" href=\"https://example.com/de\"/></url></urlset>",
        "<feed><content><x:div xmlns:x=\"http://www.w3.org/1999/xhtml\"><x:img src=\"https://example.com/a.png\"/></x:div></content></feed>",
        "<r xmlns:h=\"urn:other\"><h:script onload=\"x()\"/></r>",
    ] {
        assert_eq!(active(xml), [], "{xml}");
    }
}

#[test]
fn what_a_drawing_names_for_itself_is_put_in_its_place() {
    let active = |entities: &str, inside: &str| {
        let svg = format!("<!DOCTYPE svg [{entities}]><svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>");
        detect_whole(svg.as_bytes(), Wanted::ALL).active
    };
    assert_eq!(active("<!ENTITY st \"fill:#008080;\">", "<path style=\"&st;\"/>"), []);
    assert_eq!(active("<!ENTITY a 'java'><!ENTITY b 'script:'>", "<a href='&a;&b;x()'/>"), [Active::Script]);
    assert_eq!(active("<!ENTITY a '<script/>'>", "&a;"), [Active::NotLookedThrough]);
    assert_eq!(active("<!ENTITY a SYSTEM 'file:///etc/passwd'>", "&a;"), [Active::ExternalReference]);
    assert_eq!(active("<!ENTITY a 'ort'>", "<style>@imp&a; 'a.css';</style>"), [Active::ExternalReference]);
    assert_eq!(active("<!ENTITY a \"'//example.com'\">", "<g style=\"fill:url(&a;)\"/>"), [Active::ExternalReference]);
    assert_eq!(active("<!ENTITY a '//example.com'><!ENTITY a '#b'>", "<use href='&a;'/>"), [Active::NotLookedThrough]);
}

#[test]
fn a_drawing_is_looked_through_to_its_end_or_not_trusted() {
    let drawing = |padding: usize| format!("<svg>{}<script/></svg>", " ".repeat(padding));
    let active = |padding| detect_whole(drawing(padding).as_bytes(), Wanted::ALL).active;
    assert_eq!(active(HEAD_LENGTH * 2), [Active::Script]);
    assert_eq!(active(SECOND_LENGTH * 2), [Active::NotLookedThrough]);
}
