/* The level filter, the callback, and messages longer than a line. */
#include "base/log.h"

#include "check.h"

struct heard {
    int count;
    enum rifec_log_level level;
    char line[2048];
};

static void listen(void *opaque, enum rifec_log_level level, const char *line)
{
    struct heard *h = opaque;
    h->count++;
    h->level = level;
    snprintf(h->line, sizeof h->line, "%s", line);
}

static void test_level_filter(void)
{
    for (int shown = RIFEC_LOG_QUIET; shown <= RIFEC_LOG_DEBUG; shown++) {
        for (int level = RIFEC_LOG_ERROR; level <= RIFEC_LOG_DEBUG; level++) {
            struct heard h = { 0 };
            rifec_log_set((enum rifec_log_level)shown, listen, &h);
            log_line((enum rifec_log_level)level, "level %d", level);
            CHECK_INT(h.count, level <= shown);
            CHECK_INT(log_shows((enum rifec_log_level)level), level <= shown);
            if (h.count)
                CHECK_INT(h.level, level);
        }
    }
}

static void test_format(void)
{
    struct heard h = { 0 };
    rifec_log_set(RIFEC_LOG_INFO, listen, &h);
    log_error("%s: %d%%", "in.mp4", 7);
    CHECK_STR(h.line, "in.mp4: 7%");
    CHECK_INT(h.level, RIFEC_LOG_ERROR);
}

/* Control characters in the names of tensors or streams do not reach a terminal. */
static void test_control_characters(void)
{
    struct heard h = { 0 };
    rifec_log_set(RIFEC_LOG_INFO, listen, &h);
    log_error("%s", "a\033[2Jb\nc\177 \xc3\xa9");
    CHECK_STR(h.line, "a?[2Jb?c? \xc3\xa9");
    /* C1 as UTF-8 and as bytes, marks of direction, line separators, invalid UTF-8. */
    log_error("%s", "a\xc2\x9b"
                    "1mb\x9b"
                    "2mc\xe2\x80\xae"
                    "d\xe2\x81\xa6"
                    "e\xe2\x80\xa8"
                    "f\xef\xbb\xbf"
                    "g\xe2\x80");
    CHECK_STR(h.line, "a?1mb?2mc?d?e?f?g??");
    /* Letters, joiners and emoji stay. */
    log_error("%s", "\xd7\xa9 \xe2\x80\x8d \xe6\xbc\xa2 \xf0\x9f\x8e\xac");
    CHECK_STR(h.line, "\xd7\xa9 \xe2\x80\x8d \xe6\xbc\xa2 \xf0\x9f\x8e\xac");
}

/* A long message is cut; the important part comes first. */
static void test_long_message(void)
{
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct heard h = { 0 };
    rifec_log_set(RIFEC_LOG_INFO, listen, &h);
    log_info("%s", text);
    CHECK_INT(h.count, 1);
    CHECK(strlen(h.line) >= 500 && strlen(h.line) < sizeof text - 1);
    CHECK(!strncmp(h.line, text, strlen(h.line)));
}

int main(void)
{
    test_level_filter();
    test_control_characters();
    test_format();
    test_long_message();
    rifec_log_set(RIFEC_LOG_INFO, NULL, NULL);
    log_info("this line belongs on stderr");
    return check_result();
}
