/* equal: two frames on the GPU that are equal, or differ in one sample. GPU only. */
#include "check.h"
#include "checkcuda.h"
#include "checkop.h"
#include "formats.h"

static int differ(const struct rifec_frame *a, const struct rifec_frame *b)
{
    int result = 0;
    int *device = checkcuda_upload(&result, sizeof result);
    struct rifec_frame on_a = checkcuda_frame(a), on_b = checkcuda_frame(b);
    if (equal_cuda(&on_a, &on_b, device, checkcuda_stream()) < 0)
        checkop_fail("equal_cuda");
    checkcuda_download(&result, device, sizeof result);
    return result;
}

static void try(const struct named_format *named, int width, int height)
{
    checkop_case("%s, %dx%d", named->name, width, height);
    struct rifec_frame a = make_frame(&named->format, width, height);
    struct rifec_frame b = make_frame(&named->format, width, height);
    fill_frame(&a);
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < component_height(&a, c); y++)
            for (int x = 0; x < component_width(&a, c); x++)
                set_code(&b, c, x, y, get_code(&a, c, x, y));
    if (differ(&a, &b) != 0)
        checkop_fail("equal frames differ");
    for (int c = 0; c < 4; c++) {
        int w = component_width(&a, c), h = component_height(&a, c);
        if (w == 0)
            continue;
        int corner = checkop_int(0, 1), x = corner ? w - 1 : checkop_int(0, w - 1),
            y = corner ? h - 1 : checkop_int(0, h - 1);
        int code = get_code(&b, c, x, y);
        set_code(&b, c, x, y, code ^ 1);
        if (differ(&a, &b) != 1)
            checkop_fail("component %d differs at (%d, %d), not seen", c, x, y);
        set_code(&b, c, x, y, code);
    }
    checkcuda_free_all();
    checkop_free_all();
}

int checkcuda_main(void)
{
    if (!checkcuda_start())
        return CHECK_SKIP;
    for (int i = 0; i < checkop_cases(2 * FORMATS); i++)
        try(&formats[i % FORMATS], checkop_int(2, 300), checkop_int(2, 70));
    return checkop_finish();
}
