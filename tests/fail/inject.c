/*
 * For LD_PRELOAD: makes one call fail, chosen by its number, in a program under test.
 *
 *   INJECT="KIND N"      the Nth call of this kind fails; 0: none
 *   INJECT="KIND N on"   that one and all that follow
 *   INJECT_LOG=FILE      gets "KIND COUNT" at the end, and for what failed, or for each
 *                        call if N is 0, "NUMBER ADDRESS" of the caller
 *
 * KIND is one of
 *   alloc    an allocation by the program itself, which makes cJSON's too, or an
 *            allocating function of FFmpeg that the program calls
 *   write    write() to a regular file, whoever calls it
 *   sync     fsync(), fdatasync()
 *   rename   rename(), renameat2(), link()
 *   thread   pthread_create() by the program itself
 *   threads  pthread_create(), whoever calls it
 *   limit    pthread_create() while N threads run, as under `ulimit -u`
 *
 * The caller is recognised by the return address. glibc only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define HERE __builtin_return_address(0)

enum kind { NONE, ALLOC, WRITE, SYNC, RENAME, THREAD, THREADS, LIMIT, KINDS };

static const char *const names[KINDS] = { "",       "alloc",  "write",   "sync",
                                          "rename", "thread", "threads", "limit" };

static enum kind kind;
static unsigned long target;
static bool goes_on;
static atomic_ulong count;
static struct code {
    uintptr_t begin, end, base;
} program; /* where its code lies */

/* The program is the first. */
static int find_code(struct dl_phdr_info *info, size_t size, void *opaque)
{
    (void)size;
    (void)opaque;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && p->p_flags & PF_X)
            program = (struct code){ info->dlpi_addr + p->p_vaddr,
                                     info->dlpi_addr + p->p_vaddr + p->p_memsz,
                                     info->dlpi_addr };
    }
    return 1; /* the first is all */
}

static void note(const char *fmt, ...)
{
    char line[160];
    va_list ap;
    const char *path = getenv("INJECT_LOG");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (fd >= 0) {
        struct iovec text = { line, (size_t)n };
        if (writev(fd, &text, 1) < 0) /* write() is ours */
            abort();
        close(fd);
    }
}

__attribute__((constructor)) static void begin(void)
{
    char what[16] = "", more[8] = "";
    const char *order = getenv("INJECT");
    dl_iterate_phdr(find_code, NULL);
    if (!order || sscanf(order, "%15s %lu %7s", what, &target, more) < 2)
        return;
    goes_on = !strcmp(more, "on");
    for (int i = 1; i < KINDS; i++)
        if (!strcmp(what, names[i]))
            kind = (enum kind)i;
}

__attribute__((destructor)) static void end(void)
{
    if (kind)
        note("%s %lu\n", names[kind], atomic_load(&count));
}

static bool is_in_program(const void *caller)
{
    return (uintptr_t)caller >= program.begin && (uintptr_t)caller < program.end;
}

/* Counts a call; true if it is to fail. */
static bool fails(enum kind k, const void *caller)
{
    if (k != kind)
        return false;
    bool by_all = k == WRITE || k == SYNC || k == RENAME || k == THREADS;
    if (!by_all && !is_in_program(caller))
        return false;
    unsigned long n = atomic_fetch_add(&count, 1) + 1;
    bool failing = goes_on ? target && n >= target : n == target;
    if (!target || n == target)
        note("%lu 0x%lx\n", n, (unsigned long)((uintptr_t)caller - program.base - 1));
    return failing;
}

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* --- allocation ------------------------------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return fails(ALLOC, HERE) ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails(ALLOC, HERE) ? no_memory() : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return fails(ALLOC, HERE) ? no_memory() : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(ALLOC, HERE) ? no_memory() : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = fails(ALLOC, HERE) ? NULL : __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

static char *copy(const char *text, size_t length)
{
    char *p = __libc_malloc(length + 1);
    if (p) {
        memcpy(p, text, length);
        p[length] = '\0';
    }
    return p;
}

char *strdup(const char *text)
{
    return fails(ALLOC, HERE) ? no_memory() : copy(text, strlen(text));
}

char *strndup(const char *text, size_t most)
{
    return fails(ALLOC, HERE) ? no_memory() : copy(text, strnlen(text, most));
}

/* Those of FFmpeg, by what they take and return: only their addresses are needed. */
#define POINTER(name, declared, ...)                                                     \
    void *name declared;                                                                 \
    void *name declared                                                                  \
    {                                                                                    \
        return fails(ALLOC, HERE) ? no_memory() : NEXT(name)(__VA_ARGS__);               \
    }
#define STATUS(name, declared, ...)                                                      \
    int name declared;                                                                   \
    int name declared                                                                    \
    {                                                                                    \
        return fails(ALLOC, HERE) ? -ENOMEM : NEXT(name)(__VA_ARGS__);                   \
    }

POINTER(av_malloc, (size_t n), n)
POINTER(av_mallocz, (size_t n), n)
POINTER(av_realloc_array, (void *p, size_t n, size_t size), p, n, size)
POINTER(av_strdup, (const char *s), s)
POINTER(av_strndup, (const char *s, size_t n), s, n)
POINTER(av_sha_alloc, (void))
POINTER(av_frame_alloc, (void))
POINTER(av_frame_clone, (const void *f), f)
POINTER(av_packet_alloc, (void))
POINTER(av_packet_clone, (const void *p), p)
POINTER(av_buffer_ref, (const void *b), b)
POINTER(av_buffer_create,
        (void *data, size_t size, void (*release)(void *, uint8_t *), void *o, int flags),
        data, size, release, o, flags)
POINTER(av_new_program, (void *c, int id), c, id)
POINTER(av_packet_new_side_data, (void *p, int type, size_t n), p, type, n)
POINTER(av_stream_new_side_data, (void *s, int type, size_t n), s, type, n)
POINTER(av_packet_side_data_new, (void *list, int *n, int type, size_t size, int flags),
        list, n, type, size, flags)
POINTER(avcodec_alloc_context3, (const void *c), c)
POINTER(avcodec_parameters_alloc, (void))
POINTER(avformat_alloc_context, (void))
POINTER(avformat_new_stream, (void *c, const void *codec), c, codec)
POINTER(avio_alloc_context,
        (void *buffer, int n, int flag, void *o, void *r, void *w, void *s), buffer, n,
        flag, o, r, w, s)
POINTER(avfilter_graph_alloc, (void))
POINTER(avfilter_inout_alloc, (void))
POINTER(av_buffersrc_parameters_alloc, (void))
STATUS(av_dict_set, (void *d, const char *key, const char *value, int flags), d, key,
       value, flags)
STATUS(av_dict_copy, (void *d, const void *from, int flags), d, from, flags)
STATUS(av_new_packet, (void *p, int n), p, n)
STATUS(av_frame_get_buffer, (void *f, int align), f, align)
STATUS(av_frame_copy_props, (void *to, const void *from), to, from)
STATUS(av_frame_ref, (void *to, const void *from), to, from)
STATUS(av_packet_ref, (void *to, const void *from), to, from)
STATUS(av_packet_copy_props, (void *to, const void *from), to, from)
STATUS(av_dynarray_add_nofree, (void *list, int *n, void *p), list, n, p)
STATUS(avcodec_parameters_copy, (void *to, const void *from), to, from)
STATUS(avcodec_parameters_from_context, (void *to, const void *from), to, from)
STATUS(avcodec_parameters_to_context, (void *to, const void *from), to, from)
STATUS(avformat_alloc_output_context2,
       (void *c, const void *format, const char *name, const char *path), c, format, name,
       path)
STATUS(avfilter_graph_create_filter,
       (void *f, const void *filter, const char *name, const char *args, void *o,
        void *graph),
       f, filter, name, args, o, graph)

/* It allocates only what it returns. */
int av_bprint_finalize(void *b, char **out);
int av_bprint_finalize(void *b, char **out)
{
    return out && fails(ALLOC, HERE) ? -ENOMEM : NEXT(av_bprint_finalize)(b, out);
}

char *av_asprintf(const char *fmt, ...);
char *av_asprintf(const char *fmt, ...)
{
    char *text = NULL;
    if (fails(ALLOC, HERE))
        return no_memory();
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    char *copied = n < 0 ? NULL : NEXT(av_strdup)(text);
    free(text);
    return copied;
}

/* --- files, threads --------------------------------------------------------------- */

static bool is_output(int fd)
{
    struct stat st;
    return fd > STDERR_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (kind == WRITE && is_output(fd) && fails(WRITE, HERE)) {
        errno = ENOSPC;
        return -1;
    }
    return NEXT(write)(fd, data, size);
}

static bool breaks(enum kind k, const void *caller)
{
    if (!fails(k, caller))
        return false;
    errno = EIO;
    return true;
}

int fsync(int fd)
{
    return breaks(SYNC, HERE) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    return breaks(SYNC, HERE) ? -1 : NEXT(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
    return breaks(RENAME, HERE) ? -1 : NEXT(rename)(from, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    return breaks(RENAME, HERE) ? -1 : NEXT(renameat2)(a, from, b, to, flags);
}

int link(const char *from, const char *to)
{
    return breaks(RENAME, HERE) ? -1 : NEXT(link)(from, to);
}

struct start {
    void *(*run)(void *);
    void *arg;
};

static atomic_ulong running;

static void stop(void *unused)
{
    (void)unused;
    atomic_fetch_sub(&running, 1);
}

static void *counted(void *arg)
{
    void *result;
    struct start start = *(struct start *)arg;
    free(arg);
    pthread_cleanup_push(stop, NULL);
    result = start.run(start.arg);
    pthread_cleanup_pop(1);
    return result;
}

static int create_counted(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *),
                          void *arg)
{
    struct start *start = __libc_malloc(sizeof *start);
    if (!start || atomic_fetch_add(&running, 1) >= target) {
        free(start);
        stop(NULL);
        return EAGAIN;
    }
    *start = (struct start){ run, arg };
    return NEXT(pthread_create)(t, a, counted, start);
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg)
{
    if (kind == LIMIT)
        return create_counted(t, a, run, arg);
    if (fails(THREAD, HERE) || fails(THREADS, HERE))
        return EAGAIN;
    return NEXT(pthread_create)(t, a, run, arg);
}
