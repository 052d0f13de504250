/* Packets to a file and back. The format is in segment.h. */
#define _POSIX_C_SOURCE 200809L
#include "media/out/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>
#include <libavutil/murmur3.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"

#define MAGIC       "rifec segment 2\n"
#define MAGIC_OLD   "rifec segment 1\n"
#define MAGIC_SIZE  16
#define HEADER_SIZE 96
#define BODY_MIN    36 /* of a packet without data and side data */
/* TRUSTED would let a muxer follow pointers in the data. */
#define FLAGS_KEPT                                                                       \
    (AV_PKT_FLAG_KEY | AV_PKT_FLAG_CORRUPT | AV_PKT_FLAG_DISCARD | AV_PKT_FLAG_DISPOSABLE)

/* --- writing -------------------------------------------------------------- */

struct segment_writer {
    struct outfile *file;
    struct AVMurMur3 *record, *all; /* of this record; of all records' digests */
    int64_t bytes;
    uint32_t packets;
};

int segment_create(struct segment_writer **out, const char *path)
{
    static const uint8_t room[HEADER_SIZE]; /* written last */
    int err = 0;
    struct segment_writer *s = *out = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("a resume segment");
    s->record = av_murmur3_alloc();
    s->all = av_murmur3_alloc();
    if (!s->record || !s->all)
        TRY(mem_fail("the checksum of a resume segment"));
    av_murmur3_init(s->all);
    TRY(outfile_create(&s->file,
                       &(struct outfile_params){ .path = path, .replace = true }));
    TRY(outfile_write(s->file, room, sizeof room));
    s->bytes = sizeof room;
    return 0;
fail:
    segment_discard(out);
    return err;
}

/* A part of a record. */
static int put(struct segment_writer *s, const void *data, size_t size)
{
    av_murmur3_update(s->record, data, size);
    s->bytes += (int64_t)size;
    return outfile_write(s->file, data, size);
}

/* The size of a packet's body; no packet is larger than 4 GiB. */
static int64_t body_size(const AVPacket *pkt)
{
    int64_t size = BODY_MIN + (int64_t)pkt->size;
    for (int i = 0; i < pkt->side_data_elems; i++)
        size += 8 + (int64_t)pkt->side_data[i].size;
    return size;
}

int segment_write(struct segment_writer *s, const AVPacket *pkt)
{
    int err = 0;
    uint8_t head[4 + BODY_MIN], side_head[8], digest[DIGEST_SIZE];
    int64_t size = body_size(pkt);
    if (size > INT_MAX)
        FAIL(RIFEC_ERR_OUTPUT, "%s: a packet of %lld bytes is too large for --resume",
             outfile_part(s->file), (long long)size);
    AV_WL32(head, (uint32_t)size);
    AV_WL32(head + 4, s->packets);
    AV_WL32(head + 8, (uint32_t)(pkt->flags & FLAGS_KEPT));
    AV_WL64(head + 12, (uint64_t)pkt->pts);
    AV_WL64(head + 20, (uint64_t)pkt->dts);
    AV_WL64(head + 28, (uint64_t)pkt->duration);
    AV_WL32(head + 36, (uint32_t)pkt->side_data_elems);
    av_murmur3_init(s->record);
    TRY(put(s, head, sizeof head));
    for (int i = 0; i < pkt->side_data_elems; i++) {
        const AVPacketSideData *sd = &pkt->side_data[i];
        AV_WL32(side_head, (uint32_t)sd->type);
        AV_WL32(side_head + 4, (uint32_t)sd->size);
        TRY(put(s, side_head, sizeof side_head));
        TRY(put(s, sd->data, (size_t)sd->size));
    }
    TRY(put(s, pkt->data, (size_t)pkt->size));
    av_murmur3_final(s->record, digest);
    av_murmur3_update(s->all, digest, sizeof digest);
    TRY(outfile_write(s->file, digest, sizeof digest));
    s->bytes += sizeof digest;
    s->packets++;
fail:
    return err;
}

int segment_commit(struct segment_writer **segment, const struct segment_head *head)
{
    int err = 0;
    struct segment_writer *s = *segment;
    uint8_t header[HEADER_SIZE];
    memcpy(header, MAGIC, MAGIC_SIZE);
    memcpy(header + 16, head->settings, DIGEST_SIZE);
    AV_WL32(header + 32, (uint32_t)head->number);
    AV_WL32(header + 36, s->packets);
    AV_WL64(header + 40, (uint64_t)head->first);
    AV_WL64(header + 48, (uint64_t)head->frames);
    AV_WL64(header + 56, (uint64_t)s->bytes);
    av_murmur3_final(s->all, header + 64);
    TRY(digest_of(header, 80, header + 80));
    if (lseek(outfile_fd(s->file), 0, SEEK_SET) != 0)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot seek to its start: %s", outfile_part(s->file),
             strerror(errno));
    TRY(outfile_write(s->file, header, sizeof header));
    err = outfile_publish(&s->file);
fail:
    segment_discard(segment);
    return err;
}

void segment_discard(struct segment_writer **segment)
{
    struct segment_writer *s = *segment;
    if (!s)
        return;
    outfile_discard(&s->file);
    av_free(s->record);
    av_free(s->all);
    free(s);
    *segment = NULL;
}

/* --- reading -------------------------------------------------------------- */

struct segment_reader {
    FILE *file;
    char *path;
    char why[80]; /* what is wrong with it; empty: nothing so far */
    struct AVMurMur3 *all;
    uint8_t all_expected[DIGEST_SIZE];
    int64_t left;           /* bytes after those read */
    uint32_t packets, read; /* in it; of these, read      */
    uint8_t *record;        /* the newest: size and body  */
    size_t room;            /* of `record`                */
};

static void damaged(struct segment_reader *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
}

/* False: damaged. The caller knows that the file is large enough. */
static bool get(struct segment_reader *s, void *data, size_t size)
{
    if (fread(data, 1, size, s->file) != size) {
        damaged(s, ferror(s->file) ? strerror(errno) : "it is cut short");
        return false;
    }
    s->left -= (int64_t)size;
    return true;
}

static int read_header(struct segment_reader *s, int64_t file_size,
                       struct segment_head *head, bool *old)
{
    int err = 0;
    uint8_t header[HEADER_SIZE], digest[DIGEST_SIZE];
    *old = false;
    s->left = file_size;
    if (file_size < MAGIC_SIZE) {
        damaged(s, "it is cut short");
        return 0;
    }
    if (!get(s, header, MAGIC_SIZE))
        return 0;
    *old = !memcmp(header, MAGIC_OLD, MAGIC_SIZE);
    if (memcmp(header, MAGIC, MAGIC_SIZE) != 0 || file_size < HEADER_SIZE) {
        damaged(s, memcmp(header, MAGIC, MAGIC_SIZE) ? "it does not begin like a segment"
                                                     : "it is cut short");
        return 0;
    }
    if (!get(s, header + MAGIC_SIZE, HEADER_SIZE - MAGIC_SIZE))
        return 0;
    TRY(digest_of(header, 80, digest));
    memcpy(head->settings, header + 16, DIGEST_SIZE);
    head->number = (int)AV_RL32(header + 32);
    s->packets = AV_RL32(header + 36);
    head->first = (int64_t)AV_RL64(header + 40);
    head->frames = (int64_t)AV_RL64(header + 48);
    memcpy(s->all_expected, header + 64, DIGEST_SIZE);
    int64_t bytes = (int64_t)AV_RL64(header + 56);
    if (memcmp(digest, header + 80, DIGEST_SIZE) != 0)
        damaged(s, "its header's checksum is wrong");
    else if (bytes != file_size)
        damaged(s, bytes > file_size ? "it is cut short" : "it is too long");
    else if (head->number < 0 || head->first < 0 || head->first > INT64_MAX / 2 ||
             head->frames <= 0 || head->frames > INT_MAX)
        damaged(s, "its header makes no sense");
fail:
    return err;
}

static int open_file(struct segment_reader *s, int64_t *size, enum segment_state *state)
{
    int err = 0;
    struct stat st;
    int fd = open(s->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *state = SEGMENT_ABSENT;
        return 0;
    }
    if (fd < 0 && errno != ELOOP)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot read it: %s", s->path, strerror(errno));
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        damaged(s, "it is not a regular file");
        goto fail;
    }
    *size = st.st_size;
    s->file = fdopen(fd, "rb");
    if (!s->file)
        TRY(mem_fail("a resume segment"));
    fd = -1;
fail:
    if (fd >= 0)
        close(fd);
    return err;
}

int segment_open(struct segment_reader **out, const char *path, struct segment_head *head,
                 enum segment_state *state, char why[80])
{
    int err = 0;
    int64_t size = 0;
    bool old = false;
    *state = SEGMENT_WHOLE;
    struct segment_reader *s = *out = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("a resume segment");
    s->path = av_strdup(path);
    s->all = av_murmur3_alloc();
    if (!s->path || !s->all)
        TRY(mem_fail("a resume segment"));
    av_murmur3_init(s->all);
    TRY(open_file(s, &size, state));
    if (s->file)
        TRY(read_header(s, size, head, &old));
    if (s->why[0])
        *state = old ? SEGMENT_OLD : SEGMENT_DAMAGED;
    memcpy(why, s->why, sizeof s->why);
fail:
    if (err < 0 || *state != SEGMENT_WHOLE)
        segment_close(out);
    return err;
}

/* The next record to s->record; its size and body have the digest they should have.
 * *size is that of the body. Unless s->why says otherwise. */
static int read_record(struct segment_reader *s, size_t *size)
{
    int err = 0;
    uint8_t start[4], digest[DIGEST_SIZE], expected[DIGEST_SIZE];
    if (s->left < 4 + BODY_MIN + DIGEST_SIZE) {
        damaged(s, "it is cut short");
        return 0;
    }
    if (!get(s, start, sizeof start))
        return 0;
    *size = AV_RL32(start);
    if (*size < BODY_MIN || *size > INT_MAX || (int64_t)*size > s->left - DIGEST_SIZE) {
        damaged(s, "a packet in it has an impossible size");
        return 0;
    }
    if (4 + *size > s->room) {
        uint8_t *grown = realloc(s->record, 4 + *size);
        if (!grown)
            TRY(mem_fail("a packet of a resume segment"));
        s->record = grown;
        s->room = 4 + *size;
    }
    memcpy(s->record, start, sizeof start);
    if (!get(s, s->record + 4, *size) || !get(s, expected, sizeof expected))
        return 0;
    TRY(digest_of(s->record, 4 + *size, digest));
    av_murmur3_update(s->all, digest, sizeof digest);
    if (memcmp(digest, expected, sizeof digest) != 0)
        damaged(s, "a packet's checksum is wrong");
fail:
    return err;
}

/* Side data from `at` to `end`; *rest is where the packet's data begin. */
static int parse_side_data(struct segment_reader *s, AVPacket *pkt, const uint8_t *at,
                           const uint8_t *end, uint32_t count, const uint8_t **rest)
{
    if (count > AV_PKT_DATA_NB)
        damaged(s, "a packet in it has too much side data");
    for (uint32_t i = 0; i < count && !s->why[0]; i++) {
        uint32_t type = end - at < 8 ? AV_PKT_DATA_NB : AV_RL32(at);
        uint32_t size = end - at < 8 ? 0 : AV_RL32(at + 4);
        if (type >= AV_PKT_DATA_NB || size > (size_t)(end - at) - 8) {
            damaged(s, "a packet in it has impossible side data");
            break;
        }
        uint8_t *data = av_packet_new_side_data(pkt, type, size);
        if (!data)
            return mem_fail("the side data of a packet");
        memcpy(data, at + 8, size);
        at += 8 + size;
    }
    *rest = at;
    return 0;
}

static int parse_packet(struct segment_reader *s, size_t size, AVPacket *pkt)
{
    int err = 0;
    const uint8_t *body = s->record + 4, *end = body + size, *data = end;
    if (AV_RL32(body) != s->read)
        damaged(s, "its packets are out of order");
    TRY(parse_side_data(s, pkt, body + BODY_MIN, end, AV_RL32(body + 32), &data));
    if (s->why[0])
        return 0;
    if (end > data) { /* av_new_packet() would forget the side data */
        if (av_grow_packet(pkt, (int)(end - data)) < 0)
            TRY(mem_fail("a packet"));
        memcpy(pkt->data, data, (size_t)(end - data));
    }
    pkt->flags = (int)AV_RL32(body + 4) & FLAGS_KEPT;
    pkt->pts = (int64_t)AV_RL64(body + 8);
    pkt->dts = (int64_t)AV_RL64(body + 16);
    pkt->duration = (int64_t)AV_RL64(body + 24);
fail:
    return err;
}

/* After the last packet. */
static void check_end(struct segment_reader *s)
{
    uint8_t digest[DIGEST_SIZE];
    av_murmur3_final(s->all, digest);
    if (s->left != 0)
        damaged(s, "it is too long");
    else if (memcmp(digest, s->all_expected, sizeof digest) != 0)
        damaged(s, "its packets are not those of its header");
}

/* Like segment_read(), but reports damage only in s->why. */
static int next_packet(struct segment_reader *s, AVPacket **out)
{
    int err = 0;
    size_t size = 0;
    AVPacket *pkt = NULL;
    *out = NULL;
    if (s->read == s->packets) {
        check_end(s);
        return 0;
    }
    TRY(read_record(s, &size));
    if (s->why[0])
        return 0;
    pkt = av_packet_alloc();
    if (!pkt)
        TRY(mem_fail("a packet"));
    TRY(parse_packet(s, size, pkt));
    if (s->why[0])
        goto fail;
    s->read++;
    *out = pkt;
    pkt = NULL;
fail:
    av_packet_free(&pkt);
    return err;
}

int segment_read(struct segment_reader *s, AVPacket **out)
{
    int err = next_packet(s, out);
    if (err == 0 && s->why[0]) {
        log_error("%s: was damaged during the run (%s); repeat the command to make it "
                  "again",
                  s->path, s->why);
        err = RIFEC_ERR_OUTPUT;
    }
    return err;
}

int segment_check(const char *path, struct segment_head *head, enum segment_state *state,
                  char why[80])
{
    struct segment_reader *s;
    AVPacket *pkt = NULL;
    int err = segment_open(&s, path, head, state, why);
    if (!s)
        return err;
    do {
        av_packet_free(&pkt);
        TRY(next_packet(s, &pkt));
    } while (pkt);
    memcpy(why, s->why, sizeof s->why);
    if (s->why[0])
        *state = SEGMENT_DAMAGED;
fail:
    segment_close(&s);
    return err;
}

void segment_close(struct segment_reader **segment)
{
    struct segment_reader *s = *segment;
    if (!s)
        return;
    if (s->file)
        fclose(s->file);
    av_free(s->path);
    av_free(s->all);
    free(s->record);
    free(s);
    *segment = NULL;
}
