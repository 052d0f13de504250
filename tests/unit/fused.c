/* fused.h: a fused op that declines is replaced by the single ops that it stands for. */
#include "model/fused.h"

#include <string.h>

#include "base/err.h"
#include "check.h"
#include "model/weights.h"

/* --- ops that record their calls --------------------------------------------------- */

static char calls[32];

static int called(char op)
{
    size_t n = strlen(calls);
    calls[n] = op;
    calls[n + 1] = 0;
    return 0;
}

static int gather(const struct gather_args *a, void *stream)
{
    (void)a, (void)stream;
    return called('g');
}

/* The first of the two reads gather's output. */
static int conv_s2(const struct conv_args *a, void *stream)
{
    (void)stream;
    return called((char)('0' + a->in.channels));
}

static int resconv(const struct conv_args *a, void *stream)
{
    (void)stream;
    return called(a->in.channels == 1 ? 'r' : 'R');
}

static int deconv(const struct deconv_args *a, void *stream)
{
    (void)a, (void)stream;
    return called('d');
}

static int blend(const struct blend_args *a, void *stream)
{
    (void)a, (void)stream;
    return called('b');
}

static int store(const struct store_args *a, void *stream)
{
    (void)a, (void)stream;
    return called('s');
}

/* `stream` points to the result that a fused op returns. */
static int front(const struct front_args *a, void *stream)
{
    (void)a;
    called('F');
    return *(int *)stream;
}

static int resblock(const struct resblock_args *a, void *stream)
{
    (void)a;
    called('X');
    return *(int *)stream;
}

static int blend_store(const struct blend_store_args *a, void *stream)
{
    (void)a;
    called('B');
    return *(int *)stream;
}

static int tail(const struct tail_args *a, void *stream)
{
    (void)a;
    called('T');
    return *(int *)stream;
}

/* --- the recorded calls ------------------------------------------------------------ */

#define SINGLE                                                                           \
    .gather = gather, .conv_s2 = conv_s2, .resconv = resconv, .deconv = deconv,          \
    .blend = blend, .store = store

static const struct ops single = { SINGLE };
static const struct ops fused = { SINGLE, .front = front, .resblock = resblock,
                                  .blend_store = blend_store, .tail = tail };

/* Returns the calls of all fused ops if each returns `result`; *err is the last one's
 * result. */
static const char *run(const struct ops *ops, int result, bool keep_level, int *err)
{
    const struct conv_layer layers[4] = { 0 };
    const struct front_args f = { .gather.out.channels = 1, .mid.channels = 2 };
    const struct resblock_args r = {
        .ping.channels = 1, .pong.channels = 2, .layers = layers, .count = 4
    };
    const struct tail_args t = { 0 };
    calls[0] = 0;
    *err = fused_front(ops, &f, &result);
    called(' ');
    if (*err == 0)
        *err = fused_resblock(ops, &r, &result);
    called(' ');
    if (*err == 0)
        *err = fused_tail(ops, &t, keep_level, &result);
    return calls;
}

int main(void)
{
    int err;
    CHECK(!strcmp(run(&single, 0, false, &err), "g12 rRrR dbs") && err == 0);
    CHECK(!strcmp(run(&single, 0, true, &err), "g12 rRrR dbs") && err == 0);
    CHECK(!strcmp(run(&fused, 0, false, &err), "F X T") && err == 0);
    /* The fused tail does not make the level, so deconv makes it. */
    CHECK(!strcmp(run(&fused, 0, true, &err), "F X Td") && err == 0);
    CHECK(!strcmp(run(&fused, OP_DECLINED, false, &err), "Fg12 XrRrR TdBbs") && err == 0);
    CHECK(!strcmp(run(&fused, OP_DECLINED, true, &err), "Fg12 XrRrR TdBbs") && err == 0);
    /* A failure is not a refusal. */
    CHECK(!strcmp(run(&fused, RIFEC_ERR_DEVICE, false, &err), "F  ") &&
          err == RIFEC_ERR_DEVICE);
    return check_result();
}
