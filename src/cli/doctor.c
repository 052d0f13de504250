/*
 * The program's view of the machine: engines, model, CUDA, FFmpeg. Everything that can be
 * tried is tried, rather than guessed from versions.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "media/versions.h"
#include "rifec/devices.h"

#define DEVICES_MAX 16
#define TRIAL_SIZE  64 /* pixels */

/* --- lines ------------------------------------------------------------------ */

enum state { WORKS, ABSENT, BROKEN };

/* "ok    CPU       2 threads, ..." */
static void say(FILE *out, enum state state, const char *what, const char *fmt, ...)
    LOG_PRINTF(4, 5);

static void say(FILE *out, enum state state, const char *what, const char *fmt, ...)
{
    static const char *const words[] = { "ok", "--", "FAIL" };
    va_list ap;
    fprintf(out, "%-5s %-9s ", words[state], what);
    va_start(ap, fmt);
    vfprintf(out, fmt, ap);
    va_end(ap);
    fputc('\n', out);
}

static void advise(FILE *out, const char *what)
{
    fprintf(out, "%-15s > %s\n", "", what);
}

/* The library's newest warning or error, for the line about what failed. */
static char complaint[512];

static void on_message(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    if (level <= RIFEC_LOG_WARNING)
        snprintf(complaint, sizeof complaint, "%s", line);
}

/* --- devices ---------------------------------------------------------------- */

/* "NVIDIA H200, 140 GiB of which 139 are free, compute capability 9.0, 132 SMs" */
static void print_device(FILE *out, const struct rifec_device_info *d)
{
    const double gib = 1024.0 * 1024 * 1024;
    fprintf(out, "%s, %.1f GiB", d->name, (double)d->memory_bytes / gib);
    if (d->free_bytes)
        fprintf(out, " of which %.1f are free", (double)d->free_bytes / gib);
    fprintf(out, ", compute capability %d.%d, %d SMs\n", d->major, d->minor, d->sm_count);
}

static const char *advice_for_cuda(void)
{
    struct rifec_cuda_versions v;
    rifec_get_cuda_versions(&v);
    if (!v.runtime)
        return "install the CUDA toolkit with nvcc and build again: cmake -B build "
               "-DRIFEC_CUDA=ON";
    if (!v.supported)
        return "install NVIDIA's driver; start a container with --gpus all";
    if (v.supported / 1000 < v.runtime / 1000)
        return "update NVIDIA's driver to one that supports this CUDA";
    return "check that nvidia-smi lists it and that CUDA_VISIBLE_DEVICES does not hide "
           "it";
}

int doctor_list_devices(FILE *out)
{
    struct rifec_device_info devices[DEVICES_MAX];
    char why[128];
    int count = rifec_list_devices(devices, DEVICES_MAX, why, sizeof why);
    fprintf(out, "cpu     %ld cores\n", sysconf(_SC_NPROCESSORS_ONLN));
    for (int i = 0; i < count && i < DEVICES_MAX; i++) {
        fprintf(out, "cuda:%-2d ", i);
        print_device(out, &devices[i]);
    }
    if (!count)
        fprintf(out, "no CUDA device: %s\n  > %s\n", why, advice_for_cuda());
    return fflush(out) ? -RIFEC_ERR_OUTPUT : 0;
}

/* --- the engine ------------------------------------------------------------- */

static void free_trial(struct rifec_frame *f)
{
    free(f->data[0]);
    free(f);
}

static struct rifec_frame *flat_frame(const struct rifec_params *p, int value)
{
    struct rifec_frame *f = calloc(1, sizeof *f);
    uint8_t *pixels = malloc(TRIAL_SIZE * TRIAL_SIZE);
    if (!f || !pixels) {
        free(f);
        free(pixels);
        return NULL;
    }
    memset(pixels, value, TRIAL_SIZE * TRIAL_SIZE);
    *f = (struct rifec_frame){ .width = p->width,
                               .height = p->height,
                               .format = p->format,
                               .color = p->color,
                               .data = { pixels },
                               .stride = { TRIAL_SIZE },
                               .release = free_trial };
    return f;
}

static bool lies_between(const struct rifec_frame *f, int low, int high)
{
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            int v = f->data[0][y * f->stride[0] + x];
            if (v < low || v > high)
                return false;
        }
    return true;
}

/* Makes a small in-between: between dark gray and light gray, all of it is gray. */
static int make_between(struct rifec *r, const struct rifec_params *p)
{
    struct rifec_frame *a = flat_frame(p, 60), *b = flat_frame(p, 180), *mid = NULL;
    int err = a && b ? rifec_put(r, 0, a) : mem_fail("a frame");
    if (!err)
        err = rifec_put(r, 1, b);
    if (!err)
        err = rifec_interp(r, 0, 1, 0.5f);
    if (!err)
        err = rifec_take(r, &mid);
    if (!err && !lies_between(mid, 58, 182)) {
        snprintf(complaint, sizeof complaint, "the frame it interpolated is wrong");
        err = RIFEC_ERR_INTERNAL;
    }
    rifec_frame_free(&a);
    rifec_frame_free(&b);
    rifec_frame_free(&mid);
    return err;
}

/* Prints the engine's line, and notes which weights it used. Returns 0 if the engine
 * works. */
static int try_engine(FILE *out, const struct options *opt, enum rifec_device device,
                      const char *name, char *model, size_t model_size)
{
    struct rifec *r = NULL;
    struct rifec_params p = opt->job.engine;
    p.width = p.height = TRIAL_SIZE;
    p.format = (struct rifec_format){ RIFEC_FAMILY_GRAY, 8, 0, 0, { { 0, 1, 0, 0 } } };
    p.color =
        (struct rifec_color){ RIFEC_MATRIX_BT709, RIFEC_RANGE_FULL, RIFEC_CHROMA_LEFT };
    p.device = device;
    if (device == RIFEC_DEVICE_CPU)
        p.precision = RIFEC_PRECISION_FP32;
    complaint[0] = '\0';
    int err = rifec_open(&r, &p);
    const struct rifec_info *info = err ? NULL : rifec_get_info(r);
    if (info) {
        snprintf(model, model_size, "%s, sha256 %s", info->model, info->model_sha256);
        err = make_between(r, &p);
    }
    if (err == RIFEC_ERR_MODEL)
        name = "model";
    if (err)
        say(out, BROKEN, name, "%s", complaint[0] ? complaint : rifec_strerror(err));
    else
        say(out, WORKS, name, "%s, %s",
            info->device + (strncmp(info->device, "CPU, ", 5) ? 0 : 5), info->precision);
    rifec_close(&r);
    return err;
}

/* --- CUDA ------------------------------------------------------------------- */

/* "580.65.06", from a line like "NVRM version: NVIDIA UNIX x86_64 Kernel Module 580.65.06
 * Release Build ..."; empty: unknown. */
static void read_driver_version(char *text, size_t size)
{
    char line[256] = "";
    FILE *f = fopen("/proc/driver/nvidia/version", "r");
    text[0] = '\0';
    if (f && fgets(line, sizeof line, f)) {
        for (char *save, *w = strtok_r(line, " \t", &save); w;
             w = strtok_r(NULL, " \t", &save))
            if (w[0] >= '1' && w[0] <= '9' && strchr(w, '.') && !text[0])
                snprintf(text, size, ", driver %s", w);
    }
    if (f)
        fclose(f);
}

/* True if there is a device. */
static bool examine_cuda(FILE *out)
{
    struct rifec_cuda_versions v;
    struct rifec_device_info devices[DEVICES_MAX];
    char why[128], driver[64];
    int count = rifec_list_devices(devices, DEVICES_MAX, why, sizeof why);
    rifec_get_cuda_versions(&v);
    read_driver_version(driver, sizeof driver);
    if (!count) {
        say(out, ABSENT, "CUDA", "%s", why);
        advise(out, advice_for_cuda());
        return false;
    }
    say(out, WORKS, "CUDA", "%d.%d%s supports up to %d.%d; built for %s",
        v.runtime / 1000, v.runtime % 1000 / 10, driver, v.supported / 1000,
        v.supported % 1000 / 10, v.targets);
    if (v.libraries[0]) {
        say(out, WORKS, "cuDNN", "%s", v.libraries);
    } else {
        say(out, ABSENT, "cuDNN", "not found: only --kernels cudnn and --tf32 need it");
        advise(out, "install cuDNN 9 and cuBLAS for this CUDA, or name their folders in "
                    "LD_LIBRARY_PATH");
    }
    for (int i = 0; i < count && i < DEVICES_MAX; i++) {
        char name[24];
        snprintf(name, sizeof name, "cuda:%d", i);
        fprintf(out, "%-5s %-9s ", "ok", name);
        print_device(out, &devices[i]);
    }
    return true;
}

static void examine_nvdec(FILE *out, int device_index)
{
    struct rifec_cuda cuda;
    char codecs[128], why[512];
    media_nvdec_codecs(codecs, sizeof codecs);
    if (!codecs[0]) {
        say(out, ABSENT, "NVDEC", "this FFmpeg was built without it");
        advise(out, "the CPU decodes; an FFmpeg built with ffnvcodec can use the GPU");
        return;
    }
    if (rifec_cuda_open(&cuda, device_index, why, sizeof why) < 0) {
        say(out, ABSENT, "NVDEC", "%s", why);
        return;
    }
    if (media_nvdec_works(cuda.context, cuda.stream, why, sizeof why)) {
        say(out, WORKS, "NVDEC", "decodes H.264; this FFmpeg uses it for %s", codecs);
    } else {
        say(out, ABSENT, "NVDEC", "%s", why[0] ? why : complaint);
        advise(out, strstr(why, "nvcuvid")
                        ? "the driver's video library is missing; start a container with "
                          "NVIDIA_DRIVER_CAPABILITIES=all"
                        : "the CPU decodes instead");
    }
    rifec_cuda_close(&cuda);
}

/* --- FFmpeg ----------------------------------------------------------------- */

/* Software encoders work if FFmpeg has them. */
static bool examine_encoders(FILE *out)
{
    static const char *const names[] = { "libx264",    "libx265",    "libsvtav1",
                                         "libvpx-vp9", "libaom-av1", "prores_ks",
                                         "ffv1" };
    char lists[2][256] = { "", "" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *list = lists[media_has_encoder(names[i])];
        size_t used = strlen(list);
        snprintf(list + used, sizeof lists[0] - used, " %s", names[i]);
    }
    if (lists[true][0])
        say(out, WORKS, "encoders", "%s", lists[true] + 1);
    if (lists[false][0])
        say(out, ABSENT, "encoders", "%s: not in this FFmpeg", lists[false] + 1);
    if (!media_has_encoder("libx264"))
        advise(out, "libx264 is the default for .mp4 and .mkv; choose another with -c:v");
    return lists[true][0];
}

static void examine_nvenc(FILE *out)
{
    static const char *const names[] = { "h264_nvenc", "hevc_nvenc", "av1_nvenc" };
    char found[64] = "", why[512] = "this FFmpeg was built without it";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char reason[256];
        size_t used = strlen(found);
        if (!media_has_encoder(names[i]))
            continue;
        if (media_encoder_works(names[i], reason, sizeof reason))
            snprintf(found + used, sizeof found - used, " %s", names[i]);
        else
            snprintf(why, sizeof why, "%s: %s", names[i], reason);
    }
    if (found[0]) {
        say(out, WORKS, "NVENC", "%s", found + 1);
        return;
    }
    say(out, ABSENT, "NVENC", "%s", why);
    advise(out, "the CPU encodes: libx264, libx265, libsvtav1. A100, H100 and H200 have "
                "no NVENC");
}

/* --- all of it -------------------------------------------------------------- */

int doctor_examine(const struct options *opt, FILE *out)
{
    char model[512] = "";
    const enum rifec_device wanted = opt->job.engine.device;
    rifec_log_set(RIFEC_LOG_WARNING, on_message, NULL);
    fprintf(out, "rifec %s\n\n", rifec_version());
    int cpu = try_engine(out, opt, RIFEC_DEVICE_CPU, "CPU", model, sizeof model);
    int gpu = RIFEC_ERR_DEVICE;
    if (examine_cuda(out))
        gpu = try_engine(out, opt, RIFEC_DEVICE_CUDA, "GPU", model, sizeof model);
    if (model[0])
        say(out, WORKS, "model", "%s", model);
    say(out, WORKS, "FFmpeg", "%s", media_versions() + strlen("FFmpeg "));
    bool encodes = examine_encoders(out);
    examine_nvdec(out, opt->job.engine.device_index);
    examine_nvenc(out);

    bool on_gpu = wanted != RIFEC_DEVICE_CPU && gpu == 0;
    int engine = on_gpu || wanted == RIFEC_DEVICE_CUDA ? gpu : cpu;
    int status = engine ? -engine : encodes ? 0 : -RIFEC_ERR_CODEC;
    fprintf(out, "\n%s%s.\n",
            status ? "rifec cannot work here" : "rifec works here, on the ",
            status   ? ""
            : on_gpu ? "GPU"
                     : "CPU");
    return fflush(out) ? -RIFEC_ERR_OUTPUT : status;
}
