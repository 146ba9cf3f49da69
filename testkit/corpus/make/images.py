"""Pictures."""

import seeds
import pillow_heif
from PIL import Image

from record import WORK, made, node, written

IM = "/usr/bin/convert"


def im(path, media_type, options="", source="seed.png", kind=""):
    made(path, media_type, IM, f"/usr/bin/convert {source} {options} {kind}$out")


def pillow(path, media_type, **options):
    mode = options.pop("mode", "RGB")
    made(path, media_type, "py:pillow", lambda out: Image.open(WORK / "seed.png").convert(mode).save(out, **options))


def sharp(path, media_type, call):
    node(path, media_type, "sharp", f"lib('seed.png').{call}.toFile(out)")


# PNG
im("images/imagemagick.png", "image/png")
im("images/imagemagick-16-bit.png", "image/png", "-depth 16", kind="png64:")
im("images/imagemagick-interlaced.png", "image/png", "-interlace PNG")
im("images/imagemagick-text.png", "image/png", "-set comment '<script>alert(1)</script> is only a comment'")
pillow("images/pillow.png", "image/png", optimize=True)
pillow("images/pillow-palette.png", "image/png", mode="P")
pillow("images/pillow-grey.png", "image/png", mode="L")
made("images/ffmpeg.png", "image/png", "ffmpeg", "ffmpeg -v error -i seed.mkv -frames:v 1 $out")
made("images/ffmpeg-animated.png", "image/png", "ffmpeg", "ffmpeg -v error -i seed.mkv -f apng $out")
made("images/netpbm.png", "image/png", "pnmtopng", "pngtopnm seed.png | pnmtopng > $out")
sharp("images/sharp.png", "image/png", "png()")
written("images/hand.svg", "image/svg+xml", seeds.LOGO)
made("images/rsvg.png", "image/png", "rsvg-convert", "rsvg-convert logo.svg > $out")

# JPEG
im("images/imagemagick.jpg", "image/jpeg")
im("images/imagemagick-progressive.jpg", "image/jpeg", "-interlace JPEG -quality 70")
im("images/imagemagick-cmyk.jpg", "image/jpeg", "-colorspace CMYK")
pillow("images/pillow.jpg", "image/jpeg")
pillow("images/pillow-grey.jpg", "image/jpeg", mode="L")
made("images/libjpeg.jpg", "image/jpeg", "cjpeg", "pngtopnm seed.png | cjpeg > $out")
made("images/libjpeg-arithmetic.jpg", "image/jpeg", "cjpeg", "pngtopnm seed.png | cjpeg -arithmetic > $out")
made("images/exiftool-exif-only.jpg", "image/jpeg", "exiftool",
     "/usr/bin/convert seed.png -strip s.jpg; exiftool -q -JFIF:all= -Artist=Sluice -Model=Camera "
     "-DateTimeOriginal='2024:01:02 03:04:05' s.jpg -o $out")
made("images/exiftool-xmp-icc.jpg", "image/jpeg", "exiftool",
     "/usr/bin/convert seed.png s2.jpg; exiftool -q -XMP:Title=Sluice -IPTC:Keywords=river s2.jpg -o $out")
made("images/ffmpeg.jpg", "image/jpeg", "ffmpeg", "ffmpeg -v error -i seed.mkv -frames:v 1 $out")
made("images/ffmpeg-mjpeg-without-jfif.jpg", "image/jpeg", "ffmpeg",
     "ffmpeg -v error -i seed.mkv -frames:v 1 -f mjpeg -bitexact $out")
sharp("images/sharp-mozjpeg.jpg", "image/jpeg", "jpeg({mozjpeg:true})")

# GIF
im("images/imagemagick.gif", "image/gif")
im("images/imagemagick-87a.gif", "image/gif", kind="gif87:")
pillow("images/pillow.gif", "image/gif", mode="P")
made("images/ffmpeg-animated.gif", "image/gif", "ffmpeg", "ffmpeg -v error -i seed.mkv $out")
im("images/imagemagick-commented.gif", "image/gif", "-set comment 'Made for Sluice'")

# WebP
made("images/cwebp-lossy.webp", "image/webp", "cwebp", "cwebp -quiet seed.png -o $out")
made("images/cwebp-lossless.webp", "image/webp", "cwebp", "cwebp -quiet -lossless seed.png -o $out")
made("images/img2webp-animated.webp", "image/webp", "img2webp",
     "ffmpeg -v error -y -i seed.mkv f%d.png; img2webp f1.png f2.png f3.png -o $out")
pillow("images/pillow.webp", "image/webp")
made("images/ffmpeg-animated.webp", "image/webp", "ffmpeg", "ffmpeg -v error -i seed.mkv $out")
sharp("images/sharp.webp", "image/webp", "webp()")

# BMP, ICO
im("images/imagemagick.bmp", "image/bmp", "-resize 24x24")
im("images/imagemagick-v3.bmp", "image/bmp", "-resize 24x24", kind="bmp3:")
im("images/imagemagick-os2.bmp", "image/bmp", "-resize 24x24", kind="bmp2:")
made("images/ffmpeg.bmp", "image/bmp", "ffmpeg", "ffmpeg -v error -i seed.png -s 24x24 $out")
pillow("images/pillow-grey.bmp", "image/bmp", mode="1")
im("images/imagemagick.ico", "image/vnd.microsoft.icon", "-resize 32x32")
pillow("images/pillow.ico", "image/vnd.microsoft.icon", sizes=[(16, 16), (32, 32)])
made("images/icotool.ico", "image/vnd.microsoft.icon", "icotool",
     "/usr/bin/convert seed.png -resize 16x16! i.png; icotool -c i.png -o $out")

# TIFF
im("images/imagemagick-little-endian.tiff", "image/tiff", "-define tiff:endian=lsb -compress zip")
im("images/imagemagick-big-endian.tiff", "image/tiff", "-define tiff:endian=msb -compress zip")
pillow("images/pillow.tiff", "image/tiff", compression="tiff_lzw")
made("images/libtiff-bigtiff.tiff", "image/tiff", "tiffcp", "/usr/bin/convert seed.png -compress zip t.tiff; tiffcp -8 t.tiff $out")
made("images/netpbm.tiff", "image/tiff", "pamtotiff", "pngtopnm seed.png | pamtotiff -lzw > $out")
made("images/ffmpeg.tiff", "image/tiff", "ffmpeg", "ffmpeg -v error -i seed.png $out")

# JPEG XL, JPEG 2000
made("images/cjxl-codestream.jxl", "image/jxl", "cjxl", "cjxl --quiet --container=0 seed.png $out")
made("images/cjxl-container.jxl", "image/jxl", "cjxl", "cjxl --quiet --container=1 seed.png $out")
made("images/cjxl-from-jpeg.jxl", "image/jxl", "cjxl", "/usr/bin/convert seed.png s3.jpg; cjxl --quiet s3.jpg $out")
made("images/openjpeg.jp2", "image/jp2", "opj_compress", "pngtopnm seed.png > s.ppm; opj_compress -i s.ppm -o $out")
pillow("images/pillow.jp2", "image/jp2")

# HEIF family
made("images/heif-enc.heic", "image/heic", "heif-enc", "heif-enc -q 40 seed.png -o $out")
made("images/pillow-heif.heic", "image/heic", "py:pillow-heif",
     lambda out: pillow_heif.from_pillow(Image.open(WORK / "seed.png").convert("RGB")).save(out))
made("images/heif-enc.avif", "image/avif", "heif-enc", "heif-enc -A -q 40 seed.png -o $out")
made("images/avifenc.avif", "image/avif", "avifenc", "avifenc seed.png $out")
made("images/avifenc-animated.avif", "image/avif", "avifenc", "ffmpeg -v error -y -i seed.mkv g%d.png; avifenc g1.png g2.png g3.png $out")
pillow("images/pillow.avif", "image/avif")
sharp("images/sharp.avif", "image/avif", "avif()")
made("images/ffmpeg.avif", "image/avif", "ffmpeg", "ffmpeg -v error -i seed.png -c:v libaom-av1 -still-picture 1 $out")

# Layers
im("images/imagemagick.psd", "image/vnd.adobe.photoshop", "-resize 32x24")
GIMP = ("gimp -i -b '(let* ((i (car (gimp-file-load RUN-NONINTERACTIVE \"seed.png\" \"seed.png\"))) (d (car (gimp-image-get-active-drawable i)))) "
        "(gimp-file-save RUN-NONINTERACTIVE i d \"'$out'\" \"o\"))' -b '(gimp-quit 0)' >&2")
made("images/gimp.xcf", "image/x-xcf", "gimp", GIMP)
made("images/gimp.psd", "image/vnd.adobe.photoshop", "gimp", GIMP)
made("images/gimp.png", "image/png", "gimp", GIMP)
made("images/gimp.jpg", "image/jpeg", "gimp", GIMP)
made("images/gimp.tiff", "image/tiff", "gimp", GIMP)
made("images/gimp.webp", "image/webp", "gimp", GIMP)
made("images/gimp.bmp", "image/bmp", "gimp", GIMP.replace("seed.png\\\" \\\"seed", "seed"))
made("images/gimp.heic", "image/heic", "gimp", GIMP)

# SVG
made("images/inkscape.svg", "image/svg+xml", "inkscape", "inkscape logo.svg --export-type=svg -o $out")
made("images/inkscape-plain.svg", "image/svg+xml", "inkscape", "inkscape logo.svg --export-plain-svg -o $out")
made("images/rsvg.svg", "image/svg+xml", "rsvg-convert", "rsvg-convert -f svg logo.svg > $out")
made("images/graphviz.svg", "image/svg+xml", "dot", "echo 'digraph { client -> bucket -> worker }' | dot -Tsvg > $out")
made("images/gnuplot.svg", "image/svg+xml", "gnuplot", "gnuplot -e \"set term svg; set output '$out'; set samples 20; plot sin(x)\"")
made("images/potrace.svg", "image/svg+xml", "potrace", "/usr/bin/convert seed.png -threshold 50% p.pbm; potrace -s p.pbm -o $out")


def matplotlib_figure(out):
    import matplotlib
    matplotlib.use("agg")
    from matplotlib import pyplot
    pyplot.figure(figsize=(2, 1))
    pyplot.plot([1, 3, 2])
    pyplot.savefig(out)


def drawn(out):
    import svgwrite
    drawing = svgwrite.Drawing(str(out), size=(40, 30))
    drawing.add(drawing.circle((20, 15), 10, fill="teal"))
    drawing.save()


made("images/matplotlib.svg", "image/svg+xml", "py:matplotlib", matplotlib_figure)
made("images/svgwrite.svg", "image/svg+xml", "py:svgwrite", drawn)
SHAPE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="4"/></svg>\n'
written("images/hand-declaration.svg", "image/svg+xml", '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + SHAPE)
written("images/hand-comment-first.svg", "image/svg+xml", "<!-- Drawn for Sluice. -->\n" + SHAPE)
written("images/hand-doctype.svg", "image/svg+xml",
        '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n' + SHAPE)
written("images/hand-bom.svg", "image/svg+xml", "\ufeff" + SHAPE)
written("images/hand-prefixed.svg", "image/svg+xml",
        '<s:svg xmlns:s="http://www.w3.org/2000/svg" width="9" height="9"><s:rect width="9" height="9"/></s:svg>\n')
written("images/hand-internal-links.svg", "image/svg+xml",
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"><defs>'
        '<linearGradient id="g"><stop stop-color="red"/></linearGradient><rect id="r" width="4" height="4"/></defs>'
        '<use xlink:href="#r" href="#r" fill="url(#g)"/><image width="1" height="1" href="data:image/png;base64,'
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="/></svg>\n')
written("images/hand-style-with-references.svg", "image/svg+xml",
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xhtml="http://www.w3.org/1999/xhtml" width="9" height="9" data-file="C:\\a.svg">'
        '<style>svg&gt;path{fill:url(#a)}</style><path d="M0,0h9v9z"/></svg>\n')
written("images/hand-style-and-title.svg", "image/svg+xml",
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>A script of the river, onload</title>'
        '<style>.a{fill:teal}</style><rect class="a" width="9" height="9"/></svg>\n')

# As Inkscape writes a drawing with a path effect.
written("images/hand-inkscape-path-effect.svg", "image/svg+xml",
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" width="9" height="9">\n<defs><inkscape:path-effect effect="offset" '
        'id="path-effect1" is_visible="true" only_selected="false" lpeversion="1"/></defs>\n'
        '<path d="M0,0h9v9z" inkscape:path-effect="#path-effect1"/>\n</svg>\n')
# As Adobe Illustrator 9 to CS6 wrote them.
written("images/hand-illustrator-entities.svg", "image/svg+xml",
        '<?xml version="1.0" encoding="utf-8"?>\n<!-- In the form of Adobe Illustrator. -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
        '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [\n\t<!ENTITY ns_svg "http://www.w3.org/2000/svg">\n\t<!ENTITY ns_xlink '
        '"http://www.w3.org/1999/xlink">\n\t<!ENTITY st0 "fill:#008080;stroke:none;">\n]>\n<svg version="1.1" id="Layer_1" xmlns="&ns_svg;" '
        'xmlns:xlink="&ns_xlink;" width="9" height="9">\n<g id="crop_x0020_marks" style="&st0;"><path d="M0,0h9v9z"/></g>\n</svg>\n')

# Others
made("images/cairo.eps", "application/postscript", "rsvg-convert", "rsvg-convert -f eps logo.svg > $out")
