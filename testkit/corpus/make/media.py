"""Sound and film."""

import seeds  # noqa: F401
from record import made

FF = "ffmpeg -v error -i"


def film(path, media_type, options):
    made(path, media_type, "ffmpeg", f"{FF} seed.mkv {options} $out")


def sound(path, media_type, options=""):
    made(path, media_type, "ffmpeg", f"{FF} seed.wav {options} $out")


def sox(path, media_type, options="", effects=""):
    made(path, media_type, "sox", f"sox seed.wav {options} $out {effects}")


def gst(path, media_type, pipeline):
    made(path, media_type, "gst-launch-1.0", f"gst-launch-1.0 -q {pipeline} ! filesink location=$out")


H264 = "-c:v libx264 -crf 40 -c:a aac -b:a 32k"
# The ISO family
film("media/ffmpeg.mp4", "video/mp4", H264)
film("media/ffmpeg-faststart.mp4", "video/mp4", f"{H264} -movflags +faststart")
film("media/ffmpeg-fragmented.mp4", "video/mp4", f"{H264} -movflags frag_keyframe+empty_moov")
film("media/ffmpeg-dash.mp4", "video/mp4", f"{H264} -movflags dash -brand dash")
film("media/ffmpeg-avc1.mp4", "video/mp4", f"{H264} -brand avc1")
film("media/ffmpeg-iso6.mp4", "video/mp4", f"{H264} -brand iso6")
film("media/ffmpeg-hevc.mp4", "video/mp4", "-c:v libx265 -x265-params log-level=none -crf 40 -an")
film("media/ffmpeg-av1.mp4", "video/mp4", "-c:v libaom-av1 -cpu-used 8 -crf 50 -an")
film("media/ffmpeg-mpeg4.mp4", "video/mp4", "-c:v mpeg4 -an")
film("media/ffmpeg.m4v", "video/x-m4v", f"{H264} -f ipod -brand 'M4V '")
film("media/ffmpeg.mov", "video/quicktime", H264)
film("media/ffmpeg-mjpeg.mov", "video/quicktime", "-c:v mjpeg -q:v 20 -c:a pcm_s16be -ar 8000 -ac 1")
made("media/ffmpeg-old-style.mov", "video/quicktime", "ffmpeg",
     f"{FF} seed.mkv {H264} -movflags +faststart o.mov; tail -c +21 o.mov > $out")
film("media/ffmpeg.3gp", "video/3gpp", "-c:v h263 -s 128x96 -an")
film("media/ffmpeg.3g2", "video/3gpp2", "-c:v h263 -s 128x96 -an")
sound("media/ffmpeg.m4a", "audio/mp4", "-c:a aac -b:a 32k")
sound("media/ffmpeg-alac.m4a", "audio/mp4", "-c:a alac")
sound("media/ffmpeg-audiobook.m4b", "audio/mp4", "-c:a aac -b:a 32k -f ipod -brand 'M4B '")
sound("media/ffmpeg-sound-in-isom.m4a", "audio/mp4", "-c:a aac -b:a 32k -f mp4")
TEST = "videotestsrc num-buffers=6 ! video/x-raw,width=64,height=48,framerate=10/1"
gst("media/gstreamer.mp4", "video/mp4", f"{TEST} ! x264enc ! mp4mux")
gst("media/gstreamer.mov", "video/quicktime", f"{TEST} ! jpegenc ! qtmux")
gst("media/gstreamer.webm", "video/webm", f"{TEST} ! vp8enc ! webmmux")
gst("media/gstreamer.mkv", "video/x-matroska", f"{TEST} ! x264enc ! matroskamux")
gst("media/gstreamer.ogv", "video/ogg", f"{TEST} ! theoraenc ! oggmux")
gst("media/gstreamer.avi", "video/x-msvideo", f"{TEST} ! jpegenc ! avimux")
gst("media/gstreamer.flv", "video/x-flv", f"{TEST} ! x264enc ! flvmux")

# Matroska and WebM
film("media/ffmpeg.webm", "video/webm", "-c:v libvpx-vp9 -b:v 40k -c:a libopus -b:a 16k")
film("media/ffmpeg-vp8.webm", "video/webm", "-c:v libvpx -b:v 40k -c:a libvorbis")
sound("media/ffmpeg-sound.webm", "audio/webm", "-c:a libopus -b:a 16k")
film("media/ffmpeg.mkv", "video/x-matroska", H264)
film("media/ffmpeg-live.mkv", "video/x-matroska", f"{H264} -f matroska -live 1")
made("media/mkvmerge.mkv", "video/x-matroska", "mkvmerge", f"{FF} seed.mkv {H264} k.mp4; mkvmerge -q -o $out k.mp4")
made("media/mkvmerge.webm", "video/webm", "mkvmerge",
     f"{FF} seed.mkv -c:v libvpx -b:v 40k -an k.webm; mkvmerge -q --webm -o $out k.webm")
made("media/mkvmerge-sound.mka", "audio/x-matroska", "mkvmerge", f"{FF} seed.wav -c:a libmp3lame k.mp3; mkvmerge -q -o $out k.mp3")
sound("media/ffmpeg-sound.mka", "audio/x-matroska", "-c:a flac")

# Other films
film("media/ffmpeg.avi", "video/x-msvideo", "-c:v mpeg4 -c:a libmp3lame -b:a 32k")
film("media/ffmpeg.mpg", "video/mpeg", "-c:v mpeg1video -r 25 -b:v 60k -c:a mp2 -b:a 32k")
film("media/ffmpeg-dvd.mpg", "video/mpeg", "-f dvd -c:v mpeg2video -r 25 -b:v 60k -an")
film("media/ffmpeg-elementary.m2v", "video/mpeg", "-an -c:v mpeg2video -r 25 -b:v 60k -f mpeg2video")
film("media/ffmpeg.ts", "video/mp2t", f"{H264} -f mpegts")
film("media/ffmpeg.m2ts", "video/mp2t", f"{H264} -f mpegts -mpegts_m2ts_mode 1")
film("media/ffmpeg.flv", "video/x-flv", "-c:v flv -an")
film("media/ffmpeg.wmv", "video/x-ms-wmv", "-c:v wmv2 -b:v 60k -c:a wmav2 -b:a 32k")
sound("media/ffmpeg.wma", "audio/x-ms-wma", "-c:a wmav2 -b:a 32k")
film("media/ffmpeg.asf", "video/x-ms-asf", "-c:v msmpeg4 -b:v 60k -an")
film("media/ffmpeg.ogv", "video/ogg", "-c:v libtheora -q:v 2 -c:a libvorbis")

# Ogg
made("media/oggenc.ogg", "audio/ogg", "oggenc", "oggenc -Q -q 0 seed.wav -o $out")
sound("media/ffmpeg-vorbis.ogg", "audio/ogg", "-c:a libvorbis")
made("media/opusenc.opus", "audio/ogg", "opusenc", "opusenc --quiet --bitrate 16 seed.wav $out")
sound("media/ffmpeg.opus", "audio/opus", "-c:a libopus -b:a 16k")
made("media/flac-in-ogg.oga", "audio/ogg", "flac", "flac -s --ogg -o $out seed.wav")
sound("media/ffmpeg-speex.spx", "audio/ogg", "-c:a libspeex -ar 8000")

# MP3 and its relatives
made("media/lame.mp3", "audio/mpeg", "lame", "lame --quiet -b 32 seed.wav $out")
made("media/lame-id3v2.mp3", "audio/mpeg", "lame", "lame --quiet -b 32 --id3v2-only --tt Sluice --ta River seed.wav $out")
made("media/lame-id3v1.mp3", "audio/mpeg", "lame", "lame --quiet -b 32 --id3v1-only --tt Sluice seed.wav $out")
made("media/lame-44100.mp3", "audio/mpeg", "lame", "sox seed.wav -r 44100 w.wav; lame --quiet -b 64 -t w.wav $out")
made("media/lame-crc.mp3", "audio/mpeg", "lame", "sox seed.wav -r 44100 w.wav; lame --quiet -p -b 64 -t w.wav $out")
made("media/lame-8000.mp3", "audio/mpeg", "lame", "sox seed.wav -r 8000 v.wav; lame --quiet -b 16 -t v.wav $out")
made("media/id3v2-tool.mp3", "audio/mpeg", "id3v2", "lame --quiet -b 32 -t seed.wav i.mp3; id3v2 -t Sluice -a River i.mp3; cp i.mp3 $out")
sound("media/ffmpeg-without-tags.mp3", "audio/mpeg", "-c:a libmp3lame -b:a 32k -id3v2_version 0 -write_xing 0 -bitexact")
made("media/ffmpeg-cover.mp3", "audio/mpeg", "ffmpeg",
     f"{FF} seed.wav -i seed.png -map 0 -map 1 -c:a libmp3lame -b:a 32k -c:v mjpeg -disposition:v attached_pic -id3v2_version 3 $out")
sound("media/ffmpeg.mp2", "audio/mpeg", "-c:a mp2 -b:a 32k")
sound("media/ffmpeg.aac", "audio/aac", "-c:a aac -b:a 32k -f adts")
sound("media/ffmpeg-mpeg2.aac", "audio/aac", "-c:a aac -b:a 32k -f adts -write_mpeg2 1")
made("media/gstreamer.aac", "audio/aac", "gst-launch-1.0",
     f"{FF} seed.wav -c:a aac -b:a 32k -f ipod g.m4a; gst-launch-1.0 -q filesrc location=g.m4a ! qtdemux ! aacparse ! "
     "audio/mpeg,stream-format=adts ! filesink location=$out")
sound("media/ffmpeg.ac3", "audio/ac3", "-c:a ac3 -b:a 32k -ar 32000")

# Waves
sox("media/sox.wav", "audio/wav", "-r 8000 -b 8")
sox("media/sox-float.wav", "audio/wav", "-r 8000 -e floating-point -b 32", "trim 0 0.1")
sound("media/ffmpeg-listed.wav", "audio/wav", "-ar 8000 -metadata title=Sluice")
sound("media/ffmpeg-rf64.wav", "audio/wav", "-ar 8000 -rf64 always")
sox("media/sox.aiff", "audio/aiff", "-r 8000")
sox("media/sox-compressed.aifc", "audio/aiff", "-r 8000 -t aifc")
sound("media/ffmpeg.aiff", "audio/aiff", "-ar 8000")
sox("media/sox.au", "audio/basic", "-r 8000 -e mu-law")
sox("media/sox.amr", "audio/amr", "-r 8000 -t amr-nb")
sound("media/ffmpeg.caf", "audio/x-caf", "-ar 8000")
sox("media/sox.caf", "audio/x-caf", "-r 8000")
made("media/flac.flac", "audio/flac", "flac", "flac -s -o $out seed.wav")
sound("media/ffmpeg.flac", "audio/flac")
made("media/metaflac-picture.flac", "audio/flac", "metaflac",
     "flac -sf -o m.flac seed.wav; metaflac --import-picture-from=seed.png m.flac; cp m.flac $out")
made("media/ffmpeg.wv", "audio/x-wavpack", "ffmpeg", f"{FF} seed.wav -c:a wavpack $out")


def song(out):
    import mido
    track = mido.MidiTrack([mido.Message("note_on", note=64, time=0), mido.Message("note_off", note=64, time=240)])
    midi = mido.MidiFile()
    midi.tracks.append(track)
    midi.save(out)


made("media/mido.mid", "audio/midi", "py:mido", song)
made("media/abc2midi.mid", "audio/midi", "abc2midi", "printf 'X:1\\nT:Sluice\\nM:4/4\\nL:1/4\\nK:C\\nCDEF|\\n' > t.abc; abc2midi t.abc -o $out")
