"""The picture, the sound and the film that programs turn into files."""

from record import WORK, run

SOFFICE = "soffice -env:UserInstallation=file://$PWD/lo --headless --convert-to"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" viewBox="0 0 40 30">\n'
    '  <rect width="40" height="30" fill="#eee"/>\n  <path d="M5 25 L20 5 L35 25 Z" fill="teal"/>\n</svg>\n'
)

if not (WORK / "seed.png").exists():
    # A smooth photograph-like picture: small in every format.
    run("/usr/bin/convert -size 64x48 gradient:orange-navy -swirl 60 -depth 8 seed.png")
    run("ffmpeg -v error -f lavfi -i sine=440:duration=0.4:sample_rate=16000 -ac 1 seed.wav")
    run("ffmpeg -v error -f lavfi -i testsrc=size=64x48:rate=10:duration=0.6 -f lavfi -i sine=440:duration=0.6 "
        "-pix_fmt yuv420p -c:v ffv1 -c:a pcm_s16le seed.mkv")
    (WORK / "seed.txt").write_text("Sluice takes files into a bucket.\nIt looks at what arrived.\n" * 8)
    (WORK / "logo.svg").write_text(LOGO)
    (WORK / "page.html").write_text(
        "<!DOCTYPE html><html><head><title>Sluice</title></head><body><h1>River</h1>"
        + "<p>It takes files into a bucket, and <b>looks</b> at what arrived.</p>" * 6
        + "<table><tr><td>name</td><td>size</td></tr><tr><td>a.png</td><td>12</td></tr></table></body></html>")
    (WORK / "table.csv").write_text("name,size,day\n" + "".join(f"file{n}.png,{n * 7},2024-01-{n:02}\n" for n in range(1, 20)))
    (WORK / "text.md").write_text("% Sluice\n\n# River\n\nIt *looks* at what arrived.\n\n- one\n- two\n\n# Sea\n\nMore.\n")
