"""Archives and what is packed."""

import io
import subprocess
import tarfile
import zipfile

import seeds  # noqa: F401
from record import WORK, made, node, run

made("archives/tar-of-a-pdf.tar", "application/x-tar", "tar", "printf '%%PDF-1.4\\n%%%%EOF\\n' > report.pdf; tar -cf $out report.pdf")

# ZIP
made("archives/zip.zip", "application/zip", "zip", "zip -qX $out seed.txt seed.png")
made("archives/zip-stored.zip", "application/zip", "zip", "zip -qX0 $out seed.txt")
made("archives/zip-streamed.zip", "application/zip", "zip", "cat seed.txt | zip -q - - > $out")
made("archives/zip-encrypted.zip", "application/zip", "zip", "zip -qX -P secret $out seed.txt")
made("archives/zip-commented.zip", "application/zip", "zip", "zip -qX $out seed.txt; echo 'A comment' | zip -qz $out")
made("archives/zip64.zip", "application/zip", "zip", "cat seed.txt | zip -q -fz - - > $out")
made("archives/zip-folder.zip", "application/zip", "zip", "mkdir -p d/e; cp seed.txt d/e; zip -qr $out d")
made("archives/7z.zip", "application/zip", "7z", "7z a -bd -tzip $out seed.txt seed.png")
made("archives/7z-lzma.zip", "application/zip", "7z", "7z a -bd -tzip -mm=LZMA $out seed.txt")
made("archives/bsdtar.zip", "application/zip", "bsdtar", "bsdtar --format zip -cf $out seed.txt")
made("archives/git.zip", "application/zip", "git",
     "rm -rf r; git init -q r; cp seed.txt r; cd r; git add -A; git -c user.name=s -c user.email=s@example.com commit -qm s; git archive -o $out HEAD")


def python_zip(out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes/read.txt", "It looks at what arrived.")


def empty_zip(out):
    zipfile.ZipFile(out, "w").close()


def office_like_names(out):
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("word.txt", "xl.txt", "mimetype.txt", "ppt.md", "my [Content_Types].xml.bak"):
            archive.writestr(name, "not what its name looks like")


def prefixed_zip(out):
    run("zip -qX p.zip seed.txt")
    out.write_bytes(b"A few words before the archive.\n" + (WORK / "p.zip").read_bytes())
    subprocess.run(["zip", "-qA", out], check=True)


made("archives/python.zip", "application/zip", "python", python_zip)
made("archives/python-empty.zip", "application/zip", "python", empty_zip)
made("archives/python-office-like-names.zip", "application/zip", "python", office_like_names)
made("archives/zip-prefixed.zip", "application/zip", "zip", prefixed_zip)
node("archives/jszip.zip", "application/zip", "jszip",
     "const z = new lib(); z.file('a.txt', 'hello'); z.generateAsync({type: 'nodebuffer'}).then(b => fs.writeFileSync(out, b))")
node("archives/archiver.zip", "application/zip", "archiver",
     "const a = new lib.ZipArchive(); a.pipe(fs.createWriteStream(out)); a.append('hello', {name: 'a.txt'}); a.finalize()")

# Java, Android
made("archives/jar.jar", "application/java-archive", "jar", "cp seed.txt j.txt; jar cf $out j.txt")
made("archives/jar-without-manifest.jar", "application/java-archive", "jar",
     "printf 'class A {}' > A.java; javac -source 8 -target 8 A.java 2>/dev/null; jar cMf $out A.class")
MANIFEST = ("<manifest xmlns:android='http://schemas.android.com/apk/res/android' package='org.example.sluice'>"
            "<application/></manifest>")
made("archives/aapt.apk", "application/vnd.android.package-archive", "aapt",
     f'echo "{MANIFEST}" > AndroidManifest.xml; aapt package -f -M AndroidManifest.xml -F $out '
     "-I /usr/share/android-framework-res/framework-res.apk")
made("archives/apksigner.apk", "application/vnd.android.package-archive", "apksigner",
     f'echo "{MANIFEST}" > AndroidManifest.xml; aapt package -f -M AndroidManifest.xml -F u.apk '
     "-I /usr/share/android-framework-res/framework-res.apk; zipalign -f 4 u.apk a.apk; rm -f k.jks; "
     "keytool -genkeypair -keystore k.jks -storepass secret -keyalg EC -dname CN=s -alias s 2>&1; "
     "apksigner sign --ks k.jks --ks-pass pass:secret --min-sdk-version 24 --out $out a.apk")

# tar
for kind in ("ustar", "pax", "gnu", "v7"):
    made(f"archives/tar-{kind}.tar", "application/x-tar", "tar", f"tar --format={kind} -cf $out seed.txt")
made("archives/bsdtar.tar", "application/x-tar", "bsdtar", "bsdtar -cf $out seed.txt")
made("archives/tar-gnu-long-name.tar", "application/x-tar", "tar",
     "n=$(printf 'n%.0s' {1..120}); cp seed.txt $n; tar --format=gnu -cf $out $n")
made("archives/tar-folder-first.tar", "application/x-tar", "tar", "mkdir -p d/e; cp seed.txt d/e; tar -cf $out d")


def python_tar(out):
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("Grüße.txt")
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"hello"))


made("archives/python-pax.tar", "application/x-tar", "python", python_tar)

# One file packed
made("archives/gzip.gz", "application/gzip", "gzip", "gzip -c seed.txt > $out")
made("archives/gzip-tar.tar.gz", "application/gzip", "tar", "tar -czf $out seed.txt")
made("archives/pigz.gz", "application/gzip", "pigz", "pigz -c seed.txt > $out")
made("archives/bzip2.bz2", "application/x-bzip2", "bzip2", "bzip2 -c seed.txt > $out")
made("archives/bzip2-empty.bz2", "application/x-bzip2", "bzip2", "bzip2 -c < /dev/null > $out")
made("archives/xz.xz", "application/x-xz", "xz", "xz -c seed.txt > $out")
made("archives/zstd.zst", "application/zstd", "zstd", "zstd -q -c seed.txt > $out")
made("archives/lz4.lz4", "application/x-lz4", "lz4", "lz4 -qc seed.txt > $out")
made("archives/lzip.lz", "application/x-lzip", "lzip", "lzip -c seed.txt > $out")
made("archives/compress.Z", "application/x-compress", "compress", "compress -c seed.txt > $out")

# Others
made("archives/7z.7z", "application/x-7z-compressed", "7z", "7z a -bd $out seed.txt")
made("archives/bsdtar.7z", "application/x-7z-compressed", "bsdtar", "bsdtar --format 7zip -cf $out seed.txt")
made("archives/gcab.cab", "application/vnd.ms-cab-compressed", "gcab", "gcab -c $out seed.txt")
made("archives/bsdtar.cpio", "application/x-cpio", "bsdtar", "bsdtar --format newc -cf $out seed.txt")
made("archives/cpio-odc.cpio", "application/x-cpio", "cpio", "echo seed.txt | cpio -o --quiet -H odc > $out")
made("archives/ar.a", "application/x-archive", "ar", "ar rc $out seed.txt")
made("archives/arj.arj", "application/x-arj", "arj", "arj a -y $out seed.txt")
made("archives/dpkg.deb", "application/vnd.debian.binary-package", "dpkg-deb",
     "mkdir -p k/DEBIAN; printf 'Package: sluice\\nVersion: 1\\nArchitecture: all\\nMaintainer: S <s@example.com>\\nDescription: s\\n' "
     "> k/DEBIAN/control; dpkg-deb -b k $out")
made("archives/rpmbuild.rpm", "application/x-rpm", "rpmbuild",
     "printf 'Name: sluice\\nVersion: 1\\nRelease: 1\\nSummary: s\\nLicense: MIT\\nBuildArch: noarch\\n%%description\\ns\\n%%files\\n' > s.spec; "
     'rpmbuild -bb --quiet --define "_topdir $PWD/rpm" s.spec; cp rpm/RPMS/noarch/*.rpm $out')
made("archives/genisoimage.iso", "application/x-iso9660-image", "genisoimage", "genisoimage -quiet -no-pad -o $out seed.txt")


def from_rarfile(name):
    def copy(out):
        run("test -d rarfile-src || { pip download -q --no-deps --no-binary rarfile rarfile==4.5; mkdir rarfile-src; "
            "tar xf rarfile-4.5.tar.gz -C rarfile-src --strip-components 1; }")
        out.write_bytes((WORK / "rarfile-src/test/files" / name).read_bytes())
    return copy


for name, path in (("rar15-comment.rar", "rar-1.5"), ("rar3-comment-plain.rar", "rar-3"), ("rar5-crc.rar", "rar-5")):
    made(f"archives/{path}.rar", "application/vnd.rar", "py:rarfile", from_rarfile(name), "ISC")
