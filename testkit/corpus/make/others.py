"""Data sets, models in space, and the rest."""

import seeds  # noqa: F401
from record import made


def frame():
    import pyarrow
    return pyarrow.table({"name": ["a", "b"], "size": [1, 2]})


def parquet(out):
    import pyarrow.parquet
    pyarrow.parquet.write_table(frame(), out)


def arrow(out):
    import pyarrow.feather
    pyarrow.feather.write_feather(frame(), str(out))


def orc(out):
    import pyarrow.orc
    pyarrow.orc.write_table(frame(), str(out))


def avro(out):
    import fastavro
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}
    with open(out, "wb") as stream:
        fastavro.writer(stream, schema, [{"a": 1}])


def hdf5(out):
    import h5py
    with h5py.File(out, "w") as file:
        file["size"] = [1, 2, 3]


def numpy_array(out):
    import numpy
    numpy.save(out, numpy.arange(4))


def pcap(out):
    from scapy.all import IP, UDP, Ether, wrpcap
    wrpcap(str(out), [Ether() / IP(dst="192.0.2.1") / UDP()])


def pcapng(out):
    from scapy.all import IP, UDP, Ether, wrpcapng
    wrpcapng(str(out), [Ether() / IP(dst="192.0.2.1") / UDP()])


def solid(kind):
    def write(out):
        import trimesh
        trimesh.creation.box().export(str(out), file_type=kind)
    return write


def drawing(out):
    import ezdxf
    document = ezdxf.new("R12")
    document.modelspace().add_line((0, 0), (1, 1))
    document.saveas(out)


def gltf(out):
    import pygltflib
    pygltflib.GLTF2().save_binary(str(out))


made("others/sqlite3.sqlite", "application/vnd.sqlite3", "sqlite3", "rm -f $out; sqlite3 -batch $out 'pragma page_size=512; create table a(b);'")
made("others/pyarrow.parquet", "application/vnd.apache.parquet", "py:pyarrow", parquet)
made("others/pyarrow.arrow", "application/vnd.apache.arrow.file", "py:pyarrow", arrow)
made("others/pyarrow.orc", "application/vnd.apache.orc", "py:pyarrow", orc)
made("others/fastavro.avro", "application/vnd.apache.avro", "py:fastavro", avro)
made("others/h5py.h5", "application/x-hdf5", "py:h5py", hdf5)
made("others/numpy.npy", "application/x-npy", "py:numpy", numpy_array)
made("others/scapy.pcap", "application/vnd.tcpdump.pcap", "py:scapy", pcap)
made("others/scapy.pcapng", "application/x-pcapng", "py:scapy", pcapng)
made("others/mktorrent.torrent", "application/x-bittorrent", "mktorrent", "mktorrent -a http://example.com/a -o $out seed.txt")
made("others/trimesh.glb", "model/gltf-binary", "py:trimesh", solid("glb"))
made("others/pygltflib.glb", "model/gltf-binary", "py:pygltflib", gltf)
made("others/trimesh-binary.stl", "model/stl", "py:trimesh", solid("stl"))
made("others/trimesh-ascii.stl", "model/stl", "py:trimesh", solid("stl_ascii"))
made("others/trimesh.obj", "model/obj", "py:trimesh", solid("obj"))
made("others/trimesh.ply", "application/x-ply", "py:trimesh", solid("ply"))
made("others/ezdxf.dxf", "image/vnd.dxf", "py:ezdxf", drawing)
made("others/potrace.dxf", "image/vnd.dxf", "potrace", "/usr/bin/convert seed.png -threshold 50% p.pbm; potrace -b dxf p.pbm -o $out")
made("others/gpg.asc", "application/pgp-signature", "gpg",
     "export GNUPGHOME=$PWD/g; mkdir -pm 700 g; gpg -q --batch --passphrase '' --quick-gen-key s@example.com ed25519 2>&1; gpg -q --batch --armor --detach-sign -o $out seed.txt")
made("others/openssl.der", "application/pkix-cert", "openssl",
     "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=s -outform der -out $out 2>&1")
made("others/openssl.pem", "application/x-pem-file", "openssl",
     "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=s -out $out 2>&1")
