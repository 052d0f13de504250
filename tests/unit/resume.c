/*
 * The files of --resume: text with a checksum, settings that are compared, and the
 * checksum of an input.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/mem.h>

#include "check.h"
#include "pipeline/input_sum.h"
#include "pipeline/resume_folder.h"
#include "pipeline/resume_settings.h"
#include "pipeline/resume_state.h"
#include "rifec/error.h"
#include "rifec/log.h"

static char folder[] = "/tmp/rifec-resume-XXXXXX";
static char path[64];
static char last_message[1024];

static void on_message(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    (void)level;
    snprintf(last_message, sizeof last_message, "%s", line);
}

static size_t load(char *data, size_t room)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(data, 1, room, f) : 0;
    if (f)
        fclose(f);
    return n;
}

static void store(const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* --- state ---------------------------------------------------------------- */

static const char text[] = "rifec: 9.9.9\ninput: 12 bytes, ab\n--crf=20\n";

static enum state_kind kind_of(const char *data, size_t size)
{
    enum state_kind kind;
    char *got;
    char *exact = malloc(size + 1); /* the sanitizers notice reads beyond it */
    memcpy(exact, data, size);
    CHECK_INT(state_parse(exact, size, &kind, &got), 0);
    CHECK((kind == STATE_WHOLE) == (got != NULL));
    free(got);
    free(exact);
    return kind;
}

static void test_state_survives_or_is_damaged(void)
{
    char data[4096];
    char *got;
    enum state_kind kind;
    CHECK(state_load(path, &kind, &got) == 0 && kind == STATE_ABSENT && !got);
    CHECK_INT(state_save(path, text), 0);
    CHECK(state_load(path, &kind, &got) == 0 && kind == STATE_WHOLE);
    CHECK_STR(got, text);
    free(got);
    size_t size = load(data, sizeof data);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        data[bit / 8] ^= (char)(1 << bit % 8);
        CHECK_INT(kind_of(data, size), STATE_DAMAGED);
        data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t length = 0; length < size; length++)
        CHECK_INT(kind_of(data, length), STATE_DAMAGED);
    data[size] = '\n';
    CHECK_INT(kind_of(data, size + 1), STATE_DAMAGED);
    CHECK_INT(kind_of(data, size), STATE_WHOLE);
    /* The checksum is the same as in segments. */
    uint8_t digest[DIGEST_SIZE];
    char sum[DIGEST_TEXT];
    CHECK_INT(state_digest(text, digest), 0);
    digest_text(digest, sum);
    data[size] = '\0';
    CHECK(strstr(data, sum) != NULL);
}

static void seal(char *data, const char *all)
{
    uint8_t digest[DIGEST_SIZE];
    char sum[DIGEST_TEXT];
    CHECK_INT(digest_of(all, strlen(all), digest), 0);
    digest_text(digest, sum);
    sprintf(data, "%schecksum: %s\n", all, sum);
}

static void test_other_versions_are_told_from_damage(void)
{
    static const char old[] = "rifec: 0.1.0, segments of 240 frames\nmodel: x\n";
    char data[256];
    CHECK_INT(kind_of(old, sizeof old - 1), STATE_OLD);
    seal(data, "rifec resume 3\nsomething else\n");
    CHECK_INT(kind_of(data, strlen(data)), STATE_OTHER);
    data[20] ^= 1;
    CHECK_INT(kind_of(data, strlen(data)), STATE_DAMAGED);
    seal(data, "rifec resume 2"); /* shorter than the first line, but with a checksum */
    CHECK_INT(kind_of(data, strlen(data)), STATE_OTHER);
    seal(data, "another program's\n");
    CHECK_INT(kind_of(data, strlen(data)), STATE_DAMAGED);
}

static void test_state_must_be_a_file(void)
{
    char *got;
    enum state_kind kind;
    unlink(path);
    CHECK(mkdir(path, 0700) == 0);
    CHECK(state_load(path, &kind, &got) == 0 && kind == STATE_DAMAGED && !got);
    rmdir(path);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(state_load(path, &kind, &got) == 0 && kind == STATE_DAMAGED && !got);
    unlink(path);
}

/* --- settings ------------------------------------------------------------- */

static void test_lines_of_inputs(void)
{
    char line[INPUT_LINE];
    uint8_t digest[DIGEST_SIZE] = { 0xab, 1 };
    settings_describe_input(line, 12, NULL);
    CHECK_STR(line, "input: 12 bytes\n");
    settings_describe_input(line, 12, digest);
    CHECK_STR(line, "input: 12 bytes, ab010000000000000000000000000000\n");
    settings_find_input(text, line);
    CHECK_STR(line, "input: 12 bytes, ab\n");
    settings_find_input("encoder: x\nrifec: input: no\n", line);
    CHECK_STR(line, "");
    char longest[2 * INPUT_LINE] = "input: ";
    memset(longest + 7, '1', sizeof longest - 9);
    settings_find_input(longest, line);
    CHECK(strlen(line) < INPUT_LINE);
}

static void test_jobs_are_told_apart(void)
{
    static const char input[] = "input: 12 bytes, ab\n";
    CHECK(settings_match(text, "--crf=20\n", input));
    CHECK(!settings_match(text, "--crf=21\n", input));
    CHECK(!settings_match(text, "", input));
    CHECK(!settings_match(text, "--crf=20\n--x4\n", input));
    CHECK(!settings_match(text, "0\n", input));
    CHECK(!settings_match(text, "--crf=20\n", "input: 12 bytes, ac\n"));
    CHECK(settings_match("input: 12 bytes, ab\n", "", input));
    CHECK(!settings_match("", "", input));
}

static void test_differences_are_named(void)
{
    settings_say_difference("F", "a: 1\n--x2\n", "a: 2\n--x2\n--crf=1\n");
    CHECK(strstr(last_message, "F: ") &&
          strstr(last_message, "then without; now --crf=1"));
    settings_say_difference("F", "a: 1\n--x2\n", "a: 2\n--x2\n");
    CHECK(strstr(last_message, "then a: 1; now a: 2") != NULL);
    settings_say_difference("F", "a", "a: 2");
    CHECK(strstr(last_message, "then a; now a: 2") != NULL);
}

/* --- the folder ----------------------------------------------------------- */

static void test_one_process_works_in_a_folder(void)
{
    struct resume_folder *ours, *theirs;
    char output[64], who[32], name[80];
    struct stat st;
    snprintf(output, sizeof output, "%s/out.mp4", folder);
    snprintf(who, sizeof who, "process %ld", (long)getpid());
    CHECK_INT(folder_open(&ours, output), 0);
    CHECK_INT(folder_open(&theirs, output), RIFEC_ERR_OUTPUT);
    CHECK(!theirs && strstr(last_message, who) && strstr(last_message, "out.mp4.resume"));
    folder_close(&ours);
    /* A file in place of the folder. */
    store("", 0);
    memcpy(output, path, strlen(path) + 1);
    snprintf(name, sizeof name, "%s.resume", path);
    CHECK(rename(path, name) == 0);
    CHECK_INT(folder_open(&ours, output), RIFEC_ERR_OUTPUT);
    CHECK(strstr(last_message, "cannot work in this folder") != NULL);
    unlink(name);
    snprintf(output, sizeof output, "%s/out.mp4", folder);
    snprintf(name, sizeof name, "%s.resume", output);
    CHECK(stat(name, &st) != 0); /* the folder was empty */
    CHECK_INT(folder_open(&ours, output), 0);
    /* Other files in the folder stay, and so does the folder. */
    char *segment, *foreign, *close_to_ours;
    bool has;
    CHECK_INT(folder_segment(ours, 12, &segment), 0);
    CHECK_INT(folder_file(ours, "notes.txt", &foreign), 0);
    CHECK_INT(folder_file(ours, "00001.segment", &close_to_ours), 0);
    CHECK(mkfifo(foreign, 0600) == 0 && mkfifo(close_to_ours, 0600) == 0);
    CHECK(folder_has_segments(ours, &has) == 0 && !has);
    CHECK(mkfifo(segment, 0600) == 0);
    CHECK(folder_has_segments(ours, &has) == 0 && has);
    folder_remove(&ours);
    CHECK(stat(segment, &st) != 0 && unlink(foreign) == 0 && unlink(close_to_ours) == 0);
    CHECK(rmdir(name) == 0);
    av_free(segment);
    av_free(foreign);
    av_free(close_to_ours);
}

/* --- the input ------------------------------------------------------------ */

static bool always(void)
{
    return true;
}

static bool append_to_it(void)
{
    FILE *f = fopen(path, "ab");
    if (f && fputc('x', f) != EOF)
        fclose(f);
    return false;
}

static void test_whole_input_counts(void)
{
    struct input_sum *sum;
    uint8_t before[DIGEST_SIZE], after[DIGEST_SIZE], once[DIGEST_SIZE];
    size_t size = (3 << 20) + 777;
    uint8_t *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * i >> 7);
    store(data, size);
    CHECK_INT(input_sum_start(&sum, path, NULL), 0);
    CHECK_INT(input_sum_size(sum), (long long)size);
    CHECK_INT(input_sum_wait(sum, before), 0);
    CHECK(input_sum_ready(sum));
    CHECK_INT(input_sum_wait(sum, before), 0); /* may be repeated */
    input_sum_close(&sum);
    CHECK(digest_of(data, size, once) == 0 && !memcmp(once, before, sizeof once));
    /* One bit in the middle differs; the size is the same. */
    data[size / 2] ^= 4;
    store(data, size);
    CHECK_INT(input_sum_start(&sum, path, NULL), 0);
    CHECK_INT(input_sum_wait(sum, after), 0);
    input_sum_close(&sum);
    CHECK(memcmp(before, after, sizeof before) != 0);
    /* If the result is not needed, the thread ends with its owner. */
    CHECK_INT(input_sum_start(&sum, path, NULL), 0);
    input_sum_close(&sum);
    CHECK_INT(input_sum_start(&sum, path, always), 0);
    CHECK_INT(input_sum_wait(sum, after), RIFEC_ERR_ABORT);
    input_sum_close(&sum);
    CHECK_INT(input_sum_start(&sum, path, append_to_it), 0);
    CHECK_INT(input_sum_wait(sum, after), RIFEC_ERR_INPUT);
    CHECK(strstr(last_message, "changes") != NULL);
    input_sum_close(&sum);
    free(data);
    unlink(path);
    CHECK_INT(input_sum_start(&sum, path, NULL), RIFEC_ERR_USAGE);
    CHECK_INT(input_sum_start(&sum, folder, NULL), RIFEC_ERR_USAGE);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK_INT(input_sum_start(&sum, path, NULL), RIFEC_ERR_USAGE);
    unlink(path);
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_INFO, on_message, NULL);
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/settings", folder);
    test_state_survives_or_is_damaged();
    test_other_versions_are_told_from_damage();
    test_state_must_be_a_file();
    test_lines_of_inputs();
    test_jobs_are_told_apart();
    test_differences_are_named();
    test_one_process_works_in_a_folder();
    test_whole_input_counts();
    rmdir(folder);
    return check_result();
}
