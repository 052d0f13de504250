/* HDR10's static metadata, and the fate of dynamic metadata. */
#include "media/out/hdr.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/dovi_meta.h>
#include <libavutil/opt.h>

#include "base/log.h"
#include "base/mem.h"
#include "media/avcompat.h"
#include "media/out/container.h"
#include "rifec/error.h"

static void find_in_stream(struct hdr *h, const AVStream *st)
{
    int n;
    const AVPacketSideData *sd = avcompat_side_data(st, &n);
    for (int i = 0; i < n; i++) {
        if (sd[i].type == AV_PKT_DATA_MASTERING_DISPLAY_METADATA) {
            memcpy(&h->display, sd[i].data, sizeof h->display);
            h->has_display = true;
        } else if (sd[i].type == AV_PKT_DATA_CONTENT_LIGHT_LEVEL) {
            memcpy(&h->light, sd[i].data, sizeof h->light);
            h->has_light = true;
        } else if (sd[i].type == AV_PKT_DATA_DOVI_CONF) {
            const AVDOVIDecoderConfigurationRecord *dovi = (const void *)sd[i].data;
            h->dolby_vision = true;
            h->dolby_profile = dovi->dv_profile;
            h->dolby_base = dovi->dv_bl_signal_compatibility_id;
        }
    }
}

void hdr_find(struct hdr *h, const AVStream *st, const AVFrame *first)
{
    *h = (struct hdr){ .dolby_profile = -1, .dolby_base = -1 };
    find_in_stream(h, st);
    const AVFrameSideData *sd =
        av_frame_get_side_data(first, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    if (sd) {
        memcpy(&h->display, sd->data, sizeof h->display);
        h->has_display = true;
    }
    sd = av_frame_get_side_data(first, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    if (sd) {
        memcpy(&h->light, sd->data, sizeof h->light);
        h->has_light = true;
    }
    h->hdr10plus = av_frame_get_side_data(first, AV_FRAME_DATA_DYNAMIC_HDR_PLUS);
    h->dolby_vision = h->dolby_vision || avcompat_has_dolby_vision(first);
}

/* --- the encoder ---------------------------------------------------------- */

static double real(AVRational r)
{
    return r.den ? av_q2d(r) : 0;
}

static long scaled(AVRational r, int unit)
{
    return (long)(real(r) * unit + 0.5);
}

/* "G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)": x264 and x265 count in steps of 0.00002
 * and 0.0001 cd/m2, SVT-AV1 takes real numbers. */
static void display_text(const AVMasteringDisplayMetadata *m, bool counted, char *text,
                         size_t size)
{
    static const struct {
        const char *name;
        int index;
    } order[] = { { "G", 1 }, { "B", 2 }, { "R", 0 } };
    size_t used = 0;
    for (int i = 0; i < 4; i++) {
        const AVRational *p =
            i < 3 ? m->display_primaries[order[i].index] : m->white_point;
        const char *name = i < 3 ? order[i].name : "WP";
        used += (size_t)(counted ? snprintf(text + used, size - used, "%s(%ld,%ld)", name,
                                            scaled(p[0], 50000), scaled(p[1], 50000))
                                 : snprintf(text + used, size - used, "%s(%.5f,%.5f)",
                                            name, real(p[0]), real(p[1])));
    }
    if (counted)
        snprintf(text + used, size - used, "L(%ld,%ld)", scaled(m->max_luminance, 10000),
                 scaled(m->min_luminance, 10000));
    else
        snprintf(text + used, size - used, "L(%.4f,%.4f)", real(m->max_luminance),
                 real(m->min_luminance));
}

/* Encoders that take the static data as parameters of their own. */
static const struct writer {
    const char *codec, *params, *display, *light;
    bool counted;
} writers[] = {
    { "libx264", "x264-params", "mastering-display", "cll", true },
    { "libx265", "x265-params", "master-display", "max-cll", true },
    { "libsvtav1", "svtav1-params", "mastering-display", "content-light", false },
};

/* NULL: not this encoder, or not in this version of FFmpeg. */
static const struct writer *writer_of(AVCodecContext *c)
{
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (!strcmp(c->codec->name, writers[i].codec) &&
            av_opt_find(c, writers[i].params, NULL, 0, AV_OPT_SEARCH_CHILDREN))
            return &writers[i];
    return NULL;
}

static bool has_whole_display(const struct hdr *h)
{
    return h->has_display && h->display.has_primaries && h->display.has_luminance;
}

int hdr_configure(const struct hdr *h, AVCodecContext *c)
{
    const struct writer *w = writer_of(c);
    char text[320] = "", display[200];
    size_t used = 0;
    if (!w)
        return 0;
    if (has_whole_display(h)) {
        display_text(&h->display, w->counted, display, sizeof display);
        used = (size_t)snprintf(text, sizeof text, "%s=%s", w->display, display);
    }
    if (h->has_light)
        snprintf(text + used, sizeof text - used, "%s%s=%u,%u", used ? ":" : "", w->light,
                 h->light.MaxCLL, h->light.MaxFALL);
    if (text[0] && av_opt_set(c, w->params, text, AV_OPT_SEARCH_CHILDREN) < 0)
        return mem_fail("the HDR options of the encoder");
    return 0;
}

/* --- the container -------------------------------------------------------- */

static int add(AVCodecContext *c, enum AVPacketSideDataType type, const void *data,
               size_t size)
{
    uint8_t *room = avcompat_new_coded_side_data(c, type, size);
    if (!room)
        return mem_fail("HDR side data");
    memcpy(room, data, size);
    return 0;
}

static void say_dolby_vision(const struct hdr *h, const AVCodecContext *c)
{
    char profile[32] = "";
    if (h->dolby_profile >= 0)
        snprintf(profile, sizeof profile, " (profile %d)", h->dolby_profile);
    log_warning("the Dolby Vision data%s is left out: %s does not write it; %s", profile,
                c->codec->name,
                h->dolby_base == 0 ? "this profile has no other picture, so colours will "
                                     "look wrong"
                : h->dolby_base == 2 ? "the SDR picture remains"
                : h->dolby_base == 4 ? "the HLG picture remains"
                                     : "the HDR10 picture remains");
}

int hdr_describe(const struct hdr *h, AVCodecContext *c, const AVOutputFormat *f)
{
    int err = 0;
    if (h->has_display)
        err = add(c, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, &h->display,
                  sizeof h->display);
    if (err == 0 && h->has_light)
        err = add(c, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, &h->light, sizeof h->light);
    if (err < 0)
        return err;
    if ((h->has_display || h->has_light) && !writer_of(c) && !container_holds_light(f))
        log_warning(
            "the mastering display and light levels of HDR10 are left out: neither "
            "%s nor %s writes them; -c:v libx265 or .mkv does",
            c->codec->name, f->name);
    if (h->hdr10plus && !avcompat_keeps_hdr10plus(c->codec))
        log_warning(
            "the HDR10+ data of each frame is left out: %s does not write it; the HDR10 "
            "picture remains",
            c->codec->name);
    if (h->dolby_vision)
        say_dolby_vision(h, c);
    return 0;
}
