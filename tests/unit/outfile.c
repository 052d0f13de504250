/* Existing files are never truncated, followed or replaced by accident; output appears
 * complete, under one name, from one writer. */
#define _GNU_SOURCE
#include "base/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/outfolder.h"
#include "base/outpath.h"
#include "check.h"
#include "message.h"

#define KEEP      ((struct outfile_params){ .path = "out.mkv" })
#define REPLACE   ((struct outfile_params){ .path = "out.mkv", .replace = true })
#define TAKE_OVER ((struct outfile_params){ .path = "out.mkv", .take_over = true })

static char folder[] = "/tmp/rifec-outfile-XXXXXX";

/* --- small tools ------------------------------------------------------------ */

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (CHECK(f != NULL)) {
        fputs(text, f);
        fclose(f);
    }
}

/* Returns the file's content, or NULL if the file does not exist. */
static const char *get(const char *path)
{
    static char text[256];
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Removes every file of the current folder; returns their number. */
static int clear(void)
{
    int count = 0;
    DIR *dir = opendir(".");
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            if (unlink(e->d_name) != 0)
                rmdir(e->d_name);
            count++;
        }
    if (dir)
        closedir(dir);
    message[0] = '\0';
    return count;
}

static int write_out(struct outfile_params p, const char *text)
{
    return outfile_put(&p, text, strlen(text));
}

static int create(struct outfile_params p)
{
    struct outfile *f;
    int err = outfile_create(&f, &p);
    CHECK((err == 0) == (f != NULL));
    outfile_discard(&f);
    return err;
}

static int mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

/* A process that keeps out.mkv open until its pipe is closed. */
struct writer {
    pid_t pid;
    int hold[2];
};

static void start_writer(struct writer *w)
{
    int ready[2];
    char byte;
    if (!CHECK(pipe(w->hold) == 0 && pipe(ready) == 0))
        return;
    w->pid = fork();
    if (w->pid == 0) {
        struct outfile *f;
        close(w->hold[1]);
        if (outfile_create(&f, &REPLACE) < 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        while (read(w->hold[0], &byte, 1) > 0)
            ;
        _exit(0); /* dies before publishing its file */
    }
    close(w->hold[0]);
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
}

static void end_writer(struct writer *w)
{
    close(w->hold[1]);
    waitpid(w->pid, NULL, 0);
}

/* --- the tests ---------------------------------------------------------------- */

static void test_publish(void)
{
    struct outfile *f;
    CHECK_INT(outfile_create(&f, &KEEP), 0);
    CHECK_STR(outfile_part(f), "out.part.mkv");
    CHECK_INT(outfile_write(f, "whole", 5), 0);
    CHECK(exists("out.part.mkv") && !exists("out.mkv"));
    CHECK_INT(outfile_publish(&f), 0);
    CHECK(f == NULL);
    CHECK_STR(get("out.mkv"), "whole");
    CHECK_INT(clear(), 1);

    CHECK_INT(outfile_create(&f, &KEEP), 0);
    outfile_discard(&f);
    outfile_discard(&f);
    CHECK_INT(clear(), 0);

    put("old", "");
    CHECK_INT(outfile_remove("old"), 0);
    CHECK_INT(outfile_remove("old"), 0);
    CHECK_INT(clear(), 0);

    CHECK_INT(write_out((struct outfile_params){ .path = "none/x" }, ""),
              RIFEC_ERR_OUTPUT);
}

static void test_replace(void)
{
    struct outfile *f;
    put("out.mkv", "precious");
    CHECK_INT(create(KEEP), RIFEC_ERR_OUTPUT);
    CHECK_STR(message, "out.mkv: already exists; -y replaces it");
    CHECK_INT(create(TAKE_OVER), RIFEC_ERR_OUTPUT);
    CHECK_STR(get("out.mkv"), "precious");

    chmod("out.mkv", 0600);
    CHECK_INT(outfile_create(&f, &REPLACE), 0);
    CHECK_INT(mode_of("out.part.mkv"), 0600); /* private from the first byte */
    CHECK_INT(outfile_publish(&f), 0);
    CHECK_INT(mode_of("out.mkv"), 0600);
    CHECK_INT(clear(), 1);

    mkdir("out.mkv", 0777);
    CHECK_INT(create(REPLACE), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 1);
    CHECK_INT(mkfifo("out.mkv", 0600), 0);
    CHECK_INT(create(REPLACE), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 1);
}

static void test_final_link(void)
{
    put("target", "old");
    CHECK_INT(symlink("middle", "out.mkv"), 0);
    CHECK_INT(symlink("target", "middle"), 0);
    CHECK_INT(create(KEEP), RIFEC_ERR_OUTPUT);
    CHECK_INT(write_out(REPLACE, "new"), 0);
    CHECK_STR(get("target"), "new");
    CHECK_INT(clear(), 3); /* the links stay links */

    CHECK_INT(symlink("middle", "out.mkv"), 0);
    CHECK_INT(symlink("target", "middle"), 0);
    CHECK_INT(write_out(KEEP, "new"), 0);
    CHECK_STR(get("target"), "new");
    CHECK_INT(clear(), 3);

    CHECK_INT(symlink("out.mkv", "out.mkv"), 0);
    CHECK_INT(create(REPLACE), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 1);
}

static void test_part_in_the_way(void)
{
    put("victim", "precious");
    CHECK_INT(symlink("victim", "out.part.mkv"), 0);
    CHECK_INT(create(KEEP), RIFEC_ERR_OUTPUT);
    CHECK_INT(create(TAKE_OVER), RIFEC_ERR_OUTPUT);
    CHECK_INT(write_out(REPLACE, "new"), 0);
    CHECK_STR(get("victim"), "precious");
    CHECK_INT(clear(), 2);

    CHECK_INT(symlink("victim", "out.part.mkv"), 0); /* a dangling link */
    CHECK_INT(create(KEEP), RIFEC_ERR_OUTPUT);
    CHECK(!exists("victim"));
    CHECK_INT(clear(), 1);

    put("victim", "precious"); /* never truncated: only one name of it is removed */
    CHECK_INT(link("victim", "out.part.mkv"), 0);
    CHECK_INT(create(KEEP), RIFEC_ERR_OUTPUT);
    CHECK(strstr(message, "interrupted run; -y replaces it") != NULL);
    CHECK_INT(write_out(REPLACE, "new"), 0);
    CHECK_STR(get("victim"), "precious");
    CHECK_INT(clear(), 2);

    CHECK_INT(mkfifo("out.part.mkv", 0600), 0); /* neither waits nor removes */
    CHECK_INT(create(REPLACE), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 1);
    mkdir("out.part.mkv", 0777);
    CHECK_INT(create(REPLACE), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 1);
}

static void test_other_writer(void)
{
    struct writer w;
    char pid[32];
    start_writer(&w);
    for (int i = 0; i < 3; i++) {
        struct outfile_params p[] = { KEEP, REPLACE, TAKE_OVER };
        message[0] = '\0';
        CHECK_INT(create(p[i]), RIFEC_ERR_OUTPUT);
        CHECK(strstr(message, "is writing it") != NULL);
    }
    int locks = open("/proc/locks", O_RDONLY);
    snprintf(pid, sizeof pid, "process %ld ", (long)w.pid);
    if (locks >= 0)
        CHECK(strstr(message, pid) != NULL);
    close(locks);
    CHECK(exists("out.part.mkv"));
    end_writer(&w);

    CHECK(exists("out.part.mkv")); /* its writer is dead now */
    CHECK_INT(create(KEEP), RIFEC_ERR_OUTPUT);
    CHECK(strstr(message, "interrupted run; -y replaces it") != NULL);
    CHECK_INT(write_out(TAKE_OVER, "new"), 0);
    CHECK_STR(message, "out.part.mkv: removed; an interrupted run had left it");
    CHECK_INT(clear(), 1);

    struct outfile *f; /* two writers in one process */
    CHECK_INT(outfile_create(&f, &KEEP), 0);
    CHECK_INT(create(REPLACE), RIFEC_ERR_OUTPUT);
    CHECK_INT(outfile_publish(&f), 0);
    CHECK_INT(clear(), 1);
}

static void test_meanwhile(void)
{
    struct outfile *f;
    CHECK_INT(outfile_create(&f, &KEEP), 0);
    outfile_write(f, "work of hours", 13);
    put("out.mkv", "precious");
    CHECK_INT(outfile_publish(&f), RIFEC_ERR_OUTPUT);
    CHECK(strstr(message, "finished output is out.part.mkv") != NULL);
    CHECK_STR(get("out.mkv"), "precious");
    CHECK_STR(get("out.part.mkv"), "work of hours");
    CHECK_INT(clear(), 2);

    CHECK_INT(outfile_create(&f, &REPLACE), 0);
    mkdir("out.mkv", 0777);
    CHECK_INT(outfile_publish(&f), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 2);

    CHECK_INT(outfile_create(&f, &KEEP), 0); /* another program took the temporary name */
    unlink("out.part.mkv");
    put("out.part.mkv", "another's");
    CHECK_INT(outfile_publish(&f), RIFEC_ERR_OUTPUT);
    CHECK_STR(get("out.part.mkv"), "another's");
    CHECK_INT(clear(), 1);
}

static void test_long_names(void)
{
    char a[300], b[300];
    for (int length = 245; length <= 255; length++) {
        memset(a, 'x', sizeof a);
        snprintf(a + length - 4, sizeof a - (size_t)length, ".mkv");
        struct outfile_params p = { .path = a };
        CHECK_INT(outfile_put(&p, "", 0), 0);
        CHECK(exists(a));
        CHECK_INT(clear(), 1);
    }
    memset(a, 'x', 255);
    a[255] = '\0';
    memcpy(b, a, 256);
    b[254] = 'y';
    char *part_a = outpath_part(a), *part_b = outpath_part(b);
    CHECK(strlen(part_a) <= 255 && strcmp(part_a, part_b) != 0);
    free(part_a);
    free(part_b);

    for (int i = 0; i < 4; i++) { /* a multi-byte character is not split */
        memset(a, 'x', sizeof a);
        for (int at = i; at + 2 < 255; at += 3)
            memcpy(a + at, "\xe2\x82\xac", 3);
        a[255] = '\0';
        char *part = outpath_part(a), *end = strchr(part, '.');
        CHECK((end[-1] & 0xc0) == 0x80 && (end[-2] & 0xc0) == 0x80);
        free(part);
    }

    const char *const names[][2] = { { "a.tar.gz", "a.tar.part.gz" },
                                     { "dir.d/name", "dir.d/name.part" },
                                     { ".mkv", ".part.mkv" },
                                     { "x.", "x.part." } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *part = outpath_part(names[i][0]);
        CHECK_STR(part, names[i][1]);
        free(part);
    }
}

static void test_folders(void)
{
    const char *const pairs[][2] = { { "a", "." },   { "a/", "." },     { "a/b", "a" },
                                     { "/a", "/" },  { "a//b//", "a" }, { "/", "/" },
                                     { "./a/", "." } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *parent = outpath_folder(pairs[i][0]);
        CHECK_STR(parent, pairs[i][1]);
        free(parent);
    }
    bool made = false;
    CHECK_INT(outfile_make_folder("d/", &made), 0);
    CHECK(made);
    CHECK_INT(outfile_make_folder("d", &made), 0);
    CHECK(!made);
    CHECK_INT(outfile_make_folder("none/d", &made), RIFEC_ERR_OUTPUT);
    CHECK_INT(clear(), 1);
}

static void test_same(void)
{
    put("a", "");
    put("c", "");
    CHECK_INT(link("a", "hard"), 0);
    CHECK_INT(symlink("a", "soft"), 0);
    CHECK_INT(symlink("./new", "to_new"), 0);
    CHECK_INT(mkdir("d", 0777), 0);
    CHECK_INT(symlink("d", "to_d"), 0);
    const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        { "a", "./a", true },      { "a", "d/../a", true },    { "a", "hard", true },
        { "soft", "hard", true },  { "a", "c", false },        { "a", "new", false },
        { "new", ".//new", true }, { "new", "to_new", true },  { "new", "newer", false },
        { "d/new", "new", false }, { "d/x", "to_d/x", true },  { "e/x", "e/x", true },
        { "e/x", "./e//x", true }, { "e/x", "f/x", false },    { "d", "to_d/", true },
        { "e/", "./e", true },     { "d/e/", "to_d/e", true },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool same = outfile_same(pairs[i].a, pairs[i].b);
        if (same != pairs[i].same || outfile_same(pairs[i].b, pairs[i].a) != same)
            CHECK_STR(pairs[i].a, pairs[i].b);
    }
    char full[512];
    CHECK(getcwd(full, 256) != NULL);
    strcat(full, "/new");
    CHECK(outfile_same(full, "new"));
    clear();
}

static void test_crash(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct outfile *f, *g;
        outfile_create(&f, &KEEP);
        outfile_create(&g, &(struct outfile_params){ .path = "other" });
        outfile_write(g, "whole", 5);
        outfile_publish(&g);
        outfile_remove_unpublished();
        outfile_remove_unpublished();
        outfile_discard(&f); /* for the sanitizer: another thread continues for a while */
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_STR(get("other"), "whole");
    CHECK_INT(clear(), 1);
}

static void test_taken(void)
{
    struct writer w;
    bool taken = false;
    struct outfile_params p = { .path = "out.mkv", .take_over = true, .taken = &taken };
    start_writer(&w);
    CHECK_INT(create(p), RIFEC_ERR_OUTPUT);
    CHECK(taken && strstr(message, "is writing it") && strstr(message, "skipped"));
    end_writer(&w);
    taken = false;
    CHECK_INT(create(p), 0);
    CHECK(!taken);
    put("out.mkv", "precious");
    CHECK_INT(create(p), RIFEC_ERR_OUTPUT);
    CHECK(taken);
    CHECK_INT(clear(), 1);
}

static int create_folder(bool take_over)
{
    struct outfolder *f;
    int err = outfolder_create(&f, &(struct outfolder_params){
                                       .path = "pictures.part/",
                                       .suffix = ".png",
                                       .name = "out",
                                       .take_over = take_over,
                                   });
    outfolder_remove(&f);
    return err;
}

static void test_folder(void)
{
    struct outfolder *f;
    struct outfolder_params p = { .path = "pictures.part",
                                  .suffix = ".png",
                                  .name = "o" };
    CHECK_INT(outfolder_create(&f, &p), 0);
    put("pictures.part/1.png", "");
    CHECK_INT(create_folder(true), RIFEC_ERR_OUTPUT);
    CHECK(strstr(message, "is writing it") != NULL);
    outfolder_remove(&f);
    outfolder_remove(&f);
    CHECK_INT(clear(), 0);

    CHECK_INT(mkdir("pictures.part", 0777), 0); /* left by a dead run */
    put("pictures.part/1.png", "");
    CHECK_INT(create_folder(false), RIFEC_ERR_OUTPUT);
    CHECK(strstr(message, "interrupted run; -y replaces it") != NULL);
    CHECK_INT(create_folder(true), 0);
    CHECK_INT(clear(), 0);

    CHECK_INT(mkdir("pictures.part", 0777), 0); /* with a file of the user's in it */
    put("pictures.part/notes.txt", "precious");
    CHECK_INT(create_folder(true), RIFEC_ERR_OUTPUT);
    CHECK_STR(get("pictures.part/notes.txt"), "precious");
    unlink("pictures.part/notes.txt");
    clear();

    CHECK_INT(mkdir("victim", 0777), 0);
    put("victim/1.png", "precious");
    CHECK_INT(symlink("victim", "pictures.part"), 0);
    CHECK_INT(create_folder(true), RIFEC_ERR_OUTPUT);
    CHECK_STR(get("victim/1.png"), "precious");
    unlink("victim/1.png");
    CHECK_INT(clear(), 2);

    pid_t pid = fork(); /* what a crash handler removes */
    if (pid == 0) {
        if (outfolder_create(&f, &p) < 0)
            _exit(1);
        char name[64];
        for (int i = 0; i < 300; i++) {
            snprintf(name, sizeof name, "pictures.part/%d.png", i);
            put(name, "");
        }
        outfile_remove_unpublished();
        outfolder_remove(&f);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_INT(clear(), 0);
}

/* Several writers compete for one name. Each that succeeds has published exactly its
 * own text. */
static void fight(int round, bool replace, bool leave_dead)
{
    enum { STARTERS = 6 };
    pid_t pid[STARTERS];
    int winners = 0;
    if (leave_dead)
        put("out.part.mkv", "of a dead run");
    for (int i = 0; i < STARTERS; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            struct outfile *f;
            rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
            usleep((useconds_t)((round * 7919 + i * 104729) % 400));
            if (outfile_create(&f, replace ? &REPLACE : &KEEP) < 0)
                _exit(1);
            int wrong = lseek(outfile_fd(f), 0, SEEK_END) != 0;
            for (int k = 0; k < 10; k++) {
                char text[2] = { (char)('a' + i), 0 };
                wrong |= outfile_write(f, text, 1) != 0;
            }
            char back[16] = "";
            wrong |= pread(outfile_fd(f), back, sizeof back, 0) != 10 ||
                     strspn(back, (char[]){ (char)('a' + i), 0 }) != 10;
            _exit(outfile_publish(&f) < 0 ? 1 : wrong ? 2 : 0);
        }
    }
    for (int i = 0; i < STARTERS; i++) {
        int status = -1;
        waitpid(pid[i], &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        winners += status == 0;
    }
    CHECK(replace ? winners >= 1 : winners == (leave_dead ? 0 : 1));
    const char *text = get("out.mkv");
    CHECK(!winners ||
          (text && strlen(text) == 10 && strspn(text, (char[]){ *text, 0 }) == 10));
    CHECK_INT(clear(), 1);
}

int main(void)
{
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    umask(022);
    rifec_log_set(RIFEC_LOG_INFO, keep_message, NULL);
    test_publish();
    test_replace();
    test_final_link();
    test_part_in_the_way();
    test_other_writer();
    test_meanwhile();
    test_long_names();
    test_folders();
    test_same();
    test_crash();
    test_taken();
    test_folder();
    for (int i = 0; i < 40; i++)
        fight(i, i & 1, i & 2);
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
    return check_result();
}
