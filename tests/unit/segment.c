/*
 * Segments of --resume: what is written is read again, any damage is noticed, and no
 * number in a file is used before it is checked.
 */
#define _POSIX_C_SOURCE 200809L
#include "media/out/segment.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avutil.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>

#include "check.h"
#include "rifec/log.h"

#define HEADER 96

static char folder[] = "/tmp/rifec-segment-XXXXXX";
static char path[64];
static const struct segment_head written = {
    .settings = "0123456789abcde", .number = 7, .first = 1680, .frames = 3
};

static void make_packet(AVPacket *pkt, int i)
{
    static const int sizes[] = { 40, 0, 13 };
    CHECK(av_new_packet(pkt, sizes[i]) == 0);
    for (int k = 0; k < pkt->size; k++)
        pkt->data[k] = (uint8_t)(31 * i + k);
    pkt->pts = i - 1;
    pkt->dts = i ? i - 2 : AV_NOPTS_VALUE;
    pkt->duration = 1;
    pkt->flags = i == 0 ? AV_PKT_FLAG_KEY | AV_PKT_FLAG_TRUSTED : 0;
    for (int k = 0; k < i; k++) {
        uint8_t *side = av_packet_new_side_data(
            pkt, k ? AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL : AV_PKT_DATA_QUALITY_STATS, 9);
        memset(side, 'a' + k, 9);
    }
}

static void write_segment(void)
{
    struct segment_writer *s;
    CHECK(segment_create(&s, path) == 0);
    for (int i = 0; i < 3; i++) {
        AVPacket *pkt = av_packet_alloc();
        make_packet(pkt, i);
        CHECK(segment_write(s, pkt) == 0);
        av_packet_free(&pkt);
    }
    CHECK(access(path, F_OK) != 0);
    CHECK(segment_commit(&s, &written) == 0 && !s);
}

static size_t load(uint8_t *data, size_t room)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(data, 1, room, f) : 0;
    if (f)
        fclose(f);
    return n;
}

/* Written in place, because a file system may be slow to truncate and close a file. */
static void store(const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    CHECK(ftruncate(fd, (off_t)size) == 0 && close(fd) == 0);
}

static enum segment_state state_of(const uint8_t *data, size_t size, char why[80])
{
    struct segment_head head;
    enum segment_state state = SEGMENT_WHOLE;
    store(data, size);
    CHECK_INT(segment_check(path, &head, &state, why), 0);
    return state;
}

static void test_what_is_written_is_read(void)
{
    struct segment_reader *s;
    struct segment_head head;
    enum segment_state state;
    char why[80];
    write_segment();
    CHECK_INT(segment_check(path, &head, &state, why), 0);
    CHECK_INT(state, SEGMENT_WHOLE);
    CHECK_INT(segment_open(&s, path, &head, &state, why), 0);
    CHECK_INT(state, SEGMENT_WHOLE);
    CHECK(!memcmp(head.settings, written.settings, sizeof head.settings));
    CHECK(head.number == 7 && head.first == 1680 && head.frames == 3);
    for (int i = 0; i < 3; i++) {
        AVPacket *pkt, *expected = av_packet_alloc();
        make_packet(expected, i);
        CHECK(segment_read(s, &pkt) == 0);
        if (!CHECK(pkt != NULL))
            return;
        CHECK(pkt->size == expected->size &&
              (!pkt->size || !memcmp(pkt->data, expected->data, (size_t)pkt->size)));
        CHECK(pkt->pts == expected->pts && pkt->dts == expected->dts &&
              pkt->duration == expected->duration);
        /* A muxer would follow pointers in a packet marked TRUSTED. */
        CHECK_INT(pkt->flags, expected->flags & ~AV_PKT_FLAG_TRUSTED);
        CHECK_INT(pkt->side_data_elems, expected->side_data_elems);
        for (int k = 0; k < pkt->side_data_elems; k++)
            CHECK(pkt->side_data[k].type == expected->side_data[k].type &&
                  pkt->side_data[k].size == 9 &&
                  !memcmp(pkt->side_data[k].data, expected->side_data[k].data, 9));
        av_packet_free(&pkt);
        av_packet_free(&expected);
    }
    AVPacket *none;
    CHECK(segment_read(s, &none) == 0 && !none);
    segment_close(&s);
}

/* Each byte of the header is as the format describes it; no byte comes from the stack. */
static void test_header_is_as_described(void)
{
    uint8_t data[4096], again[4096], header[HEADER] = "rifec segment 2\n";
    write_segment();
    size_t size = load(data, sizeof data);
    memcpy(header + 16, written.settings, DIGEST_SIZE);
    AV_WL32(header + 32, 7);
    AV_WL32(header + 36, 3);
    AV_WL64(header + 40, 1680);
    AV_WL64(header + 48, 3);
    AV_WL64(header + 56, size);
    memcpy(header + 64, data + 64, DIGEST_SIZE);
    CHECK(digest_of(header, 80, header + 80) == 0);
    CHECK(!memcmp(data, header, HEADER));
    unlink(path);
    write_segment();
    CHECK(load(again, sizeof again) == size && !memcmp(data, again, size));
}

static void test_every_flipped_bit_is_noticed(void)
{
    uint8_t data[4096];
    char why[80];
    write_segment();
    size_t size = load(data, sizeof data);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (!CHECK_INT(state_of(data, size, why), SEGMENT_DAMAGED))
            fprintf(stderr, "bit %zu of %zu\n", bit, 8 * size);
        CHECK(why[0]);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_every_length_is_noticed(void)
{
    uint8_t data[4096] = { 0 };
    char why[80];
    write_segment();
    size_t size = load(data, sizeof data);
    for (size_t length = 0; length < size; length++)
        CHECK_INT(state_of(data, length, why), SEGMENT_DAMAGED);
    CHECK_INT(state_of(data, size + 1, why), SEGMENT_DAMAGED);
    CHECK_INT(state_of(data, size, why), SEGMENT_WHOLE);
}

/* Makes the checksums right again after a change, as only a fuzzer does. */
static void seal(uint8_t *data, size_t size)
{
    uint8_t sums[16 * DIGEST_SIZE];
    size_t count = 0;
    for (size_t at = HEADER; at + 4 + DIGEST_SIZE < size && count < 16;) {
        size_t body = AV_RL32(data + at);
        if (body > size - at - 4 - DIGEST_SIZE)
            break;
        CHECK(digest_of(data + at, 4 + body, data + at + 4 + body) == 0);
        memcpy(sums + DIGEST_SIZE * count++, data + at + 4 + body, DIGEST_SIZE);
        at += 4 + body + DIGEST_SIZE;
    }
    CHECK(digest_of(sums, DIGEST_SIZE * count, data + 64) == 0);
    CHECK(digest_of(data, 80, data + 80) == 0);
}

/* Wrong numbers under right checksums. */
static void test_no_number_is_believed(void)
{
    static const struct {
        size_t at; /* in the file; beyond the header: in the last record */
        uint32_t value;
    } lies[] = {
        { HEADER, 0x7fffffff },      /* bytes of a body: 2 GiB                */
        { HEADER, 0xffffffff },      /* ... 4 GiB                             */
        { HEADER, 0 },               /* ... none                              */
        { HEADER + 4, 1 },           /* a packet in another packet's place */
        { HEADER + 36, 1 },          /* side data that does not exist */
        { HEADER + 36, 0x7fffffff }, /* ... and a lot of it                   */
        { 32, 0xffffffff },          /* a negative number of a segment        */
        { 36, 4 },                   /* more packets than there are           */
        { 36, 2 },                   /* fewer                                 */
        { 44, 0x80000000 },          /* a negative first frame                */
        { 52, 1 },                   /* 4 G frames                            */
        { 56, 1 },                   /* another size of the file              */
    };
    uint8_t data[4096], whole[4096];
    char why[80];
    write_segment();
    size_t size = load(whole, sizeof whole);
    memcpy(data, whole, size);
    seal(data, size);
    CHECK(!memcmp(data, whole, size));
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        memcpy(data, whole, size);
        AV_WL32(data + lies[i].at, lies[i].value);
        seal(data, size);
        if (!CHECK_INT(state_of(data, size, why), SEGMENT_DAMAGED))
            fprintf(stderr, "lie %zu\n", i);
    }
    /* The second packet's side data: type, then size, 36 bytes into the body. */
    size_t second = HEADER + 4 + AV_RL32(whole + HEADER) + DIGEST_SIZE,
           side = second + 40;
    static const uint32_t types[] = { AV_PKT_DATA_NB, 0x7fffffff, 0xffffffff };
    for (int i = 0; i < 6; i++) {
        memcpy(data, whole, size);
        AV_WL32(data + side + 4 * (i / 3), types[i % 3]);
        seal(data, size);
        CHECK_INT(state_of(data, size, why), SEGMENT_DAMAGED);
    }
    /* Two records have changed places. */
    size_t first_size = second - HEADER, second_size = 4 + AV_RL32(whole + second) + 16;
    memcpy(data, whole, size);
    memcpy(data + HEADER, whole + second, second_size);
    memcpy(data + HEADER + second_size, whole + HEADER, first_size);
    CHECK_INT(state_of(data, size, why), SEGMENT_DAMAGED);
    seal(data, size);
    CHECK_INT(state_of(data, size, why), SEGMENT_DAMAGED);
}

static void test_other_files_are_recognised(void)
{
    char why[80];
    uint8_t old[64] = "rifec segment 1\n";
    struct segment_head head;
    enum segment_state state;
    CHECK_INT(state_of(old, sizeof old, why), SEGMENT_OLD);
    CHECK_INT(state_of(old, 0, why), SEGMENT_DAMAGED);
    unlink(path);
    CHECK_INT(segment_check(path, &head, &state, why), 0);
    CHECK_INT(state, SEGMENT_ABSENT);
    CHECK(mkfifo(path, 0600) == 0); /* a pipe without a writer */
    CHECK_INT(segment_check(path, &head, &state, why), 0);
    CHECK_INT(state, SEGMENT_DAMAGED);
    unlink(path);
    CHECK(symlink("/dev/zero", path) == 0);
    CHECK_INT(segment_check(path, &head, &state, why), 0);
    CHECK_INT(state, SEGMENT_DAMAGED);
    unlink(path);
}

static void test_discarded_leaves_nothing(void)
{
    struct segment_writer *s;
    CHECK(segment_create(&s, path) == 0);
    segment_discard(&s);
    CHECK(!s && rmdir(folder) == 0 && mkdir(folder, 0700) == 0);
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_ERROR, NULL, NULL);
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/000007.segment", folder);
    test_what_is_written_is_read();
    unlink(path);
    test_header_is_as_described();
    unlink(path);
    test_every_flipped_bit_is_noticed();
    unlink(path);
    test_every_length_is_noticed();
    unlink(path);
    test_no_number_is_believed();
    unlink(path);
    test_other_files_are_recognised();
    test_discarded_leaves_nothing();
    rmdir(folder);
    return check_result();
}
