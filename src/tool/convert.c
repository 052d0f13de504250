/* rifec-weights convert: to safetensors, or to ncnn's pair of files. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/half.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "base/outpath.h"
#include "model/architecture.h"
#include "model/ncnn.h"
#include "model/safetensors.h"
#include "model/weights.h"
#include "tool/tool.h"

/* An output, and the stream of bytes into it. */
struct output {
    char *name;
    struct outfile *place;
    FILE *file;
};

static char *join(const char *a, size_t a_length, const char *b)
{
    char *text = malloc(a_length + strlen(b) + 1);
    if (text) {
        memcpy(text, a, a_length);
        strcpy(text + a_length, b);
    }
    return text;
}

/* The other file of ncnn's pair, or a copy of the name itself. */
static char *partner_of(const char *name)
{
    size_t n = strlen(name);
    if (n > 4 && !strcmp(name + n - 4, ".bin"))
        return join(name, n - 4, ".param");
    if (n > 6 && !strcmp(name + n - 6, ".param"))
        return join(name, n - 6, ".bin");
    return join(name, n, "");
}

/* The input is not overwritten: neither under the output's name nor under its temporary
 * one. */
static int check_input(const char *input, const char *output)
{
    int err = 0;
    char *partner = partner_of(input), *real = outpath_follow(output);
    bool is_circle = !real && errno == ELOOP;
    char *part = outpath_part(real ? real : output);
    if (!partner || !part || (!real && !is_circle))
        TRY(mem_fail("a file name"));
    if (outfile_same(input, output) || outfile_same(partner, output) ||
        outfile_same(input, part) || outfile_same(partner, part))
        FAIL(RIFEC_ERR_OUTPUT, "%s: would overwrite the input, %s; give another name",
             output, input);
fail:
    free(partner);
    free(real);
    free(part);
    return err;
}

static int output_open(struct output *o, const struct tool_options *opt,
                       const struct tensors *input, const char *stem, size_t length,
                       const char *ending)
{
    int err = 0;
    o->name = join(stem, length, ending);
    if (!o->name)
        TRY(mem_fail("a file name"));
    TRY(check_input(input->name, o->name));
    TRY(outfile_create(&o->place, &(struct outfile_params){ .path = o->name,
                                                            .replace = opt->overwrite }));
    int fd = fcntl(outfile_fd(o->place), F_DUPFD_CLOEXEC, 0);
    o->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!o->file && fd >= 0)
        close(fd);
    if (!o->file)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot write: %s", o->name, strerror(errno));
fail:
    return err;
}

/* Gives it its name. */
static int output_finish(struct output *o)
{
    FILE *f = o->file;
    o->file = NULL;
    if (fclose(f) != 0) {
        log_error("%s: cannot write: %s", o->name, strerror(errno));
        return RIFEC_ERR_OUTPUT;
    }
    return outfile_publish(&o->place);
}

/* An unfinished output is removed. */
static void output_close(struct output *o)
{
    if (o->file)
        fclose(o->file);
    outfile_discard(&o->place);
    free(o->name);
}

/* --- precision ---------------------------------------------------------------- */

/* The effect of FP16 on the numbers: keep all, change some, or make one infinite. */
struct fit {
    bool exact, finite;
};

static void fit_number(struct fit *fit, float v)
{
    float half = half_to_float(float_to_half(v));
    fit->exact = fit->exact && half == v;
    fit->finite = fit->finite && isfinite(half);
}

static struct fit fit_tensors(const struct tensors *t, const struct network *n)
{
    struct fit fit = { true, true };
    for (int i = 0; i < t->count; i++)
        if (architecture_uses(n, t->list[i].name))
            for (int64_t k = 0; k < tensor_elements(&t->list[i]); k++)
                fit_number(&fit, tensor_value(&t->list[i], k));
    return fit;
}

/* ncnn has beta multiplied in. Biases, which stay FP32, are among them: no matter. */
static struct fit fit_layers(const struct weights *w)
{
    struct fit fit = { true, true };
    for (size_t i = 0; i < w->count; i++)
        fit_number(&fit, w->data[i]);
    return fit;
}

static int choose_dtype(const struct tool_options *opt, struct fit fit, enum dtype *dtype)
{
    bool half =
        opt->precision == PRECISION_KEPT ? fit.exact : opt->precision == PRECISION_FP16;
    *dtype = half ? DTYPE_FP16 : DTYPE_FP32;
    if (half && !fit.finite) {
        log_error("%s: a number is larger than FP16 can hold: use --fp32", opt->names[0]);
        return RIFEC_ERR_MODEL;
    }
    return 0;
}

/* --- formats ------------------------------------------------------------------ */

static int written(const struct output *o, int err)
{
    if (err == RIFEC_ERR_OUTPUT)
        log_error("%s: cannot write: %s", o->name, strerror(errno));
    return err;
}

static int to_safetensors(const struct tool_options *opt, const struct tensors *t,
                          const struct weights *w, size_t stem)
{
    int err = 0;
    enum dtype dtype;
    struct output out = { 0 };
    TRY(choose_dtype(opt, fit_tensors(t, w->network), &dtype));
    TRY(output_open(&out, opt, t, opt->names[1], stem, ".safetensors"));
    TRY(written(&out, safetensors_write(t, w->network, dtype, out.file)));
    TRY(output_finish(&out));
    log_info("%s: %s", out.name, dtype_name(dtype));
fail:
    output_close(&out);
    return err;
}

static int to_ncnn(const struct tool_options *opt, const struct tensors *t,
                   const struct weights *w, const char *stem, size_t length)
{
    int err = 0;
    struct ncnn_options ncnn = { .stock = opt->stock };
    struct output param = { 0 }, bin = { 0 };
    if (!ncnn_can_write(w->network))
        FAIL(RIFEC_ERR_MODEL,
             "%s: it is %s, and only RIFE 4.5 and 4.6 can be converted to ncnn: write a "
             ".safetensors file",
             opt->names[0], w->network->name);
    TRY(choose_dtype(opt, fit_layers(w), &ncnn.dtype));
    TRY(output_open(&param, opt, t, stem, length, ".param"));
    TRY(output_open(&bin, opt, t, stem, length, ".bin"));
    TRY(written(&bin, ncnn_write(w, &ncnn, param.file, bin.file)));
    TRY(output_finish(&bin));
    TRY(output_finish(&param));
    log_info("%s, %s: %s", param.name, bin.name, dtype_name(ncnn.dtype));
fail:
    output_close(&param);
    output_close(&bin);
    return err;
}

/* Into a folder, which is made if its name ends in a slash. */
static int to_folder(const struct tool_options *opt, const struct tensors *t,
                     const struct weights *w)
{
    int err = 0;
    bool made = false;
    const char *folder = opt->names[1];
    size_t length = strlen(folder);
    char *stem = join(folder, length, folder[length - 1] == '/' ? "flownet" : "/flownet");
    if (!stem)
        return mem_fail("a file name");
    TRY(outfile_make_folder(folder, &made));
    TRY(to_ncnn(opt, t, w, stem, strlen(stem)));
fail:
    if (err < 0 && made)
        rmdir(folder);
    free(stem);
    return err;
}

/* The length of the name without the ending; 0: it has another. */
static size_t stem_of(const char *name, const char *ending)
{
    size_t n = strlen(name), k = strlen(ending);
    return n > k && !strcmp(name + n - k, ending) ? n - k : 0;
}

static bool is_folder(const char *name)
{
    struct stat st;
    return name[strlen(name) - 1] == '/' || (stat(name, &st) == 0 && S_ISDIR(st.st_mode));
}

int tool_convert(const struct tool_options *opt)
{
    int err = 0;
    const char *name = opt->names[1];
    struct tensors *t = NULL;
    struct weights w = { 0 };
    size_t safetensors = stem_of(name, ".safetensors"), pair = stem_of(name, ".param");
    bool folder = *name && is_folder(name);
    pair = pair ? pair : stem_of(name, ".bin");
    if (!safetensors && !pair && !folder)
        FAIL(RIFEC_ERR_USAGE,
             "%s: the name of the output must end in .safetensors, .param, .bin or /",
             name);
    if (opt->stock && safetensors && !folder)
        FAIL(RIFEC_ERR_USAGE, "--stock is only for ncnn, and %s is not an ncnn file",
             name);
    TRY(tool_open(&t, opt->names[0]));
    TRY(weights_load(&w, t)); /* what it does not accept is not passed on */
    if (folder)
        TRY(to_folder(opt, t, &w));
    else if (pair)
        TRY(to_ncnn(opt, t, &w, name, pair));
    else
        TRY(to_safetensors(opt, t, &w, safetensors));
fail:
    weights_close(&w);
    tensors_close(&t);
    return err;
}
