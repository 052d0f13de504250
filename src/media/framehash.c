/* Frame hashes, by libavutil's MD5. */
#include "media/framehash.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/imgutils.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "media/avcompat.h"

/* --- one frame ---------------------------------------------------------------- */

static size_t hash_plane(struct AVMD5 *md5, const AVFrame *f, int plane, int row_bytes)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
    bool chroma = plane == 1 || plane == 2;
    int rows = chroma ? AV_CEIL_RSHIFT(f->height, d->log2_chroma_h) : f->height;
    const uint8_t *at = f->data[plane];
    if (f->linesize[plane] == row_bytes) {
        av_md5_update(md5, at, (size_t)row_bytes * (size_t)rows);
    } else {
        for (int y = 0; y < rows; y++, at += f->linesize[plane])
            av_md5_update(md5, at, (size_t)row_bytes);
    }
    return (size_t)row_bytes * (size_t)rows;
}

int framehash_make(const AVFrame *f, char text[FRAMEHASH_TEXT], size_t *bytes)
{
    uint8_t sum[16];
    size_t total = 0;
    struct AVMD5 *md5 = av_md5_alloc();
    if (!md5)
        return mem_fail("the hash of a frame");
    av_md5_init(md5);
    for (int p = 0; p < 4 && f->data[p]; p++) {
        int row_bytes = av_image_get_linesize((enum AVPixelFormat)f->format, f->width, p);
        if (row_bytes > 0)
            total += hash_plane(md5, f, p, row_bytes);
    }
    av_md5_final(md5, sum);
    av_free(md5);
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    if (bytes)
        *bytes = total;
    return 0;
}

/* --- the file ----------------------------------------------------------------- */

struct framemd5 {
    struct outfile *file; /* NULL: standard output */
    bool to_stdout;
};

static int put(struct framemd5 *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int put(struct framemd5 *f, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!f->to_stdout)
        return outfile_write(f->file, line, (size_t)length);
    if (fwrite(line, 1, (size_t)length, stdout) == (size_t)length)
        return 0;
    log_error("stdout: cannot write the frame hashes");
    return RIFEC_ERR_OUTPUT;
}

int framemd5_open(struct framemd5 **out, const char *path, bool overwrite,
                  const AVCodecContext *encoder)
{
    int err = 0;
    struct framemd5 *f = *out = calloc(1, sizeof *f);
    if (!f)
        return mem_fail("the list of frame hashes");
    f->to_stdout = !strcmp(path, "-");
    if (!f->to_stdout)
        TRY(outfile_create(
            &f->file, &(struct outfile_params){ .path = path, .replace = overwrite }));
    AVRational sar = encoder->sample_aspect_ratio;
    TRY(put(f,
            "#format: frame checksums\n#version: 2\n#hash: MD5\n"
            "#tb 0: %d/%d\n#media_type 0: video\n#codec_id 0: rawvideo\n"
            "#dimensions 0: %dx%d\n#sar 0: %d/%d\n"
            "#stream#, dts,        pts, duration,     size, hash\n",
            encoder->time_base.num, encoder->time_base.den, encoder->width,
            encoder->height, sar.num, sar.den));
    return 0;
fail:
    framemd5_close(out);
    return err;
}

int framemd5_add(struct framemd5 *f, const AVFrame *frame, const char *hash, size_t bytes)
{
    return put(f, "0, %10" PRId64 ", %10" PRId64 ", %8" PRId64 ", %8zu, %s\n", frame->pts,
               frame->pts, (int64_t)AVFRAME_DURATION(frame), bytes, hash);
}

int framemd5_finish(struct framemd5 **f)
{
    int err = 0;
    if (!(*f)->to_stdout)
        err = outfile_publish(&(*f)->file);
    else if (fflush(stdout) != 0) {
        log_error("stdout: cannot write the frame hashes");
        err = RIFEC_ERR_OUTPUT;
    }
    framemd5_close(f);
    return err;
}

void framemd5_close(struct framemd5 **f)
{
    if (!*f)
        return;
    outfile_discard(&(*f)->file);
    free(*f);
    *f = NULL;
}
