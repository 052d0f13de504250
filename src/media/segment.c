/* Packets to a file and back. */
#define _POSIX_C_SOURCE 200809L
#include "media/segment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define MAGIC         "rifec segment 1\n"
#define SIDE_SIZE_MAX (16 << 20)

struct segment {
    FILE *file;
    char *path, *part;
    bool writing;
};

/* At the start of the file; frames is 0 until all is there. */
struct head {
    char magic[sizeof MAGIC];
    int64_t frames;
};

struct packet_head {
    int64_t pts, dts, duration;
    int32_t flags, size, side_count, unused;
};

struct side_head {
    int32_t type, size;
};

static int cannot(const struct segment *s, const char *what)
{
    log_error("%s: cannot %s: %s", s->writing ? s->part : s->path, what, strerror(errno));
    return RIFEC_ERR_OUTPUT;
}

static int put(struct segment *s, const void *data, size_t size)
{
    return fwrite(data, 1, size, s->file) == size ? 0 : cannot(s, "write");
}

static int new_segment(struct segment **out, const char *path)
{
    struct segment *s = *out = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("a resume segment");
    s->path = av_strdup(path);
    s->part = av_asprintf("%s.part", path);
    return s->path && s->part ? 0 : mem_fail("a file name");
}

int segment_create(struct segment **out, const char *path)
{
    int err = 0;
    struct head head = { .magic = MAGIC };
    TRY(new_segment(out, path));
    (*out)->writing = true;
    (*out)->file = fopen((*out)->part, "wb");
    TRY((*out)->file ? put(*out, &head, sizeof head) : cannot(*out, "create it"));
fail:
    if (err < 0)
        segment_close(out);
    return err;
}

int segment_write(struct segment *s, const AVPacket *pkt)
{
    int err = 0;
    TRY(put(s,
            &(struct packet_head){ .pts = pkt->pts,
                                   .dts = pkt->dts,
                                   .duration = pkt->duration,
                                   .flags = pkt->flags,
                                   .size = pkt->size,
                                   .side_count = pkt->side_data_elems },
            sizeof(struct packet_head)));
    TRY(put(s, pkt->data, (size_t)pkt->size));
    for (int i = 0; i < pkt->side_data_elems; i++) {
        const AVPacketSideData *sd = &pkt->side_data[i];
        struct side_head head = { (int32_t)sd->type, (int32_t)sd->size };
        TRY(put(s, &head, sizeof head));
        TRY(put(s, sd->data, (size_t)sd->size));
    }
fail:
    return err;
}

int segment_commit(struct segment **segment, int64_t frames)
{
    struct segment *s = *segment;
    int err = 0;
    struct head head = { .magic = MAGIC, .frames = frames };
    bool ok = fflush(s->file) == 0 && fseek(s->file, 0, SEEK_SET) == 0;
    TRY(ok ? put(s, &head, sizeof head) : cannot(s, "write"));
    if (fflush(s->file) != 0 || fsync(fileno(s->file)) != 0 ||
        rename(s->part, s->path) != 0)
        err = cannot(s, "write");
    else
        s->writing = false;
fail:
    segment_close(segment);
    return err;
}

int segment_open(struct segment **out, const char *path, int64_t *frames)
{
    int err = 0;
    struct head head;
    *frames = 0;
    TRY(new_segment(out, path));
    (*out)->file = fopen(path, "rb");
    if ((*out)->file && fread(&head, sizeof head, 1, (*out)->file) == 1 &&
        !memcmp(head.magic, MAGIC, sizeof MAGIC))
        *frames = head.frames;
fail:
    if (!*frames)
        segment_close(out);
    return err;
}

static int damaged(const struct segment *s)
{
    log_error("%s: is damaged; delete it, and it is made again", s->path);
    return RIFEC_ERR_OUTPUT;
}

static int get(struct segment *s, void *data, size_t size)
{
    return fread(data, 1, size, s->file) == size ? 0 : damaged(s);
}

static int read_side_data(struct segment *s, AVPacket *pkt)
{
    int err = 0;
    struct side_head head;
    TRY(get(s, &head, sizeof head));
    if (head.size < 0 || head.size > SIDE_SIZE_MAX)
        return damaged(s);
    uint8_t *data = av_packet_new_side_data(pkt, (enum AVPacketSideDataType)head.type,
                                            (size_t)head.size);
    TRY(data ? get(s, data, (size_t)head.size) : mem_fail("the side data of a packet"));
fail:
    return err;
}

int segment_read(struct segment *s, AVPacket **out)
{
    int err = 0;
    struct packet_head head;
    AVPacket *pkt = NULL;
    *out = NULL;
    if (fread(&head, sizeof head, 1, s->file) != 1)
        return feof(s->file) ? 0 : damaged(s);
    pkt = av_packet_alloc();
    if (head.size < 0 || head.side_count < 0)
        TRY(damaged(s));
    if (!pkt || av_new_packet(pkt, head.size) < 0)
        TRY(mem_fail("a packet"));
    TRY(get(s, pkt->data, (size_t)head.size));
    pkt->pts = head.pts;
    pkt->dts = head.dts;
    pkt->duration = head.duration;
    pkt->flags = head.flags;
    for (int i = 0; i < head.side_count; i++)
        TRY(read_side_data(s, pkt));
    *out = pkt;
    pkt = NULL;
fail:
    av_packet_free(&pkt);
    return err;
}

void segment_close(struct segment **segment)
{
    struct segment *s = *segment;
    if (!s)
        return;
    if (s->file)
        fclose(s->file);
    if (s->writing)
        unlink(s->part);
    av_free(s->path);
    av_free(s->part);
    free(s);
    *segment = NULL;
}
