"""What a machine runs."""

import sys

import seeds  # noqa: F401
from record import made, run

MAIN = "printf 'int main(void) { return 0; }\\n' > m.c"
FUNCTION = "printf 'int two(void) { return 2; }\\n' > f.c"


def zig(target, source, options):
    def build(out):
        run(f"{MAIN}; {FUNCTION}; {sys.executable} -m ziglang cc -Os -s -target {target} {options} -o {out} {source}")
    return build


made("programs/gcc.elf", "application/x-executable", "gcc", f"{MAIN}; gcc -Os -s -o $out m.c")
made("programs/gcc.so", "application/x-sharedlib", "gcc", f"{FUNCTION}; gcc -Os -s -shared -fPIC -o $out f.c")
made("programs/gcc.o", "application/x-object", "gcc", f"{FUNCTION}; gcc -Os -c -o $out f.c")
made("programs/zig-arm.elf", "application/x-executable", "py:ziglang", zig("arm-linux-musleabi", "m.c", "-static -nostdlib -Wl,-e,main"))
made("programs/zig-mips.elf", "application/x-executable", "py:ziglang", zig("mips-linux-musleabi", "m.c", "-static -nostdlib -Wl,-e,main"))
made("programs/zig-mac-arm", "application/x-mach-binary", "py:ziglang", zig("aarch64-macos", "m.c", ""))
made("programs/zig-mac-intel", "application/x-mach-binary", "py:ziglang", zig("x86_64-macos", "m.c", ""))
PE = "application/vnd.microsoft.portable-executable"
made("programs/zig.exe", PE, "py:ziglang", zig("x86-windows-gnu", "f.c", "-nostdlib -Wl,-e,two -Wl,--subsystem,console"))
MINGW = "x86_64-w64-mingw32-gcc-win32"
made("programs/mingw.exe", PE, MINGW, f"{FUNCTION}; {MINGW} -Os -s -nostdlib -Wl,-etwo -o $out f.c")
made("programs/mingw.dll", PE, MINGW, f"{FUNCTION}; {MINGW} -Os -s -nostdlib -shared -Wl,-etwo -o $out f.c")
made("programs/mingw-with-runtime.exe", PE, MINGW, f"{MAIN}; {MINGW} -Os -s -o $out m.c")
JAVA = "printf 'class Sluice { int two() { return 2; } }\\n' > Sluice.java"
made("programs/javac.class", "application/java-vm", "javac", f"{JAVA}; javac Sluice.java; cp Sluice.class $out")
made("programs/javac-8.class", "application/java-vm", "javac", f"{JAVA}; javac --release 8 Sluice.java 2>&1; cp Sluice.class $out")
made("programs/wat2wasm.wasm", "application/wasm", "wat2wasm",
     "echo '(module (func (export \"two\") (result i32) i32.const 2))' > w.wat; wat2wasm w.wat -o $out")
made("programs/zig.wasm", "application/wasm", "py:ziglang", zig("wasm32-freestanding", "f.c", "-nostdlib -Wl,--no-entry -Wl,--export=two"))
made("programs/python.pyc", "application/x-python-code", "python",
     "echo 'two = 2' > two.py; python3 -c \"import py_compile, os; py_compile.compile('two.py', os.environ['out'], 'two.py')\"")
made("programs/wixl.msi", "application/x-msi", "wixl", """cat > s.wxs <<'W'
<?xml version="1.0"?><Wix xmlns="http://schemas.microsoft.com/wix/2006/wi"><Product Id="*" Name="Sluice" Version="1.0" Manufacturer="S"
UpgradeCode="DE9E5E13-3E5A-4B3A-9A30-6B65E4B1C3A1" Language="1033"><Package InstallerVersion="200" Compressed="yes"/>
<Media Id="1" Cabinet="s.cab" EmbedCab="yes"/><Directory Id="TARGETDIR" Name="SourceDir"><Component Id="c"
Guid="DE9E5E13-3E5A-4B3A-9A30-6B65E4B1C3A2"><File Id="f" Source="seed.txt"/></Component></Directory>
<Feature Id="m" Level="1"><ComponentRef Id="c"/></Feature></Product></Wix>
W
wixl -o $out s.wxs""")
