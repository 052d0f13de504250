/* The file of measured plans, which any program may have changed. */
#include <string.h>

#include "engine/cudnn/plan_cache.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct plan_entry plan = { "fused", "engine 4 knobs 24=8", 12.5 };
    struct plan_entry found;
    fuzz_begin();
    struct plan_cache *c = plan_cache_open(fuzz_file(data, size), "machine");
    MUST(c);
    if (plan_cache_get(c, "layer", &found))
        MUST(strlen(found.method) + strlen(found.algorithm) < size);
    plan_cache_put(c, "layer", &plan);
    MUST(plan_cache_get(c, "layer", &found));
    MUST(!strcmp(found.method, plan.method) && !strcmp(found.algorithm, plan.algorithm));
    plan_cache_close(&c);
    return 0;
}
