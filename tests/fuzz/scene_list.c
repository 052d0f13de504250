/* Lists of cuts. */
#include "fuzz.h"
#include "pipeline/scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene_list list;
    fuzz_begin();
    int err = scene_list_open(&list, fuzz_file(data, size));
    fuzz_judge(err);
    MUST(!err || (!list.us && !list.count));
    for (int i = 0; i < list.count; i++) {
        MUST(list.us[i] >= 0 && (i == 0 || list.us[i] >= list.us[i - 1]));
        MUST(scene_list_has(&list, list.us[i] - 1000, list.us[i]));
    }
    scene_list_close(&list);
    return 0;
}
